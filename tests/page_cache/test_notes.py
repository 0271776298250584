"""The database notes what was written, and no commit is overlooked, however late it comes."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from articles.models import Brief, Section
from page_cache import triggers
from page_cache.changes import Changes, NotesOnPostgreSQL, clear_old_notes
from page_cache.sources import sources
from tests.make import NOW, a_section, an_article


def a_brief() -> Brief:
    return Brief.objects.create(headline="Brief", published_at=NOW)


@pytest.fixture
def changes(db: None) -> Changes:
    """What a process knows that has just looked."""
    found = Changes()
    found.look()
    return found


def looked(changes: Changes) -> Changes:
    changes.looked_at -= 0.5
    changes.look()
    return changes


def test_every_source_is_a_table_with_triggers(db: None) -> None:
    tables = set(connection.introspection.table_names())
    assert sources().keys() - tables == set()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_is_noted'")
        else:
            cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%_is_noted'")
        noted = [name for (name,) in cursor.fetchall()]
    assert {name: noted.count(name) >= 3 for name in sources()} == dict.fromkeys(sources(), True)


def test_installing_twice_changes_nothing(changes: Changes) -> None:
    triggers.install(connection)
    a_brief()
    assert looked(changes).has_changed(frozenset({"articles_brief"}), since=changes.number - 1)


def test_a_write_past_the_orm_is_noted_too(changes: Changes) -> None:
    a_section("climate")
    number = looked(changes).number
    with connection.cursor() as cursor:
        cursor.execute("UPDATE articles_section SET name = 'Weather'")
    if connection.vendor == "sqlite":
        assert looked(changes).has_changed(frozenset({"articles_section"}), since=number)


def test_what_does_not_count_is_not_noted(changes: Changes) -> None:
    an_article(published=None)
    number = looked(changes).number
    an_article("Second", published=None).write("<p>Words.</p>")
    assert not looked(changes).has_changed(frozenset({"articles_article"}), since=number)


def test_after_a_long_sleep_everything_counts_as_changed(changes: Changes) -> None:
    number = changes.number
    changes.looked_at -= 601
    changes.look()
    assert changes.has_changed(frozenset({"articles_brief"}), since=number)


@pytest.fixture
def another_connection() -> Iterator[Any]:
    """Runs a function in a thread of its own, with a connection of its own."""
    threads: list[threading.Thread] = []

    def run(act: Any) -> threading.Thread:
        def acted() -> None:
            try:
                act()
            finally:
                connection.close()

        threads.append(threading.Thread(target=acted))
        threads[-1].start()
        return threads[-1]

    yield run
    for thread in threads:
        thread.join(10)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_began_first_and_commits_last_is_seen(another_connection: Any) -> None:
    written, may_commit = threading.Event(), threading.Event()

    def slowly() -> None:
        with transaction.atomic():
            Section.objects.create(slug="slow", name="Slow")
            written.set()
            may_commit.wait(10)

    notes = NotesOnPostgreSQL()
    slow = another_connection(slowly)
    written.wait(10)
    a_brief()
    assert "articles_section" not in notes.news()
    a_brief()
    assert notes.news() == {"articles_brief"}
    may_commit.set()
    slow.join(10)
    assert notes.news() == {"articles_section"}
    assert notes.news() == set()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_rows_of_one_transaction_are_one_note() -> None:
    with transaction.atomic():
        for _ in range(20):
            a_brief()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(many) FROM (SELECT count(*) AS many FROM page_cache_change GROUP BY xid, name) AS each"
        )
        assert cursor.fetchone()[0] == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_old_notes_are_cleared_and_young_ones_stay() -> None:
    a_brief()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE page_cache_change SET noted_at = now() - interval '2 hours'")
    a_section("new")
    assert clear_old_notes() >= 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT name FROM page_cache_change")
        assert cursor.fetchall() == [("articles_section",)]


@pytest.mark.django_db(transaction=True)
def test_one_looks_and_the_others_go_on(another_connection: Any) -> None:
    changes = Changes()
    changes.look()
    changes.looked_at -= 0.5
    asked, may_answer = threading.Event(), threading.Event()
    looks: list[int] = []
    news = changes.notes.news

    def slow_news() -> set[str]:
        looks.append(1)
        asked.set()
        may_answer.wait(10)
        return news()

    changes.notes.news = slow_news  # type: ignore[method-assign]
    looking = another_connection(changes.look)
    asked.wait(10)
    assert changes.look()
    may_answer.set()
    looking.join(10)
    assert len(looks) == 1
