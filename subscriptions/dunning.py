"""A payment failed: what the reader is told, how it is mended in one step, and when it ends.

The grace is ours (14 days from the invoice that failed), whatever Stripe's own retries do.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from readers import letters
from readers.models import User

from . import billing, webhooks
from .access import Entitlement, Source, entitlement_for
from .models import Subscription
from .models.subscription import PAYMENT_GRACE

log = logging.getLogger(__name__)
# Told again when so much of the grace is left.
LAST_CALL = timedelta(days=3)
# Letters that must not leave any more once the payment is mended or the subscription has ended.
ABOUT_THE_PAYMENT = ("payment_failed", "payment_confirm", "payment_last_call")


def trouble_of(user: Any, *, at: datetime) -> Entitlement | None:
    """The grace in which this reader (or AnonymousUser) reads although a payment failed: the notice on every page."""
    entitlement = entitlement_for(user, at=at)
    return entitlement if entitlement and entitlement.source is Source.GRACE else None


def tell(subscription: Subscription, *, amount_cents: int, needs_confirmation: bool, at: datetime) -> None:
    """Write the letter about a failed payment: once for each invoice that failed, and once if the bank wants a word."""
    write = letters.payment_confirm if needs_confirmation else letters.payment_failed
    write(
        subscription.reader,
        amount_cents=amount_cents or subscription.plan.price_cents,
        grace_ends_at=subscription.access_ends_at or at,
        occasion=_occasion(subscription),
        at=at,
    )


def fall_silent(reader: User) -> None:
    """The payment is mended, or there is nothing left to pay for: what was not sent yet is not sent any more."""
    letters.withdraw(reader, kinds=ABOUT_THE_PAYMENT)


def send_last_calls(*, at: datetime) -> int:
    """Tell those whose grace ends within three days; returns how many letters were written."""
    late = Subscription.objects.live().filter(status="past_due", unpaid_since__lte=at - PAYMENT_GRACE + LAST_CALL)
    return sum(_asked_anew(one, _last_call, at=at) for one in late)


def _last_call(late: Subscription, *, at: datetime) -> bool:
    ends = late.access_ends_at if late.status == "past_due" else None
    if ends is None or not at < ends <= at + LAST_CALL:
        return False
    return letters.payment_last_call(late.reader, grace_ends_at=ends, occasion=_occasion(late), at=at) is not None


def end_overdue(*, at: datetime) -> int:
    """End at Stripe what has not been paid within the grace, so that nobody is charged for what they cannot read.

    What Stripe has ended by itself, and still takes money for, is made void as well. Returns how many ended. What
    fails is left for the next time; doing it twice changes nothing.
    """
    for one in Subscription.objects.ended_and_payable():
        _asked_anew(one, _make_void, at=at)
    return sum(_asked_anew(one, _end, at=at) for one in Subscription.objects.overdue(at=at))


def _end(overdue: Subscription, *, at: datetime) -> bool:
    if not Subscription.objects.overdue(at=at).filter(pk=overdue.pk).exists():
        return False
    gateway, occasion = billing.gateway(), _occasion(overdue)
    if not gateway.void_open_invoices(overdue.stripe_id):
        return False  # The bank has a debit in hand: its answer says whether it is paid after all.
    webhooks.record(overdue.reader, gateway.end_now(overdue.stripe_id), at=at)
    if not overdue.first_payment_failed:
        letters.ended_unpaid(overdue.reader, occasion=occasion, at=at)
    return True


def _make_void(ended: Subscription, *, at: datetime) -> bool:
    if not Subscription.objects.ended_and_payable().filter(pk=ended.pk).exists():
        return False
    gateway = billing.gateway()
    gateway.void_open_invoices(ended.stripe_id)
    webhooks.record(ended.reader, gateway.subscription(ended.stripe_id), at=at)
    return True


def say_ended(before: Subscription, *, at: datetime) -> None:
    """Stripe has tried for the last time and ended it by itself: say so, unless a first debit came back."""
    if not before.first_payment_failed:
        letters.ended_unpaid(before.reader, occasion=_occasion(before), at=at)


def _asked_anew(late: Subscription, then: Callable[..., bool], *, at: datetime) -> bool:
    """Do something about a late payment, but first lock, ask Stripe and record: it may have been paid a minute ago."""
    try:
        with webhooks.locked(late.reader_id) as reader:
            return then(webhooks.record(reader, billing.gateway().subscription(late.stripe_id), at=at), at=at)
    except billing.BillingError as error:
        log.warning("Nothing was done about the unpaid %s: %s", late.stripe_id, error)
        return False


def _occasion(subscription: Subscription) -> str:
    since = subscription.unpaid_since
    return f"{subscription.stripe_id} {since.timestamp():.0f}" if since else subscription.stripe_id
