"""Run what is due: `newsroom/jobs.py` says what comes back, and how often."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from newsroom import purges, worker

STOP = {signal.SIGTERM, signal.SIGINT}


class Command(BaseCommand):
    """Runs until it is told to stop. Several at once share the work."""

    help = "Run jobs until SIGTERM or Ctrl-C; the job at hand is finished first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Run what is due now, then stop.")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        if once:
            runs = worker.work_once()
            self.stdout.write(f"{runs} run{'' if runs == 1 else 's'}.")
            return
        stop = _told_to_stop()
        purges.start(stop)
        worker.work(stop)


def _told_to_stop() -> threading.Event:
    """Set by SIGTERM or Ctrl-C. A thread waits for them: a handler could interrupt the wait that it has to end."""
    stop = threading.Event()
    for number in STOP:
        # Also where a shell started us in the background, with Ctrl-C ignored.
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)

    def wait() -> None:
        signal.sigwait(STOP)
        stop.set()

    threading.Thread(target=wait, name="told to stop", daemon=True).start()
    return stop
