"""Events: what Stripe delivers to us, believed only when it is signed."""

import json
import time
from typing import Any

import stripe
from django.conf import settings

from .connection import Line
from .errors import NotFromStripe
from .facts import EventFacts
from .values import id_of

LONGEST_EVENT_ID = 80


class Events(Line):
    """Reads what is delivered."""

    def verified_event(self, body: bytes, signature: str) -> EventFacts:
        """The event in a delivery. Raises NotFromStripe for everything that Stripe did not sign for this site.

        Hostile bodies and signatures (`null`, deep nesting, broken UTF-8) raise a dozen kinds of exception on the way.
        """
        for secret in settings.STRIPE_WEBHOOK_SECRETS:
            try:
                # Only this of the SDK: its event object takes longer to make than all the rest.
                stripe.WebhookSignature.verify_header(body, signature, secret, stripe.Webhook.DEFAULT_TOLERANCE)
                _must_not_be_of_tomorrow(signature)
                payload = json.loads(body)
                _must_be_storable(payload, body)
            except stripe.SignatureVerificationError:
                continue
            except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
                raise NotFromStripe(f"unreadable: {type(error).__name__}") from error
            return _event_facts(payload, is_live=self._is_live)
        raise NotFromStripe("the signature is not Stripe's")


def event_from_receipt(payload: dict[str, Any]) -> EventFacts:
    """The event of a stored receipt, which was verified when it came. Raises NotFromStripe where it cannot be read."""
    return _event_facts(payload, is_live=payload.get("livemode") is True)


def _must_be_storable(payload: Any, body: bytes) -> None:
    """No database keeps a NUL in a text (in JSON it is always escaped), and no number of Stripe's is so long."""
    if isinstance(payload, dict) and (rb"\u0000" in body or len(str(payload.get("id"))) > LONGEST_EVENT_ID):
        raise NotFromStripe("the event holds what Stripe never sends")


def _must_not_be_of_tomorrow(signature: str) -> None:
    """The SDK refuses signatures that are too old and takes those from the future; we take neither."""
    stamps = [int(part[2:]) for part in signature.split(",") if part.startswith("t=")]
    if max(stamps) > time.time() + stripe.Webhook.DEFAULT_TOLERANCE:
        raise NotFromStripe("the signature is of a time to come")


def _event_facts(payload: dict[str, Any], *, is_live: bool) -> EventFacts:
    try:
        kind, object_ = payload["type"], payload["data"]["object"]
        if payload["livemode"] is not is_live:
            raise NotFromStripe("the event is of the other mode, live or test")
        if payload.get("account"):
            raise NotFromStripe("the event is of another account")
        of = object_["object"]
        parent = (object_.get("parent") or {}).get("subscription_details") or {}
        return EventFacts(
            stripe_id=payload["id"],
            kind=kind,
            customer_id=object_["id"] if of == "customer" else id_of(object_.get("customer")),
            subscription_id=object_["id"]
            if of == "subscription"
            else id_of(object_.get("subscription") or parent.get("subscription")),
            session_id=object_["id"] if of == "checkout.session" else "",
            payload=payload,
            payment_id=id_of(object_.get("payment_intent")),
            charge_id=object_["id"] if of == "charge" else id_of(object_.get("charge")),
            invoice_id=object_["id"] if of == "invoice" else "",
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise NotFromStripe(f"unreadable: {type(error).__name__}") from error
