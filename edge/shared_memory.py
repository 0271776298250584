"""A memory that several processes and machines share (Redis or Valkey, CACHE_URL): fast, and never relied upon.

Where it does not answer in time it is left alone for a moment, and whoever asked does without. What it holds is
sealed, so that somebody who can write there can make nobody believe, or run, anything.
"""

import hashlib
import hmac
import logging
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from django.conf import settings
from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

Said = TypeVar("Said")
log = logging.getLogger(__name__)
# A page that Django makes takes longer than this: whoever waits longer for a copy has lost.
ANSWERS_WITHIN_SECONDS = 0.25
# For so long nobody asks again what did not answer.
RESTS_SECONDS = 2.0
_SEAL_BYTES = 32
# One more try: a connection may stem from before a restart.
CONNECTION = {
    "socket_timeout": ANSWERS_WITHIN_SECONDS,
    "socket_connect_timeout": ANSWERS_WITHIN_SECONDS,
    "retry": Retry(NoBackoff(), 1),
}


class Rest:
    """Leaves alone for a while what did not answer, so that its absence costs one visitor a moment and not all."""

    def __init__(self) -> None:
        self.until = 0.0
        self.is_away = False
        self.lock = threading.Lock()

    def ask(self, question: Callable[[], Said], *, otherwise: Callable[[], Said]) -> Said:
        """What the question gives, or what is done without. Raises nothing that the memory raises."""
        if not self._may_ask():
            return otherwise()
        try:
            said = question()
        except (RedisError, OSError) as error:
            self._begin(error)
            return otherwise()
        if self.is_away:
            self.is_away = False
            log.warning("The shared memory answers again.")
        return said

    def _may_ask(self) -> bool:
        if not self.is_away:
            return True
        with self.lock:
            if time.monotonic() < self.until:
                return False
            # One tries; the others go on without.
            self.until = time.monotonic() + RESTS_SECONDS
            return True

    def _begin(self, error: Exception) -> None:
        if not self.is_away:
            log.error("The shared memory does not answer; going on without: %s", type(error).__name__)
        with self.lock:
            self.is_away, self.until = True, time.monotonic() + RESTS_SECONDS


@cache
def connected(url: str) -> Redis:
    """The memory at that address; connects when it is asked."""
    return Redis(connection_pool=ConnectionPool.from_url(url, **CONNECTION))


def seal(content: bytes, *, name: str) -> bytes:
    """The content, with what proves that we put it there under that name."""
    return _proof(content, name) + content


def unsealed(sealed: bytes | None, *, name: str) -> bytes | None:
    """What was sealed under that name; None for anything else."""
    if sealed is None or len(sealed) < _SEAL_BYTES:
        return None
    proof, content = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
    return content if hmac.compare_digest(proof, _proof(content, name)) else None


def _proof(content: bytes, name: str) -> bytes:
    key = hashlib.sha256(b"edge.shared_memory" + settings.SECRET_KEY.encode()).digest()
    return hmac.digest(key, len(name).to_bytes(4, "big") + name.encode() + content, "sha256")
