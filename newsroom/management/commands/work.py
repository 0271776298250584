"""Run what is due: `newsroom/jobs.py` says what comes back, and how often."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from newsroom import worker


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
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        worker.work(stop)
