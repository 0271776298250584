"""Which tables have changed since a page was made? Asked a few times a second, whatever the traffic.

A process keeps, for every table, the number of the look at which it last saw a change. A page remembers the number at
which it was begun: it is right for as long as none of its tables has a later one. What commits between two looks is
therefore served from the old page for at most `LOOK_EVERY`.
"""

import threading
import time
from collections.abc import Iterable
from typing import Protocol

from django.db import DatabaseError, InterfaceError, connection

from .triggers import COUNTER, TABLE

# Seconds. A page is never older than the second of these, unless the database cannot be asked.
LOOK_EVERY = 0.25
LOOK_AT_LEAST_EVERY = 0.9
# After so long without a look its notes may have been cleared away, and everything counts as changed.
FORGET_AFTER = 600.0
# What is noted is kept this long (PostgreSQL).
KEEP_SECONDS = 3600
# And so many (SQLite).
KEEP_NOTES = 100_000


class Notes(Protocol):
    """Reads what the triggers noted; remembers how far it has read."""

    # How far that is, as another process of the same database understands it.
    position: str

    def news(self) -> set[str]:
        """The tables that were written since the last call. Raises DatabaseError."""

    def has_later(self, tables: Iterable[str], position: str) -> bool:
        """Whether one of them was written by what was not yet to be seen at that position (of the last hour)."""


class NotesOnSQLite:
    """Writers follow one another, so that a number is enough."""

    def __init__(self) -> None:
        self.seen = -1
        self.position = "-1"
        self.written: dict[str, int] = {}

    def news(self) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT name, version FROM {TABLE} WHERE version > %s", [self.seen])  # noqa: S608 - ours
            rows = cursor.fetchall()
        self.written |= {name: version for name, version in rows if _is_a_table(name)}
        self.seen = max([self.seen, *(version for _, version in rows)])
        self.position = str(self.seen)
        return {name for name, _ in rows if name != COUNTER}

    def has_later(self, tables: Iterable[str], position: str) -> bool:
        """See `Notes`."""
        return any(self.written.get(table, 0) > int(position) for table in tables)


class NotesOnPostgreSQL:
    """A transaction may commit after one with a higher number: everything from the oldest that ran is read again."""

    def __init__(self) -> None:
        self.position = ""
        self.oldest_running = "0"
        self.seen: set[tuple[str, str]] = set()
        # The transactions that wrote a table, and when that was read (monotonic seconds).
        self.written: dict[str, dict[int, float]] = {}

    def news(self) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_current_snapshot()::text, xid::text, name FROM (VALUES (1)) AS always"
                " LEFT JOIN page_cache_change ON xid >= %s::xid8",
                [self.oldest_running],
            )
            rows = cursor.fetchall()
        found = {(xid, name) for _, xid, name in rows if xid is not None}
        news = found - self.seen
        self._remember(news)
        self.position, self.seen = rows[0][0], found
        self.oldest_running = self.position.partition(":")[0]
        return {name for _, name in news}

    def _remember(self, news: set[tuple[str, str]]) -> None:
        now = time.monotonic()
        for xid, table in news:
            if _is_a_table(table):
                known = self.written.get(table, {}) | {int(xid): now}
                self.written[table] = {each: at for each, at in known.items() if now - at < KEEP_SECONDS}

    def has_later(self, tables: Iterable[str], position: str) -> bool:
        """See `Notes`. `position` is a snapshot as PostgreSQL writes it: "xmin:xmax:running,running"."""
        xmin, xmax, running = position.split(":")
        oldest, next_one, still = int(xmin), int(xmax), {int(xid) for xid in running.split(",") if xid}
        return any(
            xid >= next_one or (xid >= oldest and xid in still)
            for table in tables
            for xid in self.written.get(table, {})
        )


def _is_a_table(name: str) -> bool:
    """Whether a note is about a whole table, as those of pages for many are; and not about somebody's rows."""
    return ":" not in name and name != COUNTER


class Changes:
    """What one process knows. `look` may be called by many threads."""

    def __init__(self) -> None:
        self.notes: Notes = NotesOnSQLite() if connection.vendor == "sqlite" else NotesOnPostgreSQL()
        self.number = 0
        self.changed_at_number: dict[str, int] = {}
        self.everything_at_number = 0
        self.looked_at = float("-inf")
        self.looking = threading.Lock()

    def look(self) -> bool:
        """Look again where it is time. False where the database has not answered for too long."""
        age = time.monotonic() - self.looked_at
        if age < LOOK_EVERY:
            return True
        # One looks; the others go on with what is known while that is young enough, and wait where it is not.
        if not self.looking.acquire(blocking=age >= LOOK_AT_LEAST_EVERY):
            return True
        try:
            if time.monotonic() - self.looked_at >= LOOK_EVERY:
                self._look()
        except (DatabaseError, InterfaceError):
            connection.close()
            return age < LOOK_AT_LEAST_EVERY
        finally:
            self.looking.release()
        return True

    def _look(self) -> None:
        began = time.monotonic()
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        news = self.notes.news()
        if began - self.looked_at > FORGET_AFTER:
            self.number += 1
            self.everything_at_number = self.number
        elif news:
            self.number += 1
            self._note(news)
        self.looked_at = began

    def _note(self, news: set[str]) -> None:
        if len(self.changed_at_number) > KEEP_NOTES:
            self.changed_at_number.clear()
            self.everything_at_number = self.number
        self.changed_at_number |= dict.fromkeys(news, self.number)

    def has_changed_after(self, tables: frozenset[str], position: str) -> bool:
        """Whether one of them was seen to be written by what another process did not see at that position."""
        return self.notes.has_later(tables, position)

    def has_changed(self, tables: frozenset[str], *, since: int) -> bool:
        """Whether one of them was seen to change after the look with that number."""
        if since >= self.number:
            return False
        if self.everything_at_number > since:
            return True
        changed = self.changed_at_number
        return any(changed.get(table, 0) > since for table in tables)


def clear_old_notes() -> int:
    """Delete what every process has long read; returns how many rows."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # Tables have a handful of rows; readers have one each, and no process is so many notes behind.
            cursor.execute(
                f"DELETE FROM {TABLE} WHERE name LIKE '%%:%%' AND version <"  # noqa: S608 - ours
                f" (SELECT version FROM {TABLE} WHERE name = %s) - %s",
                [COUNTER, KEEP_NOTES],
            )
            return cursor.rowcount
        cursor.execute(
            f"DELETE FROM {TABLE} WHERE noted_at < now() - %s * interval '1 second'",  # noqa: S608 - ours
            [KEEP_SECONDS],
        )
        return cursor.rowcount
