"""A buyer comes to the payment page: every way in which that can turn out."""

import pytest

from stripe_sandbox.clock import DAY

from .conftest import Here

BACK = "http://127.0.0.1:1/welcome?session={CHECKOUT_SESSION_ID}"
AWAY = "http://127.0.0.1:1/article"


def a_session(here: Here, price: str, *, trial_days: int = 30, **more):
    about = {"metadata": {"reader": "7"}} | ({"trial_period_days": trial_days} if trial_days else {})
    return here.api.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": price, "quantity": 1}],
            "success_url": BACK,
            "cancel_url": AWAY,
            "client_reference_id": "reader-7",
            "subscription_data": about,
        }
        | more
    )


def test_the_page_says_what_is_bought_and_that_no_money_moves(here: Here, yearly: str):
    page = here.get(a_session(here, yearly).url)
    assert page.status == 200
    assert "30 days free, then €150.00 per year" in page.text
    assert "Local test payments. No money moves." in page.text


def test_a_trial_begins_with_a_card_and_nothing_to_pay(here: Here, yearly: str):
    session = a_session(here, yearly)
    paid = here.post(session.url, method="card_ok", email="alice@example.org")
    assert paid.status == 303
    assert paid.location == BACK.replace("{CHECKOUT_SESSION_ID}", session.id)
    session = here.api.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["subscription", "subscription.latest_invoice", "customer", "line_items"]}
    )
    assert (session.status, session.payment_status, session.amount_total) == (
        "complete",
        "no_payment_required",
        0,
    )
    subscription = session.subscription
    assert subscription.status == "trialing"
    assert subscription.metadata.to_dict() == {"reader": "7"}
    assert subscription.trial_end - subscription.trial_start == 30 * DAY
    assert subscription["items"].data[0].current_period_end == subscription.trial_end
    assert (subscription.latest_invoice.status, subscription.latest_invoice.total) == ("paid", 0)
    assert session.customer.email == "alice@example.org"
    told = here.told()
    assert {"checkout.session.completed", "customer.subscription.created", "invoice.paid"} <= set(told)
    assert "charge.succeeded" not in told


def test_without_a_trial_the_first_period_is_paid_at_once(here: Here, monthly: str):
    session = a_session(here, monthly, trial_days=0)
    assert session.amount_total == 1500
    assert session.payment_status == "unpaid"
    assert here.post(session.url, method="card_ok", email="a@example.org").status == 303
    session = here.api.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "invoice"]})
    assert session.payment_status == "paid"
    assert session.subscription.status == "active"
    assert session.invoice.amount_paid == 1500
    assert here.control("state")["money"]["charged"] == 1500


def test_a_declined_card_leaves_the_session_open_and_nothing_behind(here: Here, yearly: str):
    session = a_session(here, yearly)
    page = here.post(session.url, method="card_declined", email="a@example.org")
    assert page.status == 402
    assert "Your card was declined." in page.text
    assert here.api.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert here.control("state")["counts"]["subscription"] == 0
    assert here.control("state")["counts"]["customer"] == 0


@pytest.mark.parametrize(("outcome", "status"), [("authorise", 303), ("fail", 402)])
def test_3d_secure_asks_on_a_page_of_its_own(here: Here, yearly: str, outcome: str, status: int):
    session = a_session(here, yearly)
    asked = here.post(session.url, method="card_3ds", email="a@example.org")
    assert asked.status == 200
    assert "Authorise" in asked.text
    assert here.api.v1.checkout.sessions.retrieve(session.id).status == "open"
    answer = here.post(session.url, method="card_3ds", email="a@example.org", outcome=outcome)
    assert answer.status == status
    wanted = "complete" if outcome == "authorise" else "open"
    assert here.api.v1.checkout.sessions.retrieve(session.id).status == wanted


def test_a_card_authorised_at_checkout_pays_later_without_asking(here: Here, monthly: str):
    session = a_session(here, monthly)
    here.post(session.url, method="card_3ds", email="a@example.org", outcome="authorise")
    here.sandbox.advance(31 * DAY)
    assert here.control("state")["money"]["charged"] == 1500


def test_leaving_goes_back_and_the_session_stays_open(here: Here, yearly: str):
    session = a_session(here, yearly)
    left = here.post(session.url, method="abandon")
    assert (left.status, left.location) == (303, AWAY)
    assert here.api.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_a_session_can_be_paid_only_once(here: Here, yearly: str):
    session = a_session(here, yearly)
    here.post(session.url, method="card_ok", email="a@example.org")
    assert "complete" in here.get(f"{here.sandbox.url}/c/pay/{session.id}").text
    again = here.post(f"{here.sandbox.url}/c/pay/{session.id}", method="card_ok", email="a@example.org")
    assert again.status == 409
    assert here.control("state")["counts"]["subscription"] == 1


def test_a_session_expires_by_the_clock(here: Here, yearly: str):
    session = a_session(here, yearly)
    here.sandbox.advance(DAY + 5)
    assert "checkout.session.expired" in here.told()
    session = here.api.v1.checkout.sessions.retrieve(session.id)
    assert (session.status, session.url) == ("expired", None)
    assert here.post(f"{here.sandbox.url}/c/pay/{session.id}", method="card_ok").status == 409


def test_a_session_can_be_expired_while_it_is_open(here: Here, yearly: str):
    session = a_session(here, yearly)
    assert here.api.v1.checkout.sessions.expire(session.id).status == "expired"
    assert here.v1("POST", f"/v1/checkout/sessions/{session.id}/expire").status == 400


def test_the_customer_of_the_session_keeps_his_address(here: Here, yearly: str):
    customer = here.api.v1.customers.create({"email": "carla@example.org"})
    session = a_session(here, yearly, customer=customer.id)
    assert "carla@example.org" in here.get(session.url).text
    here.post(session.url, method="card_ok", email="somebody@else.example")
    found = here.api.v1.checkout.sessions.retrieve(session.id)
    assert found.customer == customer.id
    assert here.api.v1.customers.retrieve(customer.id).email == "carla@example.org"


def test_fingerprints_follow_the_number(here: Here, yearly: str):
    def fingerprint(number: str) -> str:
        session = a_session(here, yearly)
        here.post(session.url, method="card_ok", number=number, email="a@example.org")
        found = here.api.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
        method = here.api.v1.payment_methods.retrieve(found.subscription.default_payment_method)
        return method.card.fingerprint

    first, same, other = fingerprint("4242424242424242"), fingerprint("4242 4242 4242 4242"), fingerprint("5555 1")
    assert first == same != other


def test_terms_must_be_agreed_to_where_the_site_asks_for_it(here: Here, yearly: str):
    session = a_session(here, yearly, consent_collection={"terms_of_service": "required"})
    refused = here.post(session.url, method="card_ok", email="a@example.org")
    assert "Agree to the terms" in refused.text
    assert here.post(session.url, method="card_ok", email="a@example.org", terms="on").status == 303
    assert here.api.v1.checkout.sessions.retrieve(session.id).consent.terms_of_service == "accepted"


def test_a_promotion_code_lowers_the_first_payment(here: Here, yearly: str):
    coupon = here.api.v1.coupons.create({"percent_off": 20, "duration": "once"})
    here.api.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING"})
    session = a_session(here, yearly, trial_days=0, allow_promotion_codes=True)
    wrong = here.post(session.url, method="card_ok", email="a@example.org", promotion_code="WINTER")
    assert "This promotion code is invalid." in wrong.text
    assert here.post(session.url, method="card_ok", email="a@example.org", promotion_code="spring").status == 303
    assert here.control("state")["money"]["charged"] == 12000
    here.sandbox.advance(366 * DAY)
    assert here.control("state")["money"]["charged"] == 27000
    assert here.api.v1.coupons.retrieve(coupon.id).times_redeemed == 1


@pytest.mark.parametrize(
    ("way", "event", "status", "payment"),
    [
        ("sepa_ok", "checkout.session.async_payment_succeeded", "active", "paid"),
        ("sepa_fails", "checkout.session.async_payment_failed", "past_due", "unpaid"),
    ],
)
def test_a_bank_debit_takes_days(here: Here, monthly: str, way: str, event: str, status: str, payment: str):
    session = a_session(here, monthly, trial_days=0)
    assert here.post(session.url, method=way, email="a@example.org").status == 303
    found = here.api.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
    assert (found.payment_status, found.subscription.status) == ("unpaid", "active")
    here.told()
    here.sandbox.advance(5 * DAY + 1)
    assert event in here.told()
    found = here.api.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
    assert (found.payment_status, found.subscription.status) == (payment, status)


@pytest.mark.parametrize("way", ["bancontact", "ideal"])
def test_the_banks_own_page_pays_at_once_and_the_account_is_debited_later(here: Here, monthly: str, way: str):
    session = a_session(here, monthly, trial_days=0)
    here.post(session.url, method=way, email="a@example.org")
    assert here.control("state")["money"]["charged"] == 1500
    here.sandbox.advance(32 * DAY)
    assert here.control("state")["money"]["charged"] == 1500
    here.sandbox.advance(6 * DAY)
    assert here.control("state")["money"]["charged"] == 3000


def test_a_setup_session_keeps_a_card_and_charges_nothing(here: Here):
    customer = here.api.v1.customers.create({"email": "a@example.org"})
    session = here.api.v1.checkout.sessions.create(
        {"mode": "setup", "customer": customer.id, "success_url": BACK, "currency": "eur"}
    )
    here.post(session.url, method="card_ok")
    found = here.api.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent.payment_method"]})
    assert found.setup_intent.status == "succeeded"
    assert found.setup_intent.payment_method.customer == customer.id


def test_a_payment_session_charges_once(here: Here):
    product = here.api.v1.products.create({"name": "A book"})
    price = here.api.v1.prices.create({"product": product.id, "currency": "eur", "unit_amount": 2500})
    session = here.api.v1.checkout.sessions.create(
        {"mode": "payment", "line_items": [{"price": price.id, "quantity": 2}], "success_url": BACK}
    )
    here.post(session.url, method="card_ok", email="a@example.org")
    found = here.api.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert found.payment_intent.latest_charge.amount == 5000


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ("mode=subscription&success_url=http://x.example/", "line_items"),
        ("mode=subscription&line_items[0][price]={price}&line_items[0][quantity]=1", "success_url"),
        (
            "mode=subscription&line_items[0][price]=price_1&line_items[0][quantity]=1&success_url=http://x.example/",
            "line_items[0][price]",
        ),
        (
            "mode=subscription&line_items[0][price]={price}&success_url=http://x.example/",
            "line_items[0][quantity]",
        ),
        (
            "mode=subscription&line_items[0][price]={price}&line_items[0][quantity]=1&success_url=no",
            "success_url",
        ),
        (
            "mode=subscription&line_items[0][price]={price}&line_items[0][quantity]=1&success_url=http://x.example/"
            "&expires_at=5",
            "expires_at",
        ),
        (
            "mode=subscription&line_items[0][price]={price}&line_items[0][quantity]=1&success_url=http://x.example/"
            "&customer=cus_nobody",
            "customer",
        ),
    ],
)
def test_a_session_that_makes_no_sense_is_refused(here: Here, yearly: str, asked: str, param: str):
    answer = here.v1("POST", "/v1/checkout/sessions", asked.format(price=yearly))
    assert answer.status == 400
    assert answer.json()["error"]["param"] == param


def test_an_archived_price_cannot_be_bought(here: Here, yearly: str):
    here.api.v1.prices.update(yearly, {"active": False})
    form = f"mode=subscription&line_items[0][price]={yearly}&line_items[0][quantity]=1&success_url=http://x.example/"
    answer = here.v1("POST", "/v1/checkout/sessions", form)
    assert answer.status == 400
    assert "inactive" in answer.json()["error"]["message"]
