"""Ways of being entitled through an account, asked together: one question to the database, whichever of them it is.

A reader who sits in the largest group costs as much as one who pays, and so does one who may not read at all. Putting
the question into SQL takes longer than answering it, so that is done once for a process (`_prepared`).
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, connections, router
from django.db.models import F, QuerySet, SmallIntegerField, Value
from django.db.models.functions import Cast
from django.utils import timezone

from readers.models import User

if TYPE_CHECKING:
    from .access import Entitlement

log = logging.getLogger(__name__)
Row = Mapping[str, Any]
Fill = Callable[[Any, datetime], Any]


@dataclass(frozen=True, eq=False)
class Way:
    """One way: which rows let a reader read at a moment, what of them is needed, and what they say together.

    `rows` gives no order and no limit, `columns` are paths from its model; `of_reader` names what of the reader the
    question holds. Called like a plain source, it asks alone.
    """

    rows: Callable[[Any, datetime], QuerySet[Any]]
    columns: tuple[str, ...]
    read: Callable[[Sequence[Row], datetime], "Entitlement"]
    of_reader: tuple[Callable[[Any], Any], ...] = (lambda reader: reader.pk,)

    def __call__(self, user: Any, at: datetime) -> "Entitlement | None":
        found = list(self.rows(user, at).values(*self.columns))
        return self.read(found, at) if found else None


def ask(ways: tuple[Way, ...], user: Any, at: datetime) -> "dict[Way, Entitlement]":
    """What each of these ways says of the reader at that moment, where it says something. One query."""
    rows: dict[Way, list[Row]] = {}
    for place, *cells in _answers(ways, user, at):
        way, begin = ways[place], sum(len(one.columns) for one in ways[:place])
        rows.setdefault(way, []).append(dict(zip(way.columns, cells[begin:], strict=False)))
    return {way: way.read(found, at) for way, found in rows.items()}


def question(ways: tuple[Way, ...], user: Any, at: datetime) -> QuerySet[Any]:
    """The question as Django puts it: the place of the way, then the columns of all ways, those of others empty."""
    asked = [way.rows(user, at) for way in ways]
    first, *others = (_wide(place, asked, ways) for place in range(len(ways)))
    return first.union(*others, all=True)


def _wide(place: int, asked: Sequence[QuerySet[Any]], ways: Sequence[Way]) -> QuerySet[Any]:
    cells: list[Any] = [Value(place, output_field=SmallIntegerField())]
    for other, (rows, way) in enumerate(zip(asked, ways, strict=True)):
        for column in way.columns:
            cells.append(F(column) if other == place else Cast(Value(None), _field_of(rows, column)))
    names = {f"cell_{number}": cell for number, cell in enumerate(cells)}
    return asked[place].order_by().annotate(**names).values_list(*names)


def _field_of(rows: QuerySet[Any], column: str) -> Any:
    model = rows.model
    *before, last = column.split("__")
    for name in before:
        model = model._meta.get_field(name).related_model
    field = model._meta.get_field(last)
    return field.target_field if field.is_relation else field


# --- The question as SQL, put once ---------------------------------------------------------------------


@dataclass(frozen=True)
class _Prepared:
    """SQL, and how each of its values comes from the reader and the moment."""

    sql: str
    fills: tuple[Fill, ...]


def _answers(ways: tuple[Way, ...], user: Any, at: datetime) -> Sequence[tuple[Any, ...]]:
    using = router.db_for_read(User) or DEFAULT_DB_ALIAS
    prepared = _prepared(ways, using)
    if prepared is None:
        return list(question(ways, user, at))
    with connections[using].cursor() as cursor:
        cursor.execute(prepared.sql, [fill(user, at) for fill in prepared.fills])
        return cursor.fetchall()


@lru_cache(maxsize=8)
def _prepared(ways: tuple[Way, ...], using: str) -> _Prepared | None:
    """The SQL that Django makes for two readers who have nothing in common, where each value in it can be told.

    None where one cannot, or where the database wants values written in another way (SQLite): Django asks then.
    """
    if connections[using].vendor != "postgresql":
        return None
    # Addresses that are not written as they are compared, and moments on both sides of a midnight in Brussels.
    one = (
        User(pk=918_273_645, email="probe.one@bücher.example"),
        datetime(2031, 7, 13, 21, 59, 58, 123_457, tzinfo=UTC),
    )
    two = (User(pk=817_263_549, email="probe.two@müller.example"), datetime(2034, 1, 3, 4, 5, 6, 765_431, tzinfo=UTC))
    (sql, ones), (other_sql, twos) = (question(ways, *probe).query.get_compiler(using).as_sql() for probe in (one, two))
    if sql != other_sql:
        return None
    known = [fill for way in ways for fill in way.of_reader]
    fills = [_fill(first, second, one, two, known) for first, second in zip(ones, twos, strict=True)]
    if not all(fills):
        log.warning("What entitles readers is put into SQL at every request: a value in it cannot be told.")
        return None
    return _Prepared(sql, tuple(fill for fill in fills if fill))


def _fill(
    first: Any, second: Any, one: tuple[Any, datetime], two: tuple[Any, datetime], known: Sequence[Callable[[Any], Any]]
) -> Fill | None:
    """How a value that was `first` for the one and `second` for the two comes about."""
    if type(first) is type(second) and first == second:
        return lambda user, at: first
    if isinstance(first, datetime) and isinstance(second, datetime):
        offset = first - one[1]
        return (lambda user, at: at + offset) if second - two[1] == offset else None
    if isinstance(first, date) and isinstance(second, date):
        days = first - timezone.localdate(one[1])
        is_so_many = second - timezone.localdate(two[1]) == days
        return (lambda user, at: timezone.localdate(at) + days) if is_so_many else None
    return next(
        (_of_reader(one_of) for one_of in known if (one_of(one[0]), one_of(two[0])) == (first, second)),
        None,
    )


def _of_reader(one_of: Callable[[Any], Any]) -> Fill:
    return lambda user, at: one_of(user)
