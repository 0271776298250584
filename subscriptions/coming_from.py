"""From which page did orders come, and what became of them? For those who ask what an article has brought."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from .models import CheckoutAttempt, Subscription

# An order is made, tried for some weeks, and paid: what began longer ago than this has had its time.
LONGEST = timedelta(days=120)
# A subscription is recorded a little before or after its order is done.
SLACK = timedelta(hours=1)


@dataclass(frozen=True)
class Order:
    """The page an order came from and the moments (UTC) of its steps; those that never came are None."""

    page: str
    begun_at: datetime
    trial_at: datetime | None = None
    paid_at: datetime | None = None


def orders(*, at: datetime) -> Iterator[Order]:
    """Every order that came from a page and was begun within the last LONGEST."""
    recent = CheckoutAttempt.objects.filter(started_at__gt=at - LONGEST, started_at__lte=at)
    attempts = list(recent.exclude(return_to=""))
    readers = {one.reader_id for one in attempts if one.completed_at}
    subscriptions: dict[int, list[Subscription]] = defaultdict(list)
    for one in Subscription.objects.filter(reader__in=readers, surplus=""):
        subscriptions[one.reader_id].append(one)
    for attempt in attempts:
        found = next((one for one in subscriptions[attempt.reader_id] if _came_of(attempt, one)), None)
        yield Order(
            attempt.return_to,
            attempt.started_at,
            found.started_at if found and attempt.with_trial else None,
            _paid_at(found, at=at) if found else None,
        )


def _came_of(attempt: CheckoutAttempt, subscription: Subscription) -> bool:
    if attempt.completed_at is None:
        return False
    return attempt.started_at - SLACK <= subscription.started_at <= attempt.completed_at + SLACK


def _paid_at(subscription: Subscription, *, at: datetime) -> datetime | None:
    """When the first money for it came: at once, or when its trial was over. None while it has not."""
    if subscription.first_payment_failed or subscription.payment_pending:
        return None
    if subscription.status in ("incomplete", "incomplete_expired"):
        return None
    over = subscription.trial_ends_at
    if over is None:
        return subscription.started_at
    # After the trial the paid period begins where it ended; an order cancelled within it never has one.
    return over if over <= at and subscription.period_starts_at >= over else None
