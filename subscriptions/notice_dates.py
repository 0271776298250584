"""When is a reader told of what? Pure functions of a subscription and its dates; nothing is asked or written here.

Moments are UTC. A charge happens at `Subscription.next_charge_at`; days before it are full days of 24 hours.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.conf import settings

from edge.clock import BRUSSELS

from .models import Notice, PutOff, Repricing, Subscription

Kind = Notice.Kind
# The last reminder of a trial is due so much before it must have left; for the sake of its day a little later, but
# never so late that there would be no time for a second try.
TRIES_TAKE, ONE_TRY_TAKES = timedelta(hours=12), timedelta(hours=2)
# What follows the beginning of a trial sooner than this is said by the welcome.
JUST_SAID = timedelta(days=2)
CARD_DAYS = {Kind.CARD_FIRST: 30, Kind.CARD_LAST: 7}
CARD_HOUR = time(9, 0)
PAUSE_DAYS = 7
# Of one series only the latest that is due is written; those before it are of no use any more.
SERIES = (
    (Kind.TERMS_AT_ZERO,),
    (Kind.TRIAL_FIRST, Kind.TRIAL_LAST),
    (Kind.RENEWAL_FIRST, Kind.RENEWAL_LAST),
    (Kind.MONTH,),
    (Kind.PRICE_CHANGE,),
    (Kind.CARD_FIRST, Kind.CARD_LAST),
    (Kind.PAUSE_ENDS,),
)
# Without one of these, sent in time, nothing is charged.
BEFORE_A_FIRST_CHARGE = (Kind.TRIAL_FIRST, Kind.TRIAL_LAST)
BEFORE_A_RENEWAL = (Kind.RENEWAL_FIRST, Kind.RENEWAL_LAST)


@dataclass(frozen=True)
class Due:
    """A notice as it is planned: about which moment, and from when on it is written."""

    kind: Kind
    about_at: datetime
    due_at: datetime


@dataclass(frozen=True)
class Need:
    """What a charge waits for: one of these kinds about it, taken by the mail server by then."""

    charge_at: datetime
    kinds: tuple[Kind, ...]
    sent_by: datetime
    # How long before the charge, in general.
    ahead: timedelta

    def is_met(self, notices: Iterable[Notice]) -> bool:
        """Whether one of these notices is what it waits for."""
        return any(
            one.kind in self.kinds
            and one.about_at == self.charge_at
            and one.sent_at is not None
            and one.sent_at <= self.sent_by
            for one in notices
        )


def notices_for(
    subscription: Subscription, *, put_off: PutOff | None = None, repricing: Repricing | None = None
) -> list[Due]:
    """Everything this subscription's reader is to be told as things stand, past and to come, by series and date.

    `put_off`: why the next charge is later than agreed; `repricing`: another price that is to be announced.
    """
    if subscription.is_surplus or subscription.status not in ("trialing", "active") or subscription.ends_at:
        return []
    charge_at = subscription.next_charge_at
    if charge_at is None:
        return []
    return [
        *_about_the_charge(subscription, charge_at, put_off),
        *_about_the_price(repricing),
        *_about_the_card(subscription, charge_at),
        *_about_the_pause(subscription),
    ]


def due_now(planned: Iterable[Due], *, at: datetime) -> list[Due]:
    """Those to be written by that moment, one of each series at most: the latest that is due and not too late."""
    ready = [one for one in planned if one.due_at <= at and (one.about_at > at or one.kind == Kind.TERMS_AT_ZERO)]
    latest = (next((one for kind in reversed(kinds) for one in ready if one.kind == kind), None) for kinds in SERIES)
    return [one for one in latest if one]


def need_of(subscription: Subscription) -> Need | None:
    """What the next charge waits for, or None where it needs no notice: a month, or nothing will be charged."""
    charge_at = subscription.next_charge_at
    if subscription.is_surplus or charge_at is None:
        return None
    if subscription.is_trial:
        ahead = timedelta(days=settings.TRIAL_LAST_REMINDER_DAYS)
        lasts = charge_at - subscription.started_at
        # A trial too short for that is spoken of at its beginning, and half of it must be left.
        by = charge_at - ahead if lasts > ahead + TRIES_TAKE else charge_at - lasts / 2
        return Need(charge_at, BEFORE_A_FIRST_CHARGE, by, ahead)
    if subscription.plan.is_yearly:
        ahead = timedelta(days=settings.RENEWAL_LAST_NOTICE_DAYS - 1)
        return Need(charge_at, BEFORE_A_RENEWAL, charge_at - ahead, ahead)
    return None


def last_reminder_at(began_at: datetime, charge_at: datetime) -> datetime:
    """When the last reminder of a trial is due (UTC): early on the day, in Brussels, on which it must have left."""
    must_leave = charge_at - timedelta(days=settings.TRIAL_LAST_REMINDER_DAYS)
    day = must_leave.astimezone(BRUSSELS).replace(hour=0, minute=0, second=0, microsecond=0)
    begins = day.astimezone(UTC)
    due = must_leave - TRIES_TAKE
    if must_leave - begins >= ONE_TRY_TAKES:
        due = max(due, begins)
    return max(due, began_at)


def notice_time() -> timedelta:
    """What lies at least between the news of another price and the first charge at it."""
    return timedelta(days=settings.PRICE_CHANGE_NOTICE_DAYS)


def longest_ahead() -> timedelta:
    """How long before a charge the first word about it is due: what lies further ahead needs no look."""
    days = (
        settings.TRIAL_FIRST_REMINDER_DAYS,
        settings.TRIAL_LAST_REMINDER_DAYS + 1,
        settings.RENEWAL_FIRST_NOTICE_DAYS,
        settings.MONTH_NOTICE_DAYS,
        PAUSE_DAYS,
    )
    return timedelta(days=max(days))


def _about_the_charge(subscription: Subscription, charge_at: datetime, put_off: PutOff | None) -> Iterator[Due]:
    if subscription.is_trial:
        yield Due(Kind.TERMS_AT_ZERO, subscription.started_at, subscription.started_at)
        if put_off:
            yield Due(Kind.TRIAL_LAST, charge_at, put_off.decided_at)
        else:
            yield from _about_a_trial(subscription.started_at, charge_at)
    elif subscription.plan.is_yearly:
        if put_off:
            yield Due(Kind.RENEWAL_LAST, charge_at, put_off.decided_at)
        else:
            yield Due(Kind.RENEWAL_FIRST, charge_at, charge_at - timedelta(days=settings.RENEWAL_FIRST_NOTICE_DAYS))
            yield Due(Kind.RENEWAL_LAST, charge_at, charge_at - timedelta(days=settings.RENEWAL_LAST_NOTICE_DAYS))
    elif settings.MONTH_NOTICE_DAYS and subscription.pause_ends_at is None:
        yield Due(Kind.MONTH, charge_at, charge_at - timedelta(days=settings.MONTH_NOTICE_DAYS))


def _about_a_trial(began_at: datetime, charge_at: datetime) -> Iterator[Due]:
    first = charge_at - timedelta(days=settings.TRIAL_FIRST_REMINDER_DAYS)
    if first >= began_at + JUST_SAID:
        yield Due(Kind.TRIAL_FIRST, charge_at, first)
    yield Due(Kind.TRIAL_LAST, charge_at, last_reminder_at(began_at, charge_at))


def _about_the_price(repricing: Repricing | None) -> Iterator[Due]:
    if repricing and repricing.changed_at is None and repricing.left_at is None:
        yield Due(Kind.PRICE_CHANGE, repricing.first_charge_at, repricing.change.announced_at)


def _about_the_card(subscription: Subscription, charge_at: datetime) -> Iterator[Due]:
    """Only where the card ends before the charge; about the first moment at which it does not work."""
    last_day = subscription.card_expires_on
    if last_day is None or charge_at.astimezone(BRUSSELS).date() <= last_day:
        return
    ends = datetime.combine(last_day + timedelta(days=1), time.min, tzinfo=BRUSSELS)
    for kind, days in CARD_DAYS.items():
        yield Due(kind, ends, datetime.combine(last_day - timedelta(days=days), CARD_HOUR, tzinfo=BRUSSELS))


def _about_the_pause(subscription: Subscription) -> Iterator[Due]:
    if subscription.pause_ends_at:
        yield Due(Kind.PAUSE_ENDS, subscription.pause_ends_at, subscription.pause_ends_at - timedelta(days=PAUSE_DAYS))
