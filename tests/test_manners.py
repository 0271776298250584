"""However the news is asked for: the same page, the same wall, and clear answers to what makes no sense."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from articles.models import Crawler
from articles.models.section import RESERVED
from edge.languages import LanguagePrefix
from tests.make import NOW, a_reader, a_subscription, an_article, an_author
from tests.test_canary import patterns
from tests.test_languages import OTHERS

pytestmark = pytest.mark.django_db
RIVERS = ("/climate/", "/latest/", "/briefs/", "/investigations/", "/authors/ana-novak/", "/archive/2026/11/")
PAID = "canaryword"
AGENTS = (
    *("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bingbot/2.0", "DuckDuckBot/1.1"),
    *(
        "Applebot/0.1",
        "YandexBot/3.0",
        "Baiduspider/2.0",
        "facebookexternalhit/1.1",
        "Twitterbot/1.0",
        "LinkedInBot/1.0",
    ),
    *("Slackbot-LinkExpanding 1.0", "WhatsApp/2.23", "archive.org_bot", "curl/8.0", "", "Lynx/2.9", "A" * 10_000),
)


@pytest.fixture(autouse=True)
def _article(at: Any) -> None:
    at(NOW)
    an_article(slug="a-bridge")


def test_a_head_is_the_page_without_its_body() -> None:
    for path in ("/", "/climate/", "/climate/a-bridge/", "/corrections/", "/about/", "/feed.xml", "/robots.txt"):
        asked, bare = Client().get(path), Client().head(path)
        assert (bare.status_code, bare.content) == (200, b""), path
        assert bare["Content-Type"] == asked["Content-Type"]
        assert bare["Cache-Control"] == asked["Cache-Control"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
def test_a_page_of_the_news_can_be_read_and_nothing_else(method: str) -> None:
    for path in ("/", "/climate/", "/climate/a-bridge/", "/corrections/", "/about/", "/pages/x/", "/feed.xml"):
        answer = getattr(Client(), method)(path)
        assert answer.status_code == 405, path
        assert answer["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "asked", ["bytes=0-10", "bytes=-5", "bytes=999999-", "bytes=5-1", "lines=1-2", "bytes=0-0,5-9"]
)
def test_a_range_of_a_page_is_the_whole_page(asked: str) -> None:
    answer = Client().get("/climate/a-bridge/", headers={"Range": asked})
    assert answer.status_code == 200
    assert "Content-Range" not in answer
    assert answer.content.endswith(b"</html>\n")


@pytest.mark.parametrize("tag", ["*", '"x"', 'W/"x"', "x", '"x", "y"', '"' * 500])
def test_a_page_that_the_asker_may_have_is_given_again_rather_than_guessed(tag: str) -> None:
    answer = Client().get("/climate/a-bridge/", headers={"If-None-Match": tag})
    assert answer.status_code in {200, 304}
    assert PAID not in answer.content.decode()
    assert Client().get("/", headers={"If-Modified-Since": "yesterday"}).status_code == 200


@pytest.mark.parametrize(
    "accepted", ["application/json", "text/markdown", "application/pdf", "text/plain", "image/*", "*/*;q=0", "%%%", ""]
)
def test_whatever_is_accepted_an_article_is_a_page(accepted: str) -> None:
    answer = Client().get("/climate/a-bridge/", headers={"Accept": accepted})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert PAID not in answer.content.decode()
    assert "Accept" not in answer.get("Vary", "").replace("Accept-Encoding", "")


def test_every_crawler_gets_the_page_of_a_visitor_without_an_account() -> None:
    plain = Client().get("/climate/a-bridge/").content
    known = Crawler.objects.values_list("name", flat=True)
    assert len(known) > 10
    for agent in (*known, *AGENTS):
        answer = Client().get("/climate/a-bridge/", headers={"User-Agent": agent})
        assert answer.status_code == 200, agent
        assert PAID not in answer.content.decode(), agent
        assert len(answer.content) == len(plain), agent


@pytest.mark.parametrize("path", ["/economy/a-bridge/", "/no-such-section/a-bridge/", "/opinion/a-bridge/"])
def test_an_article_under_another_sections_path_leads_to_its_own(path: str) -> None:
    answer = Client().get(path, {"utm": "x"})
    assert (answer.status_code, answer["Location"]) == (301, "/climate/a-bridge/?utm=x")


def test_a_slug_that_moved_leads_to_the_article_for_those_who_may_read_it_and_those_who_may_not() -> None:
    article = an_article("Moved", slug="before")
    article.move_to("after")
    reader = a_reader()
    a_subscription(reader)
    subscriber = Client()
    subscriber.force_login(reader, "django.contrib.auth.backends.ModelBackend")
    for client in (Client(), subscriber):
        answer = client.get("/climate/before/")
        assert (answer.status_code, answer["Location"]) == (301, "/climate/after/")
    article.take_back()
    assert Client().get("/climate/before/").status_code == 404


def test_no_section_can_take_the_address_of_another_page() -> None:
    firsts = {
        "".join(str(part) for part in parts if not isinstance(part, LanguagePrefix))
        for _, parts in patterns(get_resolver())
    }
    taken = {first.partition("/")[0] for first in firsts if "/" in first}
    slugs = {part for part in taken if re.fullmatch(r"[-a-z0-9_]+", part)} | set(OTHERS)
    assert {"about", "pages", "subscribe", "search", "admin"} <= slugs
    assert slugs <= RESERVED


# --- Places in a river ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place", ["x", "-1", "0", "1e5", "2026-11-17", "2026-11-17T12:00:00Z-x", "🐙", "Z-1", "%00", "9" * 5000]
)
def test_a_place_that_is_none_is_not_found(place: str) -> None:
    for path in RIVERS:
        assert Client().get(path, {"before": place}).status_code == 404, path


def test_beyond_the_end_a_river_says_that_there_is_nothing_older() -> None:
    for path in ("/climate/", "/latest/", "/briefs/", "/investigations/"):
        answer = Client().get(path, {"before": "2001-01-01T00:00:00Z-1"})
        assert answer.status_code == 200
        assert "There is nothing older" in answer.content.decode(), path


@pytest.mark.parametrize("page", ["2", "-1", "0", "999999999", "two", ""])
def test_a_river_knows_no_page_numbers_and_says_which_address_is_its_own(page: str) -> None:
    an_author()
    for path in RIVERS:
        answer = Client().get(path, {"page": page, "utm_source": "x"})
        assert answer.status_code == 200, path
        assert f'<link rel="canonical" href="http://localhost:8000{path}">' in answer.content.decode(), path


def test_an_older_stretch_is_canonical_at_its_own_place() -> None:
    for number in range(25):
        an_article(f"Story {number}")
    first = Client().get("/climate/").content.decode()
    older = first.partition('href="?before=')[2].partition('"')[0]
    page = Client().get(f"/climate/?before={older}&utm_source=x").content.decode()
    assert f'<link rel="canonical" href="http://localhost:8000/climate/?before={older}">' in page


@pytest.mark.parametrize("page", ["0", "-1", "999999", "two", "1.5", "９", "1" * 5000])
def test_a_page_number_that_is_none_is_clear_in_the_search(page: str) -> None:
    answer = Client().get("/search/", {"q": "bridge", "page": page})
    assert answer.status_code in {200, 404}
    assert answer.status_code == 404 or "canonical" not in answer.content.decode()
