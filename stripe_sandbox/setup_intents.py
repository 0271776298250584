"""Keeping a payment method for later without taking money now."""

from typing import Any

from . import cards, payment_methods
from .cards import ACTION, DECLINES
from .errors import declined, invalid
from .events import add, record
from .ids import new_id, random_text
from .parameters import FLAG, METADATA, RANGE, TEXT, listed_by, merged_metadata
from .store import Thing
from .view import page
from .world import World


def new(world: World, customer: str | None, **more: Any) -> Thing:
    """A setup intent that waits for a payment method."""
    wanted = new_id("seti")
    return add(
        world,
        "setup_intent.created",
        {
            "id": wanted,
            "object": "setup_intent",
            "application": None,
            "automatic_payment_methods": None,
            "cancellation_reason": None,
            "client_secret": f"{wanted}_secret_{random_text(25)}",
            "created": world.now,
            "customer": customer,
            "description": None,
            "last_setup_error": None,
            "latest_attempt": None,
            "livemode": False,
            "mandate": None,
            "metadata": {},
            "next_action": None,
            "payment_method": None,
            "payment_method_types": ["card", "sepa_debit", "bancontact", "ideal"],
            "status": "requires_payment_method",
            "usage": "off_session",
        }
        | more,
    )


def attempt(world: World, intent: Thing, method: Thing, *, authenticated: bool = False) -> bool:
    """Set the payment method up for later. True when that worked; the intent says what is missing otherwise."""
    behaviour = cards.behaviour_of(method["_number"])
    intent["payment_method"] = method["id"]
    if behaviour.setup in DECLINES:
        decline = DECLINES[behaviour.setup]
        error = {"type": "card_error", "code": decline.code, "message": decline.message}
        intent |= {"status": "requires_payment_method", "payment_method": None, "last_setup_error": error}
        world.store.save(intent)
        record(world, "setup_intent.setup_failed", intent)
        return False
    if behaviour.setup == ACTION and not authenticated:
        intent["status"] = "requires_action"
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"url": f"{world.base_url}/authenticate/{intent['id']}", "return_url": None},
        }
        world.store.save(intent)
        record(world, "setup_intent.requires_action", intent)
        return False
    if authenticated:
        method["_authenticated"] = True
        world.store.save(method)
    intent |= {"status": "succeeded", "next_action": None, "last_setup_error": None}
    world.store.save(intent)
    record(world, "setup_intent.succeeded", intent)
    return True


def create(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/setup_intents"""
    confirms = given.pop("confirm", False)
    customer = given.get("customer")
    if customer:
        world.fetch("customer", customer, param="customer")
    intent = new(
        world,
        customer,
        description=given.get("description"),
        metadata=merged_metadata({}, given.get("metadata", {})),
        payment_method=given.get("payment_method"),
        usage=given.get("usage", "off_session"),
    )
    if given.get("payment_method"):
        intent["status"] = "requires_confirmation"
        world.store.save(intent)
    return confirm(world, given, intent["id"]) if confirms else intent


def confirm(world: World, given: dict[str, Any], intent: str) -> Thing:
    """POST /v1/setup_intents/{id}/confirm"""
    found = world.fetch("setup_intent", intent)
    wanted = given.get("payment_method") or found["payment_method"]
    if found["status"] in ("succeeded", "canceled") or not wanted:
        raise invalid(
            f"This SetupIntent's status is {found['status']}; it cannot be confirmed.",
            code="setup_intent_unexpected_state",
        )
    method = world.fetch("payment_method", wanted, param="payment_method")
    if attempt(world, found, method) and found["customer"]:
        payment_methods.attach_to(world, method, found["customer"])
    decline = DECLINES.get(cards.behaviour_of(method["_number"]).setup)
    if decline:
        raise declined(decline.message, code=decline.code, decline_code=decline.decline_code, intent=None)
    return found


def cancel(world: World, given: dict[str, Any], intent: str) -> Thing:
    """POST /v1/setup_intents/{id}/cancel"""
    found = world.fetch("setup_intent", intent)
    if found["status"] in ("succeeded", "canceled"):
        raise invalid(
            f"You cannot cancel this SetupIntent because it has a status of {found['status']}.",
            code="setup_intent_unexpected_state",
        )
    found |= {"status": "canceled", "cancellation_reason": given.get("cancellation_reason")}
    world.store.save(found)
    record(world, "setup_intent.canceled", found)
    return found


def show(world: World, given: dict[str, Any], intent: str) -> Thing:
    """GET /v1/setup_intents/{id}"""
    return world.fetch("setup_intent", intent)


def list_all(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/setup_intents"""
    where = {name: given.get(name) for name in ("customer", "payment_method")}
    return page(world, "setup_intent", "/v1/setup_intents", given, where)


NEW = {
    "confirm": FLAG,
    "customer": TEXT,
    "description": TEXT,
    "metadata": METADATA,
    "payment_method": TEXT,
    "usage": ("off_session", "on_session"),
}
CANCEL_REASONS = ("abandoned", "duplicate", "requested_by_customer")
ROUTES = [
    ("POST", "/v1/setup_intents", create, NEW),
    ("GET", "/v1/setup_intents", list_all, listed_by(customer=TEXT, payment_method=TEXT, created=RANGE)),
    ("GET", "/v1/setup_intents/{intent}", show, {"client_secret": TEXT}),
    ("POST", "/v1/setup_intents/{intent}/confirm", confirm, {"payment_method": TEXT, "return_url": TEXT}),
    ("POST", "/v1/setup_intents/{intent}/cancel", cancel, {"cancellation_reason": CANCEL_REASONS}),
]
