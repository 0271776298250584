"""What a device may keep of a reader's saved articles, and what it is told to forget."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client

from articles.models import Article, OpenedArticle, SavedArticle
from edge.http import KEPT_FOR_LATER
from readers.models import User
from tests.make import NOW, TOMORROW, a_plan, a_reader, a_subscription, an_article

pytestmark = pytest.mark.django_db
LIST = "/offline/kept.json"
PAID = "canaryword"


@pytest.fixture(autouse=True)
def _now(at: Callable[..., None]) -> None:
    at(NOW)
    a_plan("year")


@pytest.fixture
def article() -> Article:
    return an_article()


@pytest.fixture
def alice(client: Client, article: Article) -> User:
    reader = a_reader("alice@example.org")
    SavedArticle.objects.put_aside(reader.pk, article, at=NOW)
    client.force_login(reader)
    return reader


def paths(client: Client) -> list[str]:
    return [one["path"] for one in client.get(LIST).json()["articles"]]


def test_a_visitor_may_keep_nothing(article: Article) -> None:
    assert Client().get(LIST).json() == {"reader": None, "articles": []}


def test_a_subscriber_may_keep_what_they_saved_until_their_time_is_over(
    client: Client, alice: User, article: Article
) -> None:
    a_subscription(alice)
    told = client.get(LIST).json()
    assert [one["path"] for one in told["articles"]] == [article.get_absolute_url()]
    assert told["articles"][0]["is_paid_for"] is True
    assert told["until"] == (NOW + timedelta(days=20)).isoformat()
    assert PAID not in json.dumps(told)


def test_who_is_not_entitled_may_keep_what_is_free(client: Client, alice: User, article: Article) -> None:
    free = an_article("Free", is_free=True)
    SavedArticle.objects.put_aside(alice.pk, free, at=NOW)
    assert paths(client) == [free.get_absolute_url()]


def test_what_is_not_out_or_is_somebody_elses_is_not_named(client: Client, alice: User, article: Article) -> None:
    a_subscription(alice)
    for one in (an_article("Draft", published=None), an_article("Later", published=TOMORROW)):
        SavedArticle.objects.put_aside(alice.pk, one, at=NOW)
    SavedArticle.objects.put_aside(a_reader("bob@example.org").pk, an_article("Bob’s", slug="bobs"), at=NOW)
    assert paths(client) == [article.get_absolute_url()]


def test_the_answer_is_kept_by_nobody_on_the_way_and_names_the_reader_to_nobody(client: Client, alice: User) -> None:
    answer = client.get(LIST)
    assert answer["Cache-Control"] == "private, no-store"
    assert alice.email not in answer.content.decode()
    name = answer.json()["reader"]
    assert len(name) == 20
    other = Client()
    other.force_login(a_reader("bob@example.org"))
    assert other.get(LIST).json()["reader"] != name


def test_a_page_that_is_kept_has_the_text_and_no_form_and_is_not_noted_as_read(
    client: Client, alice: User, article: Article
) -> None:
    a_subscription(alice)
    client.post("/account/choices/", {"wanted": ["reading_history"]})
    page = client.get(article.get_absolute_url(), headers={KEPT_FOR_LATER: "1"}).content.decode()
    assert PAID in page
    assert "csrfmiddlewaretoken" not in page
    assert not OpenedArticle.objects.exists()
    client.get(article.get_absolute_url())
    assert OpenedArticle.objects.count() == 1


def test_a_visitor_who_says_so_gets_the_page_that_everybody_gets(article: Article) -> None:
    plain = Client().get(article.get_absolute_url()).content
    assert Client().get(article.get_absolute_url(), headers={KEPT_FOR_LATER: "1"}).content == plain


def test_no_message_is_lost_to_a_page_that_nobody_sees(client: Client, alice: User, article: Article) -> None:
    client.post("/account/saved/all/remove/")
    for headers in ({KEPT_FOR_LATER: "1"}, {"Sec-Purpose": "prefetch;prerender"}):
        assert "Your list is empty." not in client.get(article.get_absolute_url(), headers=headers).content.decode()
    assert "Your list is empty." in client.get(article.get_absolute_url()).content.decode()


def test_signing_out_tells_the_browser_to_forget_and_nothing_else_does(client: Client, alice: User) -> None:
    assert "Clear-Site-Data" not in client.get("/account/")
    answer = client.post("/accounts/logout/")
    assert answer["Clear-Site-Data"] == '"storage", "prefetchCache"'
    assert "Clear-Site-Data" not in client.get("/")
    assert "Clear-Site-Data" not in Client().post("/accounts/logout/")


# --- The app --------------------------------------------------------------------------------------------


def test_the_app_has_the_name_of_the_site_and_icons_that_are_there(settings: Any) -> None:
    settings.SITE_NAME = "The Independent Gazette"
    answer = Client().get("/manifest.webmanifest")
    told = answer.json()
    assert answer["Content-Type"] == "application/manifest+json"
    assert (told["name"], told["short_name"]) == ("The Independent Gazette", "The")
    assert {one["purpose"] for one in told["icons"]} == {"any", "maskable"}
    for icon in told["icons"]:
        assert (site.BASE_DIR / "newsroom" / "static" / icon["src"].removeprefix("/static/")).exists()
    for shortcut in told["shortcuts"]:
        assert Client().get(shortcut["url"]).status_code in (200, 302)
    assert '<link rel="manifest" href="/manifest.webmanifest">' in Client().get("/").content.decode()


def test_the_worker_is_a_script_at_the_root_that_names_what_it_needs(settings: Any) -> None:
    settings.OFFLINE_HOURS = 5
    answer = Client().get("/worker.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert "HOURS = 5" in answer.content.decode()
    assert "worker-src 'self'" in Client().get("/")["Content-Security-Policy"]


def test_no_page_starts_the_worker_by_itself() -> None:
    scripts = site.BASE_DIR / "newsroom" / "static"
    starting = {path.name for path in scripts.glob("*.js") if "register(" in path.read_text()}
    assert starting == {"keep.js", "site.js"}
    assert scripts.joinpath("site.js").read_text().count("register(") == 1
    inside = (
        scripts.joinpath("site.js").read_text().partition('if (matchMedia("(display-mode: standalone)").matches) {')[2]
    )
    assert "register(" in inside.partition("\n}")[0]
