"""When are the caches in front told? As soon as no process of ours gives out the old page any more.

A thread of each worker reads what the database itself has noted, so that no way of writing is forgotten and nothing is
told that was not committed. What it sees becomes a job, and is tried again like any other.
"""

import logging
import threading
from collections.abc import Iterable
from datetime import timedelta

from django.db import Error, connection, transaction

from edge import clock
from page_cache import purging
from page_cache.changes import LOOK_AT_LEAST_EVERY, Changes
from page_cache.sources import sources

from . import jobs
from .models import Run

log = logging.getLogger(__name__)
LOOK_EVERY_SECONDS = 0.5
# By then every process has looked, and what a cache fetches anew is the new page.
SETTLED = timedelta(seconds=LOOK_AT_LEAST_EVERY + 0.1)
WAIT = SETTLED + timedelta(seconds=LOOK_EVERY_SECONDS)


class Follower:
    """What one worker has seen. The first look finds everything that is still noted, of an hour or longer."""

    def __init__(self) -> None:
        self.notes = Changes().notes
        self.untold: set[str] = set()

    def look(self) -> set[str]:
        """Ask for a purge of what was written since the last look; returns those tables. Raises DatabaseError."""
        watched = {name for name, source in sources().items() if not source.by}
        self.untold |= self.notes.news() & watched
        told = self.untold
        if told:
            ask_for(told)
        # Only now: where the question could not be put into the queue, it is put there next time.
        self.untold = set()
        return told


def start(stop: threading.Event) -> threading.Thread | None:
    """Follow until `stop` is set, where there is a cache in front to tell."""
    if purging.purger() is None:
        return None
    thread = threading.Thread(target=_follow, args=(stop,), name="purges", daemon=True)
    thread.start()
    return thread


def ask_for(tags: Iterable[str]) -> bool:
    """Put a purge into the queue. False where one that waits, also another worker's, comes late enough for these."""
    wanted, now = sorted(tags), clock.now()
    with transaction.atomic():
        about_then = (now + SETTLED, now + WAIT)
        waiting = Run.objects.unfinished().filter(task_path=jobs.purge.module_path, run_after__range=about_then)
        if any(set(wanted) <= set(run.args_kwargs["args"][0]) for run in waiting):
            return False
        jobs.purge.using(run_after=now + WAIT).enqueue(wanted)
    return True


def _follow(stop: threading.Event) -> None:
    follower: Follower | None = None
    try:
        while not stop.is_set():
            try:
                connection.close_if_unusable_or_obsolete()
                follower = follower or Follower()
                follower.look()
            except Error as error:
                log.error("What has changed cannot be asked for: %s", type(error).__name__)
                connection.close()
            stop.wait(LOOK_EVERY_SECONDS)
    finally:
        connection.close()
