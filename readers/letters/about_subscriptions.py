"""Letters about having a subscription: its beginning, changes, pauses and end."""

from datetime import datetime
from typing import Any

from ..models import Letter, User
from .post import write


def cancelled(reader: User, *, reads_until: datetime, occasion: str, at: datetime) -> Letter | None:
    """The subscription ends at `reads_until` and nothing more is charged."""
    return write(reader, "cancelled", occasion, {"reads_until": reads_until, "cancelled_at": at}, at=at)


def undone(reader: User, *, next_charge_at: datetime | None, occasion: str, at: datetime) -> Letter | None:
    """The cancellation was taken back; charging goes on at `next_charge_at`."""
    return write(reader, "undone", occasion, {"next_charge_at": next_charge_at}, at=at)


def switched(
    reader: User,
    *,
    plan_words: str,
    price_cents: int,
    interval_words: str,
    next_charge_at: datetime | None,
    occasion: str,
    at: datetime,
) -> Letter | None:
    """The reader is on another plan now; words and price are those of the new one."""
    context = _plan_in_words(plan_words, price_cents, interval_words) | {"next_charge_at": next_charge_at}
    return write(reader, "switched", occasion, context, at=at)


def paused(
    reader: User, *, starts_at: datetime, resumes_at: datetime, charge_cents: int, occasion: str, at: datetime
) -> Letter | None:
    """Nothing is charged and nothing can be read from `starts_at` until `resumes_at`; then `charge_cents` are due."""
    context = {"starts_at": starts_at, "resumes_at": resumes_at, "charge_cents": charge_cents}
    return write(reader, "paused", occasion, context, at=at)


def pause_reminder(
    reader: User, *, resumes_at: datetime, charge_cents: int, occasion: str, at: datetime
) -> Letter | None:
    """The pause is over soon, at `resumes_at`, and `charge_cents` are charged then."""
    return write(reader, "pause_reminder", occasion, {"resumes_at": resumes_at, "charge_cents": charge_cents}, at=at)


def resumed(
    reader: User, *, had_begun: bool, charge_cents: int, next_charge_at: datetime | None, occasion: str, at: datetime
) -> Letter | None:
    """The pause is over and a new period is charged; or it was taken back before it had begun."""
    context = {"had_begun": had_begun, "charge_cents": charge_cents, "next_charge_at": next_charge_at}
    return write(reader, "resumed", occasion, context, at=at)


def ended_in_pause(reader: User, *, occasion: str, at: datetime) -> Letter | None:
    """A paused subscription has ended; nothing is charged any more."""
    return write(reader, "ended_in_pause", occasion, {}, at=at)


def ordered_twice(reader: User, *, refunded_cents: int, occasion: str, at: datetime) -> Letter | None:
    """A second subscription of the same reader was ended by itself; `refunded_cents` are on their way back."""
    return write(reader, "ordered_twice", occasion, {"refunded_cents": refunded_cents}, at=at)


def second_trial(reader: User, *, refunded_cents: int, occasion: str, at: datetime) -> Letter | None:
    """The card or account had its free trial before: this one was ended. `refunded_cents` are on their way back.

    That is 0 unless Stripe was away for longer than the trial, and charged for it before we could end it.
    """
    return write(reader, "second_trial", occasion, {"refunded_cents": refunded_cents}, at=at)


def _plan_in_words(plan_words: str, price_cents: int, interval_words: str) -> dict[str, Any]:
    return {
        "plan_name": f"{plan_words.lower()} plan",
        "price_cents": price_cents,
        "interval_words": interval_words,
    }
