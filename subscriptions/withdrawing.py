"""Withdrawal from a contract (law.md L1, L1b): until when it is in time, and what it does.

All that was paid goes back the way it came, the contract ends at once, open invoices are void. A debit that is still
under way is given back when it arrives (`refunds.promise_what_came_too_late`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid5

from django.conf import settings

from edge.clock import BRUSSELS

from . import billing, refunds, webhooks
from .billing import PaymentFacts
from .models import Refund, Subscription

# How long we may take to give money back, counted from the statement (Directive 2011/83 Art. 13).
GIVEN_BACK_WITHIN = timedelta(days=14)


class TooLate(Exception):
    """The statement was sent when the right was over: from `deadline` (UTC) on."""

    def __init__(self, deadline: datetime) -> None:
        super().__init__(f"Withdrawal was possible until {deadline:%Y-%m-%d %H:%M} UTC.")
        self.deadline = deadline


@dataclass(frozen=True)
class GivenBack:
    """What goes back, in cents, and to which card or account; a debit under way is not in it yet."""

    cents: int = 0
    card_brand: str = ""
    card_last4: str = ""


# --- Until when ---------------------------------------------------------------------------------------


def deadline_of(concluded_at: datetime, first_charge_at: datetime | None = None) -> datetime:
    """The first moment (UTC) at which withdrawing is too late.

    Midnight in Brussels after the last day; the day of the contract does not count, so a contract of the 1st can be
    undone until the end of the 15th. Where the house allows it, the days run once more from the first charge.
    """
    began = [concluded_at]
    if first_charge_at is not None and settings.WITHDRAWAL_AFTER_FIRST_CHARGE:
        began.append(first_charge_at)
    return max(_end_of_the_days_after(moment) for moment in began)


def in_time(sent_at: datetime, deadline: datetime) -> bool:
    """Whether a statement of that moment is in time. What counts is when it was sent, never when it is handled."""
    return sent_at < deadline


def _end_of_the_days_after(began_at: datetime) -> datetime:
    last_day = began_at.astimezone(BRUSSELS).date() + timedelta(days=settings.WITHDRAWAL_DAYS)
    return datetime.combine(last_day + timedelta(days=1), time.min, BRUSSELS).astimezone(UTC)


def first_charge_of(payments: Iterable[PaymentFacts]) -> datetime | None:
    """When money was first taken, or None where that has not happened."""
    return min((one.paid_at for one in payments if one.paid_cents), default=None)


# --- What it does -------------------------------------------------------------------------------------


def withdraw(
    subscription: Subscription,
    *,
    sent_at: datetime,
    key: UUID,
    at: datetime,
    concluded_at: datetime | None = None,
    although_late: bool = False,
) -> GivenBack:
    """End a subscription and give back everything that was paid for it. Safe to repeat with the same `key`.

    `sent_at` decides whether it is in time; while nothing was ever charged it always is. `although_late`: staff
    accept it all the same. Raises TooLate, and then nothing has changed; raises BillingError where Stripe was away or
    said no somewhere on the way: then it is called again.
    """
    with webhooks.locked(subscription.reader_id) as reader:
        gateway = billing.gateway()
        now = webhooks.record(reader, gateway.subscription(subscription.stripe_id), at=at)
        payments = gateway.payments_of(subscription.stripe_id)
        first_charge_at = first_charge_of(payments)
        deadline = deadline_of(concluded_at or now.started_at, first_charge_at)
        if first_charge_at and not although_late and not in_time(sent_at, deadline):
            raise TooLate(deadline)
        _end(now, at=at)
    return _give_back(now, payments, reason=refunds.BY_WITHDRAWAL, key=key, at=at)


def undo_what_came_after(subscription: Subscription, *, since: datetime, key: UUID, at: datetime) -> GivenBack:
    """End a subscription that was cancelled at `since` and renewed before we could ask Stripe; what was charged
    after that moment goes back. Safe to repeat with the same `key`. Raises BillingError.
    """
    with webhooks.locked(subscription.reader_id):
        payments = billing.gateway().payments_of(subscription.stripe_id)
        _end(subscription, at=at)
    after = [one for one in payments if one.paid_at > since]
    return _give_back(subscription, after, reason=refunds.BY_CANCELLATION, key=key, at=at)


def _end(subscription: Subscription, *, at: datetime) -> None:
    if subscription.is_live:
        gateway = billing.gateway()
        gateway.void_open_invoices(subscription.stripe_id)
        webhooks.record(subscription.reader, gateway.end_now(subscription.stripe_id), at=at)


def _give_back(
    subscription: Subscription, payments: Iterable[PaymentFacts], *, reason: str, key: UUID, at: datetime
) -> GivenBack:
    """Give each payment back under a key of its own, made of `key` and the payment."""
    given = GivenBack()
    for payment in payments:
        cents = _give_one_back(subscription, payment, reason=reason, intention=uuid5(key, payment.stripe_id), at=at)
        if cents:
            given = GivenBack(given.cents + cents, payment.card_brand, payment.card_last4)
    return given


def _give_one_back(
    subscription: Subscription, payment: PaymentFacts, *, reason: str, intention: UUID, at: datetime
) -> int:
    """How many cents of a payment go back under this intention: all that is left of it, less what is promised."""
    row = Refund.objects.filter(pk=intention).first() or _ask(subscription, payment, reason, intention, at=at)
    if row is None:
        return 0
    return refunds.give(row, at=at).cents


def _ask(
    subscription: Subscription, payment: PaymentFacts, reason: str, intention: UUID, *, at: datetime
) -> Refund | None:
    cents = payment.refundable_cents
    while cents > 0:
        try:
            row, _ = refunds.ask(
                subscription,
                payment.stripe_id,
                cents,
                intention=intention,
                kind=Refund.Kind.FULL,
                reason=reason,
                ends_subscription=False,
                asked_by=None,
                at=at,
            )
        except refunds.TooMuch as error:
            cents = error.left_cents if error.left_cents < cents else 0
        else:
            return row
    return None
