"""Where everything is kept: one SQLite file (or memory), one row per object, its body as JSON."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Thing = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    created INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_kind ON objects (kind, seq);
CREATE TABLE IF NOT EXISTS agenda (
    kind TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (kind, id));
CREATE INDEX IF NOT EXISTS agenda_at ON agenda (at);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, endpoint TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL,
    status INTEGER, problem TEXT, created INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, due);
CREATE INDEX IF NOT EXISTS deliveries_event ON deliveries (event);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    created INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
INDEXED = (
    "customer", "invoice", "charge", "payment_intent", "subscription", "lookup_key",
    "parent.subscription_details.subscription",
)  # fmt: skip
TABLES = ("objects", "agenda", "deliveries", "answers", "settings")


def copied(value: Any) -> Any:
    """A copy of something made of hashes, lists and plain values; many times quicker than copy.deepcopy."""
    if type(value) is dict:
        return {key: copied(one) for key, one in value.items()}
    if type(value) is list:
        return [copied(one) for one in value]
    return value


class Store:
    """Objects by id and by what they say. Within a transaction, one id is always one and the same dict.

    Keys that begin with an underscore are the sandbox's own notes; `view.shown` leaves them out.
    """

    def __init__(self, path: str):
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=OFF")
        self.connection.executescript(SCHEMA)
        for place in INDEXED:
            name = "objects_by_" + place.replace(".", "_")
            self.connection.execute(
                f"CREATE INDEX IF NOT EXISTS {name} ON objects (kind, json_extract(body, '$.{place}'))"
            )
        self._known: dict[str, Thing] = {}

    def execute(self, sql: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Plain SQL, for the agenda, the deliveries and the like."""
        return self.connection.execute(sql, values)

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def begin(self) -> None:
        """Start a transaction."""
        self.connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Keep what the transaction did."""
        self.connection.execute("COMMIT")
        self.forget()

    def rollback(self) -> None:
        """Undo what the transaction did."""
        self.connection.execute("ROLLBACK")
        self.forget()

    @contextmanager
    def sketch(self) -> Iterator[None]:
        """Whatever is done inside is undone at the end: for previews."""
        self.connection.execute("SAVEPOINT sketch")
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK TO sketch")
            self.connection.execute("RELEASE sketch")
            self.forget()

    def forget(self) -> None:
        """Drop the dicts handed out so far; the next `get` reads the row again."""
        self._known.clear()

    def erase(self) -> None:
        """Empty every table."""
        for table in TABLES:
            self.connection.execute(f"DELETE FROM {table}")
        self.forget()

    def get(self, wanted: str) -> Thing | None:
        """The object of this id, or None."""
        if wanted in self._known:
            return self._known[wanted]
        row = self.connection.execute("SELECT body FROM objects WHERE id = ?", (wanted,)).fetchone()
        return self._keep(row[0]) if row else None

    def save(self, thing: Thing) -> Thing:
        """Write an object that is new or was changed."""
        self._known[thing["id"]] = thing
        self.connection.execute(
            "INSERT INTO objects (id, kind, created, body) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, body = excluded.body",
            (thing["id"], thing["object"], thing.get("created", 0), json.dumps(thing)),
        )
        return thing

    def remove(self, wanted: str) -> None:
        """Take an object away for good."""
        self._known.pop(wanted, None)
        self.connection.execute("DELETE FROM objects WHERE id = ?", (wanted,))

    def find(
        self,
        kind: str,
        where: dict[str, Any] | None = None,
        *,
        created: dict[str, int] | None = None,
        before: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[Thing]:
        """Objects of a kind, newest first.

        `where` maps a place in the body (`a.b.c`) to its value; `created` takes gt, gte, lt, lte;
        `before` and `after` are ids between which (in the order of the list) the result lies.
        """
        sql, values = ["SELECT id, body FROM objects WHERE kind = ?"], [kind]
        for place, value in (where or {}).items():
            sql.append(f"AND json_extract(body, '$.{place}') {'IS' if value is None else '='} ?")
            values.append(value)
        for name, sign in (("gt", ">"), ("gte", ">="), ("lt", "<"), ("lte", "<=")):
            if created and name in created:
                sql.append(f"AND created {sign} ?")
                values.append(created[name])  # type: ignore[arg-type]
        for cursor, sign in ((after, "<"), (before, ">")):
            if cursor:
                sql.append(f"AND seq {sign} (SELECT seq FROM objects WHERE id = ?)")
                values.append(cursor)
        sql.append(f"ORDER BY seq {'ASC' if before else 'DESC'}")
        if limit is not None:
            sql.append(f"LIMIT {limit:d}")
        rows = self.connection.execute(" ".join(sql), values).fetchall()
        found = [self._known.get(row[0]) or self._keep(row[1]) for row in rows]
        return found[::-1] if before else found

    def count(self, kind: str) -> int:
        """How many objects of a kind there are."""
        return self.connection.execute("SELECT count(*) FROM objects WHERE kind = ?", (kind,)).fetchone()[0]

    def setting(self, name: str, default: Any = None) -> Any:
        """A value of the sandbox itself that outlives a restart."""
        row = self.connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else copied(default)

    def set_setting(self, name: str, value: Any) -> None:
        """Keep a value of the sandbox itself."""
        self.connection.execute(
            "INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, json.dumps(value)),
        )

    def _keep(self, body: str) -> Thing:
        thing = json.loads(body)
        return self._known.setdefault(thing["id"], thing)
