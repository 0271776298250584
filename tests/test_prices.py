"""Prices change, contracts do not; a code lowers what is charged, and the site says what Stripe will charge."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from readers.models import User
from subscriptions import prices, webhooks
from subscriptions.billing import SubscriptionFacts
from subscriptions.models import CheckoutAttempt, Plan, Subscription
from tests.fakes import FakeBilling
from tests.make import NOW, a_plan, a_reader

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at")]


@pytest.fixture(autouse=True)
def plans() -> tuple[Plan, Plan]:
    return a_plan("year", trial_days=14, lookup_key="year-15000"), a_plan("month", lookup_key="month-1500")


@pytest.fixture
def alice(client: Client) -> User:
    """In the trial of the yearly plan, for €150."""
    reader = a_reader("alice@example.org")
    webhooks.record(reader, the_facts(), at=NOW)
    client.force_login(reader)
    return reader


def the_facts(**changes: Any) -> SubscriptionFacts:
    values: dict[str, Any] = {
        "stripe_id": "sub_1",
        "customer_id": "cus_alice",
        "status": "trialing",
        "price_id": "price_year",
        "price_cents": 15000,
        "interval": "year",
        "started_at": NOW,
        "period_starts_at": NOW,
        "period_ends_at": NOW + timedelta(days=30),
        "trial_ends_at": NOW + timedelta(days=30),
    }
    return SubscriptionFacts(**values | changes)


def new_price(*words: str) -> str:
    said = StringIO()
    call_command("new_price", *words, stdout=said)
    return said.getvalue()


def test_a_new_price_is_a_new_plan_and_the_old_one_leaves_the_shelf() -> None:
    assert "180.00" in new_price("year", "18000")
    on_sale = Plan.objects.on_sale().get(interval="year")
    assert (on_sale.price_cents, on_sale.stripe_price_id, on_sale.trial_days) == (18000, "price_year_18000", 14)
    assert not Plan.objects.get(price_cents=15000).is_on_sale
    assert Plan.objects.on_sale().get(interval="month").price_cents == 1500


def test_the_same_price_again_changes_nothing() -> None:
    new_price("year", "15000")
    assert Plan.objects.count() == 2


def test_a_price_that_was_on_sale_before_is_taken_up_again() -> None:
    new_price("year", "18000")
    new_price("year", "15000")
    assert Plan.objects.on_sale().get(interval="year").stripe_price_id == "price_year"
    assert Plan.objects.filter(interval="year").count() == 2


def test_while_stripe_is_away_the_old_price_stays(billing: FakeBilling) -> None:
    billing.is_away = True
    with pytest.raises(CommandError, match="nothing has changed"):
        new_price("year", "18000")
    assert Plan.objects.on_sale().get(interval="year").price_cents == 15000


@pytest.mark.parametrize("words", [("year", "0"), ("year", "-1"), ("year", "12.5"), ("week", "500")])
def test_nonsense_is_refused(words: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        call_command("new_price", "--", *words)
    assert Plan.objects.count() == 2


def test_an_old_reader_keeps_the_old_price_everywhere(client: Client, alice: User) -> None:
    prices.change("year", 18000)
    page = client.get("/account/").content.decode()
    assert "€150" in page
    assert "€180" not in page
    assert "€150.00" in client.get("/account/invoices/").content.decode()
    mail.outbox.clear()
    webhooks.record(alice, the_facts(status="active", trial_ends_at=None, ends_at=NOW + timedelta(days=30)), at=NOW)
    webhooks.record(alice, the_facts(status="past_due", trial_ends_at=None, unpaid_since=NOW), at=NOW)
    assert any("€150.00" in letter.body for letter in mail.outbox)
    assert not any("€180" in letter.body for letter in mail.outbox)


def test_a_new_reader_sees_and_is_welcomed_at_the_new_price(client: Client, billing: FakeBilling) -> None:
    prices.change("year", 18000)
    bob = a_reader()
    client.force_login(bob)
    assert "€180" in client.get("/subscribe/confirm/", {"plan": "year"}).content.decode()
    webhooks.record(bob, the_facts(stripe_id="sub_2", price_id="price_year_18000", price_cents=18000), at=NOW)
    assert "€180.00 per year" in mail.outbox[-1].body


def test_an_order_page_opened_before_the_change_is_shown_again(client: Client, billing: FakeBilling) -> None:
    client.force_login(a_reader())
    shown = client.get("/subscribe/confirm/", {"plan": "year"}).context["shown"]
    prices.change("year", 18000)
    answer = client.post("/subscribe/order/", {"plan": "year", "shown": shown})
    assert answer.status_code == 200
    assert "€180" in answer.content.decode()
    assert not CheckoutAttempt.objects.exists()
    assert "open_checkout" not in billing.calls


def test_a_payment_page_of_the_old_price_is_closed_by_an_order_at_the_new_one(
    client: Client, billing: FakeBilling
) -> None:
    client.force_login(a_reader())
    for cents in (15000, 18000):
        prices.change("year", cents)
        shown = client.get("/subscribe/confirm/", {"plan": "year"}).context["shown"]
        client.post("/subscribe/order/", {"plan": "year", "shown": shown})
    assert sorted(facts.status for facts in billing.sessions.values()) == ["expired", "open"]


def test_a_discount_shows_in_the_account_and_in_the_first_letter(client: Client, alice: User) -> None:
    webhooks.record(alice, the_facts(discounted_cents=12000), at=NOW)
    assert "17 December 2026, €120" in client.get("/account/").content.decode()
    assert "€120.00" in client.get("/account/invoices/").content.decode()
    bob = a_reader()
    webhooks.record(bob, the_facts(stripe_id="sub_2", discounted_cents=12000), at=NOW)
    body = mail.outbox[-1].body
    assert "First charge: 17 December 2026, €120.00" in body
    assert "€150.00 per year" in body, "the price itself is the contract"


def test_a_discount_of_everything_is_a_charge_of_nothing(alice: User) -> None:
    assert webhooks.record(alice, the_facts(discounted_cents=0), at=NOW).next_charge_cents == 0


def test_a_discount_that_has_ended_is_forgotten(alice: User) -> None:
    webhooks.record(alice, the_facts(discounted_cents=12000), at=NOW)
    webhooks.record(alice, the_facts(), at=NOW)
    assert Subscription.objects.get().next_charge_cents == 15000


def test_sync_plans_also_sees_to_the_portal(billing: FakeBilling) -> None:
    said = StringIO()
    call_command("sync_plans", stdout=said)
    assert "Portal: bpc_1" in said.getvalue()
