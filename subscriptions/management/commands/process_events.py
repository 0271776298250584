"""Handle what Stripe said and could not be handled at once."""

from typing import Any

from django.core.management.base import BaseCommand

from edge import clock
from subscriptions import receipts


class Command(BaseCommand):
    """The worker does it every minute; several at once do no harm."""

    help = "Try every receipt of Stripe that is older than two minutes and not handled, once."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(receipts.retry_unhandled(at=clock.now()).in_words)
