"""Organisations that pay for their people: a company, an institution of the EU, a university.

Each maker here returns an agreement; whoever sits in it, and what hangs on it, is added by `settle_in`.
"""

from datetime import date, datetime, timedelta

from django.db import transaction

from groups.models import Contact, GroupAccount, GroupEvent, Term
from groups.models.term import day_of
from readers.models import User

from .people import STAFF, Person

# Who to sign in as, for the start message; each has a line of their own in people.py's words.
PEOPLE: tuple[Person, ...] = ()


@transaction.atomic
def settle_in(*, at: datetime) -> None:
    """Make them all, unless they are there."""
    if GroupAccount.objects.exists():
        return
    a_company(at=at)
    an_institution(at=at)
    a_university(at=at)


def a_company(*, at: datetime) -> GroupAccount:
    """Twenty-five seats, paid, and soon to be renewed."""
    group = _agreement(
        "Harbour & Vale Public Affairs",
        GroupAccount.Kind.COMPANY,
        at=at,
        street="12 Quay Street",
        postal_code="1000",
        city="Brussels",
        country="BE",
        vat_number="BE0123456749",
    )
    Contact.objects.create(
        group=group, role=Contact.Role.SIGNATORY, name="Anna Szabó", email="anna.szabo@harbourvale.example"
    )
    Contact.objects.create(group=group, role=Contact.Role.BILLING, email="invoices@harbourvale.example")
    _term(group, seats=25, price_cents=187_500, ends_on=day_of(at) + timedelta(days=75), at=at)
    return group


def an_institution(*, at: datetime) -> GroupAccount:
    """A hundred and twenty seats and its own networks, begun before it was paid."""
    group = _agreement(
        "Committee of European Harbours",
        GroupAccount.Kind.PUBLIC,
        at=at,
        language="fr",
        street="60 Canal Square",
        postal_code="1040",
        city="Brussels",
        country="BE",
    )
    term = _term(group, seats=120, price_cents=720_000, ends_on=day_of(at) + timedelta(days=340), at=at, paid=False)
    term.begun_unpaid_at, term.begun_unpaid_by = at - timedelta(days=25), _staff()
    term.begun_unpaid_because = "Public bodies pay after their budget is released"
    term.save(update_fields=["begun_unpaid_at", "begun_unpaid_by", "begun_unpaid_because"])
    return group


def a_university(*, at: datetime) -> GroupAccount:
    """As many readers as it likes, through its domain."""
    group = _agreement(
        "Scheldt University", GroupAccount.Kind.UNIVERSITY, at=at, language="nl", city="Antwerp", country="BE"
    )
    _term(group, seats=None, price_cents=950_000, ends_on=day_of(at) + timedelta(days=220), at=at)
    return group


def _agreement(organisation: str, kind: GroupAccount.Kind, *, at: datetime, **fields: str) -> GroupAccount:
    group = GroupAccount.objects.create(
        organisation=organisation, kind=kind, created_at=at - timedelta(days=400), created_by=_staff(), **fields
    )
    GroupEvent.note(group, _staff(), "made the agreement", at=at - timedelta(days=400))
    return group


def _term(
    group: GroupAccount, *, seats: int | None, price_cents: int, ends_on: date, at: datetime, paid: bool = True
) -> Term:
    starts_on = ends_on - timedelta(days=364)
    return Term.objects.create(
        group=group,
        starts_on=starts_on,
        ends_on=ends_on,
        seats=seats,
        price_cents=price_cents,
        quoted_at=at - timedelta(days=395),
        quoted_by=_staff(),
        accepted_at=at - timedelta(days=390),
        accepted_name="Anna Szabó",
        invoiced_at=at - timedelta(days=389),
        paid_at=at - timedelta(days=380) if paid else None,
    )


def _staff() -> User:
    return User.objects.get(email=STAFF.email)
