"""Organisations that pay for their people, each brought into its state by the verbs of the desk.

Each maker here returns an agreement; whoever sits in it, and what hangs on it, is added by `settle_in`.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from groups import agreeing, contract_views, invoicing, overdue, paying
from groups.models import Contact, GroupAccount, GroupEvent, GroupInvoice, Term
from groups.models.term import day_of
from readers.models import User

from . import networks, seats
from .people import STAFF, Person

Kind, How = GroupAccount.Kind, GroupInvoice.How
A_YEAR = timedelta(days=364)
# Who to sign in as, for the start message.
PEOPLE: tuple[Person, ...] = seats.PEOPLE


@transaction.atomic
def settle_in(*, at: datetime) -> None:
    """Make them all, unless they are there."""
    if GroupAccount.objects.exists():
        return
    company, institution = a_company(at=at), an_institution(at=at)
    seats.fill(company, institution, a_university(at=at), at=at)
    networks.fill(company, institution, at=at)
    one_that_does_not_pay(at=at)
    one_that_has_a_quote(at=at)


def a_company(*, at: datetime) -> GroupAccount:
    """Twenty-five seats, paid by transfer; the quote for the next year is on its way."""
    group = _agreement(
        "Harbour & Vale Public Affairs",
        Kind.COMPANY,
        at=at - timedelta(days=300),
        signs=("Anna Szabó", "anna.szabo@harbourvale.example"),
        pays="invoices@harbourvale.example",
        street="12 Quay Street",
        postal_code="1000",
        city="Brussels",
        vat_number="BE0123456749",
    )
    term = _accepted(group, 25, 187_500, ends_on=day_of(at) + timedelta(days=75), at=at - timedelta(days=295))
    _paid(term, at=at - timedelta(days=290))
    follows = agreeing.renew(group, by=_staff(), at=at - timedelta(days=2))
    agreeing.quote(follows, by=_staff(), at=at - timedelta(days=2))
    return group


def an_institution(*, at: datetime) -> GroupAccount:
    """A hundred and twenty seats, begun before it was paid; Stripe has sent the invoice."""
    group = _agreement(
        "Committee of European Harbours",
        Kind.PUBLIC,
        at=at - timedelta(days=30),
        signs=("Étienne Moreau", "etienne.moreau@harbours.example"),
        pays="budget@harbours.example",
        language="fr",
        street="60 Canal Square",
        postal_code="1040",
        city="Brussels",
    )
    ends_on = day_of(at) + timedelta(days=340)
    term = _accepted(group, 120, 720_000, ends_on=ends_on, at=at - timedelta(days=25), order="CEH-2026-118")
    why = "Public bodies pay once their budget is released"
    agreeing.begin_before_payment(term, because=why, by=_staff(), at=at - timedelta(days=24))
    invoicing.of_term(term, how=How.STRIPE, days_until_due=30, by=_staff(), at=at)
    return group


def a_university(*, at: datetime) -> GroupAccount:
    """As many readers as it likes, through its domain; it paid a little too much."""
    group = _agreement(
        "Scheldt University",
        Kind.UNIVERSITY,
        at=at - timedelta(days=150),
        signs=("Liesbeth Claes", "liesbeth.claes@scheldt-university.example"),
        pays="facturen@scheldt-university.example",
        language="nl",
        street="1 Library Lane",
        postal_code="2000",
        city="Antwerp",
    )
    ends_on = day_of(at) + timedelta(days=220)
    term = _accepted(group, None, 950_000, ends_on=ends_on, at=at - timedelta(days=144))
    _paid(term, at=at - timedelta(days=120), too_much_cents=5_000)
    return group


def one_that_does_not_pay(*, at: datetime) -> GroupAccount:
    """Suspended by the rule: its invoice has been overdue for too long."""
    group = _agreement(
        "Rivers Without Dams",
        Kind.NGO,
        at=at - timedelta(days=110),
        signs=("Marek Dvořák", "marek@rivers.example"),
        pays="office@rivers.example",
        street="7 Mill Lane",
        postal_code="1050",
        city="Brussels",
    )
    ends_on = day_of(at) + timedelta(days=255)
    term = _accepted(group, 8, 48_000, ends_on=ends_on, at=at - timedelta(days=105))
    agreeing.begin_before_payment(term, because="A small house, known to us", by=_staff(), at=at - timedelta(days=104))
    invoicing.of_term(term, how=How.TRANSFER, days_until_due=30, by=_staff(), at=at - timedelta(days=100))
    overdue.suspend_unpaid(at=at - timedelta(days=30))
    return group


def one_that_has_a_quote(*, at: datetime) -> GroupAccount:
    """Twelve seats for a library, not answered yet."""
    group = _agreement(
        "Library of the Old Port",
        Kind.LIBRARY,
        at=at - timedelta(days=3),
        signs=("Sofie Peeters", "sofie.peeters@oldport.example"),
        pays="",
        street="3 Lighthouse Road",
        postal_code="8400",
        city="Ostend",
    )
    term = _draft(group, 12, 90_000, starts_on=day_of(at) + timedelta(days=14))
    agreeing.quote(term, by=_staff(), at=at - timedelta(days=3))
    return group


def _agreement(
    organisation: str, kind: GroupAccount.Kind, *, at: datetime, signs: tuple[str, str], pays: str, **fields: str
) -> GroupAccount:
    values: dict[str, Any] = {"country": "BE", "created_at": at, "created_by": _staff()}
    group = GroupAccount.objects.create(organisation=organisation, kind=kind, **values | fields)
    name, email = signs
    Contact.objects.create(group=group, role=Contact.Role.SIGNATORY, name=name, email=email)
    if pays:
        Contact.objects.create(group=group, role=Contact.Role.BILLING, email=pays)
    GroupEvent.note(group, _staff(), "made the agreement", at=at, organisation=organisation)
    return group


def _draft(group: GroupAccount, seats: int | None, price_cents: int, *, starts_on: date) -> Term:
    return Term.objects.create(
        group=group, starts_on=starts_on, ends_on=starts_on + A_YEAR, seats=seats, price_cents=price_cents
    )


def _accepted(
    group: GroupAccount, seats: int | None, price_cents: int, *, ends_on: date, at: datetime, order: str = ""
) -> Term:
    """A term that whoever signs has said yes to on the quote's page."""
    term = _draft(group, seats, price_cents, starts_on=ends_on - A_YEAR)
    agreeing.quote(term, by=_staff(), at=at - timedelta(days=3))
    term.refresh_from_db()
    who = group.contacts.get(role=Contact.Role.SIGNATORY)
    agreeing.accept(
        term,
        name=who.name,
        email=who.email,
        purchase_order=order,
        shown_html=contract_views.summary_of(term, at=at),
        at=at,
    )
    term.refresh_from_db()
    return term


def _paid(term: Term, *, at: datetime, too_much_cents: int = 0) -> None:
    """Invoiced by ourselves, and found on the bank statement some days later."""
    invoice = invoicing.of_term(term, how=How.TRANSFER, days_until_due=30, by=_staff(), at=at - timedelta(days=4))
    paying.record_transfer(
        term.group,
        invoice,
        invoice.cents + too_much_cents,
        received_on=day_of(at),
        bank_reference=f"DEMO-{invoice.number}",
        payer=term.group.organisation,
        by=_staff(),
        at=at,
    )


def _staff() -> User:
    return User.objects.get(email=STAFF.email)
