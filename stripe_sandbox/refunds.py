"""Giving money back."""

from typing import Any

from .agenda import duty
from .clock import DAY
from .errors import invalid
from .events import add, changing, record
from .ids import new_id
from .parameters import METADATA, RANGE, TEXT, Whole, listed_by, merged_metadata
from .store import Thing
from .view import page
from .world import World

BANK_TAKES = 3 * DAY


def create(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/refunds"""
    charge = _charge(world, given)
    left = charge["amount"] - charge["amount_refunded"]
    amount = given.get("amount", left)
    if charge["refunded"] or not left:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if charge["disputed"]:
        raise invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if charge["status"] != "succeeded":
        raise invalid(f"Charge {charge['id']} was not paid; it cannot be refunded.")
    if amount > left:
        raise invalid(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount")
    return give_back(world, charge, amount, given.get("reason"), merged_metadata({}, given.get("metadata", {})))


def _charge(world: World, given: dict[str, Any]) -> Thing:
    if "charge" in given:
        return world.fetch("charge", given["charge"], param="charge")
    if "payment_intent" not in given:
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    intent = world.fetch("payment_intent", given["payment_intent"], param="payment_intent")
    if intent["status"] not in ("succeeded", "processing"):
        raise invalid("This PaymentIntent does not have a successful charge to refund.")
    return world.fetch("charge", intent["latest_charge"])


def give_back(world: World, charge: Thing, amount: int, reason: str | None, metadata: dict[str, str]) -> Thing:
    """Refund this many cents of a charge: a card at once, an account in some days."""
    slow = charge["payment_method_details"]["type"] == "sepa_debit"
    refund = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": new_id("txn"),
        "charge": charge["id"],
        "created": world.now,
        "currency": charge["currency"],
        "destination_details": None
        if slow
        else {"type": "card", "card": {"type": "refund", "reference_status": "pending", "reference_type": None}},
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if slow else "succeeded",
        "transfer_reversal": None,
    }
    if slow:
        world.agenda.put("settle_refund", refund["id"], world.now + BANK_TAKES)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    world.store.save(charge)
    add(world, "refund.created", refund)
    record(world, "charge.refunded", charge)
    return refund


@duty("settle_refund")
def settle(world: World, wanted: str) -> None:
    """The bank has taken the refund in."""
    refund = world.store.get(wanted)
    if refund and refund["status"] == "pending":
        with changing(world, refund, "refund.updated"):
            refund["status"] = "succeeded"
        record(world, "charge.refund.updated", refund, {"status": "pending"})


def fail(world: World, refund: Thing) -> None:
    """The bank sends a refund back: the charge counts as not refunded by that much."""
    if refund["status"] not in ("pending", "succeeded"):
        raise invalid(f"This refund is {refund['status']}.")
    charge = world.fetch("charge", refund["charge"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    world.store.save(charge)
    before = refund["status"]
    with changing(world, refund, "refund.updated"):
        refund |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
        refund["failure_balance_transaction"] = new_id("txn")
    record(world, "charge.refund.updated", refund, {"status": before})
    record(world, "refund.failed", refund)


def update(world: World, given: dict[str, Any], refund: str) -> Thing:
    """POST /v1/refunds/{id}"""
    found = world.fetch("refund", refund)
    with changing(world, found, "refund.updated"):
        found["metadata"] = merged_metadata(found["metadata"], given.get("metadata", {}))
    return found


def show(world: World, given: dict[str, Any], refund: str) -> Thing:
    """GET /v1/refunds/{id}"""
    return world.fetch("refund", refund)


def list_all(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/refunds"""
    where = {name: given.get(name) for name in ("charge", "payment_intent")}
    return page(world, "refund", "/v1/refunds", given, where)


REASONS = ("duplicate", "fraudulent", "requested_by_customer")
NEW = {
    "amount": Whole(least=1),
    "charge": TEXT,
    "metadata": METADATA,
    "payment_intent": TEXT,
    "reason": REASONS,
}
ROUTES = [
    ("POST", "/v1/refunds", create, NEW),
    ("GET", "/v1/refunds", list_all, listed_by(charge=TEXT, payment_intent=TEXT, created=RANGE)),
    ("GET", "/v1/refunds/{refund}", show, {}),
    ("POST", "/v1/refunds/{refund}", update, {"metadata": METADATA}),
]
