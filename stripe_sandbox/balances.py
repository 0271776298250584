"""What customers owe (above 0) or have to their credit (below 0), and every change of it."""

from typing import Any

from .errors import invalid
from .events import changing
from .ids import new_id
from .parameters import METADATA, RANGE, TEXT, Whole, listed_by, merged_metadata
from .store import Thing
from .view import page
from .world import World


def change(world: World, customer: str, cents: int, kind: str, **more: Any) -> Thing | None:
    """Add to what a customer owes; nothing happens where there is nothing to add or the customer is deleted."""
    found = world.store.get(customer)
    if not cents or not found or found.get("deleted"):
        return None
    with changing(world, found, "customer.updated"):
        found["balance"] += cents
    return world.store.save(
        {
            "id": new_id("cbtxn"),
            "object": "customer_balance_transaction",
            "amount": cents,
            "checkout_session": None,
            "created": world.now,
            "credit_note": None,
            "currency": found["currency"] or "eur",
            "customer": customer,
            "description": None,
            "ending_balance": found["balance"],
            "invoice": None,
            "livemode": False,
            "metadata": {},
            "type": kind,
        }
        | more
    )


def create(world: World, given: dict[str, Any], customer: str) -> Thing:
    """POST /v1/customers/{customer}/balance_transactions. Raises `ApiError` (400) for nothing, 404 for nobody."""
    world.fetch("customer", customer)
    metadata = merged_metadata({}, given.get("metadata", {}))
    made = change(
        world,
        customer,
        given["amount"],
        "adjustment",
        currency=given["currency"],
        description=given.get("description"),
        metadata=metadata,
    )
    if made is None:
        raise invalid("Nothing is changed by this amount, or this customer is deleted.", param="amount")
    return made


def show(world: World, given: dict[str, Any], customer: str, transaction: str) -> Thing:
    """GET /v1/customers/{customer}/balance_transactions/{id}"""
    return world.fetch("customer_balance_transaction", transaction)


def list_of_customer(world: World, given: dict[str, Any], customer: str) -> Thing:
    """GET /v1/customers/{customer}/balance_transactions"""
    world.fetch("customer", customer)
    where = {"customer": customer, "invoice": given.get("invoice")}
    return page(world, "customer_balance_transaction", f"/v1/customers/{customer}/balance_transactions", given, where)


NEW = {"amount!": Whole(), "currency!": TEXT, "description": TEXT, "metadata": METADATA}
ROUTES = [
    ("POST", "/v1/customers/{customer}/balance_transactions", create, NEW),
    (
        "GET",
        "/v1/customers/{customer}/balance_transactions",
        list_of_customer,
        listed_by(created=RANGE, invoice=TEXT),
    ),
    ("GET", "/v1/customers/{customer}/balance_transactions/{transaction}", show, {}),
]
