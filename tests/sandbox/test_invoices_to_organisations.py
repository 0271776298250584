"""Invoices that are sent and not collected: VAT, a quantity, what stands on them, and the day they are due."""

import pytest
import stripe

from tests.sandbox.conftest import DAY, Here


def an_organisation(here: Here, **more: object) -> str:
    wanted = {
        "name": "Harbour & Vale",
        "email": "invoices@harbourvale.example",
        "address": {"line1": "12 Quay Street", "postal_code": "1000", "city": "Brussels", "country": "BE"},
        "tax_id_data": [{"type": "eu_vat", "value": "BE0123456749"}],
    }
    return here.api.v1.customers.create(wanted | more).id  # type: ignore[arg-type]


def a_sent_invoice(here: Here, customer: str, **item: object) -> stripe.Invoice:
    invoice = here.api.v1.invoices.create(
        {
            "customer": customer,
            "collection_method": "send_invoice",
            "days_until_due": 30,
            "auto_advance": False,
            "pending_invoice_items_behavior": "exclude",
            "custom_fields": [{"name": "Purchase order", "value": "PO-77"}],
            "metadata": {"invoice": "one"},
        }
    )
    here.api.v1.invoice_items.create(
        {"customer": customer, "invoice": invoice.id, "currency": "eur", "description": "25 seats"} | item  # type: ignore[arg-type]
    )
    return here.api.v1.invoices.send_invoice(invoice.id)


def test_a_rate_of_tax_is_added_to_what_is_sold(here: Here) -> None:
    rate = here.api.v1.tax_rates.create(
        {"display_name": "VAT", "percentage": 6, "inclusive": False, "country": "BE", "tax_type": "vat"}
    )
    sent = a_sent_invoice(here, an_organisation(here), quantity=25, unit_amount_decimal="7500", tax_rates=[rate.id])
    assert (sent.status, sent.subtotal, sent.total, sent.amount_due) == ("open", 187_500, 198_750, 198_750)
    assert sent.total_excluding_tax == 187_500
    assert [(tax.amount, tax.taxable_amount) for tax in sent.total_taxes or []] == [(11_250, 187_500)]
    assert sent.lines.data[0].quantity == 25
    assert sent.custom_fields[0].value == "PO-77"  # type: ignore[index]
    assert [one.value for one in sent.customer_tax_ids or []] == ["BE0123456749"]
    assert "Tax on" in here.get(sent.hosted_invoice_url or "").text
    assert here.told().count("tax_rate.created") == 1


def test_a_price_that_cannot_be_divided_comes_to_the_cent(here: Here) -> None:
    sent = a_sent_invoice(here, an_organisation(here), quantity=3, unit_amount_decimal="33333.333333333333")
    assert sent.total == 100_000


def test_a_rate_that_was_put_away_is_used_no_more(here: Here) -> None:
    rate = here.api.v1.tax_rates.create({"display_name": "VAT", "percentage": 6, "inclusive": True})
    here.api.v1.tax_rates.update(rate.id, {"active": False})
    assert here.api.v1.tax_rates.list({"active": True}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="not active"):
        a_sent_invoice(here, an_organisation(here), quantity=1, unit_amount_decimal="100", tax_rates=[rate.id])


def test_an_overdue_invoice_is_told_and_stays_payable(here: Here) -> None:
    sent = a_sent_invoice(here, an_organisation(here), quantity=1, unit_amount_decimal="100000")
    here.sandbox.advance(31 * DAY)
    assert "invoice.overdue" in here.told()
    here.post(f"{here.sandbox.url}/i/{sent.id}", method="card_ok")
    assert here.api.v1.invoices.retrieve(sent.id).status == "paid"


def test_what_was_paid_by_bank_transfer_is_said_out_of_band(here: Here) -> None:
    sent = a_sent_invoice(here, an_organisation(here), quantity=1, unit_amount_decimal="100000")
    paid = here.api.v1.invoices.pay(sent.id, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_remaining) == ("paid", 0)
    assert "invoice.paid" in here.told()
