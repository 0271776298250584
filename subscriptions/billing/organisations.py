"""Organisations: invoices that are sent, and paid within days, by card on Stripe's page or by a transfer to us."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from .connection import Line, our_errors
from .errors import BillingRefused, BillingUnknown
from .values import id_of, moment, moment_or_none, says, web_address

# As many decimals as Stripe takes for a price of one seat, so that the sum of all comes out to the cent.
FINEST = Decimal("1e-12")


@dataclass(frozen=True)
class Organisation:
    """Whom an invoice is made out to. `reverse_charge`: its VAT is its own to pay, and Stripe says so (law.md L7)."""

    name: str
    email: str
    language: str = "en"
    street: str = ""
    street_2: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""
    vat_number: str = ""
    reverse_charge: bool = False


@dataclass(frozen=True)
class InvoiceOrder:
    """One invoice to be sent. `key` is our own number of it; money in cents, without VAT.

    `vat_percent` above 0 is added by Stripe with a rate of that percentage in `vat_country`.
    """

    key: str
    customer_id: str
    what: str
    quantity: int
    net_cents: int
    days_until_due: int
    period_starts_at: datetime
    period_ends_at: datetime
    vat_percent: Decimal = Decimal(0)
    vat_country: str = ""
    purchase_order: str = ""
    note: str = ""
    currency: str = "eur"


@dataclass(frozen=True)
class MoneyIn:
    """One payment of an invoice through Stripe. `stripe_id` is the payment's own number."""

    stripe_id: str
    cents: int
    paid_at: datetime


@dataclass(frozen=True)
class SentInvoiceFacts:
    """What Stripe says of one invoice that was sent. `status` is Stripe's own word; money in cents, with VAT."""

    stripe_id: str
    customer_id: str
    status: str
    # Our number of it; empty where it was made in the Dashboard.
    key: str
    total_cents: int
    number: str = ""
    net_cents: int = 0
    sent_at: datetime | None = None
    due_at: datetime | None = None
    page_url: str = ""
    pdf_url: str = ""
    payments: tuple[MoneyIn, ...] = ()


class Organisations(Line):
    """Keeps customers that are organisations, and sends them invoices."""

    def make_organisation(self, organisation: Organisation, *, key: str) -> str:
        """Make a customer and return its id. The same `key` makes the same one for 24 hours."""
        asked: dict[str, Any] = _details(organisation) | {"metadata": {"agreement": key}}
        if organisation.vat_number:
            asked["tax_id_data"] = [_tax_id(organisation)]
        customers = self._client.v1.customers
        return self._once(
            f"organisation-{key}",
            lambda options: customers.create(asked, options).id,  # type: ignore[arg-type]
            or_find=lambda: self._organisation_of(organisation.email, key),
        )

    def change_organisation(self, customer_id: str, organisation: Organisation) -> None:
        """Let the next invoice say this. Raises BillingUnknown where the customer is gone."""
        customers = self._client.v1.customers
        with our_errors():
            customers.update(customer_id, _details(organisation))  # type: ignore[arg-type]
            wanted, is_there = organisation.vat_number, False
            for one in customers.tax_ids.list(customer_id, {"limit": 100}).data:
                if one.value == wanted and not is_there:
                    is_there = True
                else:
                    customers.tax_ids.delete(customer_id, one.id)
            if wanted and not is_there:
                customers.tax_ids.create(customer_id, _tax_id(organisation))  # type: ignore[arg-type]

    def send_invoice(self, order: InvoiceOrder) -> SentInvoiceFacts:
        """Write an invoice and let Stripe send it. However often it is asked for under one key, there is one."""
        rates = [self._tax_rate(order.vat_percent, order.vat_country)] if order.vat_percent else []
        invoices = self._client.v1.invoices
        made = self._once(
            f"invoice-{order.key}",
            lambda options: invoices.create(_invoice(order), options).id,  # type: ignore[arg-type]
            or_find=lambda: self._invoice_of(order),
        )
        facts = self.sent_invoice(made)
        if facts.status != "draft":
            return facts
        if not self._has_lines(made):
            self._once(
                f"item-{order.key}",
                lambda options: self._client.v1.invoice_items.create(_item(order, made, rates), options).id,  # type: ignore[arg-type]
                or_find=lambda: "there" if self._has_lines(made) else None,
            )
        with our_errors():
            invoices.send_invoice(made)
        return self.sent_invoice(made)

    def sent_invoice(self, stripe_id: str) -> SentInvoiceFacts:
        """One invoice as it is now, with its payments. Raises BillingUnknown."""
        return _facts(self._read(f"/v1/invoices/{stripe_id}", expand=["payments"]))

    def sent_invoices(self, since: datetime) -> Iterator[SentInvoiceFacts]:
        """Every invoice made since then that is sent and not collected, newest first; without its payments."""
        asked = {"collection_method": "send_invoice", "created": {"gte": int(since.timestamp())}, "limit": 100}
        with our_errors():
            page = self._client.v1.invoices.list(asked)  # type: ignore[arg-type]
            for one in page.auto_paging_iter():
                yield _facts(one.to_dict())

    def settle_elsewhere(self, stripe_id: str) -> SentInvoiceFacts:
        """It was paid by a transfer to us: let nobody pay it again. What Stripe has settled already stays as it is."""
        try:
            with our_errors():
                self._client.v1.invoices.pay(stripe_id, {"paid_out_of_band": True})
        except BillingUnknown:
            raise
        except BillingRefused:
            if self.sent_invoice(stripe_id).status != "paid":
                raise
        return self.sent_invoice(stripe_id)

    def void_invoice(self, stripe_id: str) -> SentInvoiceFacts:
        """It is owed no more. Raises BillingRefused where it was paid."""
        try:
            with our_errors():
                self._client.v1.invoices.void_invoice(stripe_id)
        except BillingUnknown:
            raise
        except BillingRefused:
            if self.sent_invoice(stripe_id).status != "void":
                raise
        return self.sent_invoice(stripe_id)

    def _organisation_of(self, email: str, key: str) -> str | None:
        with our_errors():
            page = self._client.v1.customers.list({"email": email, "limit": 100})
            found = [one.id for one in page.auto_paging_iter() if says(one.metadata, "agreement", key)]
        return found[-1] if found else None

    def _invoice_of(self, order: InvoiceOrder) -> str | None:
        with our_errors():
            page = self._client.v1.invoices.list({"customer": order.customer_id, "limit": 100})
            found = [one.id for one in page.auto_paging_iter() if says(one.metadata, "invoice", order.key)]
        return found[-1] if found else None

    def _has_lines(self, stripe_id: str) -> bool:
        return bool(self._read(f"/v1/invoices/{stripe_id}")["lines"]["data"])

    def _tax_rate(self, percent: Decimal, country: str) -> str:
        """The rate of that percentage; made where there is none."""
        with our_errors():
            page = self._client.v1.tax_rates.list({"active": True, "inclusive": False, "limit": 100})
            for one in page.auto_paging_iter():
                if Decimal(str(one.percentage)) == percent and one.country == country:
                    return one.id
            wanted = {"display_name": "VAT", "percentage": float(percent), "inclusive": False, "country": country}
            key = f"vat-{country}-{percent.normalize():f}"
            return self._client.v1.tax_rates.create(
                wanted | {"tax_type": "vat"},  # type: ignore[arg-type]
                {"idempotency_key": key},
            ).id


def _details(organisation: Organisation) -> dict[str, Any]:
    address = {
        "line1": organisation.street,
        "line2": organisation.street_2,
        "postal_code": organisation.postal_code,
        "city": organisation.city,
        "country": organisation.country,
    }
    return {
        "name": organisation.name,
        "email": organisation.email,
        "preferred_locales": [organisation.language],
        "tax_exempt": "reverse" if organisation.reverse_charge else "none",
        "address": {name: value for name, value in address.items() if value},
    }


def _tax_id(organisation: Organisation) -> dict[str, str]:
    kind = {"GB": "gb_vat", "CH": "ch_vat", "NO": "no_vat"}.get(organisation.vat_number[:2].upper(), "eu_vat")
    return {"type": kind, "value": organisation.vat_number}


def _invoice(order: InvoiceOrder) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "customer": order.customer_id,
        "collection_method": "send_invoice",
        "days_until_due": order.days_until_due,
        "auto_advance": False,
        "currency": order.currency,
        "pending_invoice_items_behavior": "exclude",
        "metadata": {"invoice": order.key},
    }
    if order.purchase_order:
        asked["custom_fields"] = [{"name": "Purchase order", "value": order.purchase_order[:140]}]
    if order.note:
        asked["footer"] = order.note
    return asked


def _item(order: InvoiceOrder, invoice_id: str, rates: list[str]) -> dict[str, Any]:
    one = (Decimal(order.net_cents) / order.quantity).quantize(FINEST).normalize()
    return {
        "customer": order.customer_id,
        "invoice": invoice_id,
        "currency": order.currency,
        "description": order.what,
        "quantity": order.quantity,
        "unit_amount_decimal": f"{one:f}",
        "period": {"start": int(order.period_starts_at.timestamp()), "end": int(order.period_ends_at.timestamp())},
        **({"tax_rates": rates} if rates else {}),
    }


def _facts(given: dict[str, Any]) -> SentInvoiceFacts:
    transitions = given.get("status_transitions") or {}
    paid = [one for one in (given.get("payments") or {}).get("data", []) if one["status"] == "paid"]
    return SentInvoiceFacts(
        stripe_id=given["id"],
        customer_id=id_of(given.get("customer")),
        status=given.get("status") or "",
        key=(given.get("metadata") or {}).get("invoice", ""),
        total_cents=given["total"],
        number=given.get("number") or "",
        net_cents=given.get("total_excluding_tax") or given["total"],
        sent_at=moment_or_none(transitions.get("finalized_at")),
        due_at=moment_or_none(given.get("due_date")),
        page_url=web_address(given.get("hosted_invoice_url")),
        pdf_url=web_address(given.get("invoice_pdf")),
        payments=tuple(_money_in(one) for one in paid),
    )


def _money_in(given: dict[str, Any]) -> MoneyIn:
    payment = given["payment"]
    paid_at = (given.get("status_transitions") or {}).get("paid_at") or given["created"]
    return MoneyIn(
        stripe_id=id_of(payment.get("payment_intent") or payment.get("charge")) or given["id"],
        cents=given.get("amount_paid") or 0,
        paid_at=moment(paid_at),
    )
