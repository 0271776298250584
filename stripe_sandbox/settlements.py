"""Debits that were on their way for days arrive or come back."""

from . import checkout, collection, payments
from .agenda import duty
from .world import World


@duty("settle_payment")
def settle(world: World, wanted: str) -> None:
    """The bank has answered: tell the invoice, the subscription and the checkout session."""
    intent = world.store.get(wanted)
    if not intent or intent["status"] != "processing":
        return
    outcome = payments.settle(world, intent)
    invoice = world.store.get(intent.get("_invoice") or "")
    if invoice and invoice["status"] == "open":
        if outcome.went_through:
            collection.mark_paid(world, invoice)
        else:
            collection.note_failure(world, invoice, outcome)
    if intent.get("_checkout"):
        checkout.bank_answered(world, intent["_checkout"], outcome.went_through)
