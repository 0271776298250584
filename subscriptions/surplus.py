"""What should not exist, a second subscription or a second free trial, is ended and given back by itself."""

import logging
from datetime import datetime
from functools import partial

from django.db import transaction

from readers import letters
from readers.models import User

from . import billing
from .models import Subscription
from .models.subscription import HELD_STATUSES

log = logging.getLogger(__name__)


def keep_one(recorded: Subscription, *, at: datetime) -> None:
    """Before `recorded` is saved: of two that would both run, mark the younger as surplus and settle it after commit.

    The older contract stays, whichever webhook came first, so that every order of events ends the same. The
    database holds the rule too (`one_live_subscription_per_reader`).
    """
    if recorded.is_surplus or recorded.status not in HELD_STATUSES:
        return
    others = Subscription.objects.filter(reader=recorded.reader, status__in=HELD_STATUSES, surplus="")
    other = others.exclude(stripe_id=recorded.stripe_id).first()
    if other is None:
        return
    younger = max(recorded, other, key=lambda one: (one.started_at, one.stripe_id))
    younger.surplus = Subscription.Surplus.ORDER
    if younger is other:
        other.save(update_fields=["surplus"])
    transaction.on_commit(partial(try_to_settle, younger, at=at))


def refuse_second_trial(recorded: Subscription, *, at: datetime) -> None:
    """Before a new trial is saved: mark it as surplus where its card or account paid for somebody's trial before.

    Nothing has been charged then, and nothing will be: the price after a trial was agreed, a price without one was not.
    """
    if recorded.is_trial and not recorded.is_surplus:
        recorded.surplus = Subscription.Surplus.TRIAL
        transaction.on_commit(partial(try_to_settle, recorded, at=at))


def settle_all(*, at: datetime) -> int:
    """Settle every surplus that is waiting; returns how many. What fails is left for the next time."""
    waiting = Subscription.objects.surplus_to_settle().select_related("reader")
    return sum(try_to_settle(one, at=at) for one in waiting)


def try_to_settle(subscription: Subscription, *, at: datetime) -> bool:
    """`settle`, where Stripe being away is no reason to fail: the worker comes back to it."""
    try:
        settle(subscription, at=at)
    except billing.BillingError as error:
        log.warning("The surplus subscription %s is not settled yet: %s", subscription.stripe_id, error)
        return False
    return True


def settle(subscription: Subscription, *, at: datetime) -> None:
    """End a surplus subscription at Stripe, give back all that was paid for it, and tell the reader.

    Raises BillingError. Safe to repeat: ending twice changes nothing, each payment is given back under one key,
    the letter is written once.
    """
    if Subscription.objects.filter(pk=subscription.pk, settled_at=None).first() is None:
        return
    gateway = billing.gateway()
    ended = gateway.end_now(subscription.stripe_id)
    payments = gateway.payments_of(subscription.stripe_id)
    for payment in payments:
        if payment.refundable_cents:
            gateway.refund(payment.stripe_id, payment.refundable_cents, key=f"surplus-{payment.stripe_id}")
    with transaction.atomic():
        reader = User.objects.select_for_update().get(pk=subscription.reader_id)
        Subscription.objects.filter(pk=subscription.pk).update(
            settled_at=at,
            status=ended.status,
            ends_at=ended.ends_at,
            cancelled_at=ended.cancelled_at,
            unpaid_since=ended.unpaid_since,
        )
        is_trial = subscription.surplus == Subscription.Surplus.TRIAL
        write = letters.second_trial if is_trial else letters.ordered_twice
        refunded_cents = sum(payment.paid_cents for payment in payments)
        write(reader, refunded_cents=refunded_cents, occasion=subscription.stripe_id, at=at)
