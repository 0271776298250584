"""Money back: from our desk, from Stripe's Dashboard, by the bank; and what it does to access.

The rule, here and nowhere else (docs/billing.md says it in the same words):

- All of the payment for the current period given back: subscription and access end at once, here and at Stripe.
- A part of it, or a payment for an earlier period: nothing changes.
- The rest of the period given back by staff, or "end the subscription now" ticked: both end at once.
- A dispute that is opened suspends nothing; won or withdrawn it changes nothing; lost it ends both.
- A refund that fails changes nothing by itself, and needs a person.
- What a refund pays out is not kept as credit as well (after a switch to a shorter period).
- What arrives after the end bought nothing, and goes back by itself: a debit was under way when its reader left.

What decides is always what Stripe says of the payment at this moment, asked while the reader is locked, so that
events may come in any order, twice or never.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from readers import letters
from readers.models import User

from . import billing, calls, webhooks
from .billing import DisputeFacts, EventFacts, PaymentFacts, RefundFacts
from .models import Customer, Dispute, Refund, Subscription
from .models.stripe_event import NO_READER

log = logging.getLogger(__name__)
# Events about money that came back; they say neither subscription nor, often, customer.
KINDS = ("charge.refunded", "charge.refund.", "charge.dispute.", "refund.")
# What webhooks did not tell of is found when it is not older than this.
LOOK_BACK = timedelta(days=7)
# What stands on the rows of refunds that nobody asked for at the desk.
IN_THE_DASHBOARD = "Given back in Stripe's Dashboard"
BY_THE_HOUSE = "Given back by the house itself"
CAME_TOO_LATE = "It arrived after the end of what it was for"
# Why the house gives back by itself what a reader asked for by right; they have letters of their own.
BY_WITHDRAWAL = "Withdrawal from the contract"
BY_CANCELLATION = "Charged after a cancellation that we could not carry out in time"
TOLD_ELSEWHERE = (BY_WITHDRAWAL, BY_CANCELLATION)


class TooMuch(Exception):
    """More was to be given back than is left of the payment: `left_cents`."""

    def __init__(self, left_cents: int) -> None:
        super().__init__(f"Only {left_cents} cents are left of this payment.")
        self.left_cents = left_cents


class RefundRefused(billing.BillingRefused):
    """Stripe said no to the refund itself: nothing was given back."""


# --- The numbers --------------------------------------------------------------------------------------


def unused_cents(paid_cents: int, period_starts_at: datetime, period_ends_at: datetime, at: datetime) -> int:
    """What of a payment was for days that are still to come, by the calendar of Brussels.

    The day of the start counts as used from the start on, and so does every day that has begun. Rounded up to a
    cent, in the reader's favour; never more than was paid, never below 0.
    """
    first, last, today = (timezone.localdate(moment) for moment in (period_starts_at, period_ends_at, at))
    if at < period_starts_at:
        return max(paid_cents, 0)
    days = max((last - first).days, 1)
    left = days - (today - first).days - 1
    return min(max(-(-paid_cents * left // days), 0), max(paid_cents, 0))


def current_payment(payments: Iterable[PaymentFacts], *, at: datetime) -> PaymentFacts | None:
    """The payment that this moment was paid for with: of those whose period covers it, the newest."""
    return max((one for one in payments if one.covers(at)), key=lambda one: one.paid_at, default=None)


def became_credit(payment: PaymentFacts, subscription: Subscription) -> bool:
    """Whether a switch to a shorter period has made a credit of the rest of this payment: it was for longer."""
    return payment.period_ends_at is not None and payment.period_ends_at > subscription.period_ends_at


def must_end(current: PaymentFacts | None, refunds: Iterable[Refund], disputes: Iterable[Dispute]) -> bool:
    """The rule: whether what came back of the money ends the subscription that it was paid for."""
    return (
        (current is not None and current.is_given_back)
        or any(one.ends_subscription and one.is_given for one in refunds)
        or any(one.is_lost for one in disputes)
    )


@dataclass(frozen=True)
class Offer:
    """A payment, and what of it staff may give back. Money in cents."""

    subscription: Subscription
    payment: PaymentFacts
    left_cents: int
    # What is left of the period, or 0 where this payment is not for the one that runs.
    rest_cents: int
    is_current: bool
    is_disputed: bool
    # What of it a switch to a shorter period has made a credit, which a refund uses up first.
    credit_cents: int = 0

    @property
    def is_possible(self) -> bool:
        """Whether anything can be given back."""
        return self.left_cents > 0 and not self.is_disputed

    def ends(self, cents: int) -> bool:
        """Whether giving back so much ends the subscription by itself."""
        return self.is_current and self.subscription.is_live and cents >= self.payment.refundable_cents


def offers_to(reader: User, *, at: datetime) -> list[Offer]:
    """Every payment of a reader with what can be given back of it, newest first. Raises BillingError."""
    gateway = billing.gateway()
    found = []
    for subscription in Subscription.objects.filter(reader=reader).select_related("plan"):
        payments = gateway.payments_of(subscription.stripe_id)
        found += [_offer(subscription, one, current_payment(payments, at=at), at=at) for one in payments]
    return sorted(found, key=lambda one: one.payment.paid_at, reverse=True)


def _offer(subscription: Subscription, payment: PaymentFacts, current: PaymentFacts | None, *, at: datetime) -> Offer:
    left = payment.refundable_cents - _asked_for_cents(payment.stripe_id)
    is_current = current is not None and current.stripe_id == payment.stripe_id
    rest = 0
    # After a switch to a shorter period the payment pays on as a credit: its days are no measure any more.
    ends = payment.period_ends_at
    # Where the renewal was put off, the period at Stripe is already the free one after it.
    fits = ends is not None and ends in (subscription.period_ends_at, subscription.put_off_from)
    if is_current and payment.period_starts_at and ends and fits:
        rest = unused_cents(payment.paid_cents, payment.period_starts_at, ends, at)
    credit = 0
    if became_credit(payment, subscription) and (customer := Customer.objects.of(subscription.reader)):
        credit = billing.gateway().credit_of(customer.stripe_id)
    disputes = Dispute.objects.filter(payment_id=payment.stripe_id)
    return Offer(
        subscription=subscription,
        payment=payment,
        left_cents=max(left, 0),
        rest_cents=max(min(rest, left), 0),
        is_current=is_current,
        is_disputed=any(one.keeps_the_money for one in disputes),
        credit_cents=credit,
    )


def _asked_for_cents(payment_id: str) -> int:
    """What was promised of a payment and Stripe has not confirmed: it may be gone already, so it counts as gone."""
    waiting = Refund.objects.unanswered().filter(payment_id=payment_id)
    return sum(waiting.values_list("cents", flat=True))


# --- From our desk ------------------------------------------------------------------------------------


def ask(
    subscription: Subscription,
    payment_id: str,
    cents: int,
    *,
    intention: UUID,
    kind: str,
    reason: str,
    ends_subscription: bool,
    asked_by: User | None,
    at: datetime,
) -> tuple[Refund, bool]:
    """Write down what is to be given back, once for each `intention`, and whether this call did.

    The amount is counted under the reader's lock against Stripe's numbers. Raises TooMuch, or BillingError; then
    nothing was written. `give` does the rest.
    """
    with webhooks.locked(subscription.reader_id):
        if known := Refund.objects.filter(pk=intention).first():
            return known, False
        payments = billing.gateway().payments_of(subscription.stripe_id)
        refundable = sum(one.refundable_cents for one in payments if one.stripe_id == payment_id)
        left = refundable - _asked_for_cents(payment_id)
        if not 0 < cents <= left:
            raise TooMuch(max(left, 0))
        made = Refund.objects.create(
            pk=intention,
            subscription=subscription,
            payment_id=payment_id,
            cents=cents,
            kind=kind,
            reason=reason,
            ends_subscription=ends_subscription or kind == Refund.Kind.REST,
            asked_by=asked_by,
            asked_at=at,
        )
        return made, True


def promise_what_came_too_late(ended: Subscription, *, at: datetime) -> None:
    """What arrived after a subscription had ended bought nothing: promise it back, and give it after commit.

    Call it with the reader's row locked. A second call promises nothing more. Raises BillingError.
    """
    for payment in billing.gateway().payments_of(ended.stripe_id):
        cents = payment.refundable_cents - _asked_for_cents(payment.stripe_id)
        if cents <= 0 or not (ended.ends_at and payment.arrived_at and payment.arrived_at > ended.ends_at):
            continue
        promised, is_new = Refund.objects.get_or_create(
            pk=uuid5(NAMESPACE_URL, f"too late: {payment.stripe_id}"),
            defaults={
                "subscription": ended,
                "payment_id": payment.stripe_id,
                "cents": cents,
                "kind": Refund.Kind.FULL,
                "reason": CAME_TOO_LATE,
                "asked_at": at,
            },
        )
        if is_new:
            transaction.on_commit(partial(try_to_give, promised, at=at))


def give(refund: Refund, *, at: datetime) -> Refund:
    """Have Stripe give it back, and follow the rule. Safe to repeat: the row's id is the key at Stripe.

    Raises RefundRefused where nothing was given back. Raises BillingError where that is not known, or where the rest
    did not follow yet: then `give_waiting` comes back to it.
    """
    gateway = billing.gateway()
    with webhooks.locked(refund.subscription.reader_id) as reader:
        row = Refund.objects.select_related("subscription").filter(pk=refund.pk).first()
        if row is None:
            raise RefundRefused("It was refused a moment ago.")
        if not row.is_unanswered:
            return row
        found = gateway.refunds_of(row.payment_id)
        if not any(one.key == str(row.pk) for one in found):
            found = [_refund(gateway, row), *found]
        _record(reader, row.subscription, row.payment_id, found, at=at)
    return Refund.objects.get(pk=refund.pk)


def _refund(gateway: billing.Billing, row: Refund) -> RefundFacts:
    try:
        return gateway.refund(row.payment_id, row.cents, key=str(row.pk))
    except billing.BillingRefused as error:
        raise RefundRefused(str(error)) from error


def forget(refund: Refund) -> None:
    """Stripe said no while a person was watching: there was no refund, and nobody has to look for one."""
    Refund.objects.unanswered().filter(pk=refund.pk).delete()


def give_waiting(*, at: datetime) -> int:
    """Have Stripe give back what it could not be asked for; returns how many. What fails is left for the next time."""
    return sum(try_to_give(one, at=at) for one in Refund.objects.unanswered().select_related("subscription"))


def try_to_give(refund: Refund, *, at: datetime) -> bool:
    """`give`, where nobody is watching: a refusal raises the alarm, and what failed is left for the next time."""
    try:
        give(refund, at=at)
    except RefundRefused as error:
        with webhooks.locked(refund.subscription.reader_id) as reader:
            refund.was_refused(str(error), at=at)
            _raise_alarm(reader, refund, at=at)
        return False
    except billing.BillingError as error:
        log.warning("The refund %s is not given yet: %s", refund.pk, error)
        return False
    return True


# --- What Stripe says ---------------------------------------------------------------------------------


def is_about(event: EventFacts) -> bool:
    """Whether an event is about money that comes back."""
    return event.kind.startswith(KINDS)


def hear(event: EventFacts, *, at: datetime) -> str:
    """Find whose money an event is about, and bring us up to date. Returns a remark where nothing came of it.

    Raises BillingUnavailable.
    """
    with calls.budget(calls.WHILE_LOCKED_SECONDS):
        payment_id = event.payment_id
        if not payment_id and event.charge_id:
            payment_id = billing.gateway().payment_of_charge(event.charge_id)
        return look_at(payment_id, at=at)


def look_at(payment_id: str, *, at: datetime) -> str:
    """Record what became of a payment, and follow the rule. Returns a remark where it is none of our readers'.

    Raises BillingError.
    """
    stripe_id = billing.gateway().subscription_of_payment(payment_id) if payment_id else ""
    if not stripe_id:
        return "Not about a subscription."
    subscription = Subscription.objects.filter(stripe_id=stripe_id).first() or _learn_of(stripe_id, at=at)
    if subscription is None:
        log.warning("The payment %s is for %s, which is no reader's of ours", payment_id, stripe_id)
        return NO_READER
    with webhooks.locked(subscription.reader_id) as reader:
        _record(reader, subscription, payment_id, billing.gateway().refunds_of(payment_id), at=at)
    return ""


def _learn_of(stripe_id: str, *, at: datetime) -> Subscription | None:
    """A subscription whose own events were lost, or are still to come."""
    gateway = billing.gateway()
    customer = Customer.objects.filter(stripe_id=gateway.subscription(stripe_id).customer_id).first()
    if customer is None:
        return None
    with webhooks.locked(customer.reader_id) as reader:
        return webhooks.record(reader, gateway.subscription(stripe_id), at=at)


def catch_up(*, at: datetime) -> int:
    """Look at every payment that has changed without our being told; returns how many could be looked at.

    Those with a refund or dispute of the last seven days of which our rows say something else, and all whose refund
    or dispute is still open. Raises BillingError where Stripe is away from the beginning.
    """
    payments = [one.payment_id for one in billing.gateway().money_back_since(at - LOOK_BACK) if not _is_known(one)]
    payments += Refund.objects.on_their_way().values_list("payment_id", flat=True)
    payments += Dispute.objects.open().values_list("payment_id", flat=True)
    return sum(_try_to_look_at(payment_id, at=at) for payment_id in dict.fromkeys(payments))


def _is_known(told: billing.MoneyBack) -> bool:
    """Whether our rows say the same. What follows from it was then done with the row, in one transaction."""
    said = {"stripe_id": told.stripe_id, "status": told.status}
    return Refund.objects.filter(**said).exists() or Dispute.objects.filter(**said).exists()


def _try_to_look_at(payment_id: str, *, at: datetime) -> bool:
    try:
        look_at(payment_id, at=at)
    except billing.BillingError as error:
        log.warning("What became of the payment %s is not known yet: %s", payment_id, error)
        return False
    return True


def _record(
    reader: User, subscription: Subscription, payment_id: str, refunds: Sequence[RefundFacts], *, at: datetime
) -> None:
    """Make our rows say what Stripe says of a payment, follow the rule, then tell whom it concerns.

    Call it with the reader's row locked and with facts fetched under that lock.
    """
    gateway = billing.gateway()
    payments = gateway.payments_of(subscription.stripe_id)
    payment = next((one for one in payments if one.stripe_id == payment_id), None)
    news = [_record_refund(subscription, payment_id, payment, facts, at=at) for facts in reversed(refunds)]
    disputes = [_record_dispute(subscription, payment_id, facts, at=at) for facts in gateway.disputes_of(payment_id)]
    has_ended = False
    if payment and became_credit(payment, subscription):
        for refund, is_new in news:
            _settle_with_credit(reader, refund, is_new=is_new)
    if must_end(current_payment(payments, at=at), subscription.refunds.all(), subscription.disputes.all()):
        has_ended = _end(reader, subscription, at=at)
    for refund, is_new in news:
        if is_new and refund.is_given and _is_worth_a_letter(reader, refund, subscription):
            _tell_of_refund(reader, refund, payment, has_ended=has_ended, at=at)
        if refund.needs_a_person:
            _raise_alarm(reader, refund, at=at)
    for dispute, is_new in disputes:
        if is_new:
            _tell_of_dispute(reader, dispute, has_ended=has_ended, at=at)


def _record_refund(
    subscription: Subscription, payment_id: str, payment: PaymentFacts | None, facts: RefundFacts, *, at: datetime
) -> tuple[Refund, bool]:
    """Our row of a refund, and whether it was not known as given before."""
    row = Refund.objects.filter(stripe_id=facts.stripe_id).first() or _asked_for(subscription, facts.key)
    if row is None:
        is_all = payment is not None and facts.cents >= payment.paid_cents
        row = Refund.objects.create(
            subscription=subscription,
            payment_id=payment_id,
            cents=facts.cents,
            kind=Refund.Kind.FULL if is_all else Refund.Kind.PARTIAL,
            reason=BY_THE_HOUSE if facts.key else IN_THE_DASHBOARD,
            asked_at=facts.made_at or at,
        )
    was_given = row.is_given
    row.was_answered(stripe_id=facts.stripe_id, status=facts.status, why_failed=facts.why_failed, at=at)
    return row, not was_given


def _settle_with_credit(reader: User, refund: Refund, *, is_new: bool) -> None:
    """What a refund pays out is not kept as credit as well; what came back to us is credit again."""
    customer, gateway = Customer.objects.of(reader), billing.gateway()
    if customer is None:
        return
    currency = refund.subscription.plan.currency
    if is_new and refund.is_given:
        gateway.take_from_credit(customer.stripe_id, refund.cents, currency=currency, key=refund.stripe_id)
    if refund.has_failed:
        gateway.return_to_credit(customer.stripe_id, currency=currency, key=refund.stripe_id)


def _asked_for(subscription: Subscription, key: str) -> Refund | None:
    """The row whose id is this key, where the key is one of ours."""
    try:
        return Refund.objects.unanswered().filter(pk=UUID(key), subscription=subscription).first()
    except ValueError:
        return None


def _record_dispute(
    subscription: Subscription, payment_id: str, facts: DisputeFacts, *, at: datetime
) -> tuple[Dispute, bool]:
    """Our row of a dispute, and whether it was opened or decided since we last looked."""
    known = Dispute.objects.filter(stripe_id=facts.stripe_id).first()
    row = known or Dispute(subscription=subscription, stripe_id=facts.stripe_id, payment_id=payment_id)
    was_open = known.is_open if known else None
    row.cents, row.reason, row.status = facts.cents, facts.reason[:60], facts.status
    row.opened_at, row.answer_by = facts.opened_at, facts.answer_by
    row.closes(at=at)
    row.save()
    return row, was_open is not row.is_open


def _end(reader: User, subscription: Subscription, *, at: datetime) -> bool:
    """End a subscription at Stripe and here. False where it had ended before."""
    if not Subscription.objects.get(pk=subscription.pk).is_live:
        return False
    gateway = billing.gateway()
    gateway.void_open_invoices(subscription.stripe_id)
    webhooks.record(reader, gateway.end_now(subscription.stripe_id), at=at)
    return True


# --- Who is told --------------------------------------------------------------------------------------


def _is_worth_a_letter(reader: User, refund: Refund, subscription: Subscription) -> bool:
    """Whether there is somebody to tell, and no other letter has told of it."""
    if refund.reason in TOLD_ELSEWHERE:
        return False
    # Who has deleted their account keeps an address below the one domain where no mailbox can be (RFC 2606).
    is_nobody = reader.email.endswith(("@invalid", ".invalid"))
    return not is_nobody and (not subscription.is_surplus or refund.reason == CAME_TOO_LATE)


def _tell_of_refund(
    reader: User, refund: Refund, payment: PaymentFacts | None, *, has_ended: bool, at: datetime
) -> None:
    letters.refund_on_its_way(
        reader,
        cents=refund.cents,
        card_brand=payment.card_brand if payment else "",
        card_last4=payment.card_last4 if payment else "",
        has_ended=has_ended,
        occasion=refund.stripe_id,
        at=at,
    )


def _raise_alarm(reader: User, refund: Refund, *, at: datetime) -> None:
    letters.operator_refund_failed(
        **_about(reader),
        cents=refund.cents,
        why=refund.why_failed,
        reason=refund.reason,
        occasion=str(refund.pk),
        at=at,
    )


def _tell_of_dispute(reader: User, dispute: Dispute, *, has_ended: bool, at: datetime) -> None:
    status = dispute.status if dispute.status in ("won", "lost") else "open" if dispute.is_open else "closed"
    letters.operator_dispute(
        **_about(reader),
        cents=dispute.cents,
        status=status,
        answer_by=dispute.answer_by,
        occasion=f"{dispute.stripe_id} {status}",
        at=at,
    )
    if dispute.is_lost and has_ended:
        letters.dispute_lost(reader, cents=dispute.cents, occasion=dispute.stripe_id, at=at)


def _about(reader: User) -> dict[str, Any]:
    return {"about": reader.email, "desk_path": reverse("admin:readers_user_change", args=[reader.pk])}


# --- What needs a person ------------------------------------------------------------------------------


@dataclass(frozen=True)
class NeedsAPerson:
    """What staff have to look at: refunds that failed, and disputes that wait for our answer."""

    refunds: list[Refund]
    disputes: list[Dispute]

    def __bool__(self) -> bool:
        return bool(self.refunds or self.disputes)


def needs_a_person() -> NeedsAPerson:
    """Everything about money that needs a person now."""
    with_reader = "subscription__reader"
    return NeedsAPerson(
        refunds=list(Refund.objects.need_a_person().select_related(with_reader)),
        disputes=list(Dispute.objects.to_answer().select_related(with_reader)),
    )
