"""Those who subscribe already pay another price only after they were told, with a way out (law.md L10).

A change is announced once; every subscription of that time gets a row, a notice, and after the notice has been with
the mail server for so many days before the charge, and not before, the new price at Stripe, from its next period on.
Where the notice has not left in time the old price is charged once more, and the new one a period later.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from . import billing, notices, prices, webhooks
from .models import Notice, PriceChange, Repricing, Subscription
from .notice_dates import notice_time
from .pausing import months_after

log = logging.getLogger(__name__)
MONTHS = {"year": 12, "month": 1}
# So much more than the notice needs: for as long the mail server may stay away before it is a later charge.
TRIES_LAST = timedelta(days=3)


def announce(
    interval: str, cents: int, *, from_at: datetime, at: datetime, progress: Callable[[int], None] | None = None
) -> PriceChange:
    """Let everybody who pays this interval at another price pay `cents` (gross) from `from_at` on, after a notice.

    Safe to repeat: it goes on where it stopped, and adds whom it has not met. Nothing is changed at Stripe here; the
    notices leave with `notices.write_due`. Raises BillingError where the price cannot be made at Stripe.
    """
    plan = prices.made(interval, cents)
    change, _ = PriceChange.objects.get_or_create(plan=plan, from_at=from_at, defaults={"announced_at": at})
    for done, subscription in enumerate(_to_meet(change), start=1):
        _add(change, subscription, at=at)
        if progress:
            progress(done)
    PriceChange.objects.filter(pk=change.pk).update(is_complete=True)
    change.is_complete = True
    return change


def how_many(interval: str, cents: int) -> int:
    """How many subscriptions pay this interval at another price."""
    return _of_another_price(interval, cents).count()


def apply_due(*, at: datetime) -> int:
    """Set the new price where its notice has had its time; returns how many. What fails is left for the next time."""
    Notice.objects.take_note_of_what_was_sent()
    return sum(_try(one, at=at) for one in Repricing.objects.to_do().select_related("subscription"))


def explains(before: Subscription, after: Subscription) -> bool:
    """Whether the other plan is a price change that was announced, and no switch of the reader's."""
    return Repricing.objects.filter(subscription=after, change__plan=after.plan, old_plan=before.plan).exists()


# --- Announcing ---------------------------------------------------------------------------------------


def _of_another_price(interval: str, cents: int) -> QuerySet[Subscription]:
    running = Subscription.objects.live().filter(Q(status__in=["trialing", "active", "past_due"]), ends_at=None)
    return running.filter(plan__interval=interval).exclude(plan__price_cents=cents)


def _to_meet(change: PriceChange) -> QuerySet[Subscription]:
    of_another = _of_another_price(change.plan.interval, change.plan.price_cents)
    return of_another.exclude(repricings__change=change).order_by("pk").select_related("plan")


def _add(change: PriceChange, subscription: Subscription, *, at: datetime) -> None:
    """Its row; an older change that is not done yet gives way to this one."""
    try:
        with transaction.atomic():
            for older in subscription.repricings.to_do():
                older.has_left(at=at)
            Repricing.objects.create(
                change=change,
                subscription=subscription,
                old_plan=subscription.plan,
                first_charge_at=_first_charge(subscription, change, told_at=at),
            )
    except IntegrityError:
        log.info("%s has its row for %s already", subscription.stripe_id, change)


def _first_charge(subscription: Subscription, change: PriceChange, *, told_at: datetime) -> datetime:
    """The first charge after the agreed day, so far ahead that a notice of this moment is in time.

    What a free trial ends with was agreed at the old price; a pause ends with a charge like any other.
    """
    charge_at = subscription.pause_ends_at or subscription.period_ends_at
    steps = 1 if subscription.is_trial else 0
    least = max(change.from_at, told_at + notice_time() + TRIES_LAST)
    months = MONTHS[change.plan.interval]
    while (moment := months_after(charge_at, months * steps)) < least:
        steps += 1
    return moment


# --- Applying -----------------------------------------------------------------------------------------


def _try(repricing: Repricing, *, at: datetime) -> bool:
    try:
        return _apply(repricing, at=at)
    except billing.BillingError as error:
        log.warning("The price of %s is not changed yet: %s", repricing.subscription.stripe_id, error)
        return False


def _apply(repricing: Repricing, *, at: datetime) -> bool:
    """Look at one, and do what its hour asks for. Whether the price was changed now. Raises BillingError."""
    with webhooks.locked(repricing.subscription.reader_id) as reader:
        row = Repricing.objects.to_do().select_related("change__plan", "old_plan").filter(pk=repricing.pk).first()
        if row is None:
            return False
        now = Subscription.objects.select_related("plan").get(pk=row.subscription_id)
        if _has_left(row, now):
            row.has_left(at=at)
            notices.follow(now, at=at)
            return False
        if not _was_told(row):
            _wait_for_a_later_charge(row, now, at=at)
            return False
        if not _is_next(row, now):
            return False
        gateway = billing.gateway()
        now = webhooks.record(reader, gateway.subscription(now.stripe_id), at=at)
        if _has_left(row, now) or not _is_next(row, now):
            return False
        changed = gateway.reprice(now.stripe_id, row.change.plan.stripe_price_id)
        row.was_changed(at=at)
        webhooks.record(reader, changed, at=at)
    return True


def _has_left(row: Repricing, now: Subscription) -> bool:
    """It has ended, or is on another plan than the one whose price changes. A cancelled one may still be kept."""
    return not now.is_live or now.is_surplus or now.plan_id not in (row.old_plan_id, row.change.plan_id)


def _was_told(row: Repricing) -> bool:
    sent = Notice.objects.filter(subscription=row.subscription_id, kind=Notice.Kind.PRICE_CHANGE)
    return sent.filter(about_at=row.first_charge_at, sent_at__lte=row.first_charge_at - notice_time()).exists()


def _wait_for_a_later_charge(row: Repricing, now: Subscription, *, at: datetime) -> None:
    """The notice did not leave in time: the charge it was about is at the old price, the one after it at the new."""
    if at > row.first_charge_at - notice_time():
        row.first_charge_at = _first_charge(now, row.change, told_at=at)
        row.save(update_fields=["first_charge_at"])
        notices.keep(now, at=at)


def _is_next(row: Repricing, now: Subscription) -> bool:
    """Whether the next charge is the one that was announced, or a later one; and can still be changed in peace."""
    charge_at = now.next_charge_at
    return charge_at is not None and charge_at >= row.first_charge_at
