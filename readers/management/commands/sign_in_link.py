"""Print a one-time address whose button signs somebody in."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from edge import clock
from readers.models import SignInLink, User


class Command(BaseCommand):
    """For the operator, for support, and for tools that test from outside."""

    help = "Print a one-time address. Opening it changes nothing; its button signs that reader in, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="The address of an account that exists.")
        parser.add_argument("--minutes", type=int, default=15, help="How long it works (15).")

    def handle(self, *args: Any, email: str, minutes: int, **options: Any) -> None:
        if not 1 <= minutes <= 24 * 60:
            raise CommandError("--minutes must be between 1 and 1440.")
        try:
            reader = User.objects.get_by_natural_key(email)
        except User.DoesNotExist:
            raise CommandError(f"There is no account with the address {email}.") from None
        if not reader.is_active:
            raise CommandError(f"The account of {email} is closed.")
        token = SignInLink.objects.make(reader, at=clock.now(), lasts=timedelta(minutes=minutes))
        self.stdout.write(settings.SITE_URL + reverse("sign_in_link", args=[token]))
