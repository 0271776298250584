"""Another price: what it costs now, what later, and that the preview says the same as the switch."""

import pytest

from stripe_sandbox.clock import DAY, HOUR

from .conftest import Here, make_price


def item(subscription) -> str:
    return subscription["items"].data[0].id


def switched(here: Here, subscription, price: str, **more):
    return here.api.v1.subscriptions.update(
        subscription.id, {"items": [{"id": item(subscription), "price": price}], "expand": ["latest_invoice"]} | more
    )


def preview(here: Here, subscription, price: str, **more):
    details = {"items": [{"id": item(subscription), "price": price}]} | more
    return here.api.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": details})


def test_another_interval_begins_a_new_period_and_is_charged_at_once(here: Here, monthly, yearly, subscribe):
    subscription = subscribe(monthly)
    here.sandbox.advance(15 * DAY)
    asked = preview(here, subscription, yearly)
    changed = switched(here, subscription, yearly)
    assert changed.latest_invoice.billing_reason == "subscription_update"
    assert abs(changed.latest_invoice.total - asked.total) <= 1
    assert changed.latest_invoice.status == "paid"
    assert [line.parent.subscription_item_details.proration for line in changed.latest_invoice.lines.data] == [
        True,
        False,
    ]
    period = changed["items"].data[0]
    assert abs(period.current_period_start - here.control("clock")["now"]) < 5
    assert period.current_period_end - period.current_period_start in (365 * DAY, 366 * DAY)


def test_a_preview_changes_nothing(here: Here, monthly, yearly, subscribe):
    subscription = subscribe(monthly)
    here.told()
    before = here.api.v1.subscriptions.retrieve(subscription.id).to_dict()
    asked = preview(here, subscription, yearly)
    assert asked.id.startswith("upcoming_in_")
    assert asked.status == "draft"
    assert here.api.v1.subscriptions.retrieve(subscription.id).to_dict() == before
    assert here.told() == []


def test_the_dearer_to_the_cheaper_leaves_a_credit_that_pays_what_comes(here: Here, monthly, yearly, subscribe):
    subscription = subscribe(yearly)
    changed = switched(here, subscription, monthly)
    assert changed.latest_invoice.amount_due == 0
    balance = here.api.v1.customers.retrieve(subscription.customer).balance
    assert -13500 <= balance <= -13490
    here.sandbox.advance(62 * DAY)
    assert here.api.v1.customers.retrieve(subscription.customer).balance == balance + 2 * 1500
    assert here.control("state")["money"]["charged"] == 15000


def test_in_a_trial_a_switch_is_free_and_the_trial_stays(here: Here, monthly, yearly, subscribe):
    subscription = subscribe(yearly, trial_period_days=30)
    assert preview(here, subscription, monthly).total == 1500
    changed = switched(here, subscription, monthly)
    assert (changed.status, changed.trial_end) == ("trialing", subscription.trial_end)
    here.sandbox.advance(30 * DAY + HOUR)
    assert here.control("state")["money"]["charged"] == 1500


@pytest.mark.parametrize(
    ("behaviour", "at_once", "in_all"),
    [("create_prorations", 0, 1000 + 500 + 2000), ("always_invoice", 500, 1000 + 500 + 2000), ("none", 0, 1000 + 2000)],
)
def test_the_same_interval_is_prorated_as_asked(here: Here, subscribe, behaviour: str, at_once: int, in_all: int):
    small, large = make_price(here, 1000, "week"), make_price(here, 2000, "week")
    subscription = subscribe(small)
    here.sandbox.advance(7 * DAY // 2)
    switched(here, subscription, large, proration_behavior=behaviour)
    assert abs(here.control("state")["money"]["charged"] - 1000 - at_once) <= 1
    here.sandbox.advance(4 * DAY)
    assert abs(here.control("state")["money"]["charged"] - in_all) <= 1


def test_waiting_prorations_are_on_the_preview_and_in_the_list_of_items(here: Here, subscribe):
    small, large = make_price(here, 1000, "week"), make_price(here, 2000, "week")
    subscription = subscribe(small)
    here.sandbox.advance(7 * DAY // 2)
    assert abs(preview(here, subscription, large).total - 2500) <= 1
    switched(here, subscription, large)
    items = here.api.v1.invoice_items.list({"customer": subscription.customer}).data
    assert [(item.proration, item.invoice) for item in items] == [(True, None), (True, None)]
    here.sandbox.advance(4 * DAY)
    items = here.api.v1.invoice_items.list({"customer": subscription.customer}).data
    last = here.api.v1.subscriptions.retrieve(subscription.id).latest_invoice
    assert [item.invoice for item in items] == [last, last]


def test_a_switch_that_must_be_paid_and_is_not_does_not_happen(here: Here, monthly, yearly, subscribe):
    subscription = subscribe(monthly)
    here.control("fail_next_payment", {"customer": subscription.customer})
    with pytest.raises(Exception, match="declined"):
        switched(here, subscription, yearly, payment_behavior="error_if_incomplete")
    found = here.api.v1.subscriptions.retrieve(subscription.id)
    assert (found.status, found["items"].data[0].price.id) == ("active", monthly)


def test_the_upcoming_invoice_is_the_next_renewal(here: Here, monthly, subscribe):
    subscription = subscribe(monthly)
    asked = here.api.v1.invoices.create_preview({"subscription": subscription.id})
    assert asked.total == 1500
    here.api.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    with pytest.raises(Exception, match="No upcoming invoices") as refused:
        here.api.v1.invoices.create_preview({"subscription": subscription.id})
    assert refused.value.code == "invoice_upcoming_none"


def test_a_preview_of_a_new_subscription_needs_no_customer(here: Here, yearly):
    asked = here.api.v1.invoices.create_preview({"subscription_details": {"items": [{"price": yearly}]}})
    assert asked.total == 15000
    assert here.control("state")["counts"]["subscription"] == 0


def test_ending_the_trial_now_charges_now(here: Here, monthly, subscribe):
    subscription = subscribe(monthly, trial_period_days=30)
    changed = here.api.v1.subscriptions.update(subscription.id, {"trial_end": "now"})
    assert changed.status == "active"
    assert here.control("state")["money"]["charged"] == 1500


def test_a_trial_can_be_made_longer(here: Here, monthly, subscribe):
    subscription = subscribe(monthly, trial_period_days=30)
    later = subscription.trial_end + 7 * DAY
    assert here.api.v1.subscriptions.update(subscription.id, {"trial_end": later}).trial_end == later
    here.sandbox.advance(31 * DAY)
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "trialing"


def test_a_second_price_is_added_as_an_item_of_its_own(here: Here, monthly, subscribe):
    subscription = subscribe(monthly)
    product = here.api.v1.products.create({"name": "Puzzles"})
    extra = here.api.v1.prices.create(
        {"product": product.id, "currency": "eur", "unit_amount": 300, "recurring": {"interval": "month"}}
    )
    made = here.api.v1.subscription_items.create({"subscription": subscription.id, "price": extra.id})
    assert len(here.api.v1.subscriptions.retrieve(subscription.id)["items"].data) == 2
    assert here.api.v1.subscription_items.update(made.id, {"quantity": 2}).quantity == 2
    assert here.api.v1.subscription_items.delete(made.id).deleted
    here.sandbox.advance(32 * DAY)


def test_a_price_keeps_its_amount_and_subscriptions_show_its_present_key(here: Here, monthly, subscribe):
    subscription = subscribe(monthly)
    product = here.api.v1.products.create({"name": "The same, dearer"})
    here.api.v1.prices.create(
        {
            "product": product.id,
            "currency": "eur",
            "unit_amount": 1700,
            "recurring": {"interval": "month"},
            "lookup_key": "monthly",
            "transfer_lookup_key": True,
        }
    )
    found = here.api.v1.subscriptions.retrieve(subscription.id)["items"].data[0].price
    assert (found.unit_amount, found.lookup_key) == (1500, None)
    assert here.api.v1.prices.list({"lookup_keys": ["monthly"]}).data[0].unit_amount == 1700
