"""The database notes itself which tables were written, so that no way of writing can be forgotten.

On SQLite, where one writer follows another, each table has a row with a number that grows. On PostgreSQL each
transaction notes a table once, under its own number: what commits late is then found all the same (see `changes`).
"""

from typing import Any

from .sources import Source, sources

TABLE = "page_cache_change"
# The row that counts all notes (SQLite).
COUNTER = ""
_ON_SQLITE = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} (name text PRIMARY KEY, version integer NOT NULL)",
    f"CREATE INDEX IF NOT EXISTS {TABLE}_version ON {TABLE} (version)",
    "INSERT OR IGNORE INTO page_cache_change (name, version) VALUES ('', 0)",
)
_ON_POSTGRESQL = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} (xid xid8 NOT NULL DEFAULT pg_current_xact_id(), name text NOT NULL,"
    " noted_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (xid, name))",
    f"CREATE INDEX IF NOT EXISTS {TABLE}_noted_at ON {TABLE} (noted_at)",
    "CREATE OR REPLACE FUNCTION page_cache_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " INSERT INTO page_cache_change (name) VALUES (TG_TABLE_NAME) ON CONFLICT DO NOTHING; RETURN NULL; END $$",
    "CREATE OR REPLACE FUNCTION page_cache_note_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " IF TG_OP <> 'INSERT' THEN INSERT INTO page_cache_change (name)"
    "  VALUES (TG_TABLE_NAME || ':' || coalesce(to_jsonb(OLD) ->> TG_ARGV[0], '')) ON CONFLICT DO NOTHING; END IF;"
    " IF TG_OP <> 'DELETE' THEN INSERT INTO page_cache_change (name)"
    "  VALUES (TG_TABLE_NAME || ':' || coalesce(to_jsonb(NEW) ->> TG_ARGV[0], '')) ON CONFLICT DO NOTHING; END IF;"
    " RETURN NULL; END $$",
)


def install(connection: Any) -> None:
    """Set up the table and the triggers of every source whose table exists. Safe to repeat."""
    tables = set(connection.introspection.table_names())
    on_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        for statement in _ON_SQLITE if on_sqlite else _ON_POSTGRESQL:
            cursor.execute(statement)
        for source in sources().values():
            if source.table in tables:
                (_watch_on_sqlite if on_sqlite else _watch_on_postgresql)(cursor, source)


def _watch_on_sqlite(cursor: Any, source: Source) -> None:
    for event, rows, condition in _events(source):
        name = f"{source.table}_{event.lower()}_is_noted"
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        noted = "".join(map(_note_on_sqlite, _names(source, rows)))
        cursor.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON {source.table} FOR EACH ROW {condition} BEGIN {noted} END"
        )


def _note_on_sqlite(name: str) -> str:
    """SQL that gives that name (an expression) the next number. No upsert: the writing statement's own would rule."""
    number = f"(SELECT version FROM {TABLE} WHERE name = '{COUNTER}')"  # noqa: S608 - names of ours
    return (
        f"UPDATE {TABLE} SET version = version + 1 WHERE name = '{COUNTER}';"  # noqa: S608 - names of ours
        f" UPDATE {TABLE} SET version = {number} WHERE name = {name};"
        f" INSERT INTO {TABLE} (name, version) SELECT {name}, {number}"
        f" WHERE NOT EXISTS (SELECT 1 FROM {TABLE} WHERE name = {name});"
    )


def _names(source: Source, rows: tuple[str, ...]) -> list[str]:
    if not source.by:
        return [f"'{source.table}'"]
    return [f"'{source.table}:' || coalesce({row}.{source.by}, '')" for row in rows]


def _watch_on_postgresql(cursor: Any, source: Source) -> None:
    function = f"page_cache_note_row('{source.by}')" if source.by else "page_cache_note()"
    for event, _, condition in _events(source):
        name = f"{source.table}_{event.lower()}_is_noted"
        cursor.execute(
            f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {source.table} FOR EACH ROW {condition}"
            f" EXECUTE FUNCTION {function}"
        )
    cursor.execute(
        f"CREATE OR REPLACE TRIGGER {source.table}_truncate_is_noted AFTER TRUNCATE ON {source.table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION page_cache_note()"
    )


def _events(source: Source) -> tuple[tuple[str, tuple[str, ...], str], ...]:
    """Each kind of write, the rows it has, and the SQL that says whether it counts."""
    rows = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}
    conditions = {
        event: "WHEN (" + " OR ".join(f"({source.counts_when.format(row=row)})" for row in names) + ")"
        if source.counts_when
        else ""
        for event, names in rows.items()
    }
    return tuple((event, names, conditions[event]) for event, names in rows.items())
