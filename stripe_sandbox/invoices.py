"""What is owed and why: invoices, their lines, and the items that wait for the next one."""

from typing import Any

from . import discounts, tax_rates
from .errors import invalid
from .events import changing, record
from .ids import new_id
from .parameters import FLAG, METADATA, MOMENT, RANGE, TEXT, Whole, listed_by, merged_metadata
from .store import Thing
from .view import included, listing, page, shown
from .world import World

SELLER = "Local test newsroom"
STATUSES = ("draft", "open", "paid", "uncollectible", "void")
NOT_PARENT = {"invoice_item_details": None, "subscription_item_details": None}


def line(
    price: Thing,
    *,
    amount: int,
    description: str,
    start: int,
    end: int,
    subscription: str,
    item: str,
    quantity: int = 1,
    proration: bool = False,
    invoice_item: str | None = None,
) -> Thing:
    """One line for a subscription's item, over a period in seconds; `amount` in cents, below 0 for a credit."""
    details = {
        "invoice_item": invoice_item,
        "proration": proration,
        "proration_details": {"credited_items": None},
        "subscription": subscription,
        "subscription_item": item,
    }
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": price["currency"],
        "description": description,
        "discount_amounts": [],
        "discountable": not proration,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "parent": NOT_PARENT | {"type": "subscription_item_details", "subscription_item_details": details},
        "period": {"start": start, "end": end},
        "pretax_credit_amounts": [],
        "pricing": pricing(price),
        "quantity": quantity,
        "subscription": subscription,
        "subtotal": amount,
        "taxes": [],
    }


def pricing(price: Thing) -> Thing:
    """How a line says which price it is for."""
    return {
        "type": "price_details",
        "price_details": {"price": price["id"], "product": price["product"]},
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def draft(
    world: World,
    customer: Thing,
    lines: list[Thing],
    *,
    reason: str,
    currency: str,
    subscription: Thing | None = None,
    start: int | None = None,
    end: int | None = None,
    **more: Any,
) -> Thing:
    """A draft invoice, saved and told of. `start` and `end` are the period that lies behind it."""
    start, end = start or world.now, end or world.now
    invoice = _blank(world, customer, currency) | {
        "billing_reason": reason,
        "period_start": min(start, end),
        "period_end": end,
    }
    if subscription:
        about = {"metadata": subscription["metadata"], "subscription": subscription["id"]}
        invoice |= {
            "parent": {"type": "subscription_details", "quote_details": None, "subscription_details": about},
            "collection_method": subscription["collection_method"],
            "automatic_tax": _automatic_tax(subscription["automatic_tax"]["enabled"]),
            "_days_until_due": subscription["days_until_due"],
        }
    invoice |= more
    for one in lines:
        one["invoice"] = invoice["id"]
    invoice["lines"] = listing(lines, f"/v1/invoices/{invoice['id']}/lines")
    if subscription:
        discounts.take_off(world, invoice, subscription["discounts"])
    add_up(invoice)
    world.store.save(invoice)
    record(world, "invoice.created", invoice)
    return invoice


def _automatic_tax(enabled: bool) -> dict[str, Any]:
    return {
        "disabled_reason": None,
        "enabled": enabled,
        "liability": {"type": "self"} if enabled else None,
        "provider": "stripe" if enabled else None,
        "status": "complete" if enabled else None,
    }


def _blank(world: World, customer: Thing, currency: str) -> Thing:
    return {
        "id": new_id("in"),
        "object": "invoice",
        "account_country": "BE",
        "account_name": SELLER,
        "account_tax_ids": None,
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": _automatic_tax(False),
        "automatically_finalizes_at": None,
        "billing_reason": "manual",
        "collection_method": "charge_automatically",
        "created": world.now,
        "currency": currency,
        "custom_fields": None,
        "customer": customer["id"],
        "customer_address": customer.get("address"),
        "customer_email": customer.get("email"),
        "customer_name": customer.get("name"),
        "customer_phone": customer.get("phone"),
        "customer_shipping": customer.get("shipping"),
        "customer_tax_exempt": customer.get("tax_exempt"),
        "customer_tax_ids": _tax_ids(world, customer["id"]),
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": None,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": customer.get("balance", 0),
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "subtotal": 0,
        "test_clock": None,
        "threshold_reason": None,
        "total": 0,
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": world.now,
    }


def _tax_ids(world: World, customer: str) -> list[dict[str, str]]:
    found = world.store.find("tax_id", {"customer": customer})
    return [{"type": one["type"], "value": one["value"]} for one in found]


def add_up(invoice: Thing) -> None:
    """Set the sums of an invoice from its lines, its discounts and the customer's balance."""
    lines = invoice["lines"]["data"]
    invoice["subtotal"] = sum(one["amount"] for one in lines)
    taken_off = sum(cut["amount"] for one in lines for cut in one["discount_amounts"])
    invoice["total_taxes"] = tax_rates.sums(lines)
    of_kind = {"inclusive": 0, "exclusive": 0}
    for tax in invoice["total_taxes"]:
        of_kind[tax["tax_behavior"]] += tax["amount"]
    invoice["total"] = invoice["subtotal"] - taken_off + of_kind["exclusive"]
    invoice["subtotal_excluding_tax"] = invoice["subtotal"] - of_kind["inclusive"]
    invoice["total_excluding_tax"] = invoice["total"] - of_kind["inclusive"] - of_kind["exclusive"]
    due = max(0, invoice["total"] + invoice["starting_balance"])
    invoice["amount_due"] = invoice["amount_remaining"] = due


def subscription_of(invoice: Thing) -> str | None:
    """The id of the subscription that an invoice is about."""
    parent = invoice["parent"]
    return parent["subscription_details"]["subscription"] if parent else None


def next_number(world: World, customer: Thing) -> str:
    """The next invoice number of a customer, e.g. `ABCD1234-0007`."""
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    world.store.save(customer)
    return number


def cancel_collection(world: World, subscription: str) -> None:
    """Try no more to collect what a subscription that ended still owes; void what it only had in draft."""
    for invoice in world.store.find("invoice", {"parent.subscription_details.subscription": subscription}):
        if invoice["status"] not in ("draft", "open"):
            continue
        for kind in ("finalise_invoice", "retry_invoice"):
            world.agenda.drop(kind, invoice["id"])
        with changing(world, invoice, "invoice.updated"):
            invoice |= {"auto_advance": False, "next_payment_attempt": None}
            invoice["automatically_finalizes_at"] = None


def update(world: World, given: dict[str, Any], invoice: str) -> Thing:
    """POST /v1/invoices/{id}"""
    found = world.fetch("invoice", invoice)
    if found["status"] in ("paid", "void") and given.keys() - {"metadata"}:
        raise invalid("This invoice can no longer be edited.", code="invoice_not_editable")
    with changing(world, found, "invoice.updated"):
        if "metadata" in given:
            given["metadata"] = merged_metadata(found["metadata"], given["metadata"])
        found.update(given)
    return found


def delete(world: World, given: dict[str, Any], invoice: str) -> Thing:
    """DELETE /v1/invoices/{id}: only a draft that belongs to no subscription."""
    found = world.fetch("invoice", invoice)
    if found["status"] != "draft" or found["parent"]:
        raise invalid("You can only delete draft invoices that were not created by a subscription.")
    record(world, "invoice.deleted", found)
    world.store.remove(invoice)
    return {"id": invoice, "object": "invoice", "deleted": True}


def show(world: World, given: dict[str, Any], invoice: str) -> Thing:
    """GET /v1/invoices/{id}"""
    return world.fetch("invoice", invoice)


def list_all(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/invoices"""
    where = {name: given.get(name) for name in ("collection_method", "customer", "status")}
    where["parent.subscription_details.subscription"] = given.get("subscription")
    return page(world, "invoice", "/v1/invoices", given, where)


def lines_of(world: World, given: dict[str, Any], invoice: str) -> Thing:
    """GET /v1/invoices/{id}/lines"""
    return shown(world, world.fetch("invoice", invoice))["lines"]


def show_payment(world: World, given: dict[str, Any], payment: str) -> Thing:
    """GET /v1/invoice_payments/{id}"""
    return world.fetch("invoice_payment", payment)


def list_payments(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/invoice_payments: by invoice, or by the payment intent that paid it."""
    where = {name: given.get(name) for name in ("invoice", "status")}
    where["payment.payment_intent"] = given.get("payment", {}).get("payment_intent")
    return page(world, "invoice_payment", "/v1/invoice_payments", given, where)


def payment_of(world: World, invoice: Thing) -> Thing | None:
    """The payment that an open invoice waits for, or that paid it."""
    found = world.store.find("invoice_payment", {"invoice": invoice["id"]}, limit=1)
    return found[0] if found else None


@included("invoice", "payments")
def _payments(world: World, invoice: Thing) -> Thing:
    found = world.store.find("invoice_payment", {"invoice": invoice["id"]})
    return listing([shown(world, one) for one in found], "/v1/invoice_payments")


@included("invoice", "confirmation_secret")
def _confirmation_secret(world: World, invoice: Thing) -> dict[str, str] | None:
    payment = payment_of(world, invoice)
    intent = world.store.get(payment["payment"]["payment_intent"]) if payment else None
    return {"client_secret": intent["client_secret"], "type": "payment_intent"} if intent else None


CHANGES = {
    "auto_advance": FLAG,
    "default_payment_method": TEXT,
    "description": TEXT,
    "due_date": MOMENT,
    "footer": TEXT,
    "metadata": METADATA,
}
FILTERS = listed_by(
    collection_method=("charge_automatically", "send_invoice"), created=RANGE, customer=TEXT, status=STATUSES,
    subscription=TEXT,
)  # fmt: skip
PAYMENT_FILTERS = listed_by(
    created=RANGE, invoice=TEXT, status=("canceled", "open", "paid"),
    payment={"type!": ("payment_intent", "payment_record"), "payment_intent": TEXT},
)  # fmt: skip
ROUTES = [
    ("GET", "/v1/invoices", list_all, FILTERS),
    ("GET", "/v1/invoices/{invoice}", show, {}),
    ("POST", "/v1/invoices/{invoice}", update, CHANGES),
    ("DELETE", "/v1/invoices/{invoice}", delete, {}),
    ("GET", "/v1/invoices/{invoice}/lines", lines_of, listed_by(limit=Whole(1, 100))),
    ("GET", "/v1/invoice_payments", list_payments, PAYMENT_FILTERS),
    ("GET", "/v1/invoice_payments/{payment}", show_payment, {}),
]
