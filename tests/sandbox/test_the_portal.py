"""What a customer does himself on the portal's pages."""

import pytest
import stripe

from stripe_sandbox.clock import DAY, HOUR

from .conftest import Here

BACK = "http://127.0.0.1:1/account"


@pytest.fixture
def configuration(here: Here, monthly, yearly) -> str:
    """A configuration that lets the customer do everything."""
    products = [
        {"product": here.api.v1.prices.retrieve(price).product, "prices": [price]} for price in (monthly, yearly)
    ]
    made = here.api.v1.billing_portal.configurations.create(
        {
            "features": {
                "invoice_history": {"enabled": True},
                "payment_method_update": {"enabled": True},
                "subscription_cancel": {
                    "enabled": True,
                    "cancellation_reason": {"enabled": True, "options": ["too_expensive", "unused"]},
                },
                "subscription_pause": {"enabled": True},
                "subscription_update": {
                    "enabled": True,
                    "default_allowed_updates": ["price"],
                    "products": products,
                    "proration_behavior": "always_invoice",
                },
            },
            "business_profile": {"headline": "The Gazette"},
        }
    )
    return made.id


def opened(here: Here, customer: str, **more):
    return here.api.v1.billing_portal.sessions.create({"customer": customer, "return_url": BACK} | more)


def test_cancelling_keeps_what_is_paid_and_can_be_undone(here: Here, monthly, configuration, subscribe):
    subscription = subscribe(monthly)
    portal = opened(here, subscription.customer, configuration=configuration)
    page = here.get(portal.url)
    assert BACK in page.text
    assert "€15.00 per month" in page.text
    assert "stays yours until" in here.get(f"{portal.url}/cancel?subscription={subscription.id}").text
    here.post(f"{portal.url}/cancel", subscription=subscription.id, feedback="unused")
    found = here.api.v1.subscriptions.retrieve(subscription.id)
    end = found["items"].data[0].current_period_end
    assert (found.cancel_at, found.cancel_at_period_end, found.status) == (end, False, "active")
    assert (found.cancellation_details.reason, found.cancellation_details.feedback) == (
        "cancellation_requested",
        "unused",
    )
    assert "Do not cancel" in here.get(portal.url).text
    here.post(f"{portal.url}/keep", subscription=subscription.id)
    found = here.api.v1.subscriptions.retrieve(subscription.id)
    assert (found.cancel_at, found.canceled_at, found.cancellation_details.reason) == (None, None, None)


def test_a_cancelled_subscription_ends_when_it_said(here: Here, monthly, configuration, subscribe):
    subscription = subscribe(monthly)
    portal = opened(here, subscription.customer, configuration=configuration)
    here.post(f"{portal.url}/cancel", subscription=subscription.id)
    here.sandbox.advance(32 * DAY)
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert here.control("state")["money"]["charged"] == 1500


def test_the_price_of_a_switch_is_shown_and_then_charged(here: Here, monthly, yearly, configuration, subscribe):
    subscription = subscribe(monthly)
    portal = opened(here, subscription.customer, configuration=configuration)
    choice = here.get(f"{portal.url}/switch?subscription={subscription.id}")
    assert "your plan" in choice.text
    shown = here.get(f"{portal.url}/switch?subscription={subscription.id}&price={yearly}")
    assert "€150.00 per year" in shown.text
    here.post(f"{portal.url}/switch", subscription=subscription.id, price=yearly)
    assert here.api.v1.subscriptions.retrieve(subscription.id)["items"].data[0].price.id == yearly
    assert abs(here.control("state")["money"]["charged"] - 15000) <= 2


def test_a_new_card_pays_from_now_on_and_can_pay_what_is_open(here: Here, monthly, configuration, subscribe):
    subscription = subscribe(monthly, card="pm_card_chargeCustomerFail", trial_period_days=1)
    here.sandbox.advance(DAY + HOUR)
    portal = opened(here, subscription.customer, configuration=configuration)
    assert "Pay now" in here.get(portal.url).text
    declined = here.post(f"{portal.url}/card", method="card_declined")
    assert "Your card was declined." in declined.text
    here.post(f"{portal.url}/card", number="5555 5555 5555 4444")
    found = here.api.v1.subscriptions.retrieve(subscription.id, {"expand": ["default_payment_method"]})
    assert found.default_payment_method.card.brand == "mastercard"
    here.post(f"{portal.url}/pay", invoice=found.latest_invoice)
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "active"
    assert here.api.v1.customers.retrieve(found.customer).invoice_settings.default_payment_method == (
        found.default_payment_method.id
    )


def test_a_pause_of_months_ends_by_itself(here: Here, monthly, configuration, subscribe):
    subscription = subscribe(monthly)
    portal = opened(here, subscription.customer, configuration=configuration)
    assert here.get(f"{portal.url}/pause?subscription={subscription.id}").status == 200
    here.post(f"{portal.url}/pause", subscription=subscription.id, months=2)
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "paused"
    here.sandbox.advance(63 * DAY)
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "active"
    assert here.control("state")["money"]["charged"] == 3000


def test_a_paused_subscription_can_be_resumed_by_hand(here: Here, monthly, configuration, subscribe):
    subscription = subscribe(monthly)
    portal = opened(here, subscription.customer, configuration=configuration)
    here.post(f"{portal.url}/pause", subscription=subscription.id, months=3)
    assert "Resume" in here.get(portal.url).text
    here.post(f"{portal.url}/resume", subscription=subscription.id)
    assert here.api.v1.subscriptions.retrieve(subscription.id).status == "active"


@pytest.mark.parametrize(
    ("flow", "step", "fields"),
    [
        ({"type": "payment_method_update"}, "card", {"method": "card_ok"}),
        ({"type": "subscription_cancel", "subscription_cancel": {"subscription": "{sub}"}}, "cancel", {}),
        (
            {
                "type": "subscription_update_confirm",
                "subscription_update_confirm": {
                    "subscription": "{sub}",
                    "items": [{"id": "{item}", "price": "{yearly}", "quantity": 1}],
                },
            },
            "switch",
            {"price": "{yearly}"},
        ),
    ],
)
def test_a_link_for_one_step_goes_there_and_back(
    here: Here, monthly, yearly, configuration, subscribe, flow, step, fields
):
    subscription = subscribe(monthly)
    names = {"sub": subscription.id, "item": subscription["items"].data[0].id, "yearly": yearly}

    def filled(value):
        if isinstance(value, dict):
            return {key: filled(one) for key, one in value.items()}
        if isinstance(value, list):
            return [filled(one) for one in value]
        return value.format(**names) if isinstance(value, str) else value

    after = {"type": "redirect", "redirect": {"return_url": BACK + "?done"}}
    portal = opened(
        here, subscription.customer, configuration=configuration, flow_data=filled(flow) | {"after_completion": after}
    )
    assert f"/{step}" in here.get(portal.url).text
    answer = here.post(f"{portal.url}/{step}", subscription=subscription.id, **filled(fields))
    assert (answer.status, answer.location) == (303, BACK + "?done")


def test_what_the_configuration_forbids_is_refused(here: Here, monthly, yearly, subscribe):
    subscription = subscribe(monthly)
    update = {
        "type": "subscription_update_confirm",
        "subscription_update_confirm": {
            "subscription": subscription.id,
            "items": [{"id": subscription["items"].data[0].id, "price": yearly, "quantity": 1}],
        },
    }
    with pytest.raises(stripe.InvalidRequestError, match="disabled"):
        opened(here, subscription.customer, flow_data=update)
    cancel = {"type": "subscription_cancel", "subscription_cancel": {"subscription": subscription.id}}
    here.api.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    with pytest.raises(stripe.InvalidRequestError, match="already set to be canceled"):
        opened(here, subscription.customer, flow_data=cancel)


def test_a_stranger_cannot_change_it_through_his_own_link(here: Here, monthly, configuration, subscribe):
    subscription, other = subscribe(monthly), subscribe(monthly)
    portal = opened(here, other.customer, configuration=configuration)
    assert here.post(f"{portal.url}/cancel", subscription=subscription.id).status == 404
    assert here.api.v1.subscriptions.retrieve(subscription.id).cancel_at is None


def test_a_link_lives_for_an_hour(here: Here, monthly, subscribe):
    subscription = subscribe(monthly)
    portal = opened(here, subscription.customer)
    here.sandbox.advance(HOUR + 1)
    assert "too old" in here.get(portal.url).text
    here.post(f"{portal.url}/cancel", subscription=subscription.id)
    assert here.api.v1.subscriptions.retrieve(subscription.id).cancel_at is None
    assert here.get(f"{here.sandbox.url}/p/session/bps_no").status == 404


def test_a_configuration_can_be_changed_and_found(here: Here, configuration):
    changed = here.api.v1.billing_portal.configurations.update(
        configuration, {"features": {"subscription_cancel": {"mode": "immediately"}}, "name": "Readers"}
    )
    assert changed.features.subscription_cancel.mode == "immediately"
    assert changed.features.subscription_cancel.enabled
    assert [one.id for one in here.api.v1.billing_portal.configurations.list({"active": True}).data] == [configuration]


def test_switching_needs_products(here: Here):
    form = "features[subscription_update][enabled]=true&features[subscription_update][default_allowed_updates][0]=price"
    assert here.v1("POST", "/v1/billing_portal/configurations", form).status == 400
