"""The database refuses to alter what was agreed: triggers on the tables of contracts and terms.

They are set up after every migration, since SQLite forgets a table's triggers when it rebuilds the table. Rows can
still be deleted, when the law no longer wants them kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connections


@dataclass(frozen=True)
class Kept:
    """A model ("app.Name") whose rows stay as they are but for some columns; `only_where` (SQL about OLD): not all."""

    model: str
    but: tuple[str, ...] = ()
    only_where: str = ""


KEPT = (
    Kept("subscriptions.Contract", but=("reader_id", "subscription_id", "grant_id", "attempt_id")),
    Kept("subscriptions.Amendment", but=("agreed_at",)),
    Kept("subscriptions.TermsVersion", only_where="OLD.published_at IS NOT NULL"),
    Kept(
        "subscriptions.TermsText",
        only_where="EXISTS (SELECT 1 FROM subscriptions_termsversion AS v WHERE v.id = OLD.version_id"
        " AND v.published_at IS NOT NULL)",
    ),
)


def hold(*, using: str, these: Sequence[Kept] = KEPT) -> None:
    """Set the triggers up in that database. Safe to repeat; does nothing where the tables are not there (yet)."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    for kept in these:
        model = apps.get_model(kept.model)
        if model._meta.db_table in tables:
            columns = [one.column for one in model._meta.concrete_fields if one.column not in kept.but]
            _hold_one(connection, model._meta.db_table, columns, kept.only_where)


def _hold_one(connection: Any, table: str, columns: list[str], only_where: str) -> None:
    name = f"{table}_is_kept"
    differs = "IS NOT" if connection.vendor == "sqlite" else "IS DISTINCT FROM"
    altered = " OR ".join(f'OLD."{column}" {differs} NEW."{column}"' for column in columns)
    condition = f"({altered})" + (f" AND {only_where}" if only_where else "")
    says = f"What {table} says is never altered"
    statements = _ON_SQLITE if connection.vendor == "sqlite" else _ON_POSTGRESQL
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(name=name, table=table, condition=condition, says=says))


_ON_SQLITE = (
    'DROP TRIGGER IF EXISTS "{name}"',
    'CREATE TRIGGER "{name}" BEFORE UPDATE ON "{table}" FOR EACH ROW WHEN {condition} '
    "BEGIN SELECT RAISE(ABORT, '{says}'); END",
)
_ON_POSTGRESQL = (
    'CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN '
    "IF {condition} THEN RAISE EXCEPTION '{says}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
    "RETURN NEW; END $$",
    'DROP TRIGGER IF EXISTS "{name}" ON "{table}"',
    'CREATE TRIGGER "{name}" BEFORE UPDATE ON "{table}" FOR EACH ROW EXECUTE FUNCTION "{name}"()',
)
