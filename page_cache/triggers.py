"""The database notes itself which tables were written, so that no way of writing can be forgotten.

On SQLite, where one writer follows another, each table has a row with a number that grows. On PostgreSQL each
transaction notes a table once, under its own number: what commits late is then found all the same (see `changes`).
"""

from typing import Any

from .sources import Source, sources

TABLE = "page_cache_change"
_ON_SQLITE = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} (name text PRIMARY KEY, version integer NOT NULL)",
    f"CREATE INDEX IF NOT EXISTS {TABLE}_version ON {TABLE} (version)",
)
_ON_POSTGRESQL = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} (xid xid8 NOT NULL DEFAULT pg_current_xact_id(), name text NOT NULL,"
    " noted_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (xid, name))",
    f"CREATE INDEX IF NOT EXISTS {TABLE}_noted_at ON {TABLE} (noted_at)",
    "CREATE OR REPLACE FUNCTION page_cache_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " INSERT INTO page_cache_change (name) VALUES (TG_TABLE_NAME) ON CONFLICT DO NOTHING; RETURN NULL; END $$",
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
    cursor.execute(f"INSERT OR IGNORE INTO {TABLE} (name, version) VALUES ('{source.table}', 0)")  # noqa: S608 - ours
    for event, condition in _events(source):
        name = f"{source.table}_{event.lower()}_is_noted"
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        cursor.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON {source.table} FOR EACH ROW {condition} BEGIN"  # noqa: S608
            f" UPDATE {TABLE} SET version = (SELECT max(version) + 1 FROM {TABLE}) WHERE name = '{source.table}'; END"
        )


def _watch_on_postgresql(cursor: Any, source: Source) -> None:
    for event, condition in (*_events(source), ("TRUNCATE", "")):
        name = f"{source.table}_{event.lower()}_is_noted"
        each = "STATEMENT" if event == "TRUNCATE" else "ROW"
        cursor.execute(
            f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {source.table} FOR EACH {each} {condition}"
            " EXECUTE FUNCTION page_cache_note()"
        )


def _events(source: Source) -> tuple[tuple[str, str], ...]:
    """Each kind of write, with the SQL that says whether a row counts."""
    rows = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}
    if not source.counts_when:
        return tuple((event, "") for event in rows)
    return tuple(
        (event, "WHEN (" + " OR ".join(f"({source.counts_when.format(row=row)})" for row in names) + ")")
        for event, names in rows.items()
    )
