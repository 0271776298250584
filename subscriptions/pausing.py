"""A subscriber stops for one to three months: what is paid is read to its end, nothing is charged, then it goes on.

The pause begins with the end of the paid period, by Stripe, which voids the invoices from then on: nothing of ours has
to run for nobody to be charged. It ends by our own job (or the reader's button), which begins a new period that is
charged at once. Where the job is late, the reader pays later, never for time that could not be read.
"""

import logging
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime

from . import billing, webhooks
from .models import Subscription

log = logging.getLogger(__name__)
# What a reader may choose, in months.
MONTHS = (1, 2, 3)


@dataclass(frozen=True)
class Choice:
    """A pause as it is offered: its months, and when it would begin and end (UTC)."""

    months: int
    starts_at: datetime
    ends_at: datetime


def choices_for(subscription: Subscription) -> list[Choice]:
    """The pauses this subscriber may choose from, shortest first."""
    begins = subscription.period_ends_at
    return [Choice(months, begins, months_after(begins, months)) for months in MONTHS]


def months_after(moment: datetime, months: int) -> datetime:
    """The same day of a later month, or its last one where it is shorter; counted in UTC, as Stripe counts periods."""
    utc = moment.astimezone(UTC)
    year, month = divmod(utc.year * 12 + utc.month - 1 + months, 12)
    return utc.replace(year=year, month=month + 1, day=min(utc.day, monthrange(year, month + 1)[1]))


def pause(subscription: Subscription, choice: Choice, *, at: datetime) -> Subscription:
    """Agree on a pause with Stripe and record it. Raises BillingError; BillingRefused where the period is not paid."""
    stripe_id = subscription.stripe_id
    return webhooks.change(
        subscription,
        lambda gateway: gateway.pause(stripe_id, starts_at=choice.starts_at, ends_at=choice.ends_at),
        at=at,
    )


def resume(subscription: Subscription, *, at: datetime) -> Subscription:
    """End a pause: undone before it began, charged and open from now on afterwards. Raises BillingError.

    Asked for twice it is done once, since both ask under the key of the same pause.
    """
    stripe_id, begins = subscription.stripe_id, subscription.pause_starts_at
    key = f"resume-{stripe_id}-{begins.timestamp():.0f}" if begins else ""
    return webhooks.change(subscription, lambda gateway: gateway.resume(stripe_id, at=at, key=key), at=at)


def end_cancelled(*, at: datetime) -> int:
    """End at Stripe what was cancelled during its pause: nothing paid is left of it. Returns how many ended."""
    ended = 0
    left = Subscription.objects.live().filter(status="active", pause_starts_at__lte=at, ends_at__isnull=False)
    for one in left.select_related("reader"):
        try:
            webhooks.change(one, lambda gateway, stripe_id=one.stripe_id: gateway.end_now(stripe_id), at=at)
        except billing.BillingError as error:
            log.warning("The cancelled pause of %s is not ended yet: %s", one.stripe_id, error)
        else:
            ended += 1
    return ended


def resume_due(*, at: datetime) -> int:
    """End the pauses whose day has come; returns how many. What fails is left for the next time."""
    resumed = 0
    for one in Subscription.objects.pausing().filter(pause_ends_at__lte=at).select_related("reader"):
        try:
            resume(one, at=at)
        except billing.BillingError as error:
            log.warning("The pause of %s is not ended yet: %s", one.stripe_id, error)
        else:
            resumed += 1
    return resumed
