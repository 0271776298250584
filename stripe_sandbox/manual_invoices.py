"""Invoices written by hand, for what no subscription bills."""

from typing import Any

from . import customers, invoice_items, invoices
from .errors import invalid
from .parameters import FLAG, METADATA, MOMENT, TEXT, Unset, Whole, merged_metadata
from .store import Thing
from .world import World


def create(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/invoices: by hand, for a customer, with the items that wait for him."""
    customer = customers.living(world, given["customer"], param="customer")
    sent = given.get("collection_method") == "send_invoice"
    if sent and not given.keys() & {"days_until_due", "due_date"}:
        raise invalid("You must pass days_until_due or due_date.", param="days_until_due", code="parameter_missing")
    waiting: list[Thing] = []
    if given.get("pending_invoice_items_behavior") == "include":
        waiting = world.store.find("invoiceitem", {"customer": customer["id"], "invoice": None})[::-1]
    currency = given.get("currency") or (waiting[0]["currency"] if waiting else customer["currency"] or "eur")
    plain = (
        *("auto_advance", "collection_method", "custom_fields", "default_payment_method", "description"),
        *("due_date", "footer"),
    )
    invoice = invoices.draft(
        world,
        customer,
        [item["_line"] for item in waiting],
        reason="manual",
        currency=currency,
        metadata=merged_metadata({}, given.get("metadata", {})),
        _days_until_due=given.get("days_until_due"),
        **({"auto_advance": False} | {name: given[name] for name in plain if name in given}),
    )
    invoice_items.bind_waiting(world, invoice)
    return invoice


NEW = {
    "customer!": TEXT,
    "auto_advance": FLAG,
    "collection_method": ("charge_automatically", "send_invoice"),
    "currency": TEXT,
    "custom_fields": Unset([{"name!": TEXT, "value!": TEXT}]),
    "days_until_due": Whole(least=0),
    "default_payment_method": TEXT,
    "description": TEXT,
    "due_date": MOMENT,
    "footer": TEXT,
    "metadata": METADATA,
    "pending_invoice_items_behavior": ("exclude", "include"),
}
ROUTES = [("POST", "/v1/invoices", create, NEW)]
