"""Send the letters that could not be sent when they were written."""

from typing import Any

from django.core.management.base import BaseCommand

from edge import clock
from readers import letters


class Command(BaseCommand):
    """The worker does it every minute; several at once do no harm."""

    help = "Send what was written and not yet sent. Exits with 1 while something is left."

    def handle(self, *args: Any, **options: Any) -> None:
        sent, left = letters.send_waiting(at=clock.now(), put_off_too=True, lasts=None)
        self.stdout.write(f"{sent} sent, {left} left.")
        if left:
            raise SystemExit(1)
