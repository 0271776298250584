"""A student's year: how long it is, what it costs, and that it follows on the one before."""

from datetime import datetime
from typing import Any

from django.conf import settings

from edge.clock import BRUSSELS

from . import contracts
from .models import Grant, Purchase
from .standing import PROOF_BEFORE


def price_cents() -> int:
    """What a year costs, gross; 0 where students read for nothing."""
    return int(settings.STUDENT_PRICE_CENTS)


def a_year_after(moment: datetime) -> datetime:
    """The same day and hour in Brussels one year later; 28 February after a 29th."""
    local = moment.astimezone(BRUSSELS)
    try:
        return local.replace(year=local.year + 1)
    except ValueError:
        return local.replace(year=local.year + 1, day=28)


def last_of(reader: Any) -> Grant | None:
    """The year that ends last, over or not."""
    return Grant.objects.filter(reader=reader, kind=Grant.Kind.STUDENT).order_by("-ends_at").first()


def next_span(reader: Any, *, at: datetime) -> tuple[datetime, datetime]:
    """From when until when the next year would be: it follows on one that still runs, so that nothing is lost."""
    last = last_of(reader)
    starts_at = max(at, last.ends_at) if last else at
    return starts_at, a_year_after(starts_at)


def may_ask_from(reader: Any, *, at: datetime) -> datetime | None:
    """None where a student may ask now; otherwise from when on, since a year is still long."""
    last = last_of(reader)
    if last is None or last.ends_at - PROOF_BEFORE <= at:
        return None
    return last.ends_at - PROOF_BEFORE


def give(reader: Any, *, reason: str, by: Any, at: datetime, purchase: Purchase | None = None) -> Grant:
    """Give a year. `by` is who decided on the staff, None where a code proved it. Call it with the reader locked."""
    starts_at, ends_at = next_span(reader, at=at)
    grant = Grant.objects.create(
        reader=reader,
        kind=Grant.Kind.STUDENT,
        reason=reason[:300],
        starts_at=starts_at,
        ends_at=ends_at,
        granted_by=by,
        granted_at=at,
    )
    contracts.conclude_for_grant(grant, at=at, purchase=purchase)
    return grant
