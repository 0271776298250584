"""Pages for everyone are made once, served as bytes, and never the page of one visitor."""

import gzip
from typing import Any

import brotli
import pytest
from django.test import Client

from tests.make import NOW, a_plan, a_reader, a_subscription, an_article

from .conftest import COMMITS, Front

pytestmark = pytest.mark.django_db(transaction=COMMITS)
ARTICLE = "/climate/ministers-agree-on-a-bridge/"


@pytest.fixture(autouse=True)
def _published(db: None, at: Any) -> None:
    at(NOW)
    a_plan("year")
    a_plan("month")
    an_article()


def test_the_second_visitor_asks_the_database_nothing_but_what_has_changed(
    front: Front, django_assert_num_queries: Any
) -> None:
    front.get(ARTICLE)
    with django_assert_num_queries(1) as asked:
        got = front.get(ARTICLE)
    assert "page_cache_change" in asked.captured_queries[0]["sql"]
    assert got.status == "200 OK"
    assert front.made == [ARTICLE]


def test_between_two_looks_it_asks_nothing(
    front: Front, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    front.get(ARTICLE)
    monkeypatch.setattr("page_cache.changes.LOOK_EVERY", 60)
    with django_assert_num_queries(0):
        front.get(ARTICLE)


def test_a_ready_page_is_what_django_would_have_said(front: Front) -> None:
    for path in ("/", ARTICLE, "/feed.xml", "/sitemap.xml", "/about/", "/subscribe/", "/fr/subscribe/"):
        front.get(path)
        ready, fresh = front.get(path), Client().get(path)
        assert ready.body == fresh.content, path
        ours = {"content-length", "etag", "vary"}
        assert {name: value for name, value in ready.headers.items() if name not in ours} == {
            name.lower(): value for name, value in fresh.items() if name.lower() not in ours
        }


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0.5", "gzip"), ("", None), ("zstd", None)],
)
def test_it_is_sent_in_the_smallest_form_the_visitor_takes(front: Front, accepted: str, encoding: str | None) -> None:
    front.get(ARTICLE)
    got = front.get(ARTICLE, HTTP_ACCEPT_ENCODING=accepted)
    assert got.headers.get("content-encoding") == encoding
    opened = {"br": brotli.decompress, "gzip": gzip.decompress}.get(encoding or "", bytes)(got.body)
    assert opened == Client().get(ARTICLE).content
    assert got.headers["content-length"] == str(len(got.body))
    assert "Accept-Encoding" in got.headers["vary"]


def test_who_has_it_already_gets_nothing_again(front: Front) -> None:
    etag = front.get(ARTICLE, HTTP_ACCEPT_ENCODING="br").headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        got = front.get(ARTICLE, HTTP_ACCEPT_ENCODING="br", HTTP_IF_NONE_MATCH=known)
        assert got.status == "304 Not Modified"
        assert got.body == b""
        assert got.headers["etag"] == etag
        assert "content-length" not in got.headers
    other_form = front.get(ARTICLE, HTTP_ACCEPT_ENCODING="gzip", HTTP_IF_NONE_MATCH=etag)
    assert other_form.status == "200 OK"


def test_head_gives_the_same_headers_and_no_body(front: Front) -> None:
    head, got = front.get(ARTICLE, method="HEAD"), front.get(ARTICLE)
    assert head.body == b""
    assert head.headers == got.headers


def test_whoever_brings_a_session_goes_in(front: Front) -> None:
    front.get(ARTICLE)
    reader = a_reader()
    a_subscription(reader)
    client = Client()
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    got = front.get(ARTICLE, HTTP_COOKIE=f"a=b; sessionid={client.cookies['sessionid'].value}")
    assert b"canaryword" in got.body
    assert got.headers["cache-control"] == "private, no-store"
    assert b"canaryword" not in front.get(ARTICLE).body


def test_nothing_of_who_comes_first_stays_in_the_page(front: Front) -> None:
    first = front.get(
        ARTICLE + "?utm_source=secret-letter",
        HTTP_COOKIE="theme=secret",
        HTTP_USER_AGENT="secret-agent",
        HTTP_REFERER="https://secret.example/",
        HTTP_ACCEPT_LANGUAGE="fr",
        HTTP_X_FORWARDED_FOR="192.0.2.7",
        HTTP_X_FORWARDED_HOST="secret.example",
        REMOTE_ADDR="192.0.2.8",
    )
    assert first.body == Client().get(ARTICLE).content
    assert b"secret" not in first.body
    assert front.get(ARTICLE).body == first.body
    assert len(front.made) == 1


@pytest.mark.parametrize(
    "other",
    [{"HTTP_HOST": "localhost"}, {"HTTP_X_FORWARDED_PROTO": "https"}, {"QUERY_STRING": "before=x"}],
    ids=["host", "scheme", "query"],
)
def test_what_the_page_depends_on_is_part_of_its_key(front: Front, other: dict[str, str]) -> None:
    front.get("/climate/")
    front.get("/climate/", **other)
    assert len(front.made) == 2


@pytest.mark.parametrize(
    "hostile",
    [{"HTTP_HOST": "evil.example"}, {"HTTP_HOST": "evil.example:80"}, {"HTTP_HOST": "testserver@evil.example"}],
)
def test_a_foreign_host_is_refused_as_ever_and_spoils_nothing(front: Front, hostile: dict[str, str]) -> None:
    assert front.get("/", **hostile).status.startswith("400")
    assert b"evil" not in front.get("/").body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
def test_only_reading_is_served_from_memory(front: Front, method: str) -> None:
    front.get(ARTICLE)
    assert front.get(ARTICLE, method=method).status.startswith(("403", "405"))


def test_a_page_that_is_not_there_is_asked_for_each_time(front: Front) -> None:
    for _ in range(2):
        assert front.get("/climate/no-such-article/").status.startswith("404")
    assert len(front.made) == 2


@pytest.mark.parametrize("path", ["/account/", "/admin/", "/accounts/login/code/", "/search/?q=bridge"])
def test_what_is_not_for_everyone_or_not_watched_is_never_kept(front: Front, path: str) -> None:
    for _ in range(2):
        front.get(path)
    assert len(front.made) == 2
    assert not front.cache.store.pages


@pytest.mark.parametrize(
    "path",
    [ARTICLE + "x.css", ARTICLE + ";.css", ARTICLE.rstrip("/") + "%2f..%2f", "//evil.example" + ARTICLE],
)
def test_an_address_that_looks_like_a_file_or_another_host_is_no_page(front: Front, path: str) -> None:
    assert not front.get(path).status.startswith("200")
    assert not front.cache.store.pages


def test_the_oldest_pages_leave_when_memory_is_full(front: Front) -> None:
    front.get(ARTICLE)
    front.cache.store.most_bytes = front.cache.store.bytes * 5
    for number in range(20):
        front.get(f"/climate/?before=&n={number}")
        front.get(ARTICLE)
    assert front.cache.store.bytes <= front.cache.store.most_bytes
    assert front.made.count(ARTICLE) == 1


def test_the_database_away_leaves_what_is_ready(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    front.get(ARTICLE)

    def away() -> set[str]:
        raise OperationalError("gone")

    monkeypatch.setattr(front.cache.changes.notes, "news", away)
    monkeypatch.setattr("page_cache.changes.connection.close", lambda: None)
    assert front.get(ARTICLE).status == "200 OK"


def test_a_closed_site_is_closed(front: Front, settings: Any, tmp_path: Any) -> None:
    front.get(ARTICLE)
    settings.MAINTENANCE_FILE = tmp_path / "closed"
    settings.MAINTENANCE_FILE.write_text("60")
    assert front.get(ARTICLE).status.startswith("503")
    settings.MAINTENANCE_FILE.unlink()
    assert front.get(ARTICLE).status.startswith("200")
