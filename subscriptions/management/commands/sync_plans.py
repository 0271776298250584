"""Find the price of each plan at Stripe by its lookup key, and make it there where it is missing."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from subscriptions import billing
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
        for plan in Plan.objects.on_sale():
            try:
                price_id = self._price_of(plan)
            except billing.BillingError as error:
                raise CommandError(f"Stripe could not be asked about {plan}: {error}") from error
            Plan.objects.filter(pk=plan.pk).update(stripe_price_id=price_id)
            self.stdout.write(f"{plan}: {price_id}")

    def _price_of(self, plan: Plan) -> str:
        return billing.gateway().price_of(plan.lookup_key) or billing.gateway().make_price(
            lookup_key=plan.lookup_key,
            product=f"{settings.SITE_NAME}, {plan.get_interval_display().lower()}",
            cents=plan.price_cents,
            currency=plan.currency,
            interval=plan.interval,
        )
