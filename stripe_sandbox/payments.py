"""Taking money: payment intents, and the charges they make."""

from dataclasses import dataclass
from typing import Any, NoReturn

from . import cards, payment_methods
from .cards import ACTION, DECLINES, LATER, Decline
from .clock import DAY
from .errors import declined, invalid
from .events import add, changing, record
from .ids import new_id, random_text
from .parameters import FLAG, METADATA, RANGE, TEXT, listed_by, merged_metadata
from .store import Thing
from .view import included, listing, page, shown
from .world import World

SEPA_SETTLES_AFTER = 5 * DAY
OPEN_STATES = ("requires_payment_method", "requires_confirmation", "requires_action")


@dataclass(frozen=True)
class Outcome:
    """How an attempt to pay went: succeeded, processing, action or declined."""

    word: str
    decline: Decline | None = None

    @property
    def went_through(self) -> bool:
        """Whether the money is here or on its way."""
        return self.word in ("succeeded", "processing")


def new_intent(world: World, *, amount: int, currency: str, customer: str | None, **more: Any) -> Thing:
    """An intent to take this amount (cents), not tried yet."""
    wanted = new_id("pi")
    return add(
        world,
        "payment_intent.created",
        {
            "id": wanted,
            "object": "payment_intent",
            "amount": amount,
            "amount_capturable": 0,
            "amount_received": 0,
            "application": None,
            "automatic_payment_methods": None,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": "automatic",
            "client_secret": f"{wanted}_secret_{random_text(25)}",
            "confirmation_method": "automatic",
            "created": world.now,
            "currency": currency,
            "customer": customer,
            "description": None,
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": {},
            "next_action": None,
            "payment_method": None,
            "payment_method_types": ["card", "sepa_debit", "bancontact", "ideal"],
            "processing": None,
            "receipt_email": None,
            "setup_future_usage": "off_session",
            "shipping": None,
            "statement_descriptor": None,
            "status": "requires_payment_method",
            "transfer_group": None,
        }
        | more,
    )


def attempt(world: World, intent: Thing, method: Thing, *, authenticated: bool = False) -> Outcome:
    """Try to take the money with this payment method, and record what came of it."""
    outcome = _judged(world, intent["customer"], method, authenticated)
    if authenticated:
        method["_authenticated"] = True
        world.store.save(method)
    intent["payment_method"] = method["id"]
    if outcome.word == "action":
        _wait_for_payer(world, intent)
    elif outcome.word == "declined":
        refuse(world, intent, method, outcome.decline or DECLINES["generic_decline"])
    elif outcome.word == "processing":
        _wait_for_bank(world, intent, method)
    else:
        charge = _charge(world, intent, method, "succeeded")
        _succeed(world, intent, charge)
        if method.pop("_paid_at_the_bank", None):  # From now on the account behind it is debited.
            world.store.save(method)
        if cards.behaviour_of(method["_number"]).disputed:
            world.agenda.put("open_dispute", charge["id"], world.now)
    return outcome


def _judged(world: World, customer: str | None, method: Thing, authenticated: bool) -> Outcome:
    if customer and _failure_ordered(world, customer):
        return Outcome("declined", DECLINES["generic_decline"])
    behaviour = cards.behaviour_of(method["_number"])
    known_to_bank = authenticated or method.get("_authenticated")
    if behaviour.charge == ACTION and not authenticated:
        return Outcome("action")
    if behaviour.setup == ACTION and not known_to_bank:
        return Outcome("action")
    if behaviour.charge in DECLINES:
        return Outcome("declined", DECLINES[behaviour.charge])
    if behaviour.charge == LATER and method["type"] == "sepa_debit" and not method.get("_paid_at_the_bank"):
        return Outcome("processing")
    return Outcome("succeeded")


def order_failures(world: World, customer: str, times: int) -> None:
    """Let the next so many payments of a customer fail, whatever the card says."""
    orders = world.store.setting("failures", {})
    orders[customer] = times
    world.store.set_setting("failures", {name: left for name, left in orders.items() if left > 0})


def failures_ordered(world: World) -> dict[str, int]:
    """Customers whose next payments will fail, and how many."""
    return world.store.setting("failures", {})


def _failure_ordered(world: World, customer: str) -> bool:
    left = failures_ordered(world).get(customer, 0)
    if left:
        order_failures(world, customer, left - 1)
    return left > 0


def _wait_for_payer(world: World, intent: Thing) -> None:
    where = intent.get("_page") or f"/i/{intent.get('_invoice')}"
    intent["status"] = "requires_action"
    intent["next_action"] = {
        "type": "redirect_to_url",
        "redirect_to_url": {"url": world.base_url + where, "return_url": None},
    }
    world.store.save(intent)
    record(world, "payment_intent.requires_action", intent)


def _wait_for_bank(world: World, intent: Thing, method: Thing) -> None:
    charge = _charge(world, intent, method, "pending")
    intent |= {"status": "processing", "latest_charge": charge["id"], "next_action": None}
    world.store.save(intent)
    record(world, "payment_intent.processing", intent)
    record(world, "charge.pending", charge)
    world.agenda.put("settle_payment", intent["id"], world.now + SEPA_SETTLES_AFTER)


def settle(world: World, intent: Thing) -> Outcome:
    """The bank's answer to a debit that was on its way."""
    method = world.fetch("payment_method", intent["payment_method"])
    charge = world.fetch("charge", intent["latest_charge"])
    if cards.behaviour_of(method["_number"]).settles:
        charge |= {"status": "succeeded", "paid": True, "captured": True, "amount_captured": charge["amount"]}
        world.store.save(charge)
        _succeed(world, intent, charge)
        return Outcome("succeeded")
    decline = DECLINES["debit_refused"]
    _fail_charge(world, charge, decline)
    _give_back(world, intent, method, charge, decline)
    return Outcome("declined", decline)


def refuse(world: World, intent: Thing, method: Thing, decline: Decline) -> None:
    """Record that the bank said no."""
    charge = _charge(world, intent, method, "failed")
    _fail_charge(world, charge, decline)
    _give_back(world, intent, method, charge, decline)


def _fail_charge(world: World, charge: Thing, decline: Decline) -> None:
    charge |= {
        "status": "failed",
        "paid": False,
        "captured": False,
        "failure_code": decline.code,
        "failure_message": decline.message,
    }
    charge["outcome"] |= {"type": "issuer_declined", "network_status": "declined_by_network"}
    charge["outcome"]["reason"] = decline.decline_code
    world.store.save(charge)
    record(world, "charge.failed", charge)


def _give_back(world: World, intent: Thing, method: Thing, charge: Thing, decline: Decline) -> None:
    error = {"type": "card_error", "code": decline.code, "message": decline.message, "charge": charge["id"]}
    if decline.decline_code:
        error["decline_code"] = decline.decline_code
    intent |= {
        "status": "requires_payment_method",
        "latest_charge": charge["id"],
        "payment_method": None,
        "next_action": None,
        "last_payment_error": error | {"payment_method": shown(world, method)},
    }
    world.store.save(intent)
    record(world, "payment_intent.payment_failed", intent)


def _succeed(world: World, intent: Thing, charge: Thing) -> None:
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "last_payment_error": None,
        "next_action": None,
    }
    world.store.save(intent)
    record(world, "charge.succeeded", charge)
    record(world, "payment_intent.succeeded", intent)


def _charge(world: World, intent: Thing, method: Thing, status: str) -> Thing:
    kind = method["type"]
    through = status == "succeeded"
    details = dict(method.get(kind) or {})
    for name in ("display_brand", "networks", "generated_from", "three_d_secure_usage"):
        details.pop(name, None)
    if kind == "card":
        details |= {"network": details["brand"], "three_d_secure": None, "installments": None, "mandate": None}
    return world.store.save(
        {
            "id": new_id("ch"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount"] if through else 0,
            "amount_refunded": 0,
            "balance_transaction": new_id("txn") if through else None,
            "billing_details": method["billing_details"],
            "captured": through,
            "created": world.now,
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "disputed": False,
            "failure_code": None,
            "failure_message": None,
            "fraud_details": {},
            "livemode": False,
            "metadata": intent["metadata"],
            "outcome": {
                "type": "authorized",
                "network_status": "approved_by_network",
                "reason": None,
                "risk_level": "normal",
                "seller_message": "Payment complete." if through else None,
            },
            "paid": through,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": {"type": kind, kind: details},
            "receipt_email": None,
            "receipt_number": None,
            "receipt_url": None,
            "refunded": False,
            "shipping": None,
            "status": status,
        }
    )


def cancel_intent(world: World, intent: Thing, reason: str | None) -> None:
    """Give up on an intent that was not paid. Raises `ApiError` (400) when it was."""
    if intent["status"] not in OPEN_STATES:
        raise invalid(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    intent |= {"status": "canceled", "canceled_at": world.now, "cancellation_reason": reason}
    world.store.save(intent)
    record(world, "payment_intent.canceled", intent)


def refusal(world: World, intent: Thing, outcome: Outcome, *, keeps_changes: bool = True) -> NoReturn:
    """Raise Stripe's 402 for an attempt that did not go through; without its changes it never happened."""
    decline = outcome.decline or DECLINES["authentication_required"]
    problem = declined(
        decline.message, code=decline.code, decline_code=decline.decline_code, intent=shown(world, intent)
    )
    problem.keeps_changes = keeps_changes
    raise problem


def confirm(world: World, given: dict[str, Any], intent: str) -> Thing:
    """POST /v1/payment_intents/{id}/confirm, for intents that belong to no invoice."""
    found = world.fetch("payment_intent", intent)
    wanted = given.get("payment_method") or found["payment_method"]
    if found.get("_invoice"):
        raise invalid("This sandbox pays an invoice through /v1/invoices/{id}/pay or its hosted page.")
    if found["status"] not in OPEN_STATES or not wanted:
        raise invalid(
            f"This PaymentIntent's status is {found['status']}; it cannot be confirmed.",
            code="payment_intent_unexpected_state",
        )
    method = payment_methods.usable(world, wanted, found["customer"], "payment_method")
    outcome = attempt(world, found, method)
    if outcome.word == "declined":
        refusal(world, found, outcome)
    return found


def cancel(world: World, given: dict[str, Any], intent: str) -> Thing:
    """POST /v1/payment_intents/{id}/cancel"""
    found = world.fetch("payment_intent", intent)
    if found.get("_invoice"):
        raise invalid("The PaymentIntent of an invoice is cancelled by voiding the invoice.")
    cancel_intent(world, found, given.get("cancellation_reason"))
    return found


def update(world: World, given: dict[str, Any], intent: str) -> Thing:
    """POST /v1/payment_intents/{id}"""
    found = world.fetch("payment_intent", intent)
    if "metadata" in given:
        given["metadata"] = merged_metadata(found["metadata"], given["metadata"])
    found.update(given)
    return world.store.save(found)


def show_intent(world: World, given: dict[str, Any], intent: str) -> Thing:
    """GET /v1/payment_intents/{id}"""
    return world.fetch("payment_intent", intent)


def list_intents(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/payment_intents"""
    where = {"customer": given.get("customer")}
    return page(world, "payment_intent", "/v1/payment_intents", given, where)


def show_charge(world: World, given: dict[str, Any], charge: str) -> Thing:
    """GET /v1/charges/{id}"""
    return world.fetch("charge", charge)


def update_charge(world: World, given: dict[str, Any], charge: str) -> Thing:
    """POST /v1/charges/{id}"""
    found = world.fetch("charge", charge)
    with changing(world, found, "charge.updated"):
        if "metadata" in given:
            given["metadata"] = merged_metadata(found["metadata"], given["metadata"])
        found.update(given)
    return found


def list_charges(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/charges"""
    where = {name: given.get(name) for name in ("customer", "payment_intent")}
    return page(world, "charge", "/v1/charges", given, where)


@included("charge", "refunds")
def _refunds(world: World, charge: Thing) -> Thing:
    found = world.store.find("refund", {"charge": charge["id"]})
    return listing([shown(world, one) for one in found], f"/v1/charges/{charge['id']}/refunds")


CANCEL_REASONS = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")
CONFIRM = {"payment_method": TEXT, "off_session": FLAG, "return_url": TEXT}
ROUTES = [
    ("GET", "/v1/payment_intents", list_intents, listed_by(customer=TEXT, created=RANGE)),
    ("GET", "/v1/payment_intents/{intent}", show_intent, {"client_secret": TEXT}),
    ("POST", "/v1/payment_intents/{intent}", update, {"metadata": METADATA, "description": TEXT}),
    ("POST", "/v1/payment_intents/{intent}/confirm", confirm, CONFIRM),
    ("POST", "/v1/payment_intents/{intent}/cancel", cancel, {"cancellation_reason": CANCEL_REASONS}),
    ("GET", "/v1/charges", list_charges, listed_by(customer=TEXT, payment_intent=TEXT, created=RANGE)),
    ("GET", "/v1/charges/{charge}", show_charge, {}),
    ("POST", "/v1/charges/{charge}", update_charge, {"metadata": METADATA, "description": TEXT}),
]
