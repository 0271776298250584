"""A reader ends a subscription: with what is paid of it, or at once where nothing paid is left."""

from datetime import datetime

from readers import letters

from . import billing, webhooks
from .access import UNPAID_STATUSES
from .models import Subscription


def cancel(subscription: Subscription, *, at: datetime) -> Subscription:
    """End it so that nothing more is charged, and confirm by letter. Raises BillingError.

    A paid or free period is read to its end. Where the period is not paid, or a pause has begun, there is nothing to
    wait for: it ends at once, and the open invoice is void, so that no later try of the bank's takes money.
    """
    with webhooks.locked(subscription.reader_id) as reader:
        gateway = billing.gateway()
        now = webhooks.record(reader, gateway.subscription(subscription.stripe_id), at=at)
        if not now.is_live:
            return now
        if not ends_at_once(now, at=at):
            return webhooks.record(reader, gateway.cancel_at_period_end(now.stripe_id), at=at)
        gateway.void_open_invoices(now.stripe_id)
        ended = webhooks.record(reader, gateway.end_now(now.stripe_id), at=at)
        if now.status in UNPAID_STATUSES:
            letters.cancelled(reader, reads_until=at, occasion=f"{now.stripe_id} at once", at=at)
        return ended


def ends_at_once(subscription: Subscription, *, at: datetime) -> bool:
    """Whether cancelling leaves nothing to read."""
    return subscription.status in UNPAID_STATUSES or subscription.pause_has_begun(at=at)
