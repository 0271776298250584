"""The ready pages of one process: as many as fit, the least asked for leave first."""

import threading
from collections import OrderedDict
from collections.abc import Hashable

from .page import Page
from .shared import SharedPage

Kept = Page | SharedPage


class Store:
    """Pages by key, in at most so many bytes."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self.pages: OrderedDict[Hashable, Kept] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, key: Hashable) -> Kept | None:
        """The page of that key, which from now on counts as just asked for."""
        page = self.pages.get(key)
        if page is not None:
            with self.lock:
                if key in self.pages:
                    self.pages.move_to_end(key)
        return page

    def put(self, key: Hashable, page: Kept) -> None:
        """Keep it, and let go of what no longer fits. One that is too big by itself is not kept."""
        with self.lock:
            self._drop(key)
            if page.size * 4 > self.most_bytes:
                return
            self.pages[key] = page
            self.bytes += page.size
            while self.bytes > self.most_bytes:
                self._drop(next(iter(self.pages)))

    def drop(self, key: Hashable) -> None:
        """Forget the page of that key."""
        with self.lock:
            self._drop(key)

    def _drop(self, key: Hashable) -> None:
        if old := self.pages.pop(key, None):
            self.bytes -= old.size
