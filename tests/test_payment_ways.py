"""Cards at once, accounts after days: who reads meanwhile, what is said, and what Stripe's answers mean."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from readers.models import User
from subscriptions import dunning, webhooks
from subscriptions.access import Source, entitlement_for
from subscriptions.billing import CheckoutFacts, Order, SubscriptionFacts
from subscriptions.billing.payment_pages import checkout_params
from subscriptions.billing.subscriptions import subscription_facts
from subscriptions.models import CheckoutAttempt, Contract, Subscription
from subscriptions.standing import standing_of
from tests.fakes import FakeBilling
from tests.make import NOW, a_customer, a_plan, a_reader, an_article, the_facts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at")]
PENDING = "needs up to five days"
IN_FIVE_DAYS = NOW + timedelta(days=5)


@pytest.fixture
def bob(client: Client, billing: FakeBilling) -> User:
    """Has ordered the monthly plan without a trial; his debit is under way."""
    a_plan("month")
    reader = a_customer()
    billing.states["sub_1"] = the_facts(card_brand="SEPA", card_last4="3000", payment_pending=True)
    webhooks.record(reader, billing.states["sub_1"], at=NOW)
    mail.outbox.clear()
    client.force_login(reader)
    return reader


def record(reader: User, billing: FakeBilling, *, at: datetime = IN_FIVE_DAYS, **changes: Any) -> Subscription:
    return webhooks.record(reader, billing.becomes("sub_1", **changes), at=at)


# --- Who reads meanwhile -----------------------------------------------------------------------------


def test_a_debit_under_way_gives_access_and_the_reason_says_so(bob: User) -> None:
    entitlement = entitlement_for(bob, at=NOW)
    assert entitlement
    assert (entitlement.source, entitlement.payment_pending) == (Source.SUBSCRIPTION, True)


def test_the_account_and_the_article_say_that_the_bank_takes_its_time(client: Client, bob: User) -> None:
    article = an_article()
    for address in ("/account/", article.get_absolute_url()):
        assert PENDING in client.get(address).content.decode()


def test_once_it_has_arrived_nothing_is_said_any_more(client: Client, bob: User, billing: FakeBilling) -> None:
    record(bob, billing, payment_pending=False)
    assert PENDING not in client.get("/account/").content.decode()
    assert not mail.outbox


def test_coming_back_from_the_payment_page_says_so(client: Client, bob: User, billing: FakeBilling) -> None:
    Contract.objects.all().delete()
    Subscription.objects.all().delete()
    attempt = CheckoutAttempt.objects.create(
        reader=bob,
        plan=a_plan("month"),
        with_trial=False,
        price_cents=1500,
        first_charge_at=NOW,
        terms_version="1",
        shown_html="",
        shown_hash="",
        started_at=NOW,
        stripe_session_id="cs_1",
    )
    billing.sessions["cs_1"] = CheckoutFacts("cs_1", "complete", "", NOW, "cus_bob", str(attempt.pk), "sub_1")
    assert PENDING in client.get("/subscribe/return/?session_id=cs_1", follow=True).content.decode()


def test_nothing_is_set_off_or_paused_that_is_not_paid_yet(bob: User) -> None:
    standing = standing_of(bob, at=NOW)
    assert not standing.can_switch
    assert not standing.can_pause
    assert standing.can_cancel


# --- When it comes back ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["past_due", "unpaid", "canceled"])
def test_a_first_debit_that_comes_back_ends_the_access_at_once(bob: User, billing: FakeBilling, status: str) -> None:
    record(bob, billing, status=status, payment_pending=False, first_payment_failed=True, unpaid_since=NOW)
    assert entitlement_for(bob, at=IN_FIVE_DAYS) is None


def test_it_is_said_once_and_no_other_letter_about_payments_follows(bob: User, billing: FakeBilling) -> None:
    for _ in range(2):
        record(bob, billing, status="past_due", payment_pending=False, first_payment_failed=True, unpaid_since=NOW)
    dunning.send_last_calls(at=NOW + timedelta(days=12))
    dunning.end_overdue(at=IN_FIVE_DAYS)
    assert [letter.subject for letter in mail.outbox] == ["Your bank sent our debit back"]
    assert "You owe us nothing" in mail.outbox[0].body


def test_it_is_ended_at_stripe_without_waiting_for_14_days(bob: User, billing: FakeBilling) -> None:
    record(bob, billing, status="past_due", payment_pending=False, first_payment_failed=True, unpaid_since=NOW)
    assert dunning.end_overdue(at=IN_FIVE_DAYS) == 1
    assert billing.states["sub_1"].status == "canceled"
    assert "void_open_invoices" in billing.calls


def test_a_debit_for_a_renewal_that_comes_back_has_its_grace(bob: User, billing: FakeBilling) -> None:
    record(bob, billing, payment_pending=False)
    record(bob, billing, status="past_due", unpaid_since=NOW)
    entitlement = entitlement_for(bob, at=IN_FIVE_DAYS)
    assert entitlement
    assert entitlement.source is Source.GRACE


def test_the_page_after_a_debit_came_back_promises_nothing(client: Client, bob: User, billing: FakeBilling) -> None:
    record(bob, billing, status="past_due", payment_pending=False, first_payment_failed=True, unpaid_since=NOW)
    page = client.get("/account/").content.decode()
    assert "the first payment" in page
    assert "nothing changes for you" not in page


# --- What Stripe's answers mean ----------------------------------------------------------------------


def stripe_says(status: str = "active", *, invoice: dict[str, Any] | None = None, **fields: Any) -> SubscriptionFacts:
    now = int(NOW.timestamp())
    price = {"id": "price_month", "unit_amount": 1500, "recurring": {"interval": "month"}}
    item = {"current_period_start": now, "current_period_end": now + 86400, "price": price}
    given = {
        "id": "sub_1",
        "customer": "cus_bob",
        "status": status,
        "items": {"data": [item]},
        "cancel_at_period_end": False,
        "start_date": now,
        "latest_invoice": {"created": now, "amount_remaining": 1500, "next_payment_attempt": None, "total": 1500}
        | (invoice or {}),
    }
    return subscription_facts(given | fields)


@pytest.mark.parametrize(
    ("status", "invoice", "is_pending"),
    [
        ("active", {"status": "open", "attempted": True}, True),
        ("active", {"status": "open", "attempted": False}, False),
        ("active", {"status": "open", "attempted": True, "next_payment_attempt": 1}, False),
        ("active", {"status": "paid", "attempted": True}, False),
        ("active", {"status": "draft", "attempted": False}, False),
        ("active", {"status": "void", "attempted": True}, False),
        ("past_due", {"status": "open", "attempted": True}, False),
        ("incomplete", {"status": "open", "attempted": True}, False),
    ],
)
def test_a_payment_is_under_way_while_an_active_ones_invoice_was_charged_and_is_open(
    status: str, invoice: dict[str, Any], is_pending: bool
) -> None:
    assert stripe_says(status, invoice=invoice).payment_pending is is_pending


@pytest.mark.parametrize(
    ("status", "reason", "why_ended", "failed"),
    [
        ("past_due", "subscription_create", None, True),
        ("unpaid", "subscription_create", None, True),
        ("canceled", "subscription_create", "payment_failed", True),
        ("canceled", "subscription_create", "cancellation_requested", False),
        ("past_due", "subscription_cycle", None, False),
        ("active", "subscription_create", None, False),
        ("incomplete", "subscription_create", None, False),
    ],
)
def test_the_first_payment_failed_where_the_very_first_invoice_came_back(
    status: str, reason: str, why_ended: str | None, failed: bool
) -> None:
    invoice = {"status": "open", "attempted": True, "billing_reason": reason}
    facts = stripe_says(status, invoice=invoice, cancellation_details={"reason": why_ended})
    assert facts.first_payment_failed is failed


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"paused_from": "100"},
        {"paused_from": "x", "paused_until": "y"},
        {"paused_from": "200", "paused_until": "100"},
        {"paused_from": "-1", "paused_until": "100"},
        {"paused_from": "1", "paused_until": "9" * 30},
    ],
)
def test_a_pause_without_sensible_dates_of_ours_changes_nothing(metadata: dict[str, str]) -> None:
    facts = stripe_says(pause_collection={"behavior": "void"}, metadata=metadata)
    assert (facts.pause_starts_at, facts.pause_ends_at) == (None, None)


def test_a_pause_of_ours_is_read_from_stripe() -> None:
    dates = {"paused_from": "1796040000", "paused_until": "1798632000"}
    facts = stripe_says(pause_collection={"behavior": "void"}, metadata=dates)
    assert facts.pause_starts_at == datetime.fromtimestamp(1796040000, tz=UTC)
    assert stripe_says(pause_collection=None, metadata=dates).pause_starts_at is None


# --- What Stripe is asked for ------------------------------------------------------------------------


def an_order() -> Order:
    return Order("a1", "cus_1", "price_1", 30, "https://site.example/ok", "https://site.example/no", "2026-11")


def test_codes_and_tax_are_off_unless_the_settings_say_so() -> None:
    params = checkout_params(an_order())
    assert not params.keys() & {"allow_promotion_codes", "automatic_tax", "customer_update", "tax_id_collection"}


def test_promotion_codes_are_a_setting(settings: Any) -> None:
    settings.STRIPE_PROMOTION_CODES = True
    assert checkout_params(an_order())["allow_promotion_codes"] is True


@pytest.mark.parametrize("with_codes", [True, False])
def test_the_order_says_where_a_code_is_typed_and_what_was_shown_is_kept(
    client: Client, billing: FakeBilling, settings: Any, with_codes: bool
) -> None:
    settings.STRIPE_PROMOTION_CODES = with_codes
    a_plan("month")
    client.force_login(a_reader())
    page = client.get("/subscribe/confirm/", {"plan": "month"})
    client.post("/subscribe/order/", {"plan": "month", "shown": page.context["shown"]})
    for words in (page.content.decode(), CheckoutAttempt.objects.get().shown_html):
        assert ("type it on the payment page; the price only gets lower" in words) is with_codes
        assert ("Promotion code" in words) is with_codes


def test_tax_is_a_setting(settings: Any) -> None:
    settings.STRIPE_TAX = True
    params = checkout_params(an_order())
    assert params["automatic_tax"] == params["tax_id_collection"] == {"enabled": True}
    assert params["customer_update"] == {"address": "auto", "name": "auto"}


def test_no_way_of_paying_is_left_out() -> None:
    """Which ones there are is set at Stripe: cards, wallets, Bancontact, iDEAL, SEPA."""
    params = checkout_params(an_order())
    assert not [name for name in params if "payment_method_types" in name]
