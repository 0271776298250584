"""What time does: trials end, periods end, payments fail and are tried again, pauses and cancellations."""

from datetime import UTC, datetime

import pytest

from stripe_sandbox.clock import DAY, HOUR
from stripe_sandbox.periods import next_boundary, prorated, stepped

from .conftest import Here


def when(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("anchor", "interval", "steps", "end"),
    [
        (when(2024, 1, 31), "month", 1, when(2024, 2, 29)),
        (when(2023, 1, 31), "month", 1, when(2023, 2, 28)),
        (when(2023, 1, 31), "month", 2, when(2023, 3, 31)),
        (when(2024, 2, 29), "year", 1, when(2025, 2, 28)),
        (when(2024, 2, 29), "year", 4, when(2028, 2, 29)),
        (when(2026, 3, 28, 23), "day", 1, when(2026, 3, 29, 23)),
    ],
)
def test_periods_keep_the_day_of_their_anchor(anchor: int, interval: str, steps: int, end: int):
    assert stepped(anchor, interval, 1, steps) == end


def test_the_next_boundary_is_the_first_one_later_than_the_moment():
    anchor = when(2024, 1, 31)
    assert next_boundary(anchor, "month", 1, anchor) == when(2024, 2, 29)
    assert next_boundary(anchor, "month", 1, when(2024, 2, 29)) == when(2024, 3, 31)
    assert next_boundary(anchor, "year", 1, when(2030, 6, 1)) == when(2031, 1, 31)


def test_prorations_are_whole_cents():
    assert prorated(15000, 0, 0, 365) == 15000
    assert prorated(15000, 365, 0, 365) == 0
    assert prorated(1500, 10, 0, 30) == 1000
    assert prorated(1, 1, 0, 2) == 1


def test_a_trial_becomes_a_paid_period_an_hour_after_its_end(here: Here, yearly: str, subscribe):
    subscription = subscribe(yearly, trial_period_days=30)
    assert (subscription.status, subscription.trial_end - subscription.trial_start) == ("trialing", 30 * DAY)
    here.told()
    here.sandbox.advance(27 * DAY)
    assert here.told() == ["customer.subscription.trial_will_end"]
    here.sandbox.advance(3 * DAY)
    assert here.told() == ["customer.subscription.updated", "invoice.created"]
    found = here.api.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert (found.status, found.latest_invoice.status) == ("active", "draft")
    assert found["items"].data[0].current_period_start == subscription.trial_end
    here.sandbox.advance(HOUR)
    told = here.told()
    assert {"invoice.finalized", "charge.succeeded", "invoice.paid", "invoice.payment_succeeded"} <= set(told)
    assert here.control("state")["money"]["charged"] == 15000


def test_a_month_at_a_time_for_a_year_is_thirteen_payments(here: Here, monthly: str, subscribe):
    subscription = subscribe(monthly)
    assert subscription.status == "active"
    here.sandbox.advance(365 * DAY + 2 * HOUR)
    assert here.control("state")["money"] == {
        "charged": 13 * 1500,
        "charges": 13,
        "refunded": 0,
        "customers": {subscription.customer: {"charged": 13 * 1500, "charges": 13, "refunded": 0}},
    }


def test_a_card_that_fails_is_tried_on_days_1_3_5_and_7_and_then_it_ends(here: Here, monthly: str, subscribe):
    subscription = subscribe(monthly, card="pm_card_chargeCustomerFail", trial_period_days=1)
    here.sandbox.advance(DAY + HOUR)
    found = here.api.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert (found.status, found.latest_invoice.status) == ("past_due", "open")
    assert abs(found.latest_invoice.next_payment_attempt - here.control("clock")["now"] - DAY) < 60
    attempts = []
    for days in (1, 2, 2, 2):
        attempts.append(here.api.v1.invoices.retrieve(found.latest_invoice.id).attempt_count)
        here.sandbox.advance(days * DAY)
    assert attempts == [1, 2, 3, 4]
    found = here.api.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert (found.status, found.cancellation_details.reason) == ("canceled", "payment_failed")
    assert (found.latest_invoice.status, found.latest_invoice.attempt_count) == ("open", 5)
    assert here.told().count("invoice.payment_failed") == 5


def test_a_payment_that_fails_once_is_mended_by_the_next_attempt(here: Here, monthly: str, subscribe):
    subscription = subscribe(monthly)
    here.control("fail_next_payment", {"customer": subscription.customer, "on": True})
    here.control("clock", {"to": subscription["items"].data[0].current_period_end + HOUR})
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "past_due"
    here.sandbox.advance(DAY)
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_paying_the_open_invoice_with_a_new_card_mends_it_at_once(here: Here, monthly: str, subscribe):
    subscription = subscribe(monthly, card="pm_card_chargeCustomerFail", trial_period_days=1)
    here.sandbox.advance(DAY + HOUR)
    invoice = here.api.v1.subscriptions.retrieve(subscription.id).latest_invoice
    with pytest.raises(Exception, match="declined") as refused:
        here.api.v1.invoices.pay(invoice)
    assert (refused.value.http_status, refused.value.code) == (402, "card_declined")
    method = here.api.v1.payment_methods.attach("pm_card_visa", {"customer": subscription.customer})
    assert here.api.v1.invoices.pay(invoice, {"payment_method": method.id}).status == "paid"
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_renewal_that_needs_the_payer_says_so(here: Here, monthly: str, subscribe):
    subscription = subscribe(monthly, card="pm_card_authenticationRequired", trial_period_days=1)
    here.told()
    here.sandbox.advance(DAY + HOUR)
    assert {"invoice.payment_action_required", "invoice.payment_failed"} <= set(here.told())
    found = here.api.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert found.status == "past_due"
    page = found.latest_invoice.hosted_invoice_url
    assert here.get(page).status == 200
    assert here.post(page, method="on_file").status == 303
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "active"


@pytest.mark.parametrize(
    ("behaviour", "status"), [("cancel", "canceled"), ("pause", "paused"), ("create_invoice", "past_due")]
)
def test_a_trial_without_a_payment_method_ends_as_asked(here: Here, yearly: str, behaviour: str, status: str):
    customer = here.api.v1.customers.create({"email": "nocard@example.org"})
    subscription = here.api.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": yearly}],
            "trial_period_days": 7,
            "trial_settings": {"end_behavior": {"missing_payment_method": behaviour}},
        }
    )
    assert subscription.pending_setup_intent.startswith("seti_")
    here.sandbox.advance(7 * DAY + HOUR)
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == status


def test_cancelling_through_the_api_sets_only_the_switch(here: Here, monthly: str, subscribe):
    subscription = subscribe(monthly)
    changed = here.api.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert (changed.cancel_at_period_end, changed.cancel_at, changed.status) == (True, None, "active")
    assert changed.cancellation_details.reason == "cancellation_requested"
    again = here.api.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert (again.cancel_at_period_end, again.canceled_at) == (False, None)
    here.api.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    here.sandbox.advance(31 * DAY + HOUR)
    found = here.api.v1.subscriptions.retrieve(subscription.id)
    assert (found.status, found.ended_at) == ("canceled", subscription["items"].data[0].current_period_end)
    assert here.control("state")["money"]["charged"] == 1500
    assert "customer.subscription.deleted" in here.told()


def test_cancelling_in_a_trial_costs_nothing(here: Here, yearly: str, subscribe):
    subscription = subscribe(yearly, trial_period_days=30)
    here.api.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    here.sandbox.advance(31 * DAY)
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert here.control("state")["money"]["charged"] == 0


def test_a_moment_to_cancel_is_kept(here: Here, monthly: str, subscribe):
    subscription = subscribe(monthly)
    moment = here.control("clock")["now"] + 10 * DAY
    assert here.api.v1.subscriptions.update(subscription.id, {"cancel_at": moment}).cancel_at == moment
    here.sandbox.advance(10 * DAY + 1)
    assert here.api.v1.subscriptions.retrieve(subscription.id).ended_at == moment


def test_cancelling_now_is_now(here: Here, monthly: str, subscribe):
    subscription = subscribe(monthly)
    ended = here.api.v1.subscriptions.cancel(subscription.id, {"cancellation_details": {"feedback": "unused"}})
    assert (ended.status, ended.cancellation_details.feedback) == ("canceled", "unused")
    assert here.v1("DELETE", f"/v1/subscriptions/{subscription.id}").status == 400


def test_cancelling_with_the_rest_given_back_credits_it(here: Here, monthly: str, subscribe):
    subscription = subscribe(monthly)
    here.sandbox.advance(15 * DAY)
    here.api.v1.subscriptions.cancel(subscription.id, {"prorate": True, "invoice_now": True})
    assert -800 < here.api.v1.customers.retrieve(subscription.customer).balance < -700


@pytest.mark.parametrize(("card", "status"), [("pm_card_visa", "active"), ("pm_card_chargeCustomerFail", "incomplete")])
def test_the_first_payment_decides(here: Here, monthly: str, subscribe, card: str, status: str):
    assert subscribe(monthly, card=card).status == status


def test_an_incomplete_subscription_expires_after_23_hours(here: Here, monthly: str, subscribe):
    subscription = subscribe(monthly, card="pm_card_chargeCustomerFail")
    here.sandbox.advance(23 * HOUR + 1)
    found = here.api.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert (found.status, found.latest_invoice.status) == ("incomplete_expired", "void")


def test_default_incomplete_waits_for_its_payment(here: Here, monthly: str, subscribe):
    subscription = subscribe(
        monthly, payment_behavior="default_incomplete", expand=["latest_invoice.confirmation_secret"]
    )
    assert subscription.status == "incomplete"
    assert subscription.latest_invoice.confirmation_secret.client_secret.startswith("pi_")
    here.api.v1.invoices.pay(subscription.latest_invoice.id)
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_error_if_incomplete_leaves_nothing_behind(here: Here, monthly: str, subscribe):
    with pytest.raises(Exception, match="declined"):
        subscribe(monthly, card="pm_card_chargeCustomerFail", payment_behavior="error_if_incomplete")
    assert here.control("state")["counts"]["subscription"] == 0


def test_pausing_stops_billing_and_resuming_starts_a_new_period(here: Here, monthly: str, subscribe):
    subscription = subscribe(monthly)
    paused = here.api.v1.subscriptions.pause(subscription.id, {"type": "subscription"})
    assert paused.status == "paused"
    assert paused.status_details.paused.subscription.type == "pause_requested"
    here.sandbox.advance(70 * DAY)
    assert here.control("state")["money"]["charged"] == 1500
    resumed = here.api.v1.subscriptions.resume(subscription.id)
    assert resumed.status == "active"
    assert here.control("state")["money"]["charged"] == 3000
    assert {"customer.subscription.paused", "customer.subscription.resumed"} <= set(here.told())


@pytest.mark.parametrize(
    ("behaviour", "status"), [("void", "void"), ("mark_uncollectible", "uncollectible"), ("keep_as_draft", "draft")]
)
def test_paused_collection_makes_invoices_that_nobody_pays(
    here: Here, monthly: str, subscribe, behaviour: str, status: str
):
    subscription = subscribe(monthly)
    here.api.v1.subscriptions.update(subscription.id, {"pause_collection": {"behavior": behaviour}})
    here.sandbox.advance(31 * DAY + 2 * HOUR)
    found = here.api.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert (found.status, found.latest_invoice.status) == ("active", status)
    assert here.control("state")["money"]["charged"] == 1500


def test_an_invoice_that_is_sent_waits_for_its_due_date(here: Here, yearly: str):
    customer = here.api.v1.customers.create({"email": "library@example.org"})
    subscription = here.api.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": yearly, "quantity": 20}],
            "collection_method": "send_invoice",
            "days_until_due": 30,
        }
    )
    assert subscription.status == "active"
    here.sandbox.advance(HOUR)
    invoice = here.api.v1.invoices.retrieve(subscription.latest_invoice)
    assert (invoice.status, invoice.amount_due) == ("open", 300000)
    here.sandbox.advance(31 * DAY)
    assert "invoice.overdue" in here.told()
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "past_due"
    here.api.v1.invoices.pay(invoice.id, {"paid_out_of_band": True})
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_deleted_customer_has_no_subscription_left(here: Here, monthly: str, subscribe):
    subscription = subscribe(monthly)
    here.told()
    assert here.api.v1.customers.delete(subscription.customer).deleted
    assert here.told() == ["customer.deleted", "customer.subscription.deleted"]
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert here.direct.v1.customers.retrieve(subscription.customer).to_dict() == {
        "id": subscription.customer,
        "object": "customer",
        "deleted": True,
    }
    form = f"customer={subscription.customer}&items[0][price]={monthly}"
    assert here.v1("POST", "/v1/subscriptions", form).status == 400
