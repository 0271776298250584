"""What others show where our address is pasted: the teaser's card, and nothing for any other address."""

import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from articles.models import Article, Picture
from tests.make import NOW, TOMORROW, an_article

pytestmark = pytest.mark.django_db
SITE = "http://localhost:8000"
PAID = "canaryword"


@pytest.fixture(autouse=True)
def _now(at: Callable[..., None]) -> None:
    at(NOW)


@pytest.fixture
def article() -> Article:
    picture = Picture.objects.create(
        original="originals/x", width=1600, height=900, alt="A", credit="C", stem="0" * 20, widths=[320, 640, 1280]
    )
    return an_article(hero=picture)


def ask(url: str, **more: Any) -> Any:
    return Client().get("/oembed", {"url": url, **more})


def test_the_address_of_an_article_is_answered_with_its_card(article: Article) -> None:
    answer = ask(SITE + article.get_absolute_url())
    card = answer.json()
    assert answer["Content-Type"] == "application/json"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "public" in answer["Cache-Control"]
    assert (card["version"], card["type"], card["title"]) == ("1.0", "rich", article.headline)
    assert (card["author_name"], card["author_url"]) == ("Ana Novak", f"{SITE}/authors/ana-novak/")
    assert (card["thumbnail_width"], card["thumbnail_height"]) == (1200, 630)
    assert f'href="{SITE}{article.get_absolute_url()}"' in card["html"]
    assert article.standfirst in card["html"]
    assert PAID not in answer.content.decode()


def test_the_page_says_where_its_card_is(article: Article) -> None:
    links: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if dict(attrs).get("type") == "application/json+oembed":
                links.append(str(dict(attrs)["href"]))

    Links().feed(Client().get(article.get_absolute_url()).content.decode())
    assert Client().get(links[0].removeprefix(SITE)).json()["title"] == article.headline


def test_who_has_little_room_gets_less(article: Article) -> None:
    card = ask(SITE + article.get_absolute_url(), maxwidth="700", maxheight="400").json()
    assert (card["width"], card["height"]) == (600, 260)
    assert (card["thumbnail_width"], card["thumbnail_height"]) == (640, 360)
    small = ask(SITE + article.get_absolute_url(), maxwidth="100").json()
    assert small["type"] == "link"
    assert "html" not in small
    assert "thumbnail_url" not in small


def test_an_older_address_leads_to_the_card_too(article: Article) -> None:
    former = SITE + article.get_absolute_url()
    article.move_to("a-new-address")
    assert ask(former).json()["title"] == article.headline


def test_html_in_a_headline_stays_words_in_the_card() -> None:
    article = an_article("<script>alert(1)</script> & so", slug="x", standfirst='"><img src=x onerror=alert(1)>')
    html = ask(SITE + article.get_absolute_url()).json()["html"]
    assert "<script" not in html
    assert "<img" not in html


@pytest.mark.parametrize(
    "url",
    [
        *("", "/", "x", "climate/x/", "/climate/ministers-agree-on-a-bridge/", f"{SITE}/", f"{SITE}/account/"),
        *("https://evil.example/climate/ministers-agree-on-a-bridge/", "javascript:alert(1)", "file:///etc/passwd"),
        *("http://localhost:8000@evil.example/climate/ministers-agree-on-a-bridge/", "http://[", "//localhost:8000/"),
        *("http://localhost:8000.evil.example/climate/x/", "ftp://localhost:8000/climate/x/", f"{SITE}/climate/%00/"),
        *(f"{SITE}/climate/draft/", f"{SITE}/climate/later/", f"{SITE}/gift/x/", f"{SITE}/climate/" + "x" * 9000 + "/"),
    ],
)
def test_any_other_address_is_not_found(url: str, article: Article) -> None:
    an_article("Draft", published=None)
    an_article("Later", published=TOMORROW)
    assert ask(url).status_code == 404


def test_other_forms_than_json_are_not_implemented(article: Article) -> None:
    for form in ("xml", "html", "JSON;", "x" * 5000):
        assert ask(SITE + article.get_absolute_url(), format=form).status_code == 501
    assert ask(SITE + article.get_absolute_url(), format="json").status_code == 200


@pytest.mark.parametrize("room", ["", "0", "-1", "abc", "1e9", "٣", "9" * 5000])
def test_no_room_breaks_it(room: str, article: Article) -> None:
    answer = ask(SITE + article.get_absolute_url(), maxwidth=room, maxheight=room)
    assert answer.status_code == 200
    json.loads(answer.content)


def test_only_reading_is_allowed(article: Article) -> None:
    assert Client().post("/oembed", {"url": SITE + article.get_absolute_url()}).status_code == 405
