"""What time it is here: the wall's time and an offset that can be moved forward."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock:
    """One clock for everything in the sandbox. All moments are whole seconds since 1970, UTC."""

    def __init__(self, offset: int = 0):
        self.offset = offset
        self._held: int | None = None

    def now(self) -> int:
        """The sandbox's present moment."""
        return int(time.time()) + self.offset if self._held is None else self._held

    def move_to(self, moment: int) -> None:
        """Set the clock, from here on it runs with the wall again."""
        self.offset = moment - int(time.time())

    @contextmanager
    def held_at(self, moment: int) -> Iterator[None]:
        """Let it be exactly this moment for a while, so that what falls due happens at its own time."""
        before, self._held = self._held, moment
        try:
            yield
        finally:
            self._held = before
