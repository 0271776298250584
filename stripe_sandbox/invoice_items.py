"""Items that wait for an invoice, or are put on one by hand."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from . import invoices, tax_rates
from .errors import invalid
from .events import changing, record
from .ids import new_id
from .parameters import METADATA, MOMENT, RANGE, TEXT, Exact, Whole, listed_by, merged_metadata
from .store import Thing
from .view import page
from .world import World


def waiting(world: World, subscription: str) -> list[Thing]:
    """Items of a subscription that wait for its next invoice, oldest first."""
    return world.store.find("invoiceitem", {"_subscription": subscription, "invoice": None})[::-1]


def let_wait(world: World, line: Thing, customer: str) -> Thing:
    """Keep a proration line as an item for the next invoice."""
    details = line["parent"]["subscription_item_details"]
    item = {
        "id": new_id("ii"),
        "object": "invoiceitem",
        "amount": line["amount"],
        "currency": line["currency"],
        "customer": customer,
        "date": world.now,
        "description": line["description"],
        "discountable": False,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "parent": {
            "type": "subscription_details",
            "subscription_details": {
                "subscription": details["subscription"],
                "subscription_item": details["subscription_item"],
            },
        },
        "period": line["period"],
        "pricing": line["pricing"],
        "proration": True,
        "quantity": line["quantity"],
        "quantity_decimal": str(line["quantity"]),
        "tax_rates": [],
        "test_clock": None,
        "_subscription": details["subscription"],
        "_line": line,
    }
    details["invoice_item"] = item["id"]
    world.store.save(item)
    record(world, "invoiceitem.created", item)
    return item


def draft_with_waiting(world: World, subscription: Thing, lines: list[Thing], **about: Any) -> Thing:
    """A draft for a subscription that begins with what waited for it; `about` as for `invoices.draft`."""
    customer = world.fetch("customer", subscription["customer"])
    waited = [item["_line"] for item in waiting(world, subscription["id"])]
    currency = subscription["currency"]
    invoice = invoices.draft(world, customer, waited + lines, currency=currency, subscription=subscription, **about)
    bind_waiting(world, invoice)
    return invoice


def bind_waiting(world: World, invoice: Thing) -> None:
    """Write into the items which invoice they ended up on."""
    for one in invoice["lines"]["data"]:
        details = one["parent"]["subscription_item_details"] or one["parent"]["invoice_item_details"] or {}
        item = world.store.get(details.get("invoice_item") or "")
        if item:
            item["invoice"] = invoice["id"]
            world.store.save(item)


def create(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/invoiceitems: onto a draft, or for the customer's next invoice by hand."""
    customer = world.fetch("customer", given["customer"], param="customer")
    price = world.fetch("price", given["pricing"]["price"], param="pricing[price]") if "pricing" in given else None
    quantity = given.get("quantity", 1)
    if price is None and not given.keys() & {"amount", "unit_amount_decimal"}:
        raise invalid("Missing required param: amount.", param="amount", code="parameter_missing")
    if "amount" in given and given.keys() & {"quantity", "unit_amount_decimal"}:
        raise invalid("You may only specify one of these parameters: amount, quantity.", param="amount")
    rates = tax_rates.usable(world, given.get("tax_rates", []))
    amount = _amount(price, quantity, given)
    wanted = new_id("ii")
    item = {
        "id": wanted,
        "object": "invoiceitem",
        "amount": amount,
        "currency": price["currency"] if price else given.get("currency", "eur"),
        "customer": customer["id"],
        "date": world.now,
        "description": given.get("description"),
        "discountable": True,
        "discounts": [],
        "invoice": given.get("invoice"),
        "livemode": False,
        "metadata": merged_metadata({}, given.get("metadata", {})),
        "parent": None,
        "period": given.get("period", {"start": world.now, "end": world.now}),
        "pricing": _pricing(price, given),
        "proration": False,
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "tax_rates": rates,
        "test_clock": None,
    }
    item["_line"] = _line_of(item)
    if given.get("invoice"):
        _put_on(world, item)
    world.store.save(item)
    record(world, "invoiceitem.created", item)
    return item


def _amount(price: Thing | None, quantity: int, given: dict[str, Any]) -> int:
    if price:
        return price["unit_amount"] * quantity
    if "amount" in given:
        return given["amount"]
    exact = Decimal(given["unit_amount_decimal"]) * quantity
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def _pricing(price: Thing | None, given: dict[str, Any]) -> Thing | None:
    if price:
        return invoices.pricing(price)
    if "unit_amount_decimal" in given:
        return {"type": "price_details", "unit_amount_decimal": given["unit_amount_decimal"]}
    return None


def _line_of(item: Thing) -> Thing:
    details = {
        "invoice_item": item["id"],
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": None,
    }
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": item["amount"],
        "currency": item["currency"],
        "description": item["description"] or "",
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": item["metadata"],
        "parent": invoices.NOT_PARENT | {"type": "invoice_item_details", "invoice_item_details": details},
        "period": item["period"],
        "pretax_credit_amounts": [],
        "pricing": item["pricing"],
        "quantity": item["quantity"],
        "subscription": None,
        "subtotal": item["amount"],
        "taxes": tax_rates.taxes_on(item["amount"], item["tax_rates"]),
    }


def _put_on(world: World, item: Thing) -> None:
    invoice = world.fetch("invoice", item["invoice"], param="invoice")
    if invoice["status"] != "draft":
        raise invalid("You can only add items to a draft invoice.", param="invoice", code="invoice_not_editable")
    if invoice["currency"] != item["currency"]:
        raise invalid("The item must be in the currency of its invoice.", param="currency")
    with changing(world, invoice, "invoice.updated"):
        item["_line"]["invoice"] = invoice["id"]
        invoice["lines"]["data"].append(item["_line"])
        invoices.add_up(invoice)


def delete(world: World, given: dict[str, Any], item: str) -> Thing:
    """DELETE /v1/invoiceitems/{id}: while no invoice has it."""
    found = world.fetch("invoiceitem", item)
    if found["invoice"]:
        raise invalid("You can only delete an item that is on no invoice yet.")
    record(world, "invoiceitem.deleted", found)
    world.store.remove(item)
    return {"id": item, "object": "invoiceitem", "deleted": True}


def show(world: World, given: dict[str, Any], item: str) -> Thing:
    """GET /v1/invoiceitems/{id}"""
    return world.fetch("invoiceitem", item)


def list_all(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/invoiceitems"""
    where = {name: given.get(name) for name in ("customer", "invoice")}
    return page(world, "invoiceitem", "/v1/invoiceitems", given, where)


NEW = {
    "customer!": TEXT,
    "amount": Whole(),
    "currency": TEXT,
    "description": TEXT,
    "invoice": TEXT,
    "metadata": METADATA,
    "period": {"start!": MOMENT, "end!": MOMENT},
    "pricing": {"price!": TEXT},
    "quantity": Whole(least=1),
    "tax_rates": [TEXT],
    "unit_amount_decimal": Exact(),
}
ROUTES = [
    ("POST", "/v1/invoiceitems", create, NEW),
    ("GET", "/v1/invoiceitems", list_all, listed_by(created=RANGE, customer=TEXT, invoice=TEXT)),
    ("GET", "/v1/invoiceitems/{item}", show, {}),
    ("DELETE", "/v1/invoiceitems/{item}", delete, {}),
]
