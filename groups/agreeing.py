"""How an agreement comes about and goes on: quote, yes, an early start, more or fewer seats, another year."""

import calendar
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import translation

from edge import languages
from readers.letters import about_agreements
from subscriptions import contracts
from subscriptions.models import Contract

from . import more_seats
from .models import Contact, GroupAccount, GroupEvent, Term
from .models.term import day_of

QUOTES = "groups.quotes"
RENEWS = "It renews a term that was paid"


class NotPossible(Exception):
    """What was asked does not fit the facts. The message says why, in words for staff."""


class QuoteIsOver(NotPossible):
    """The last day on which it could be accepted has passed, or another quote has taken its place."""


# --- Quote and yes ------------------------------------------------------------------------------------


@transaction.atomic
def quote(term: Term, *, by: Any, at: datetime) -> None:
    """Send the quote to whoever signs for them. Sending it again begins its days anew.

    Raises NotPossible where it was accepted, its days are over, or nobody is there to send it to.
    """
    group, term = _locked(term)
    if term.accepted_at:
        raise NotPossible("This term was accepted already.")
    if term.ends_on < day_of(at):
        raise NotPossible("This term is over.")
    if not group.contacts.filter(role=Contact.Role.SIGNATORY).exists():
        raise NotPossible("Nobody is there to send it to: add a contact person who signs agreements.")
    term.quoted_at, term.quoted_by = at, by
    term.quote_valid_until = day_of(at) + timedelta(days=settings.GROUP_QUOTE_DAYS)
    term.save(update_fields=["quoted_at", "quoted_by", "quote_valid_until"])
    GroupEvent.note(group, by, "sent a quote", at=at, **_said(term))
    for contact in group.contacts.filter(role=Contact.Role.SIGNATORY):
        about_agreements.quote(
            contact.email,
            organisation=group.organisation,
            name=contact.name,
            terms=_said(term),
            valid_until=term.quote_valid_until,
            link=address_of("group_quote", token_of(term), language=group.language),
            language=group.language,
            occasion=f"{term.pk} {at.timestamp():.0f}",
            at=at,
        )


def token_of(term: Term) -> str:
    """What stands in the address of a quote. Another quote for the same term has another one."""
    stamp = f"{term.quoted_at.timestamp():.0f}" if term.quoted_at else ""
    return signing.dumps([term.pk, stamp], salt=QUOTES, compress=True)


def term_of(token: str) -> Term | None:
    """The term behind the address of a quote; None for an address of our own making or of an earlier quote."""
    try:
        pk, stamp = signing.loads(token, salt=QUOTES)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    term = Term.objects.select_related("group", "contract").filter(pk=pk).first()
    is_present = term is not None and term.quoted_at is not None and f"{term.quoted_at.timestamp():.0f}" == stamp
    return term if is_present else None


@transaction.atomic
def accept(
    term: Term,
    *,
    name: str,
    email: str,
    shown_html: str,
    at: datetime,
    purchase_order: str = "",
    by: Any = None,
    how: str = "",
) -> Contract:
    """Somebody said yes for the organisation; a contract comes about. Twice gives the same one.

    `by` is who of the staff noted it and `how` in what form it came ("signed letter of 3 May"); without, they pressed
    the button themselves. Raises QuoteIsOver, or NotPossible where more people sit there than the new term has seats.
    """
    group, term = _locked(term)
    if term.accepted_at and term.contract:
        return term.contract
    _must_be_acceptable(group, term, by, at)
    contract = contracts.conclude_for_organisation(
        name=name,
        email=email,
        channel=Contract.Channel.STAFF if by else Contract.Channel.WEB,
        price_cents=term.price_cents,
        shown_html=shown_html,
        language=group.language,
        country=group.country,
        at=at,
    )
    term.accepted_at, term.accepted_name, term.accepted_email = at, name[:150], email
    term.acceptance_noted_by, term.contract = by, contract
    term.purchase_order = purchase_order or term.purchase_order
    if term.price_cents == 0:
        term.paid_at = at
    elif follows_a_paid_one(term):
        term.begun_unpaid_at, term.begun_unpaid_because = at, RENEWS
    term.save()
    GroupEvent.note(group, by, "accepted the quote", at=at, contract=contract.number, how=how, **_said(term))
    about_agreements.agreement_confirmed(
        email,
        organisation=group.organisation,
        name=name,
        number=contract.number,
        terms=_said(term),
        **contracts.terms_in_words(contract),
        language=group.language,
        occasion=contract.number,
        at=at,
    )
    if by is None:
        about_agreements.quote_accepted(
            term.quoted_by,
            organisation=group.organisation,
            number=contract.number,
            desk_path=reverse("admin:groups_groupaccount_change", args=[group.pk]),
            occasion=contract.number,
            at=at,
        )
    return contract


def _must_be_acceptable(group: GroupAccount, term: Term, by: Any, at: datetime) -> None:
    if group.ended_at is not None:
        raise NotPossible("This agreement was ended.")
    if term.ends_on < day_of(at):
        raise QuoteIsOver("This term is over.")
    if by is None and not can_be_accepted(term, at=at):
        raise QuoteIsOver("The quote was not sent, or its last day has passed.")
    if other := _overlapping(term):
        raise NotPossible(f"Its days overlap with a term that was accepted: {other.starts_on} to {other.ends_on}.")
    used = seats_in_use(group)
    if term.seats is not None and term.seats < used:
        raise NotPossible(f"{used} seats are in use: free some first, or agree on more than {term.seats}.")


def can_be_accepted(term: Term, *, at: datetime) -> bool:
    """Whether the organisation may still say yes to the quote at that moment."""
    until = term.quote_valid_until
    return term.quoted_at is not None and term.accepted_at is None and until is not None and day_of(at) <= until


def follows_a_paid_one(term: Term) -> bool:
    """Whether it goes on from a term that was paid, so that reading goes on while its invoice is open."""
    before = Term.objects.filter(group_id=term.group_id, ends_on=term.starts_on - timedelta(days=1))
    return before.exclude(paid_at=None).exists()


def _overlapping(term: Term) -> Term | None:
    others = Term.objects.binding().filter(group_id=term.group_id).exclude(pk=term.pk)
    return others.filter(starts_on__lte=term.ends_on, ends_on__gte=term.starts_on).first()


# --- What staff decide ----------------------------------------------------------------------------------


@transaction.atomic
def begin_before_payment(term: Term, *, because: str, by: Any, at: datetime) -> None:
    """Let its people read before it is paid: somebody's decision, with a reason. Raises NotPossible."""
    group, term = _locked(term)
    if term.accepted_at is None:
        raise NotPossible("Nobody has accepted it yet.")
    if term.may_begin:
        raise NotPossible("It may begin already.")
    if not because.strip():
        raise NotPossible("Say why.")
    term.begun_unpaid_at, term.begun_unpaid_by, term.begun_unpaid_because = at, by, because.strip()[:300]
    term.save(update_fields=["begun_unpaid_at", "begun_unpaid_by", "begun_unpaid_because"])
    GroupEvent.note(group, by, "let it begin before payment", at=at, because=term.begun_unpaid_because, term=term.pk)


@transaction.atomic
def renew(group: GroupAccount, *, by: Any, at: datetime) -> Term:
    """The draft of the next term: from the day after the last one, as long, at the same price of a seat.

    Twice gives the same. Raises NotPossible where the agreement was ended or never had a term.
    """
    (group,) = GroupAccount.objects.locked(group.pk)
    last = group.terms.order_by("-ends_on").first()
    if last is None or group.ended_at is not None:
        raise NotPossible("There is nothing to renew.")
    if last.accepted_at is None:
        return last
    starts_on = max(last.ends_on + timedelta(days=1), day_of(at))
    term = Term.objects.create(
        group=group,
        starts_on=starts_on,
        ends_on=last_day_after(starts_on, like=last),
        seats=last.seats,
        price_cents=more_seats.price_of_all(last),
        vat_percent=last.vat_percent,
    )
    GroupEvent.note(group, by, "drafted another term", at=at, **_said(term))
    return term


def last_day_after(starts_on: date, *, like: Term) -> date:
    """The last day of a term as long as another one: in whole months where that one lasts whole months."""
    after = like.ends_on + timedelta(days=1)
    months = (after.year - like.starts_on.year) * 12 + after.month - like.starts_on.month
    if months > 0 and add_months(like.starts_on, months) == after:
        return add_months(starts_on, months) - timedelta(days=1)
    return starts_on + (like.ends_on - like.starts_on)


def add_months(day: date, months: int) -> date:
    """The same day so many months later; the last of the month where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


@transaction.atomic
def change_seats(term: Term, seats: int, *, by: Any, at: datetime) -> int:
    """Agree on another number of seats for a term that was accepted, and say what the added ones cost until its end.

    In cents, without VAT; 0 where it is not more. Raises NotPossible where more are in use.
    """
    group, term = _locked(term)
    if term.accepted_at is None:
        raise NotPossible("Nobody has accepted it yet: change the draft.")
    if term.seats is None:
        raise NotPossible("They may have as many as they like.")
    used = seats_in_use(group)
    if seats < used:
        raise NotPossible(f"{used} seats are in use: free some first, or agree on more than {seats}.")
    cents, was = added_cents(term, seats, at=at), term.seats
    if seats != was:
        term.seats_in_price, term.seats = term.priced_seats, seats
        term.save(update_fields=["seats", "seats_in_price"])
        GroupEvent.note(group, by, "changed the seats", at=at, was=was, seats=seats, added_cents=cents, term=term.pk)
    return cents


def added_cents(term: Term, seats: int, *, at: datetime) -> int:
    """What seats added today cost until the term ends, as the manager's page says it (`more_seats.cents_for`).

    In cents, without VAT; 0 where nothing is added.
    """
    if term.seats is None or seats <= term.seats:
        return 0
    return more_seats.cents_for(term, seats - term.seats, at=at) or 0


def seats_in_use(group: GroupAccount) -> int:
    """How many sit there now. Ask it under the lock of the row."""
    return group.seats.filter(ended_at=None).count()


# --- Suspended and ended ----------------------------------------------------------------------------------


@transaction.atomic
def suspend(group: GroupAccount, *, because: str, by: Any, at: datetime) -> bool:
    """Let nobody of it read until it is restored; `by` None is the rule about overdue invoices. True if it did.

    What the rule has suspended a person may take over: then a payment does not restore it any more.
    """
    (group,) = GroupAccount.objects.locked(group.pk)
    takes_over = group.suspended_by_rule and by is not None and group.ended_at is None
    if not (takes_over or group.stands(at=at)):
        return False
    group.suspended_at, group.suspended_by, group.suspended_because = at, by, because[:300]
    group.suspended_by_rule = by is None
    group.save(update_fields=["suspended_at", "suspended_by", "suspended_because", "suspended_by_rule"])
    GroupEvent.note(group, by, "suspended the agreement", at=at, because=group.suspended_because)
    for address in addresses_of(group, Contact.Role.BILLING):
        about_agreements.agreement_suspended(
            address,
            organisation=group.organisation,
            because_unpaid=group.suspended_by_rule,
            language=group.language,
            occasion=f"{group.pk} {at.timestamp():.0f}",
            at=at,
        )
    return True


@transaction.atomic
def restore(group: GroupAccount, *, by: Any, at: datetime) -> bool:
    """Let it go on; seats and invitations are as they were. True if it was suspended."""
    (group,) = GroupAccount.objects.locked(group.pk)
    if group.suspended_at is None:
        return False
    group.suspended_at, group.suspended_by, group.suspended_because, group.suspended_by_rule = None, None, "", False
    group.save(update_fields=["suspended_at", "suspended_by", "suspended_because", "suspended_by_rule"])
    GroupEvent.note(group, by, "restored the agreement", at=at)
    for address in addresses_of(group, Contact.Role.BILLING):
        about_agreements.agreement_restored(
            address,
            organisation=group.organisation,
            language=group.language,
            occasion=f"{group.pk} {at.timestamp():.0f}",
            at=at,
        )
    return True


@transaction.atomic
def end(group: GroupAccount, *, because: str, by: Any, at: datetime) -> bool:
    """End it before its last day. The rows stay; what is owed stays owed. True if it was running."""
    (group,) = GroupAccount.objects.locked(group.pk)
    if group.ended_at is not None:
        return False
    if not because.strip():
        raise NotPossible("Say why.")
    group.ended_at, group.ended_by, group.ended_because = at, by, because.strip()[:300]
    group.save(update_fields=["ended_at", "ended_by", "ended_because"])
    GroupEvent.note(group, by, "ended the agreement", at=at, because=group.ended_because)
    return True


# --- Parts -------------------------------------------------------------------------------------------------


def addresses_of(group: GroupAccount, role: Contact.Role) -> list[str]:
    """Where letters for that role go; to who signs where nobody has it."""
    contacts = list(group.contacts.all())
    found = [one.email for one in contacts if one.role == role]
    return list(dict.fromkeys(found or [one.email for one in contacts if one.role == Contact.Role.SIGNATORY]))


def address_of(name: str, *arguments: Any, language: str) -> str:
    """The whole address of one of our pages, in that language."""
    with translation.override(languages.code_of(language)):
        return settings.SITE_URL + reverse(name, args=arguments)


def _locked(term: Term) -> tuple[GroupAccount, Term]:
    (group,) = GroupAccount.objects.locked(term.group_id)
    return group, Term.objects.select_related("group", "contract", "quoted_by").get(pk=term.pk)


def _said(term: Term) -> dict[str, Any]:
    """What was agreed, for letters and for the history."""
    return {
        "starts_on": term.starts_on,
        "ends_on": term.ends_on,
        "seats": term.seats,
        "price_cents": term.price_cents,
    }
