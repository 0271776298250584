"""Taking back part of an invoice after it was finalised."""

from typing import Any

from . import balances, invoices, refunds
from .errors import invalid
from .events import add, changing, record
from .ids import new_id
from .parameters import METADATA, RANGE, TEXT, Whole, listed_by, merged_metadata
from .store import Thing
from .view import listing, page
from .world import World


def create(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/credit_notes: of an open invoice it lowers what is due, of a paid one it refunds or credits."""
    invoice = world.fetch("invoice", given["invoice"], param="invoice")
    if invoice["status"] not in ("open", "paid"):
        raise invalid("Credit notes are for invoices that are open or paid.", param="invoice")
    amount = given.get("amount") or given.get("refund_amount", 0) + given.get("credit_amount", 0)
    left = invoice["total"] - invoice["pre_payment_credit_notes_amount"] - invoice["post_payment_credit_notes_amount"]
    if not 0 < amount <= left:
        raise invalid(f"A credit note for this invoice may be for 1 to {left} cents.", param="amount")
    paid = invoice["status"] == "paid"
    given_back = _refunds(world, invoice, given) if paid else []
    if paid and given.get("credit_amount"):
        balances.change(world, invoice["customer"], -given["credit_amount"], "credit_note")
    place = "post_payment_credit_notes_amount" if paid else "pre_payment_credit_notes_amount"
    with changing(world, invoice, "invoice.updated"):
        invoice[place] += amount
        if not paid:
            invoice["amount_due"] = invoice["amount_remaining"] = max(0, invoice["amount_remaining"] - amount)
    return add(world, "credit_note.created", _note(world, invoice, amount, paid, given_back, given))


def _refunds(world: World, invoice: Thing, given: dict[str, Any]) -> list[Thing]:
    if not given.get("refund_amount"):
        return []
    payment = invoices.payment_of(world, invoice)
    if not payment or payment["status"] != "paid":
        raise invalid("Nothing was paid through Stripe for this invoice.", param="refund_amount")
    wanted = {"payment_intent": payment["payment"]["payment_intent"], "amount": given["refund_amount"]}
    refund = refunds.create(world, wanted)
    return [{"amount_refunded": refund["amount"], "refund": refund["id"], "type": "refund"}]


def _note(
    world: World, invoice: Thing, amount: int, paid: bool, given_back: list[Thing], given: dict[str, Any]
) -> Thing:
    wanted = new_id("cn")
    number = 1 + len(world.store.find("credit_note", {"invoice": invoice["id"]}))
    line: Thing = {
        "id": new_id("cnli"),
        "object": "credit_note_line_item",
        "amount": amount,
        "description": given.get("memo") or "Credit",
        "discount_amount": 0,
        "discount_amounts": [],
        "livemode": False,
        "pretax_credit_amounts": [],
        "quantity": 1,
        "tax_rates": [],
        "taxes": [],
        "type": "custom_line_item",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }
    return {
        "id": wanted,
        "object": "credit_note",
        "amount": amount,
        "amount_shipping": 0,
        "created": world.now,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "customer_balance_transaction": None,
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": world.now,
        "invoice": invoice["id"],
        "lines": listing([line], f"/v1/credit_notes/{wanted}/lines"),
        "livemode": False,
        "memo": given.get("memo"),
        "metadata": merged_metadata({}, given.get("metadata", {})),
        "number": f"{invoice['number']}-CN-{number:02d}",
        "out_of_band_amount": None,
        "pdf": f"{world.base_url}/i/{invoice['id']}/pdf",
        "post_payment_amount": amount if paid else 0,
        "pre_payment_amount": 0 if paid else amount,
        "pretax_credit_amounts": [],
        "reason": given.get("reason"),
        "refunds": given_back,
        "shipping_cost": None,
        "status": "issued",
        "subtotal": amount,
        "subtotal_excluding_tax": amount,
        "total": amount,
        "total_excluding_tax": amount,
        "total_taxes": [],
        "type": "post_payment" if paid else "pre_payment",
        "voided_at": None,
    }


def void(world: World, given: dict[str, Any], note: str) -> Thing:
    """POST /v1/credit_notes/{id}/void: only while its invoice is open."""
    found = world.fetch("credit_note", note)
    invoice = world.fetch("invoice", found["invoice"])
    if invoice["status"] != "open" or found["status"] == "void":
        raise invalid("You can only void a credit note whose invoice is open.")
    with changing(world, invoice, "invoice.updated"):
        invoice["pre_payment_credit_notes_amount"] -= found["amount"]
        invoice["amount_due"] = invoice["amount_remaining"] = invoice["amount_remaining"] + found["amount"]
    found |= {"status": "void", "voided_at": world.now}
    world.store.save(found)
    record(world, "credit_note.voided", found)
    return found


def show(world: World, given: dict[str, Any], note: str) -> Thing:
    """GET /v1/credit_notes/{id}"""
    return world.fetch("credit_note", note)


def list_all(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/credit_notes"""
    where = {name: given.get(name) for name in ("customer", "invoice")}
    return page(world, "credit_note", "/v1/credit_notes", given, where)


NEW = {
    "invoice!": TEXT,
    "amount": Whole(least=1),
    "credit_amount": Whole(least=1),
    "memo": TEXT,
    "metadata": METADATA,
    "reason": ("duplicate", "fraudulent", "order_change", "product_unsatisfactory"),
    "refund_amount": Whole(least=1),
}
ROUTES = [
    ("POST", "/v1/credit_notes", create, NEW),
    ("GET", "/v1/credit_notes", list_all, listed_by(created=RANGE, customer=TEXT, invoice=TEXT)),
    ("GET", "/v1/credit_notes/{note}", show, {}),
    ("POST", "/v1/credit_notes/{note}/void", void, {}),
]
