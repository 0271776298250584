"""Send the letters that could not be sent when they were written."""

from typing import Any

from django.core.management.base import BaseCommand

from edge import clock
from readers import letters
from readers.models import Letter


class Command(BaseCommand):
    """To be run every few minutes; several at once do no harm."""

    help = "Send what was written and not yet sent. Exits with 1 while something is left."

    def handle(self, *args: Any, **options: Any) -> None:
        at = clock.now()
        tried = [letters.send(letter, at=at) for letter in Letter.objects.waiting(at=at).order_by("written_at")]
        left = tried.count(False)
        self.stdout.write(f"{tried.count(True)} sent, {left} left.")
        if left:
            raise SystemExit(1)
