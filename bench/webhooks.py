"""How many events a second the site handles in full: verified, kept, Stripe asked anew, row written, answered."""

import json
import time
import uuid
from typing import Any

from bench.many import Ask, seconds_for
from bench.stage import CONNECTIONS, SECRET

KEY = {"Authorization": "Bearer sk_test_bench"}
EXPAND = "expand[]=latest_invoice&expand[]=default_payment_method"


def a_round(site: str, stripe: str, ids: list[str], events: int) -> tuple[float, float]:
    """The seconds for so many events at the site, and for as many fetches at Stripe alone."""
    from subscriptions.models import StripeEvent

    StripeEvent.objects.all().delete()
    wanted = [ids[number % len(ids)] for number in range(events)]
    handled = seconds_for(site, [_event(one) for one in wanted], connections=CONNECTIONS)
    kept = StripeEvent.objects.exclude(handled_at=None).filter(remark="").count()
    if kept != events:
        raise RuntimeError(f"{kept} of {events} events were handled.")
    fetches = [Ask(f"/v1/subscriptions/{one}?{EXPAND}", KEY) for one in wanted]
    return handled, seconds_for(stripe, fetches, connections=CONNECTIONS)


def _event(subscription: str) -> Ask:
    """A signed event; its payload is a hint and may be short."""
    from stripe_sandbox.deliveries import signature
    from subscriptions.models import Customer

    owner = _owner_of(subscription, Customer)
    about: dict[str, Any] = {"id": subscription, "object": "subscription", "customer": owner}
    event = {
        "id": f"evt_{uuid.uuid4().hex[:24]}",
        "object": "event",
        "type": "customer.subscription.updated",
        "created": int(time.time()),
        "livemode": False,
        "api_version": "2026-10-28.endive",
        "data": {"object": about, "previous_attributes": {}},
    }
    body = json.dumps(event).encode()
    headers = {"Content-Type": "application/json", "Stripe-Signature": signature(SECRET, body, int(time.time()))}
    return Ask("/stripe/webhook/", headers, body)


def _owner_of(subscription: str, customers: Any) -> str:
    return customers.objects.get(reader__subscriptions__stripe_id=subscription).stripe_id
