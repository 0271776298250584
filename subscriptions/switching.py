"""A reader takes the other plan: what it costs is shown first, kept, and then agreed."""

import uuid
from datetime import datetime

from django.core import signing

from . import contracts, webhooks
from .models import Plan, Subscription

SALT = "subscriptions.switching"


class NotShown(Exception):
    """The button was pressed without a page of ours before it."""


def seal(summary: str) -> str:
    """What goes with the button: one intention, and what stood above it, so that nobody can put other words there."""
    return signing.dumps({"intention": str(uuid.uuid4()), "shown": summary}, salt=SALT, compress=True)


def switch(subscription: Subscription, plan: Plan, *, sealed: str, at: datetime) -> Subscription:
    """Change the plan at Stripe as agreed; twice with the same seal changes it once. Raises NotShown, BillingError.

    What was shown is written down before Stripe is asked, so that it is there whoever records the answer.
    """
    try:
        agreed = signing.loads(sealed, salt=SALT)
    except signing.BadSignature as error:
        raise NotShown from error
    contracts.show_change(subscription, plan, shown_html=agreed["shown"], at=at)
    key = f"switch-{subscription.stripe_id}-{agreed['intention']}"
    return webhooks.change(
        subscription, lambda gateway: gateway.switch(subscription.stripe_id, plan.stripe_price_id, key=key), at=at
    )
