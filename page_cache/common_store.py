"""Ready pages that several processes and machines have in common, in Redis or Valkey (CACHE_URL).

A page that one process made is right in another for as long as that one has seen no change which its maker could not
see. The databases' own numbers say so (`changes.Notes.has_later`), and each process looks for itself: nobody has to be
told anything, and a memory that comes back with what it held yesterday misleads nobody.
"""

import hashlib
import pickle
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from edge.shared_memory import Rest, connected, seal, unsealed

from .changes import KEEP_SECONDS, Changes
from .generation import generation
from .store import Kept

# Shorter than notes of changes are kept, by what clocks of machines may differ and a transaction may take.
OLDEST = timedelta(seconds=KEEP_SECONDS - 600)
# How long a process waits for another that makes the same page, and how often it looks whether it is done.
PATIENCE_SECONDS = 2.0
PAUSE_SECONDS = 0.02
# A maker that was killed is waited for no longer than this.
LOCK_MILLISECONDS = 5_000
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


class CommonStore:
    """Where CACHE_URL says. Whatever goes wrong there is as if it held nothing."""

    def __init__(self, url: str, changes: Changes) -> None:
        self.redis, self.changes, self.rest = connected(url), changes, Rest()

    @cached_property
    def prefix(self) -> str:
        """What the names of all pages begin with that are of use to us. Raises DatabaseError."""
        return f"page:{settings.SITE_HOST}:{generation()}:"

    @property
    def is_there(self) -> bool:
        """Whether it is known which pages would be of use."""
        try:
            return bool(self.prefix)
        except (DatabaseError, InterfaceError):
            connection.close()
            return False

    def get(self, key: Hashable, *, at: datetime) -> Kept | None:
        """The page of that key, if it is right at that moment as far as this process knows."""
        name = self._name(key)
        content = unsealed(self._asked("get", name), name=name)
        if content is None:
            return None
        page: Kept = pickle.loads(content)  # noqa: S301 - sealed by us
        number = self.changes.number
        is_right = page.made_at <= at < min(page.right_until, page.made_at + OLDEST)
        if not is_right or self.changes.has_changed_after(page.tables, page.position):
            return None
        return replace(page, begun_at_number=number)

    def put(self, key: Hashable, page: Kept, *, at: datetime) -> None:
        """Let the others have it."""
        name = self._name(key)
        lasts = min(page.right_until - at, OLDEST)
        milliseconds = int(lasts.total_seconds() * 1000)
        if milliseconds > 0:
            self._asked("set", name, seal(pickle.dumps(page), name=name), px=milliseconds)

    @contextmanager
    def alone(self, key: Hashable) -> Iterator[bool]:
        """While this holds no other process makes that page. False where one was waited for: it may be there now."""
        name, token = f"{self._name(key)}:making", f"{id(self)}-{time.monotonic_ns()}"
        until, has_waited = time.monotonic() + PATIENCE_SECONDS, False
        while self._asked("set", name, token, nx=True, px=LOCK_MILLISECONDS) is None and not self.rest.is_away:
            has_waited = True
            if time.monotonic() > until:
                break
            time.sleep(PAUSE_SECONDS)
        try:
            yield not has_waited
        finally:
            self._asked("eval", _RELEASE, 1, name, token)

    def _asked(self, command: str, *args: Any, **options: Any) -> Any:
        return self.rest.ask(lambda: getattr(self.redis, command)(*args, **options), otherwise=lambda: None)

    def _name(self, key: Hashable) -> str:
        return self.prefix + hashlib.sha256(repr(key).encode()).hexdigest()
