"""May this reader read now, and why or why not? The answer in words, for the subscription desk."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.module_loading import import_string
from django.utils.text import capfirst
from django.utils.timezone import localtime

from edge.visitor import Visitor

from . import trial
from .access import Entitlement, Source, all_entitlements_for
from .models import Grant, Subscription
from .models.subscription import PAYMENT_GRACE


@dataclass(frozen=True)
class Answer:
    """Yes or no, and everything that speaks for it."""

    may_read: bool
    because: tuple[str, ...]


def answer_for(asker: Any, *, at: datetime) -> Answer:
    """The answer at that moment, with every reason, the strongest first; and what else is known of their access.

    `asker` is a reader, or an edge.visitor.Visitor where it is also about the place they are at.
    """
    visitor = Visitor.of(asker)
    reader = visitor.user
    if reader.is_authenticated and not reader.is_active:
        return Answer(False, ("The account is switched off.",))
    entitlements = all_entitlements_for(visitor, at=at)
    because = [_why(reader, entitlement, at) for entitlement in entitlements]
    if reader.is_authenticated:
        because += [] if entitlements else _why_not(reader, at)
        because += [words for explain in explanations() for words in explain(reader, at)]
    return Answer(bool(entitlements), tuple(because) or ("Is not logged in, and reads at no place that is known.",))


@cache
def explanations() -> tuple[Callable[[Any, datetime], Iterator[str]], ...]:
    """Who else knows why somebody may not read yet or any more (ENTITLEMENT_EXPLANATIONS)."""
    return tuple(import_string(name) for name in settings.ENTITLEMENT_EXPLANATIONS)


def _why(reader: Any, entitlement: Entitlement, at: datetime) -> str:
    until = f" until {moment(entitlement.until)}" if entitlement.until else ""
    match entitlement.source:
        case Source.STAFF:
            return "Works in our newsroom: may read as long as the account is marked as staff."
        case Source.TRIAL:
            return f"Free trial{until}.{_cancelled(reader)}"
        case Source.SUBSCRIPTION:
            how = ", its payment under way at the bank" if entitlement.payment_pending else ", paid"
            return f"Subscription{how}{until}.{_cancelled(reader)}"
        case Source.GRACE:
            return f"The last payment failed; reading goes on{until}, while the bank is asked again."
        case Source.SEAT:
            return f"Seat in the group of {entitlement.through}{until}."
        case Source.GRANT:
            grant = Grant.objects.filter(reader=reader).in_force(at=at).order_by("-ends_at").first()
            return f"{capfirst(entitlement.through)}{until}: {grant.reason if grant else ''}"
        case Source.NETWORK:
            return f"Is on the premises of {entitlement.through}, by their network{until}."
        case Source.OFF_SITE:
            return f"Has an off-site pass of {entitlement.through}{until}."
    return f"{capfirst(entitlement.through)}{until}."


def _cancelled(reader: Any) -> str:
    subscription = Subscription.objects.live().filter(reader=reader).first()
    if subscription is None or not subscription.is_cancelled:
        return ""
    since = f" on {moment(subscription.cancelled_at)}" if subscription.cancelled_at else ""
    return f" Cancelled{since}: it is not renewed."


def _why_not(reader: Any, at: datetime) -> Iterator[str]:
    subscriptions = Subscription.objects.filter(reader=reader)
    subscription = subscriptions.live().first() or subscriptions.first()
    yield _what_became_of(subscription, at) if subscription else _never(reader)
    for grant in Grant.objects.filter(reader=reader):
        kind = grant.get_kind_display().split(" (")[0]
        if grant.starts_at > at:
            yield f"{kind} access begins on {moment(grant.starts_at)}."
        else:
            yield f"{kind} access ended on {moment(grant.ends_at)}{_by_whom(grant)}."


def _never(reader: Any) -> str:
    if trial.is_offered_to(reader):
        return "Never subscribed. The free trial is still open."
    return "Never subscribed with this account, but this mailbox has had its free trial."


def _by_whom(grant: Grant) -> str:
    return f", ended by {grant.ended_by}" if grant.ended_by else ""


def _what_became_of(subscription: Subscription, at: datetime) -> str:
    ended = subscription.ends_at or subscription.period_ends_at
    if subscription.status == "active" and subscription.pause_has_begun(at=at) and subscription.pause_starts_at:
        goes_on = f" It goes on on {moment(subscription.pause_ends_at)}." if subscription.pause_ends_at else ""
        return f"Paused by the reader since {moment(subscription.pause_starts_at)}.{goes_on}"
    match subscription.status:
        case "past_due" if subscription.first_payment_failed:
            return "The first payment came back from the bank, and nothing was ever paid."
        case "past_due" if subscription.unpaid_since:
            grace = subscription.unpaid_since + PAYMENT_GRACE
            return (
                f"Payment failed since {moment(subscription.unpaid_since)}; "
                f"the {PAYMENT_GRACE.days} days of patience ended on {moment(grace)}."
            )
        case "unpaid" | "past_due":
            return "Payment failed, and Stripe has stopped asking the bank."
        case "incomplete" | "incomplete_expired":
            return "The first payment never went through."
        case "paused":
            return "The subscription is paused."
        case "canceled" if _never_went_beyond_its_trial(subscription, ended):
            return f"The free trial ended on {moment(ended)} and was not continued."
        case "canceled":
            return f"The subscription ended on {moment(ended)}."
        case "trialing" | "active" if subscription.ends_at and subscription.ends_at <= at:
            return f"Cancelled; the paid time ended on {moment(ended)}."
        case "trialing" | "active":
            return (
                f"The renewal due on {moment(subscription.period_ends_at)} is not confirmed; "
                f"Stripe was last asked on {moment(subscription.recorded_at)}."
            )
    return f"Stripe calls the subscription “{subscription.status}”, which gives no access."


def _never_went_beyond_its_trial(subscription: Subscription, ended: datetime) -> bool:
    trial_ends_at = subscription.trial_ends_at
    return trial_ends_at is not None and ended <= trial_ends_at and subscription.put_off_from is None


def moment(at: datetime) -> str:
    """A day and a time in Brussels, as staff read it: `17 December 2026, 14:30`."""
    return date_format(localtime(at), "j F Y, H:i")
