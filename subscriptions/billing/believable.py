"""Is this an answer to what was asked? A proxy, a broken line or another's mistake may put anything in its place.

What is no answer of Stripe's, or one about something else, counts as none at all: it may have been done, and the same
request under the same key is made again (billing/connection.py).
"""

import json
import re
from typing import Any
from urllib.parse import urlsplit

# What a thing of each collection calls itself (Stripe API reference, "object").
OBJECTS = {
    "customers": "customer",
    "subscriptions": "subscription",
    "subscription_schedules": "subscription_schedule",
    "invoices": "invoice",
    "invoiceitems": "invoiceitem",
    "prices": "price",
    "products": "product",
    "refunds": "refund",
    "charges": "charge",
    "payment_intents": "payment_intent",
    "setup_intents": "setup_intent",
    "payment_methods": "payment_method",
    "credit_notes": "credit_note",
    "disputes": "dispute",
    "events": "event",
    "tax_rates": "tax_rate",
    "checkout/sessions": "checkout.session",
    "billing_portal/sessions": "billing_portal.session",
    "billing_portal/configurations": "billing_portal.configuration",
}
_ADDRESS = re.compile(
    r"/v1/(?P<collection>(?:checkout/|billing_portal/)?[a-z_]+)"
    r"(?:/(?P<id>[a-z_]+_(?=[A-Za-z]*\d|[a-z]*[A-Z])[A-Za-z0-9]{8,})(?:/(?P<rest>[a-z_]+))?)?"
)
_MANY = ("list", "search_result")


def answers(url: str, body: Any) -> bool:
    """Whether a body that came with a status of success can be the answer to a request to that address."""
    try:
        said = json.loads(body)
    except ValueError:
        return False
    if not isinstance(said, dict):
        return False
    asked = _ADDRESS.fullmatch(urlsplit(url).path)
    if asked is None or asked["collection"] not in OBJECTS:
        return True
    if asked["rest"] and asked["rest"].endswith("s"):
        # What belongs to the thing, in a collection of its own.
        return True
    kind = OBJECTS[asked["collection"]]
    if asked["id"]:
        return said.get("object") == kind and said.get("id") == asked["id"]
    return said.get("object") in (kind, *_MANY)
