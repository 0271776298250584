"""Refunds, disputes, credit notes, voids: what happens to money after it came in."""

import pytest
import stripe

from stripe_sandbox.clock import DAY, HOUR

from .conftest import Here


@pytest.fixture
def charge(here: Here, monthly, subscribe) -> str:
    """The id of a charge of €15."""
    subscription = subscribe(monthly)
    return here.api.v1.charges.list({"customer": subscription.customer}).data[0].id


def test_a_refund_is_never_more_than_was_paid(here: Here, charge: str):
    part = here.api.v1.refunds.create({"charge": charge, "amount": 500, "reason": "requested_by_customer"})
    assert (part.status, part.amount) == ("succeeded", 500)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        here.api.v1.refunds.create({"charge": charge, "amount": 1001})
    here.api.v1.refunds.create({"charge": charge})
    found = here.api.v1.charges.retrieve(charge, {"expand": ["refunds"]})
    assert (found.amount_refunded, found.refunded, len(found.refunds.data)) == (1500, True, 2)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        here.api.v1.refunds.create({"charge": charge})
    assert refused.value.code == "charge_already_refunded"
    assert here.told().count("charge.refunded") == 2
    assert here.control("state")["money"]["refunded"] == 1500


def test_a_refund_is_found_through_its_payment_intent(here: Here, charge: str):
    intent = here.api.v1.charges.retrieve(charge).payment_intent
    made = here.api.v1.refunds.create({"payment_intent": intent, "metadata": {"why": "withdrawn"}})
    assert [one.id for one in here.api.v1.refunds.list({"payment_intent": intent}).data] == [made.id]
    assert here.api.v1.refunds.update(made.id, {"metadata": {"by": "desk"}}).metadata.to_dict() == {
        "why": "withdrawn",
        "by": "desk",
    }


def test_a_refund_to_an_account_takes_days(here: Here, monthly):
    customer = here.api.v1.customers.create({"email": "a@example.org"})
    method = here.api.v1.payment_methods.create(
        {"type": "sepa_debit", "sepa_debit": {"iban": "DE89370400440532013000"}}
    )
    here.api.v1.payment_methods.attach(method.id, {"customer": customer.id})
    here.api.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": monthly}], "default_payment_method": method.id}
    )
    here.sandbox.advance(5 * DAY + HOUR)
    charge = here.api.v1.charges.list({"customer": customer.id}).data[0]
    assert charge.status == "succeeded"
    refund = here.api.v1.refunds.create({"charge": charge.id})
    assert refund.status == "pending"
    here.sandbox.advance(4 * DAY)
    assert here.api.v1.refunds.retrieve(refund.id).status == "succeeded"


def test_a_refund_from_the_dashboard_can_come_back(here: Here, charge: str):
    refund = here.control("refund", {"charge": charge, "amount": 700})
    assert here.control("refund", {"fail": refund["id"]})["status"] == "failed"
    assert here.api.v1.charges.retrieve(charge).amount_refunded == 0
    assert "refund.failed" in here.told()


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_dispute_takes_the_money_and_may_give_it_back(here: Here, charge: str, outcome: str):
    dispute = here.control("dispute", {"charge": charge, "reason": "fraudulent"})
    assert here.api.v1.charges.retrieve(charge).disputed
    with pytest.raises(stripe.InvalidRequestError) as refused:
        here.api.v1.refunds.create({"charge": charge})
    assert refused.value.code == "charge_disputed"
    evidence = {"evidence": {"uncategorized_text": "He reads every day."}, "submit": True}
    assert here.api.v1.disputes.update(dispute["id"], evidence).status == "under_review"
    here.control("dispute", {"dispute": dispute["id"], "status": outcome})
    assert here.api.v1.disputes.retrieve(dispute["id"]).status == outcome
    told = here.told()
    assert {"charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed"} <= set(told)
    assert ("charge.dispute.funds_reinstated" in told) == (outcome == "won")


def test_a_dispute_nobody_answers_is_lost(here: Here, charge: str):
    here.control("dispute", {"charge": charge})
    here.sandbox.advance(8 * DAY)
    assert here.api.v1.disputes.list({"charge": charge}).data[0].status == "lost"


def test_giving_in_loses_a_dispute(here: Here, charge: str):
    dispute = here.control("dispute", {"charge": charge})
    assert here.api.v1.disputes.close(dispute["id"]).status == "lost"


def test_a_card_may_be_disputed_by_itself(here: Here, monthly, subscribe):
    subscribe(monthly, card="pm_card_createDispute")
    here.sandbox.advance(1)
    assert here.api.v1.disputes.list().data[0].status == "needs_response"


def test_a_credit_note_of_a_paid_invoice_refunds_and_credits(here: Here, monthly, subscribe):
    subscription = subscribe(monthly)
    note = here.api.v1.credit_notes.create(
        {"invoice": subscription.latest_invoice, "refund_amount": 500, "credit_amount": 300, "reason": "order_change"}
    )
    assert (note.amount, note.status, note.type) == (800, "issued", "post_payment")
    assert here.control("state")["money"]["refunded"] == 500
    assert here.api.v1.customers.retrieve(subscription.customer).balance == -300
    assert here.api.v1.invoices.retrieve(subscription.latest_invoice).post_payment_credit_notes_amount == 800
    with pytest.raises(stripe.InvalidRequestError):
        here.api.v1.credit_notes.create({"invoice": subscription.latest_invoice, "refund_amount": 701})


def test_a_credit_note_of_an_open_invoice_lowers_it_until_it_is_voided(here: Here, yearly):
    customer = here.api.v1.customers.create({"email": "library@example.org"})
    subscription = here.api.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": yearly}],
            "collection_method": "send_invoice",
            "days_until_due": 14,
        }
    )
    here.sandbox.advance(HOUR)
    note = here.api.v1.credit_notes.create({"invoice": subscription.latest_invoice, "amount": 5000})
    assert here.api.v1.invoices.retrieve(subscription.latest_invoice).amount_due == 10000
    assert here.api.v1.credit_notes.void_credit_note(note.id).status == "void"
    assert here.api.v1.invoices.retrieve(subscription.latest_invoice).amount_due == 15000
    assert here.api.v1.credit_notes.list({"invoice": subscription.latest_invoice}).data[0].id == note.id


def test_voiding_the_overdue_invoice_forgives_it(here: Here, monthly, subscribe):
    subscription = subscribe(monthly, card="pm_card_chargeCustomerFail", trial_period_days=1)
    here.sandbox.advance(DAY + HOUR)
    invoice = here.api.v1.subscriptions.retrieve(subscription.id).latest_invoice
    assert here.api.v1.invoices.void_invoice(invoice).status == "void"
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "active"
    assert here.v1("POST", f"/v1/invoices/{invoice}/pay").status == 400


def test_an_invoice_by_hand_is_written_sent_and_paid(here: Here):
    customer = here.api.v1.customers.create({"email": "library@example.org", "name": "A library"})
    here.api.v1.invoice_items.create(
        {"customer": customer.id, "amount": 9900, "currency": "eur", "description": "Twenty seats"}
    )
    draft = here.api.v1.invoices.create(
        {
            "customer": customer.id,
            "collection_method": "send_invoice",
            "days_until_due": 30,
            "pending_invoice_items_behavior": "include",
        }
    )
    here.api.v1.invoice_items.create({"customer": customer.id, "invoice": draft.id, "amount": 100, "currency": "eur"})
    sent = here.api.v1.invoices.send_invoice(draft.id)
    assert (sent.status, sent.amount_due, sent.number) == ("open", 10000, f"{customer.invoice_prefix}-0001")
    page = here.get(sent.hosted_invoice_url)
    assert "Twenty seats" in page.text
    assert here.post(sent.hosted_invoice_url, method="card_declined").status == 402
    assert here.post(sent.hosted_invoice_url, method="card_ok").status == 303
    assert here.api.v1.invoices.retrieve(sent.id).status == "paid"


def test_an_invoice_is_a_real_pdf(here: Here, monthly, subscribe):
    invoice = here.api.v1.invoices.retrieve(subscribe(monthly).latest_invoice)
    pdf = here.get(invoice.invoice_pdf)
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert pdf.raw.startswith(b"%PDF-1.4")
    assert pdf.raw.rstrip().endswith(b"%%EOF")
    start = int(pdf.raw.rsplit(b"startxref", 1)[1].split()[0])
    assert pdf.raw[start:].startswith(b"xref")
    assert b"\x8015.00" in pdf.raw


def test_every_change_of_a_balance_is_a_line_of_its_own(here: Here, monthly, subscribe):
    customer = subscribe(monthly).customer
    lines = here.api.v1.customers.balance_transactions
    lines.create(customer, {"amount": -500, "currency": "eur"})
    made = lines.create(customer, {"amount": 200, "currency": "eur", "metadata": {"key": "re_1"}})
    assert (made.type, made.ending_balance, made.metadata["key"]) == ("adjustment", -300, "re_1")
    assert here.api.v1.customers.retrieve(customer).balance == -300
    assert [one.amount for one in lines.list(customer).data] == [200, -500]
    assert lines.retrieve(customer, made.id).amount == 200
    here.sandbox.advance(32 * DAY)
    assert lines.list(customer).data[0].type == "applied_to_invoice", "the credit pays for the next month"
    assert here.api.v1.customers.retrieve(customer).balance == 0


def test_nothing_is_no_change_of_a_balance(here: Here, monthly, subscribe):
    with pytest.raises(stripe.InvalidRequestError):
        here.api.v1.customers.balance_transactions.create(subscribe(monthly).customer, {"amount": 0, "currency": "eur"})
