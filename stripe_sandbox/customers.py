"""Who pays."""

from typing import Any

from . import subscriptions, tax_ids
from .errors import invalid, no_such
from .events import add, changing, record
from .ids import new_id, random_text
from .parameters import (
    ADDRESS,
    MAYBE_TEXT,
    METADATA,
    RANGE,
    TEXT,
    Unset,
    Whole,
    listed_by,
    merged_metadata,
)
from .store import Thing
from .view import included, listing, page, shown
from .world import World

NO_ADDRESS = dict.fromkeys(ADDRESS)


def create(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/customers"""
    customer = new(world, **{name: given[name] for name in given if name in PLAIN})
    for number in given.get("tax_id_data", []):
        tax_ids.add_to(world, customer["id"], number)
    _update_details(world, customer, given)
    world.store.save(customer)
    record(world, "customer.created", customer)
    return customer


def new(world: World, **details: Any) -> Thing:
    """A customer that is not saved yet."""
    return {
        "id": new_id("cus", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": world.now,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": random_text(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    } | details


def made_at_checkout(world: World, email: str, name: str | None) -> Thing:
    """A customer that Checkout makes when the session named none."""
    return add(world, "customer.created", new(world, email=email, name=name))


def update(world: World, given: dict[str, Any], customer: str) -> Thing:
    """POST /v1/customers/{id}"""
    found = living(world, customer)
    with changing(world, found, "customer.updated"):
        found.update({name: given[name] for name in given if name in PLAIN})
        _update_details(world, found, given)
    return found


def delete(world: World, given: dict[str, Any], customer: str) -> Thing:
    """DELETE /v1/customers/{id}: live subscriptions end at once, and only a stub of the customer remains."""
    found = living(world, customer)
    for subscription in subscriptions.live_of(world, customer):
        subscriptions.end(world, subscription)
    record(world, "customer.deleted", found)
    stub = {"id": customer, "object": "customer", "deleted": True, "_created": found["created"]}
    return world.store.save(stub)


def show(world: World, given: dict[str, Any], customer: str) -> Thing:
    """GET /v1/customers/{id}: of a deleted customer the stub."""
    return world.fetch("customer", customer)


def list_all(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/customers"""
    where = {"email": given.get("email"), "test_clock": given.get("test_clock")}
    return page(world, "customer", "/v1/customers", given, where | {"livemode": False})  # not the stubs


def living(world: World, customer: str, *, param: str | None = None) -> Thing:
    """A customer that was not deleted. Raises `ApiError` otherwise."""
    found = world.fetch("customer", customer, param=param)
    if found.get("deleted"):
        raise no_such("customer", customer, param)
    return found


def _update_details(world: World, customer: Thing, given: dict[str, Any]) -> None:
    if "metadata" in given:
        customer["metadata"] = merged_metadata(customer["metadata"], given["metadata"])
    if given.get("address"):
        customer["address"] = NO_ADDRESS | given["address"]
    settings = given.get("invoice_settings") or {}
    if settings.get("default_payment_method"):
        _check_own_method(world, customer["id"], settings["default_payment_method"])
    customer["invoice_settings"] |= settings
    if "email" in given and given["email"] and "@" not in given["email"]:
        raise invalid(f"Invalid email address: {given['email']}", param="email", code="email_invalid")


def _check_own_method(world: World, customer: str, method: str) -> None:
    param = "invoice_settings[default_payment_method]"
    if world.fetch("payment_method", method, param=param)["customer"] != customer:
        raise invalid(
            "The customer does not have a payment method with the ID "
            f"{method}. The payment method must be attached to the customer.",
            param=param,
            code="resource_missing",
        )


@included("customer", "subscriptions")
def _subscriptions(world: World, customer: Thing) -> Thing:
    live = subscriptions.live_of(world, customer["id"])
    return listing([shown(world, one) for one in live], f"/v1/customers/{customer['id']}/subscriptions")


@included("customer", "sources")
def _sources(world: World, customer: Thing) -> Thing:
    return listing([], f"/v1/customers/{customer['id']}/sources")


@included("customer", "tax_ids")
def _tax_ids(world: World, customer: Thing) -> Thing:
    return tax_ids.list_of_customer(world, {}, customer["id"])


PLAIN = (
    "address", "balance", "description", "email", "name", "phone", "preferred_locales", "shipping", "tax_exempt",
    "invoice_prefix", "next_invoice_sequence", "test_clock",
)  # fmt: skip
DETAILS = {
    "address": Unset(ADDRESS),
    "balance": Whole(),
    "description": MAYBE_TEXT,
    "email": MAYBE_TEXT,
    "invoice_prefix": TEXT,
    "invoice_settings": {"default_payment_method": MAYBE_TEXT, "footer": MAYBE_TEXT},
    "metadata": METADATA,
    "name": MAYBE_TEXT,
    "next_invoice_sequence": Whole(least=1),
    "phone": MAYBE_TEXT,
    "preferred_locales": [TEXT],
    "shipping": Unset({"address!": ADDRESS, "name!": TEXT, "phone": MAYBE_TEXT}),
    "tax_exempt": Unset(("exempt", "none", "reverse")),
}
NEW = DETAILS | {"tax_id_data": [tax_ids.NEW], "test_clock": TEXT}
ROUTES = [
    ("POST", "/v1/customers", create, NEW),
    ("GET", "/v1/customers", list_all, listed_by(created=RANGE, email=TEXT, test_clock=TEXT)),
    ("GET", "/v1/customers/{customer}", show, {}),
    ("POST", "/v1/customers/{customer}", update, DETAILS),
    ("DELETE", "/v1/customers/{customer}", delete, {}),
]
