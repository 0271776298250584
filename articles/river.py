"""A page of a river, and the way to the older ones: by the place of the last row, never by counting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.db.models import Q, QuerySet

ROWS = 20
Row = TypeVar("Row")


class NoSuchPlace(ValueError):
    """The address names no place in the river."""


@dataclass(frozen=True)
class Stretch(Generic[Row]):
    """The rows of one page; `older` is the `?before=` of the next one, empty on the last."""

    rows: Sequence[Row]
    older: str = ""
    is_first: bool = True


def stretch_of(rows: QuerySet[Any], before: str = "", *, length: int = ROWS) -> Stretch[Any]:
    """The newest `length` rows published before the place that `before` names; all of them dated and keyed.

    Costs the same on page one and on page five thousand. Raises NoSuchPlace.
    """
    if before:
        moment, key = _place(before)
        rows = rows.filter(published_at__lte=moment).exclude(Q(published_at=moment) & Q(pk__gte=key))
    found = list(rows.order_by("-published_at", "-pk")[: length + 1])
    older = _name(found[length - 1]) if len(found) > length else ""
    return Stretch(found[:length], older, is_first=not before)


def since(rows: QuerySet[Any], after: str) -> QuerySet[Any]:
    """The rows that came after the place that `after` names. Raises NoSuchPlace."""
    moment, key = _place(after)
    return rows.filter(Q(published_at__gt=moment) | Q(published_at=moment, pk__gt=key))


def place_of(row: Any) -> str:
    """The name of the place of a row: `?before=` it begin the older ones."""
    return _name(row)


def place_above(row: Any) -> str:
    """The name of the place just above a row: `?before=` it, the row itself comes first."""
    return _name(row, above=1)


def _name(row: Any, *, above: int = 0) -> str:
    moment = row.published_at.astimezone(UTC).replace(tzinfo=None)
    return f"{moment.isoformat()}Z-{row.pk + above}"


def _place(name: str) -> tuple[datetime, int]:
    moment, _, key = name.rpartition("-")
    try:
        place = datetime.fromisoformat(moment), int(key)
    except ValueError as error:
        raise NoSuchPlace(name) from error
    if not (moment.endswith("Z") and key.isascii() and key.isdigit() and len(key) < 19):
        raise NoSuchPlace(name)
    return place
