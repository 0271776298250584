"""Access for many at once: a list of addresses is read, shown line by line, and only then given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from email.utils import parseaddr
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date

from edge.tables import Row, rows_of
from readers import sign_in
from readers.models import User

from .models import Grant

LONGEST_LIST = 1000
COLUMNS = {
    "email": ("email", "e-mail", "mail", "address", "e-mail address", "email address"),
    "reason": ("reason", "why", "note"),
    "until": ("until", "end", "ends", "ends at", "ends_at"),
}


class TooLong(Exception):
    """More lines than are given at once."""


@dataclass(frozen=True)
class Present:
    """What everybody on the list is given, where their line does not say otherwise."""

    kind: str
    reason: str
    ends_at: datetime
    owner: User | None
    writes: bool = False


@dataclass(frozen=True)
class Line:
    """One line of the list, and what comes of it. `problem` is why nothing does."""

    number: int
    typed: str
    email: str = ""
    reason: str = ""
    ends_at: datetime | None = None
    is_new_here: bool = False
    problem: str = ""
    has_it: bool = False

    @property
    def is_given(self) -> bool:
        """Whether this line gives access."""
        return not self.problem and not self.has_it


def look_at(text: str, present: Present, *, at: datetime) -> list[Line]:
    """Every line with what would come of it; nothing is changed. Raises TooLong.

    A first line that names columns (email, reason, until) is understood; without one the cell with an @ is the address.
    """
    rows = list(rows_of(text))
    header = _header(rows[0]) if rows else {}
    rows = rows[1:] if header else rows
    if len(rows) > LONGEST_LIST:
        raise TooLong
    return _beside_what_there_is(_without_repetition([_line(row, header, present, at) for row in rows]), present, at)


@transaction.atomic
def give(lines: Sequence[Line], present: Present, *, by: User, at: datetime) -> list[Grant]:
    """Give what the lines say, and make the readers that are missing; their first code proves the address.

    Whoever has the same access already gets it no second time, so that pressing twice is pressing once.
    """
    given = []
    lines = _beside_what_there_is([line for line in lines if not line.problem], present, at)
    for line in lines:
        if line.is_given and line.ends_at and (reader := sign_in.reader_at(line.email, at=at)):
            given.append(
                Grant(
                    reader=reader,
                    kind=present.kind,
                    reason=line.reason,
                    starts_at=at,
                    ends_at=line.ends_at,
                    granted_by=by,
                    granted_at=at,
                    owner=present.owner,
                    reader_waits_for_letter=present.writes,
                )
            )
    return Grant.objects.bulk_create(given)


def address_in(typed: str) -> str:
    """The address in a cell, in lower case, also with a name around it. Raises ValidationError where it is none."""
    address = parseaddr(typed)[1] if "<" in typed else typed
    address = address.strip().strip(".,;").removeprefix("mailto:").lower()
    validate_email(address)
    if not address.isascii():
        raise ValidationError("An address with letters that only look like others.")
    return address


def _header(row: Row) -> dict[str, int]:
    names = [cell.lower() for cell in row.cells]
    if any("@" in name for name in names):
        return {}
    found = {column: names.index(name) for column, known in COLUMNS.items() for name in names if name in known}
    return found if "email" in found else {}


def _line(row: Row, header: dict[str, int], present: Present, at: datetime) -> Line:
    def cell(column: str) -> str:
        place = header.get(column)
        return row.cells[place] if place is not None and place < len(row.cells) else ""

    typed = cell("email") if header else next((one for one in row.cells if "@" in one), row.cells[0])
    try:
        email = address_in(typed)
    except ValidationError:
        return Line(row.number, typed[:120], problem="This is no e-mail address.")
    ends_at = present.ends_at
    if until := cell("until"):
        day = _day(until)
        if day is None:
            return Line(row.number, typed[:120], email, problem=f"“{until[:30]}” is no date such as 2027-06-30.")
        ends_at = day
    if ends_at <= at:
        return Line(row.number, typed[:120], email, problem="The end has passed.")
    return Line(row.number, typed[:120], email, reason=(cell("reason") or present.reason)[:300], ends_at=ends_at)


def _day(typed: str) -> datetime | None:
    """The end of a day, in Brussels: `2027-06-30`, `30/06/2027`, `30.06.2027`."""
    for mark in "/.":
        if typed.count(mark) == 2:
            day, month, year = typed.split(mark)
            typed = f"{year.strip()}-{month.strip():0>2}-{day.strip():0>2}"
    try:
        last = parse_date(typed)
    except ValueError:
        return None
    return timezone.make_aware(datetime.combine(last + timedelta(days=1), time.min)) if last else None


def _without_repetition(lines: list[Line]) -> list[Line]:
    seen: dict[str, int] = {}
    for place, line in enumerate(lines):
        if line.email and line.email in seen:
            lines[place] = _with(line, problem=f"The same address as in line {seen[line.email]}.")
        elif line.email:
            seen[line.email] = line.number
    return lines


def _beside_what_there_is(lines: list[Line], present: Present, at: datetime) -> list[Line]:
    emails = [line.email for line in lines if line.email]
    known = dict(User.objects.filter(email__in=emails).values_list("email", "is_active"))
    same = Grant.objects.in_force(at=at).filter(reader__email__in=emails, kind=present.kind)
    until: dict[str, datetime] = {}
    for email, ends_at in same.values_list("reader__email", "ends_at"):
        until[email] = max(ends_at, until.get(email, ends_at))
    found = []
    for line in lines:
        if not line.problem and not known.get(line.email, True):
            line = _with(line, problem="This account is switched off.")
        has_it = line.ends_at is not None and until.get(line.email, at) >= line.ends_at
        found.append(_with(line, has_it=has_it, is_new_here=line.email not in known))
    return found


def _with(line: Line, **changes: Any) -> Line:
    return Line(**vars(line) | changes)
