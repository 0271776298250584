"""The database refuses to alter what is written down of staff, and to forget it within a year.

Triggers, set up after every migration. The year is counted by the database's own clock; retention lets go of what is
older than KEEP_AUDIT_DAYS, which is no less.
"""

from django.db import connections

from newsroom.models import StaffAct

LEAST_DAYS = 365
NAME = "newsroom_staffact_is_held"
SAYS = "What staff did is never altered, and kept for a year"


def hold(*, using: str) -> None:
    """Set the triggers up in that database. Safe to repeat; does nothing where the table is not there (yet)."""
    connection, table = connections[using], StaffAct._meta.db_table
    if table not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for statement in _ON_SQLITE if connection.vendor == "sqlite" else _ON_POSTGRESQL:
            cursor.execute(statement.format(name=NAME, table=table, says=SAYS, days=LEAST_DAYS))


_ON_SQLITE = (
    'DROP TRIGGER IF EXISTS "{name}"',
    'DROP TRIGGER IF EXISTS "{name}_for_a_year"',
    'CREATE TRIGGER "{name}" BEFORE UPDATE ON "{table}" BEGIN SELECT RAISE(ABORT, \'{says}\'); END',
    'CREATE TRIGGER "{name}_for_a_year" BEFORE DELETE ON "{table}" '
    "WHEN OLD.at > datetime('now', '-{days} days') BEGIN SELECT RAISE(ABORT, '{says}'); END",
)
_ON_POSTGRESQL = (
    'CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN '
    "IF TG_OP = 'DELETE' THEN IF OLD.at <= now() - interval '{days} days' THEN RETURN OLD; END IF; END IF; "
    "RAISE EXCEPTION '{says}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    'DROP TRIGGER IF EXISTS "{name}" ON "{table}"',
    'CREATE TRIGGER "{name}" BEFORE UPDATE OR DELETE ON "{table}" FOR EACH ROW EXECUTE FUNCTION "{name}"()',
    'DROP TRIGGER IF EXISTS "{name}_whole" ON "{table}"',
    'CREATE TRIGGER "{name}_whole" BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION "{name}"()',
)
