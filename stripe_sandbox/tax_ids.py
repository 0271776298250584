"""VAT numbers of customers, looked up a little later by the clock."""

from typing import Any

from .agenda import duty
from .clock import MINUTE
from .events import add, changing, record
from .ids import new_id
from .parameters import TEXT, listed_by
from .store import Thing
from .view import page
from .world import World

NEW = {"type!": ("eu_vat", "gb_vat", "ch_vat", "no_vat", "us_ein"), "value!": TEXT}
LOOKUP_TAKES = 5 * MINUTE


def add_to(world: World, customer: str, given: dict[str, Any]) -> Thing:
    """Note a tax number of a customer; it is pending until the look-up answers."""
    tax_id = {
        "id": new_id("txi"),
        "object": "tax_id",
        "country": given["value"][:2].upper() if given["type"] == "eu_vat" else None,
        "created": world.now,
        "customer": customer,
        "livemode": False,
        "owner": {"customer": customer, "type": "customer"},
        "type": given["type"],
        "value": given["value"],
        "verification": {"status": "pending", "verified_address": None, "verified_name": None},
    }
    world.agenda.put("verify_tax_id", tax_id["id"], world.now + LOOKUP_TAKES)
    return add(world, "customer.tax_id.created", tax_id)


@duty("verify_tax_id")
def verify(world: World, tax_id: str) -> None:
    """A number of only zeros after its country is unknown to the register; any other is known."""
    found = world.store.get(tax_id)
    if found:
        known = found["value"][2:].strip("0") != ""
        with changing(world, found, "customer.tax_id.updated"):
            found["verification"]["status"] = "verified" if known else "unverified"


def create(world: World, given: dict[str, Any], customer: str) -> Thing:
    """POST /v1/customers/{customer}/tax_ids"""
    world.fetch("customer", customer)
    return add_to(world, customer, given)


def show(world: World, given: dict[str, Any], customer: str, tax_id: str) -> Thing:
    """GET /v1/customers/{customer}/tax_ids/{id}"""
    return world.fetch("tax_id", tax_id)


def list_of_customer(world: World, given: dict[str, Any], customer: str) -> Thing:
    """GET /v1/customers/{customer}/tax_ids"""
    return page(world, "tax_id", f"/v1/customers/{customer}/tax_ids", given, {"customer": customer})


def delete(world: World, given: dict[str, Any], customer: str, tax_id: str) -> Thing:
    """DELETE /v1/customers/{customer}/tax_ids/{id}"""
    record(world, "customer.tax_id.deleted", world.fetch("tax_id", tax_id))
    world.store.remove(tax_id)
    return {"id": tax_id, "object": "tax_id", "deleted": True}


ROUTES = [
    ("POST", "/v1/customers/{customer}/tax_ids", create, NEW),
    ("GET", "/v1/customers/{customer}/tax_ids", list_of_customer, listed_by()),
    ("GET", "/v1/customers/{customer}/tax_ids/{tax_id}", show, {}),
    ("DELETE", "/v1/customers/{customer}/tax_ids/{tax_id}", delete, {}),
]
