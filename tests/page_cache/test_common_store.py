"""Processes that share a memory make a page once between them, and believe no page that is not right."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from articles.models import Article, Brief, Section
from edge.shared_memory import connected
from page_cache import common_store
from page_cache.changes import NotesOnPostgreSQL, NotesOnSQLite
from page_cache.front_door import PageCache
from tests.make import NOW, a_plan, a_reader, a_subscription, an_article
from tests.shared_memory import Server, needs_redis

from .conftest import COMMITS, Front
from .test_readers_pages import PAID, Browser, same

pytestmark = [needs_redis, pytest.mark.django_db(transaction=COMMITS)]
ARTICLE = "/climate/ministers-agree-on-a-bridge/"


@pytest.fixture(autouse=True)
def clock(db: None, at: Any) -> Any:
    at(NOW)
    a_plan("year")
    a_plan("month")
    an_article()
    return at


@pytest.fixture
def both(two_fronts: tuple[Front, Front]) -> tuple[Front, Front]:
    """Two processes."""
    return two_fronts


def test_what_one_has_made_the_other_does_not_make(both: tuple[Front, Front]) -> None:
    one, other = both
    first = one.get(ARTICLE, HTTP_ACCEPT_ENCODING="br")
    again = other.get(ARTICLE, HTTP_ACCEPT_ENCODING="br")
    assert (again.body, again.headers) == (first.body, first.headers)
    assert one.made == [ARTICLE]
    other.get(ARTICLE)
    assert len(other.cache.store.pages) == 1


def test_a_change_is_seen_by_both_and_made_by_one(both: tuple[Front, Front]) -> None:
    for front in both:
        front.get("/latest/")
    Article.objects.update(headline="Bridge falls")
    for front in both:
        assert b"Bridge falls" in front.get("/latest/").body
    assert both[0].made == ["/latest/"] * 2


def test_a_page_that_was_put_there_late_is_not_believed(both: tuple[Front, Front], settings: Any) -> None:
    one, other = both
    one.get("/latest/")
    memory = connected(settings.CACHE_URL)
    kept = {key: memory.get(key) for key in memory.keys("page:*")}
    Article.objects.update(headline="Bridge falls")
    assert b"Bridge falls" in other.get("/latest/").body
    other.forget()
    memory.mset(kept)
    assert b"Bridge falls" in other.get("/latest/").body


def test_it_ends_on_its_second_in_every_process(both: tuple[Front, Front], clock: Any) -> None:
    one, other = both
    an_article("Later", published=NOW + timedelta(minutes=5))
    clock(NOW + timedelta(minutes=5) - timedelta(microseconds=1))
    assert b"Later" not in one.get("/latest/").body
    assert b"Later" not in other.get("/latest/").body
    clock(NOW + timedelta(minutes=5))
    assert b"Later" in other.get("/latest/").body
    assert b"Later" in one.get("/latest/").body


def test_subscribers_pages_are_shared_and_their_own_parts_are_not(both: tuple[Front, Front]) -> None:
    one, other = both
    readers = [a_reader(), a_reader("eve@example.org", name="Eve Example")]
    for reader in readers:
        a_subscription(reader)
    bob, eve = Browser(one, readers[0]).forget_first_use(), Browser(other, readers[1]).forget_first_use()
    bob.get()
    made = one.made.count(ARTICLE)
    assert PAID in eve.get().body
    # One question: who is it?
    assert one.made.count(ARTICLE) == made + 1 or one.made.count(ARTICLE) == made
    assert same(eve.get().body) == same(eve.from_django())
    assert PAID not in other.get(ARTICLE).body
    assert PAID not in one.get(ARTICLE).body


def test_what_is_written_there_by_others_is_not_served(both: tuple[Front, Front], settings: Any) -> None:
    one, other = both
    one.get(ARTICLE)
    one.get("/latest/")
    memory = connected(settings.CACHE_URL)
    article, latest = memory.keys("page:*")
    kept = memory.get(article)
    for strange in (b"", b"x" * 300, kept[:-1] + b"x", memory.get(latest)):
        memory.set(article, strange)
        other.forget()
        for path in (ARTICLE, "/latest/"):
            assert other.get(path).body == Client().get(path).content


def test_another_version_of_the_code_makes_its_own(both: tuple[Front, Front], settings: Any, monkeypatch: Any) -> None:
    one, other = both
    one.get(ARTICLE)
    monkeypatch.setattr("page_cache.generation._code", lambda: "another")
    other.forget()
    other.get(ARTICLE)
    assert one.made == [ARTICLE] * 2


def test_settings_are_part_of_the_version(settings: Any) -> None:
    from page_cache import generation

    before = generation._code.__wrapped__()
    assert generation._code.__wrapped__() == before
    settings.SITE_NAME = "Another"
    assert generation._code.__wrapped__() != before


def test_without_it_every_process_makes_its_own_and_is_right(both: tuple[Front, Front], redis: Server) -> None:
    one, other = both
    one.get(ARTICLE)
    redis.kill()
    assert one.get(ARTICLE).body == other.get(ARTICLE).body
    Article.objects.update(headline="Bridge falls")
    for front in both:
        assert b"Bridge falls" in front.get(ARTICLE).body
    redis.start()
    for front in both:
        front.cache.making.common.rest.until = 0  # type: ignore[union-attr]
    Article.objects.update(headline="Bridge stands")
    made = len(one.made)
    for front in both:
        assert b"Bridge stands" in front.get(ARTICLE).body
    assert len(one.made) == made + 1


@pytest.mark.django_db(transaction=True)
def test_a_stampede_on_two_processes_makes_a_page_once(redis: Server) -> None:
    made, everybody, got = [], threading.Barrier(8), []

    def slow(environ: Any, start_response: Any) -> list[bytes]:
        made.append(environ["PATH_INFO"])
        time.sleep(0.1)
        start_response("200 OK", [("Cache-Control", "public"), ("Content-Type", "text/plain")])
        return [b"ready"]

    caches = [PageCache(slow), PageCache(slow)]

    def visit(number: int) -> None:
        everybody.wait(10)
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/latest/", "HTTP_HOST": "testserver"}
        got.append(b"".join(caches[number % 2](environ, lambda *answer: None)))
        connection.close()

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert got == [b"ready"] * 8
    assert made == ["/latest/"]


@pytest.mark.django_db(transaction=True)
def test_a_maker_that_was_killed_is_not_waited_for_for_ever(
    both: tuple[Front, Front], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common_store, "PATIENCE_SECONDS", 0.05)
    one, other = both
    common = one.cache.making.common
    assert common
    key = ("http", "testserver", ARTICLE, "")
    with common.alone(key):
        assert other.get(ARTICLE).status == "200 OK"


# --- How far had the maker seen? ------------------------------------------------------------------------


@pytest.mark.anywhere
@pytest.mark.parametrize(
    ("snapshot", "is_later"),
    [
        ("90:95:", True),
        ("101:101:", False),
        ("90:105:100,102", True),
        ("90:105:99,102", False),
        ("100:101:100", True),
        ("100:100:", True),
    ],
)
def test_a_transaction_counts_where_the_maker_could_not_see_it(snapshot: str, is_later: bool) -> None:
    notes = NotesOnPostgreSQL()
    notes._remember({("100", "articles_article"), ("7", "articles_brief"), ("200", "readers_user:4")})
    assert notes.has_later({"articles_article", "articles_brief"}, snapshot) is is_later
    assert not notes.has_later({"articles_section"}, snapshot)


@pytest.mark.skipif(COMMITS, reason="SQLite")
def test_on_sqlite_the_number_counts() -> None:
    notes = NotesOnSQLite()
    notes.news()
    before = notes.position
    Brief.objects.create(headline="Brief", published_at=NOW)
    notes.news()
    assert notes.has_later({"articles_brief"}, before)
    assert not notes.has_later({"articles_brief"}, notes.position)
    assert not notes.has_later({"articles_section"}, before)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_page_made_while_a_change_was_under_way_is_not_believed_after_it(both: tuple[Front, Front]) -> None:
    one, other = both
    written, may_commit = threading.Event(), threading.Event()

    def slowly() -> None:
        from django.db import transaction

        with transaction.atomic():
            Section.objects.update(name="Weather")
            written.set()
            may_commit.wait(10)
        connection.close()

    slow = threading.Thread(target=slowly)
    slow.start()
    written.wait(10)
    Brief.objects.create(headline="Another", published_at=NOW)
    assert b"Weather" not in one.get("/climate/").body
    may_commit.set()
    slow.join(10)
    assert b"Weather" in other.get("/climate/").body
