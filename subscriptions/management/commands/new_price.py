"""Sell at another price from now on; those who have subscribed keep the old one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from subscriptions import billing, prices
from subscriptions.models import Plan


class Command(BaseCommand):
    """`manage.py new_price year 18000`: the plan, its price at Stripe, and the old one off sale, all or nothing."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("interval", choices=Plan.Interval.values)
        parser.add_argument("cents", type=int, help="The price in cents, VAT inside.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["cents"] <= 0:
            raise CommandError("The price must be more than 0 cents.")
        try:
            plan = prices.change(options["interval"], options["cents"])
        except billing.BillingError as error:
            raise CommandError(f"Stripe could not be asked, and nothing has changed: {error}") from error
        self.stdout.write(f"On sale: {plan} ({plan.stripe_price_id}).")
