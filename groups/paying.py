"""Money that comes from organisations: too little, too much, twice, for the wrong invoice, or for none."""

import logging
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from subscriptions import billing

from . import agreeing
from .agreeing import NotPossible
from .models import GroupAccount, GroupEvent, GroupInvoice, GroupPayment, Term

log = logging.getLogger(__name__)


class RecordedAlready(NotPossible):
    """The bank's number of this transfer was recorded before."""


@transaction.atomic
def record_transfer(
    group: GroupAccount,
    invoice: GroupInvoice | None,
    cents: int,
    *,
    received_on: date,
    by: Any,
    at: datetime,
    bank_reference: str = "",
    payer: str = "",
    remark: str = "",
) -> GroupPayment:
    """Write down what stands on the bank statement; without an invoice where nobody knows yet what it is for.

    Raises RecordedAlready, or NotPossible for nothing at all and for a day that has not come.
    """
    (group,) = GroupAccount.objects.locked(group.pk)
    if cents <= 0:
        raise NotPossible("Type what came: more than nothing.")
    if received_on > agreeing.day_of(at):
        raise NotPossible("That day has not come yet.")
    payment = _write_down(
        group=group,
        invoice=invoice,
        cents=cents,
        received_on=received_on,
        bank_reference=bank_reference.strip(),
        payer=payer,
        remark=remark,
        recorded_by=by,
        recorded_at=at,
    )
    GroupEvent.note(
        group, by, "recorded a transfer", at=at, cents=cents, invoice=invoice and invoice.pk, payment=payment.pk
    )
    settle(group, at=at)
    return payment


@transaction.atomic
def move(payment: GroupPayment, invoice: GroupInvoice, *, by: Any, at: datetime) -> None:
    """It was for another invoice, be it of another organisation. Both sides are settled anew."""
    groups = GroupAccount.objects.locked(payment.group_id, invoice.group_id)
    payment.refresh_from_db()
    if payment.invoice_id == invoice.pk:
        return
    was = payment.invoice_id
    payment.invoice, payment.group = invoice, invoice.group
    payment.save(update_fields=["invoice", "group"])
    for group in groups:
        GroupEvent.note(group, by, "moved a payment", at=at, payment=payment.pk, was=was, invoice=invoice.pk)
        settle(group, at=at)


@transaction.atomic
def send_back(invoice: GroupInvoice, cents: int, *, bank_reference: str, by: Any, at: datetime) -> GroupPayment:
    """Write down that what was too much went back by transfer. Raises NotPossible for more, or RecordedAlready."""
    (group,) = GroupAccount.objects.locked(invoice.group_id)
    invoice = GroupInvoice.objects.get(pk=invoice.pk)
    if not 0 < cents <= invoice.too_much_cents:
        raise NotPossible("No more can go back than came too much.")
    payment = _write_down(
        group=group,
        invoice=invoice,
        cents=-cents,
        received_on=agreeing.day_of(at),
        bank_reference=bank_reference.strip(),
        recorded_by=by,
        recorded_at=at,
    )
    GroupEvent.note(group, by, "sent money back", at=at, cents=cents, invoice=invoice.pk, payment=payment.pk)
    settle(group, at=at)
    return payment


def _write_down(**line: Any) -> GroupPayment:
    try:
        with transaction.atomic():
            return GroupPayment.objects.create(**line)
    except IntegrityError:
        raise RecordedAlready("A transfer with this number of the bank was recorded already.") from None


@transaction.atomic
def forgive(invoice: GroupInvoice, *, because: str, by: Any, at: datetime) -> int:
    """Let go of what is still owed, such as the charges of their bank. How much that was. Raises NotPossible."""
    (group,) = GroupAccount.objects.locked(invoice.group_id)
    invoice = GroupInvoice.objects.get(pk=invoice.pk)
    left = invoice.left_cents
    if not invoice.is_open or left <= 0:
        raise NotPossible("Nothing is owed for it.")
    if not because.strip():
        raise NotPossible("Say why.")
    invoice.forgiven_cents += left
    invoice.save(update_fields=["forgiven_cents"])
    GroupEvent.note(
        group, by, "let go of the rest of an invoice", at=at, invoice=invoice.pk, cents=left, because=because
    )
    settle(group, at=at)
    return left


@transaction.atomic
def wait(invoice: GroupInvoice, until: date, *, because: str, by: Any, at: datetime) -> None:
    """Let it suspend nothing until after that day; what it has suspended goes on. Raises NotPossible."""
    (group,) = GroupAccount.objects.locked(invoice.group_id)
    if until < agreeing.day_of(at) or not because.strip():
        raise NotPossible("Choose a day to come, and say why.")
    GroupInvoice.objects.filter(pk=invoice.pk).update(wait_until=until)
    GroupEvent.note(group, by, "waits for a payment", at=at, invoice=invoice.pk, until=until, because=because)
    settle(group, at=at)


# --- What follows from it ---------------------------------------------------------------------------------


def settle(group: GroupAccount, *, at: datetime) -> None:
    """Let invoices, terms and the suspension say what the payments say. Call it with the group's row locked."""
    for invoice in group.invoices.filter(void_at=None).prefetch_related("payments"):
        is_paid = invoice.left_cents <= 0
        if is_paid == (invoice.paid_at is not None):
            continue
        invoice.paid_at = at if is_paid else None
        invoice.save(update_fields=["paid_at"])
        GroupEvent.note(group, None, "paid in full" if is_paid else "no longer paid", at=at, invoice=invoice.pk)
        if is_paid and invoice.stripe_status == "open":
            transaction.on_commit(partial(close_at_stripe, invoice, at=at), robust=True)
    for term in group.terms.binding().order_by("starts_on").prefetch_related("invoices"):
        _settle_term(term)
        _begin_by_rule(group, term, at=at)
    _restore_if_paid(group, at=at)


def _settle_term(term: Term) -> None:
    """A term is invoiced and paid as its own invoice is; what was added later does not make it unpaid."""
    counting = [one for one in term.invoices.all() if one.about == GroupInvoice.About.TERM and one.void_at is None]
    if not counting and term.invoiced_at is None:
        return
    invoiced_at = counting[0].made_at if counting else None
    paid = [one.paid_at for one in counting]
    paid_at = max(moment for moment in paid if moment) if paid and all(paid) else None
    if (term.invoiced_at, term.paid_at) != (invoiced_at, paid_at):
        term.invoiced_at, term.paid_at = invoiced_at, paid_at
        term.save(update_fields=["invoiced_at", "paid_at"])


def _begin_by_rule(group: GroupAccount, term: Term, *, at: datetime) -> None:
    """A term that is not paid rests on the payment of the one before: it goes with that payment, and comes with it.

    What a person has let begin stays.
    """
    if term.paid_at is not None or term.begun_unpaid_because not in ("", agreeing.RENEWS) or term.begun_unpaid_by_id:
        return
    follows = agreeing.follows_a_paid_one(term)
    if follows == (term.begun_unpaid_at is not None):
        return
    term.begun_unpaid_at, term.begun_unpaid_because = (at, agreeing.RENEWS) if follows else (None, "")
    term.save(update_fields=["begun_unpaid_at", "begun_unpaid_because"])
    verb = "may begin before payment" if follows else "may not begin before payment any more"
    GroupEvent.note(group, None, verb, at=at, starts_on=term.starts_on, term=term.pk)


def _restore_if_paid(group: GroupAccount, *, at: datetime) -> None:
    group.refresh_from_db()
    if group.suspended_by_rule and not group.invoices.suspending(at=at).exists():
        agreeing.restore(group, by=None, at=at)


def close_at_stripe(invoice: GroupInvoice, *, at: datetime) -> bool:
    """It was paid to our account: let nobody pay it again at Stripe. False where Stripe cannot be asked now."""
    try:
        facts = billing.gateway().settle_elsewhere(invoice.stripe_id)
    except billing.BillingError as error:
        log.warning("The invoice %s could not be closed at Stripe: %s", invoice.stripe_id, error)
        return False
    GroupInvoice.objects.filter(pk=invoice.pk).update(stripe_status=facts.status)
    return True


# --- What a person has to look at ----------------------------------------------------------------------------


def with_what_came(invoices: QuerySet[GroupInvoice]) -> QuerySet[Any]:
    """The invoices with `came`: what was paid for each, in cents. One query."""
    return invoices.annotate(came=Coalesce(Sum("payments__cents"), 0))


def too_little(invoices: QuerySet[GroupInvoice]) -> QuerySet[GroupInvoice]:
    """Those for which something came, and not enough."""
    return with_what_came(invoices).filter(paid_at=None, void_at=None, came__gt=0)


def too_much(invoices: QuerySet[GroupInvoice]) -> QuerySet[GroupInvoice]:
    """Those for which more came than was owed: it has to go back, or belongs elsewhere."""
    found = with_what_came(invoices)
    return found.filter(Q(came__gt=F("cents") - F("forgiven_cents")) | Q(void_at__isnull=False, came__gt=0))


def nobody_knows_what_for() -> QuerySet[GroupPayment]:
    """Payments without an invoice."""
    return GroupPayment.objects.filter(invoice=None)
