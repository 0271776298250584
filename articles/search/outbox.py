"""Which articles must be written anew to an index outside the database: noted by the database itself, whoever writes.

A note is a row that triggers add in the same transaction as the change. It goes once the index has taken the article,
so that nothing is lost while the index, the worker or the network is away; twice the same does no harm.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

OUTBOX, WRITTEN = "articles_search_outbox", "articles_search_written"
# Tables, and which of their columns names the article.
_CHANGED = {
    "articles_article": "id",
    "articles_fulltext": "article_id",
    "articles_byline": "article_id",
    "articles_article_topics": "article_id",
}
_RENAMED = {
    "articles_author": "SELECT article_id FROM articles_byline WHERE author_id = new.id",
    "articles_topic": "SELECT article_id FROM articles_article_topics WHERE topic_id = new.id",
}
_EVENTS = {"insert": ("new",), "update": ("old", "new"), "delete": ("old",)}


@dataclass(frozen=True)
class Claim:
    """Notes that were there, the articles they name, and a number that later claims exceed.

    What is read after the claim holds every change the notes tell of; so of two writers the one with the higher
    number knows at least as much, and an index that refuses lower numbers ends with the newest.
    """

    notes: tuple[int, ...]
    articles: tuple[int, ...]
    number: int


def install() -> None:
    """Make the tables and triggers that are missing; when there were none, every article is noted. Safe to repeat."""
    had_triggers = _triggers() & _wanted()
    identity = "GENERATED ALWAYS AS IDENTITY" if _is_postgresql() else ""
    kind = "bigint" if _is_postgresql() else "integer"
    _run(f"CREATE TABLE IF NOT EXISTS {OUTBOX} (id {kind} {identity} PRIMARY KEY, article_id bigint NOT NULL)")
    _run(f"CREATE TABLE IF NOT EXISTS {WRITTEN} (number bigint NOT NULL, rebuilt_from bigint)")
    _run(f"INSERT INTO {WRITTEN} (number) SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM {WRITTEN})")  # noqa: S608
    for table, column in _CHANGED.items():
        for event, rows in _EVENTS.items():
            _make(_name(table, event), event, table, [f"SELECT {row}.{column}" for row in rows])
    for table, articles in _RENAMED.items():
        _make(_name(table, "renamed"), "update of name", table, [articles])
    if not had_triggers:
        note_everything()


def uninstall() -> None:
    """Take the triggers away; SQLite cannot change a table that one of them mentions. The notes stay."""
    for name in _triggers() & _wanted():
        _run(f"DROP TRIGGER IF EXISTS {name}" + (f" ON {_table_of(name)}" if _is_postgresql() else ""))


def remove() -> None:
    """Take everything away, where no index outside the database is kept any more."""
    uninstall()
    _run(f"DROP TABLE IF EXISTS {OUTBOX}")
    _run(f"DROP TABLE IF EXISTS {WRITTEN}")


def note_everything() -> None:
    """Have every article written anew; those that are gone are found by what the index holds."""
    _run(f"INSERT INTO {OUTBOX} (article_id) SELECT id FROM articles_article ORDER BY id")  # noqa: S608


def begin_rebuilding() -> int:
    """Have every article written anew, unless that is under way. Returns the number below which all is stale then."""
    with transaction.atomic():
        since = _asked(f"SELECT rebuilt_from FROM {WRITTEN}")[0][0]  # noqa: S608
        if since is None:
            since = claim(0).number
            _run(f"UPDATE {WRITTEN} SET rebuilt_from = %s", [since])  # noqa: S608
            note_everything()
    return int(since)


def end_rebuilding() -> None:
    """Every article has been written anew."""
    _run(f"UPDATE {WRITTEN} SET rebuilt_from = NULL")  # noqa: S608


def claim(most: int) -> Claim:
    """The oldest notes, at most so many. They stay until `forget`."""
    rows = _asked(f"SELECT id, article_id FROM {OUTBOX} ORDER BY id LIMIT %s", [most])  # noqa: S608 - names of ours
    # Milliseconds, so that a database restored from a copy does not begin below what the index has seen.
    now = time.time_ns() // 1_000_000
    larger = "greatest" if _is_postgresql() else "max"
    ((number,),) = _asked(f"UPDATE {WRITTEN} SET number = {larger}(number + 1, %s) RETURNING number", [now])  # noqa: S608
    return Claim(tuple(note for note, _ in rows), tuple(dict.fromkeys(article for _, article in rows)), number)


def forget(notes: Iterable[int]) -> None:
    """These articles are in the index as they were when they were noted, or later."""
    done = tuple(notes)
    if done:
        places = ", ".join(["%s"] * len(done))
        _run(f"DELETE FROM {OUTBOX} WHERE id IN ({places})", done)  # noqa: S608 - names of ours


def notes_of(articles: Iterable[int], among: Claim) -> list[int]:
    """The claimed notes that name these articles."""
    wanted = tuple(articles)
    if not wanted:
        return []
    places, claimed = ", ".join(["%s"] * len(wanted)), set(among.notes)
    rows = _asked(f"SELECT id FROM {OUTBOX} WHERE article_id IN ({places})", wanted)  # noqa: S608 - names of ours
    return [note for (note,) in rows if note in claimed]


def waiting() -> int:
    """How many notes there are."""
    return int(_asked(f"SELECT count(*) FROM {OUTBOX}")[0][0])  # noqa: S608


def _make(name: str, event: str, table: str, articles: Sequence[str]) -> None:
    notes = "; ".join(f"INSERT INTO {OUTBOX} (article_id) {one}" for one in dict.fromkeys(articles))
    when = f"AFTER {event.upper()} ON {table} FOR EACH ROW"
    if _is_postgresql():
        body = f"$$ BEGIN {notes}; RETURN NULL; END $$"
        _run(f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {body}")
        _run(f"CREATE OR REPLACE TRIGGER {name} {when} EXECUTE FUNCTION {name}()")
    else:
        _run(f"CREATE TRIGGER IF NOT EXISTS {name} {when} BEGIN {notes}; END")


def _wanted() -> set[str]:
    return {_name(table, event) for table in _CHANGED for event in _EVENTS} | {
        _name(table, "renamed") for table in _RENAMED
    }


def _name(table: str, event: str) -> str:
    return f"{OUTBOX}_{table.removeprefix('articles_')}_{event}"


def _table_of(name: str) -> str:
    return "articles_" + name.removeprefix(f"{OUTBOX}_").rpartition("_")[0]


def _triggers() -> set[str]:
    names = (
        "SELECT tgname FROM pg_trigger" if _is_postgresql() else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    return {name for (name,) in _asked(names)}


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _asked(sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def _run(sql: str, values: Sequence[Any] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
