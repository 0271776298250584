"""How long and how often Stripe is asked: a budget of seconds, a few attempts, and pauses between them.

Knows HTTP and no more; billing/connection.py asks through `patiently`.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from django.conf import settings

ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 4.0
# Where Stripe asks for a longer pause than this, the page says so instead of waiting.
LONGEST_RETRY_AFTER_SECONDS = 5.0
# While a reader's row is locked, everything asked of Stripe together may take this long.
WHILE_LOCKED_SECONDS = 10.0

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)
_dice = random.SystemRandom()


class OutOfTime(Exception):
    """The budget is used up; Stripe was not asked any more."""


class Answer(NamedTuple):
    """What came back over HTTP, in the order in which Stripe's package hands it on."""

    body: Any
    status: int
    headers: Mapping[str, str]


@contextmanager
def budget(seconds: float) -> Iterator[None]:
    """All that is asked inside takes at most `seconds` together. An inner budget never lengthens an outer one."""
    mine, outer = time.monotonic() + seconds, _deadline.get()
    token = _deadline.set(mine if outer is None else min(mine, outer))
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left() -> float:
    """What is left of the budget; outside of one, what a single call may take (STRIPE_BUDGET_SECONDS)."""
    deadline = _deadline.get()
    return settings.STRIPE_BUDGET_SECONDS if deadline is None else deadline - time.monotonic()


def patiently(ask: Callable[[float], Answer], *, no_answer: type[Exception]) -> Answer:
    """Let `ask(seconds)` make the same request again while that may help and the budget lasts.

    `seconds` is how long this attempt may take, `no_answer` what it raises when the connection fails. Returns the
    last answer, whatever it says; raises the last failure, or OutOfTime where there was no time left for a first try.
    """
    answer: Answer | None = None
    failure: Exception | None = None
    with budget(seconds_left()):
        for attempt in range(1, ATTEMPTS + 1):
            seconds = min(settings.STRIPE_TIMEOUT_SECONDS, seconds_left())
            if seconds <= 0:
                break
            try:
                answer, failure = ask(seconds), None
            except no_answer as error:
                answer, failure = None, error
            if answer and not _may_help_to_repeat(answer):
                return answer
            wait = _pause_after(attempt, answer)
            if attempt == ATTEMPTS or wait > LONGEST_RETRY_AFTER_SECONDS or wait >= seconds_left():
                break
            pause(wait)
    if answer is None:
        raise failure or OutOfTime("There was no time left to ask Stripe.")
    return answer


def pause(seconds: float) -> None:
    """Wait. The tests put something quicker in its place."""
    time.sleep(seconds)


def was_kept(headers: Mapping[str, str]) -> bool:
    """Whether an answer is one that Stripe keeps under the request's key: it is the same at every repetition."""
    return headers.get("Idempotent-Replayed", "").lower() == "true"


def _may_help_to_repeat(answer: Answer) -> bool:
    advice = answer.headers.get("Stripe-Should-Retry", "").lower()
    if advice in ("true", "false"):
        return advice == "true"
    if answer.status >= 500:
        return not was_kept(answer.headers)
    return answer.status in (409, 429)


def _pause_after(attempt: int, answer: Answer | None) -> float:
    """Twice as long each time, up to a bound, never the same for two; longer where Stripe asks for it."""
    longest = min(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1), LONGEST_PAUSE_SECONDS)
    ours = longest * _dice.uniform(0.5, 1)
    try:
        theirs = float(answer.headers.get("Retry-After", "0")) if answer else 0.0
    except ValueError:
        theirs = 0.0
    return max(ours, theirs)
