"""How many tried to sign in and could not, lately. Counted in the cache: of nobody, and for a few hours only."""

from datetime import datetime, timedelta
from typing import Any

from allauth.account.signals import login_code_rejected, password_reset_code_rejected
from allauth.mfa.signals import authentication_failed
from django.contrib.auth.signals import user_login_failed
from django.core.cache import cache
from django.dispatch import Signal

from edge import clock

# Counted in pieces, so that the last hour can be told at any minute.
PIECE = timedelta(minutes=10)
PIECES = 6
KEPT_SECONDS = 2 * 3600
FAILURES: tuple[Signal, ...] = (
    user_login_failed,
    login_code_rejected,
    password_reset_code_rejected,
    authentication_failed,
)


def listen() -> None:
    """Begin to count."""
    for signal in FAILURES:
        signal.connect(_failed)


def last_hour(*, at: datetime) -> int:
    """How many failed in the hour before that moment, to ten minutes."""
    return sum(cache.get_many([_key(at - PIECE * back) for back in range(PIECES)]).values())


def _failed(**about: Any) -> None:
    key = _key(clock.now())
    if not cache.add(key, 1, KEPT_SECONDS):
        try:
            cache.incr(key)
        except ValueError:
            # Gone between the two, or a cache that is away and said so.
            cache.set(key, 1, KEPT_SECONDS)


def _key(at: datetime) -> str:
    return f"sign_in_failures:{int(at.timestamp() // PIECE.total_seconds())}"
