"""A manager asks for more seats: what they would cost until the end of the term, and a line in the staff's queue."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from edge import languages

from .models import Enquiry, GroupAccount, GroupEvent, Term
from .models.term import day_of

MOST_AT_ONCE = 5_000


def cents_for(term: Term, more: int, *, at: datetime) -> int | None:
    """What so many more seats cost for the days that are left of the term, today included, without VAT.

    At the price of a seat that was agreed for this term; None where seats have no price of their own: unlimited, or
    none at all. Rounded to the cent, halves up.
    """
    if not term.priced_seats:
        return None
    first = max(day_of(at), term.starts_on)
    days, left = (term.ends_on - term.starts_on).days + 1, (term.ends_on - first).days + 1
    if left <= 0:
        return None
    return _rounded(term.price_cents * more * left, term.priced_seats * days)


def price_of_all(term: Term) -> int:
    """What the seats it has now cost for a whole term, in cents, without VAT, at the price of a seat agreed for it."""
    if not term.seats or not term.priced_seats:
        return term.price_cents
    return _rounded(term.price_cents * term.seats, term.priced_seats)


def _rounded(whole: int, part: int) -> int:
    return (2 * whole + part) // (2 * part)


@transaction.atomic
def ask(group: GroupAccount, more: int, words: str, *, by: Any, key: UUID, at: datetime) -> Enquiry:
    """Put it into the queue, with the price that the page showed. Sent twice with one key it is one."""
    term = group.term_at(at=at)
    cents = cents_for(term, more, at=at) if term else None
    enquiry, is_new = Enquiry.objects.get_or_create(
        key=key,
        defaults={
            "topic": Enquiry.Topic.SEATS,
            "name": by.name,
            "email": by.email,
            "organisation": group.organisation,
            "people": more,
            "words": words,
            "language": by.language or languages.chosen(),
            "reader": by,
            "group": group,
            "asked_at": at,
        },
    )
    if is_new:
        if cents is not None and term is not None:
            said = f"{cents / 100:.2f} euro until {term.ends_on:%-d %B %Y}, without VAT"
            enquiry.note(f"The page showed {said}.", by=None, at=at)
        GroupEvent.note(group, by, "asked for more seats", at=at, seats=more, shown_cents=cents)
    return enquiry
