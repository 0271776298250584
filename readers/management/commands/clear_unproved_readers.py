"""Forget addresses that somebody typed and nobody proved."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from edge import clock
from readers.models import SignInLink, User

KEPT_FOR = timedelta(days=2)
LINKS_KEPT_FOR = timedelta(days=30)


class Command(BaseCommand):
    """To be run once a day."""

    help = "Delete accounts that are older than two days, were never signed in to, and have nothing attached."

    def handle(self, *args: Any, **options: Any) -> None:
        at = clock.now()
        never_came = User.objects.who_never_came(since=at - KEPT_FOR)
        count = never_came.count()
        never_came.delete()
        SignInLink.objects.filter(expires_at__lt=at - LINKS_KEPT_FOR).delete()
        self.stdout.write(f"{count} unproved address{'' if count == 1 else 'es'} forgotten.")
