"""Every statement that writes, seen on its way to the database: what was there, and what is there now.

What the models' own signals would tell leaves out every `update()` and `bulk_create()`; the statements leave out
nothing. They are Django's own, of a few shapes; one of another shape is written down by its table alone.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from newsroom.models import StaffAct

from .values import difference, told

Kind = StaffAct.Kind
# One by one up to here; what is written to more rows at once is counted.
MOST_ROWS = 50
# Written by the site to run itself, whoever is at the desk.
HOUSEKEEPING = frozenset(
    {
        *("newsroom.StaffAct", "newsroom.LookedAs", "newsroom.Worker", "newsroom.Run", "admin.LogEntry"),
        *("sessions.Session", "usersessions.UserSession", "contenttypes.ContentType"),
        *("django_tasks_database.DBTaskResult", "articles.ArticleDay", "articles.Hold", "articles.WorkingCopy"),
        *("groups.Opening", "groups.PersonDay", "groups.MonthOfUse", "rights.RetentionRun"),
    }
)
_KINDS = {"INSERT": Kind.ADDED, "UPDATE": Kind.CHANGED, "DELETE": Kind.DELETED}
_WRITES = re.compile(r'(INSERT|UPDATE|DELETE)(?: OR \w+)?(?: INTO| FROM)? "(\w+)"')
_COLUMNS = re.compile(r'"(\w+)" = ')
# Whether a row was added is not known then, and still less which; what it would say is. Rights are given so.
_CONFLICT = re.compile(r" ON CONFLICT |^INSERT OR ")
_LISTED = re.compile(r'INTO "\w+" \(([^)]*)\)')


def written_table(sql: str) -> str:
    """The table that a statement writes to; empty where it only reads."""
    found = _WRITES.match(sql)
    return found[2] if found else ""


@dataclass
class Watch:
    """What one request does. Given to `connection.execute_wrapper`."""

    actor_id: int | None
    at: datetime
    request_id: str
    network: str
    # The page or button; known once the address is understood.
    through: Callable[[], str]
    written: int = 0
    _is_writing: bool = field(default=False, repr=False)

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        found = None if self._is_writing else _WRITES.match(sql)
        model = _by_table().get(found[2]) if found else None
        if found is None or model is None or model._meta.label in HOUSEKEEPING:
            return execute(sql, params, many, context)
        if found[1] == "INSERT":
            answer = execute(sql, params, many, context)
            self._note_added(model, sql, params, context)
            return answer
        # A change and its line come to be together.
        together: AbstractContextManager[Any] = nullcontext() if connection.in_atomic_block else transaction.atomic()
        with together:
            before = self._rows(model, _where(sql, params), _touched(model, sql, found[1]))
            answer = execute(sql, params, many, context)
            self._note_written(_KINDS[found[1]], model, sql, before, context["cursor"].rowcount)
        return answer

    def note(self, kind: Kind, *, model: str = "", object_id: Any = "", count: int = 1, changes: Any = None) -> None:
        """Write down one act."""
        self.written += 1
        was, self._is_writing = self._is_writing, True
        try:
            StaffAct.objects.create(
                at=self.at,
                actor_id=self.actor_id,
                kind=kind,
                through=self.through()[:200],
                model=model,
                object_id=str(object_id)[:64],
                count=count,
                changes=changes or {},
                request_id=self.request_id,
                network=self.network,
            )
        finally:
            self._is_writing = was

    # --- What the statements say --------------------------------------------------------------------

    def _note_written(self, kind: Kind, model: Any, sql: str, before: list[dict[str, Any]], count: int) -> None:
        fields = _touched(model, sql, kind)
        after: dict[Any, Any] = (
            {} if kind == Kind.DELETED else self._now(model, [row[_pk(model)] for row in before], fields)
        )
        for row in before[:MOST_ROWS]:
            changes = difference(row, after.get(row[_pk(model)]), fields)
            if changes or kind == Kind.DELETED:
                self.note(kind, model=model._meta.label, object_id=row[_pk(model)], changes=changes)
        if count > MOST_ROWS:
            names: dict[str, Any] = {one.name: [] for one in fields} if kind == Kind.CHANGED else {}
            self.note(kind, model=model._meta.label, count=count - MOST_ROWS, changes=names)

    def _note_added(self, model: Any, sql: str, params: Any, context: dict[str, Any]) -> None:
        columns = re.findall(r'"(\w+)"', listed[1]) if (listed := _LISTED.search(sql)) else []
        many = _how_many(sql, params, len(columns))
        if _CONFLICT.search(sql):
            for values in _rows_in(sql, params, many, len(columns)):
                said = dict(zip(columns, values, strict=True))
                told_of = {one.name: [None, told(one, said[one.column])] for one in _of(model, said)}
                self.note(Kind.ADDED, model=model._meta.label, changes=told_of)
            return
        if many != 1:
            self.note(Kind.ADDED, model=model._meta.label, count=many)
            return
        pk = self._key_of_added(model, columns, params, context)
        fields = [one for one in model._meta.concrete_fields if not one.primary_key]
        row = self._now(model, [pk], fields).get(pk) if pk is not None else None
        if row is None and pk is not None:
            return  # it was there already, and the statement said to leave it
        self.note(
            Kind.ADDED,
            model=model._meta.label,
            object_id="" if pk is None else pk,
            changes=difference(None, row, fields),
        )

    def _key_of_added(self, model: Any, columns: list[str], params: Any, context: dict[str, Any]) -> Any:
        key = model._meta.pk
        if key.column in columns and len(params) == len(columns):
            return key.to_python(params[columns.index(key.column)])
        if connection.vendor == "sqlite":
            return context["cursor"].lastrowid
        with connection.cursor() as cursor:
            place = [f'"{model._meta.db_table}"', key.column]
            cursor.execute("SELECT currval(pg_get_serial_sequence(%s, %s))", place)
            return cursor.fetchone()[0]

    def _rows(self, model: Any, where: tuple[str, Sequence[Any]], fields: list[models.Field]) -> list[dict[str, Any]]:
        """What the statement is about to change."""
        columns = ", ".join(f'"{model._meta.db_table}"."{one.column}"' for one in (model._meta.pk, *fields))
        asked = f'SELECT {columns} FROM "{model._meta.db_table}"{where[0]} LIMIT {MOST_ROWS}'  # noqa: S608 - Django's own
        names = [model._meta.pk.attname, *(one.attname for one in fields)]
        rows = model._base_manager.raw(asked, tuple(where[1]))
        return [{name: getattr(row, name) for name in names} for row in rows]

    def _now(self, model: Any, pks: list[Any], fields: list[models.Field]) -> dict[Any, dict[str, Any]]:
        """Those rows as they are."""
        names = {_pk(model), *(one.attname for one in fields)}
        return {row[_pk(model)]: row for row in model._base_manager.filter(pk__in=pks).values(*names)}


@cache
def _by_table() -> dict[str, type[models.Model]]:
    every = apps.get_models(include_auto_created=True)
    return {model._meta.db_table: model for model in every if not model._meta.proxy}


def _pk(model: Any) -> str:
    return str(model._meta.pk.attname)


def _touched(model: Any, sql: str, verb: str) -> list[models.Field]:
    """The fields that a statement sets; all of a row that goes. What is too big to compare stays out."""
    every = [one for one in model._meta.concrete_fields if not one.primary_key]
    if verb in ("DELETE", Kind.DELETED):
        return [one for one in every if not isinstance(one, models.BinaryField | models.TextField | models.JSONField)]
    columns = set(_COLUMNS.findall(sql[: _split(sql)]))
    return [one for one in every if one.column in columns]


def _split(sql: str) -> int:
    """Where the statement's own WHERE begins; its end where it has none."""
    depth, quoted = 0, ""
    for here, sign in enumerate(sql):
        if quoted:
            quoted = "" if sign == quoted else quoted
        elif sign in "\"'":
            quoted = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif depth == 0 and sql.startswith(" WHERE ", here):
            return here
    return len(sql)


def _where(sql: str, params: Any) -> tuple[str, Sequence[Any]]:
    """Its WHERE, and what is put in there."""
    at = _split(sql)
    set_before = sql[:at].count("%s")
    return sql[at:], list(params or ())[set_before:]


def _of(model: Any, columns: dict[str, Any]) -> list[models.Field]:
    return [one for one in model._meta.concrete_fields if one.column in columns and not one.primary_key]


def _rows_in(sql: str, params: Any, many: int, columns: int) -> Sequence[Sequence[Any]]:
    """What an INSERT puts into each row, as far as it is values and not expressions; no more than MOST_ROWS."""
    if "UNNEST(" in sql:
        return list(zip(*params, strict=True))[:MOST_ROWS]
    if not columns or len(params) != many * columns:
        return []
    return [params[first : first + columns] for first in range(0, len(params), columns)][:MOST_ROWS]


def _how_many(sql: str, params: Any, columns: int) -> int:
    """How many rows an INSERT adds."""
    if "UNNEST(" in sql:
        return len(params[0])
    if "), (" in sql and columns and len(params) % columns == 0:
        return len(params) // columns
    return 1
