"""However many ask for a page at once, it is made once: by one thread, and of several processes by one."""

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.conf import settings

from edge import clock

from .changes import Changes
from .store import Kept, Store

if TYPE_CHECKING:
    from .common_store import CommonStore

# How long one waits for another who makes the same page, in seconds; then it is made twice.
PATIENCE = 10.0


class Making:
    """Who makes which page at the moment, in one process; and what is done with it."""

    def __init__(self, changes: Changes, store: Store) -> None:
        self.store = store
        self.common: CommonStore | None = None
        if settings.CACHE_URL:
            # Only here: the library takes a tenth of a second to import.
            from . import common_store

            self.common = common_store.CommonStore(settings.CACHE_URL, changes)
        self.locks: dict[Hashable, threading.Lock] = {}
        self.bookkeeping = threading.Lock()

    def once(self, key: Hashable, *, ready: Callable[[], Kept | None], make: Callable[[], Kept | None]) -> Kept | None:
        """The page, from whoever has it: this process, another one, or `make`. None where `make` keeps none."""
        with self._alone_here(key) as is_alone:
            if is_alone and (page := ready()):
                return page
            page = self._in_common(self.common, key, make) if self.common and self.common.is_there else make()
            if page is not None:
                self.store.put(key, page)
            return page

    def _in_common(self, common: "CommonStore", key: Hashable, make: Callable[[], Kept | None]) -> Kept | None:
        if page := common.get(key, at=clock.now()):
            return page
        with common.alone(key) as came_first:
            if not came_first and (page := common.get(key, at=clock.now())):
                return page
            if page := make():
                common.put(key, page, at=clock.now())
            return page

    @contextmanager
    def _alone_here(self, key: Hashable) -> Iterator[bool]:
        with self.bookkeeping:
            lock = self.locks.setdefault(key, threading.Lock())
        is_alone = lock.acquire(timeout=PATIENCE)
        try:
            yield is_alone
        finally:
            if is_alone:
                lock.release()
                with self.bookkeeping:
                    self.locks.pop(key, None)
