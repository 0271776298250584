"""Who may keep a page: everyone the same one without a session, nobody the page of a reader."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.make import NOW, a_plan, a_reader, a_subscription, an_article

pytestmark = pytest.mark.django_db
ARTICLE = "/climate/ministers-agree-on-a-bridge/"
PUBLIC_PAGES = (
    *("/", "/climate/", ARTICLE, "/authors/ana-novak/", "/latest/", "/briefs/", "/search/", "/search/?q=bridge"),
    *("/feed.xml", "/climate/feed.xml", "/sitemap.xml", "/sitemap-pages.xml", "/sitemap-news.xml", "/sitemap-2026.xml"),
    *("/robots.txt", "/subscribe/", "/about/", "/terms/"),
)
OTHER_PAGES = (
    "/account/",
    "/accounts/login/code/",
    "/admin/",
    "/no-such-page/",
    "/climate/no-such-article/",
    "/climate",
)


@pytest.fixture(autouse=True)
def _published(at: Any) -> None:
    at(NOW)
    a_plan("year")
    a_plan("month")
    an_article()


def signed_in(reader: Any) -> Client:
    client = Client()
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    return client


def bytes_of(answer: HttpResponse) -> tuple[bytes, str]:
    return answer.content, str(sorted(answer.headers.items()))


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_a_public_page_may_be_kept_and_sets_no_cookie(path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 200
    assert answer["Cache-Control"].startswith("public")
    assert "s-maxage" in answer["Cache-Control"]
    assert "Cookie" in answer["Vary"]
    assert not answer.cookies


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_a_public_page_starts_no_session(path: str, django_assert_max_num_queries: Any) -> None:
    client = Client()
    with django_assert_max_num_queries(12) as asked:
        client.get(path)
    assert not [query for query in asked.captured_queries if "session" in query["sql"]]


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_a_public_page_is_the_same_to_the_byte_for_every_unknown_visitor(path: str) -> None:
    visitors = (
        {},
        {"HTTP_USER_AGENT": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
        {"HTTP_ACCEPT_LANGUAGE": "fr", "HTTP_X_FORWARDED_FOR": "66.249.66.1", "REMOTE_ADDR": "10.1.2.3"},
        {"HTTP_REFERER": "https://news.google.com/", "HTTP_ACCEPT": "application/json"},
        {"HTTP_COOKIE": "theme=dark; _ga=1"},
    )
    answers = [Client().get(path, **visitor) for visitor in visitors]
    assert len({bytes_of(answer) for answer in answers}) == 1
    assert b"nonce" not in answers[0].content
    assert "nonce-" not in answers[0]["Content-Security-Policy"]
    assert b"csrfmiddlewaretoken" not in answers[0].content


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_whoever_is_signed_in_gets_a_page_that_nobody_keeps(path: str) -> None:
    answer = signed_in(a_reader()).get(path)
    assert answer["Cache-Control"] == "private, no-store"


def test_the_full_text_is_never_kept() -> None:
    reader = a_reader()
    a_subscription(reader)
    answer = signed_in(reader).get(ARTICLE)
    assert b"canaryword" in answer.content
    assert answer["Cache-Control"] == "private, no-store"


def test_a_session_that_means_nothing_gets_the_public_text_and_no_cache_entry() -> None:
    client = Client()
    client.cookies["sessionid"] = "made-up"
    answer = client.get(ARTICLE)
    assert b"canaryword" not in answer.content
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", [*PUBLIC_PAGES, *OTHER_PAGES])
def test_every_answer_says_who_may_keep_it(path: str) -> None:
    assert Client().get(path)["Cache-Control"]


@pytest.mark.parametrize("path", OTHER_PAGES)
def test_what_is_not_public_is_not_kept(path: str) -> None:
    answer = Client().get(path)
    assert "public" not in answer["Cache-Control"]


def test_the_way_to_https_says_who_may_keep_it_too(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    response = client.get("/")
    assert response.status_code == 301
    assert response["Cache-Control"] == "private, no-store"
