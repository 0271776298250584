"""What is sold: a price, once sold, never changes. A new one is a new plan, and old readers keep theirs."""

from django.conf import settings
from django.db import transaction

from . import billing
from .models import Plan


def at_stripe(plan: Plan) -> str:
    """The id of the plan's price at Stripe, made there where it is missing. Raises BillingError."""
    gateway = billing.gateway()
    return gateway.price_of(plan.lookup_key) or gateway.make_price(
        lookup_key=plan.lookup_key,
        product=f"{settings.SITE_NAME}, {plan.get_interval_display().lower()}",
        cents=plan.price_cents,
        currency=plan.currency,
        interval=plan.interval,
    )


def change(interval: str, cents: int) -> Plan:
    """Sell this interval at `cents` (gross) from now on, to new readers. Raises BillingError, and then nothing changed.

    The trial is as long as before. A price that was on sale once is taken up again, so that each has one row.
    """
    old = Plan.objects.on_sale().filter(interval=interval).first()
    if old and old.price_cents == cents:
        return old
    new = _found_or_new(interval, cents)
    new.stripe_price_id = at_stripe(new)
    new.trial_days = old.trial_days if old else new.trial_days
    new.is_on_sale = True
    with transaction.atomic():
        Plan.objects.on_sale().filter(interval=interval).update(is_on_sale=False)
        new.save()
    return new


def made(interval: str, cents: int) -> Plan:
    """The plan at that price, on sale or not; made here and at Stripe where it is missing. Raises BillingError."""
    plan = Plan.objects.filter(interval=interval, price_cents=cents, currency="eur").exclude(stripe_price_id="").first()
    if plan:
        return plan
    plan = _found_or_new(interval, cents)
    plan.stripe_price_id = at_stripe(plan)
    plan.is_on_sale = plan.is_on_sale if plan.pk else False
    plan.save()
    return plan


def _found_or_new(interval: str, cents: int) -> Plan:
    known = Plan.objects.filter(interval=interval, price_cents=cents, lookup_key=_lookup_key(interval, cents))
    return known.first() or Plan(interval=interval, price_cents=cents, lookup_key=_lookup_key(interval, cents))


def _lookup_key(interval: str, cents: int) -> str:
    return f"{interval}-{cents}"
