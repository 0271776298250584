"""Payments: what was paid, for which subscription and period, and what of it was touched since."""

from datetime import datetime
from typing import Any, NamedTuple

from .connection import Line, our_errors
from .facts import PaymentFacts
from .values import card_of, id_of, moment, moment_or_none


class MoneyBack(NamedTuple):
    """One refund or dispute as a list tells of it: of which payment, its number, and Stripe's own word for it."""

    payment_id: str
    stripe_id: str
    status: str


class Payments(Line):
    """Finds payments through their invoices."""

    def payments_of(self, stripe_id: str) -> list[PaymentFacts]:
        """What was paid for a subscription and what of it was given back, newest first."""
        with our_errors():
            found = self._client.v1.invoices.list(
                {"subscription": stripe_id, "status": "paid", "limit": 100, "expand": ["data.payments"]}
            )
            invoices = [one.to_dict() for one in found.auto_paging_iter() if one.amount_paid]
            intents = self._intents_of(id_of(invoices[0].get("customer"))) if invoices else {}
        return [
            _payment_facts(intents[payment_id], invoice)
            for invoice in invoices
            for payment_id in _payment_ids(invoice)
            if payment_id in intents
        ]

    def _intents_of(self, customer_id: str) -> dict[str, dict[str, Any]]:
        """All payments of a customer with what became of them: one call where asking for each would be dozens."""
        page = self._client.v1.payment_intents.list(
            {"customer": customer_id, "limit": 100, "expand": ["data.latest_charge"]}
        )
        return {one.id: one.to_dict() for one in page.auto_paging_iter()}

    def payment_of_charge(self, charge_id: str) -> str:
        """The payment that a charge belongs to; empty for a charge without one."""
        with our_errors():
            return id_of(self._client.v1.charges.retrieve(charge_id).to_dict().get("payment_intent"))

    def subscription_of_payment(self, payment_id: str) -> str:
        """The subscription that a payment was for, found through its invoice; empty where it was for none."""
        with our_errors():
            wanted: Any = {"type": "payment_intent", "payment_intent": payment_id}
            made = self._client.v1.invoice_payments.list({"payment": wanted, "limit": 1, "expand": ["data.invoice"]})
        invoice = made.data[0].to_dict()["invoice"] if made.data else {}
        return id_of(((invoice.get("parent") or {}).get("subscription_details") or {}).get("subscription"))

    def money_back_since(self, since: datetime) -> list[MoneyBack]:
        """What was given back or disputed since that moment."""
        wish: Any = {"created": {"gte": int(since.timestamp())}, "limit": 100}
        with our_errors():
            pages = (self._client.v1.refunds.list(wish), self._client.v1.disputes.list(wish))
            found = [
                MoneyBack(id_of(one.payment_intent), one.id, one.status or "")
                for page in pages
                for one in page.auto_paging_iter()
            ]
        return [one for one in found if one.payment_id]


def _payment_ids(invoice: dict[str, Any]) -> list[str]:
    """The payments that paid an invoice."""
    made = [one for one in invoice["payments"]["data"] if one["status"] == "paid"]
    return [payment_id for one in made if (payment_id := id_of(one["payment"].get("payment_intent")))]


def _payment_facts(intent: dict[str, Any], invoice: dict[str, Any]) -> PaymentFacts:
    charge = intent.get("latest_charge")
    charge = charge if isinstance(charge, dict) else {}
    card = card_of(charge.get("payment_method_details"))
    starts, ends = _period_of(invoice)
    return PaymentFacts(
        stripe_id=intent["id"],
        invoice_id=invoice["id"],
        paid_cents=intent["amount_received"],
        refunded_cents=charge.get("amount_refunded", 0),
        paid_at=moment(charge.get("created") or intent["created"]),
        period_starts_at=starts,
        period_ends_at=ends,
        arrived_at=moment_or_none(invoice["status_transitions"].get("paid_at")),
        card_brand=card.get("brand", ""),
        card_last4=card.get("last4", ""),
    )


def _period_of(invoice: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    """What an invoice bought: of all that it charges for, the period that ends last; credits do not count."""
    bought = [line["period"] for line in invoice["lines"]["data"] if line["amount"] > 0]
    if not bought:
        return None, None
    last = max(bought, key=lambda period: period["end"])
    return moment(last["start"]), moment(last["end"])
