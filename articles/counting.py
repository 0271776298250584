"""Counts opened articles as their pages go out, in memory; every few seconds the sums are written down.

So reading costs no write, whether a page is ready or made for one reader. What a process has counted and not yet
written is lost when it is killed: a few seconds, and nobody is charged by it.
"""

import atexit
import logging
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.utils.timezone import localtime

from edge import clock
from edge.caching import COUNTS_AS

from . import results

log = logging.getLogger(__name__)
# Programs that say so: browsers give no address of themselves and have none of these names.
_NAMES = r"bot|crawl|spider|slurp|https?:|curl|wget|python|preview|monitor|headless|feed|go-http|java/"
_PROGRAM = re.compile(_NAMES, re.IGNORECASE)
# After so many articles the database has been away for long: what is counted from then on is let go.
MOST_HELD = 50_000


class Tally:
    """What this process has counted and not yet written."""

    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.is_waiting = False

    def add(self, label: str) -> None:
        """Count one more, and see that it will be written."""
        with self.lock:
            if label in self.counted or len(self.counted) < MOST_HELD:
                self.counted[label] += 1
            wake, self.is_waiting = not self.is_waiting, True
        if wake and settings.RESULTS_WRITTEN_SECONDS:
            timer = threading.Timer(settings.RESULTS_WRITTEN_SECONDS, self._write_in_time)
            timer.daemon = True
            timer.start()

    def write(self) -> None:
        """Write down what was counted. Where the database is away it is kept for the next time."""
        with self.lock:
            counted, self.counted, self.is_waiting = self.counted, Counter(), False
        if not counted:
            return
        try:
            results.add(counted, day=localtime(clock.now()).date())
        except Error:
            log.warning("What was opened could not be written down; it is kept.")
            with self.lock:
                self.counted.update(counted)

    def _write_in_time(self) -> None:
        try:
            self.write()
        finally:
            connection.close()


TALLY = Tally()
atexit.register(TALLY.write)


class Counted:
    """A WSGI application around another: what goes out to somebody is counted (`edge.caching.counts_as`)."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = self.application(environ, start_response)
        if (label := environ.get(COUNTS_AS)) and _is_somebody(environ):
            TALLY.add(label)
        return answer


def _is_somebody(environ: dict[str, Any]) -> bool:
    """Whether a person has asked to see the page now, as far as one is told."""
    ahead = environ.get("HTTP_SEC_PURPOSE", "") + environ.get("HTTP_PURPOSE", "")
    agent = environ.get("HTTP_USER_AGENT", "")
    return environ["REQUEST_METHOD"] == "GET" and "prefetch" not in ahead and bool(agent) and not _PROGRAM.search(agent)
