"""Find each plan's price at Stripe by its lookup key, and make it where it is missing; and the portal's settings."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from subscriptions import billing, prices
from subscriptions.models import Plan

# What the newsroom sells from the first day, in cents, VAT inside.
FIRST_PLANS = (("year", 15000), ("month", 1500))


class Command(BaseCommand):
    """`manage.py sync_plans`: safe to run at any time, and at every start."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        for interval, cents in FIRST_PLANS:
            if not Plan.objects.filter(interval=interval).exists():
                Plan.objects.create(interval=interval, price_cents=cents, lookup_key=f"{interval}-{cents}")
        try:
            for plan in Plan.objects.on_sale():
                price_id = prices.at_stripe(plan)
                Plan.objects.filter(pk=plan.pk).update(stripe_price_id=price_id)
                self.stdout.write(f"{plan}: {price_id}")
            self.stdout.write(f"Portal: {billing.gateway().portal()}")
        except billing.BillingError as error:
            raise CommandError(f"Stripe could not be asked: {error}") from error
