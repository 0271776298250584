"""The reader's own account: what it says in each state, and the ways out of it."""

from datetime import timedelta

import pytest
from django.test import Client

from readers.models import User
from subscriptions import webhooks
from subscriptions.billing import BillingRefused
from subscriptions.models import Farewell, Subscription
from subscriptions.standing import State, standing_of
from tests.fakes import FakeBilling
from tests.make import NOW, a_customer, a_grant, a_plan, a_reader, a_subscription, the_facts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]


@pytest.fixture
def alice(client: Client, billing: FakeBilling) -> User:
    """In the free trial of the yearly plan."""
    a_plan("year")
    a_plan("month")
    reader = a_customer("alice@example.org", "cus_alice")
    billing.states["sub_1"] = the_facts(
        "year", "trialing", since=NOW - timedelta(days=7), customer_id="cus_alice", card_brand="visa", card_last4="4242"
    )
    webhooks.record(reader, billing.states["sub_1"], at=NOW)
    client.force_login(reader)
    return reader


def words(client: Client, address: str = "/account/") -> str:
    return client.get(address, follow=True).content.decode()


def test_the_account_asks_for_sign_in(client: Client) -> None:
    assert client.get("/account/").headers["Location"] == "/accounts/login/code/?next=/account/"


def test_a_trial_says_days_left_first_charge_and_card(client: Client, alice: User) -> None:
    page = words(client)
    assert "23 days left of your free trial" in page
    assert "10 December 2026, €150" in page
    assert "ending 4242" in page


STATES = [
    ("active", {}, State.ACTIVE, "You are a subscriber"),
    ("past_due", {}, State.PAST_DUE, "Your bank refused the last payment"),
    ("unpaid", {}, State.PAST_DUE, "Your bank refused the last payment"),
    ("canceled", {"ends_at": NOW - timedelta(days=1)}, State.LAPSED, "Your subscription ended on 16 November 2026"),
    (
        "active",
        {"ends_at": NOW + timedelta(days=20), "cancelled_at": NOW},
        State.CANCELLED,
        "Cancelled. You can read until 7 December 2026",
    ),
]


@pytest.mark.parametrize(("status", "fields", "state", "title"), STATES)
def test_each_state_is_said_in_words(client: Client, status: str, fields: dict, state: State, title: str) -> None:
    reader = a_reader()
    a_subscription(reader, status, **fields)
    client.force_login(reader)
    assert standing_of(reader, at=NOW).state is state
    assert title in words(client)


def test_a_reader_without_a_plan_has_an_account_page(client: Client) -> None:
    reader = a_reader()
    client.force_login(reader)
    assert standing_of(reader, at=NOW).state is State.NEVER
    assert "no subscription yet" in words(client)
    for address in ("/account/cancel/", "/account/switch/", "/account/cancelled/"):
        assert client.get(address).headers["Location"] == "/account/"
    for address in ("/account/keep/", "/account/card/", "/account/invoices/portal/"):
        assert client.post(address).headers["Location"] == "/account/"


def test_a_student_reads_until_the_grant_ends(client: Client) -> None:
    reader = a_reader()
    a_grant(reader, by=a_reader("carol@example.org", is_staff=True))
    client.force_login(reader)
    page = words(client)
    assert "Student access" in page
    assert "Student access until 17 December 2026" in page


def test_who_reads_for_two_reasons_is_told_so(client: Client, alice: User) -> None:
    a_grant(alice, by=a_reader("carol@example.org", is_staff=True))
    page = words(client)
    assert "You pay for what you are given already." in page
    assert 'may want to <a href="/account/cancel/">cancel it</a>' in page


def test_cancelling_takes_two_clicks_and_access_stays_until_the_end(
    client: Client, alice: User, billing: FakeBilling
) -> None:
    assert 'href="/account/cancel/"' in words(client)
    assert "Cancel my subscription" in words(client, "/account/cancel/")
    page = client.post("/account/cancel/", {"why": "price"}, follow=True).content.decode()
    assert "Your subscription is cancelled" in page
    one = Subscription.objects.get()
    assert one.ends_at == NOW + timedelta(days=23)
    assert one.gives_access(at=NOW)
    assert billing.states["sub_1"].ends_at == one.ends_at
    assert Farewell.objects.get().reason == "price"


def test_cancelling_twice_cancels_once(client: Client, alice: User, billing: FakeBilling) -> None:
    client.post("/account/cancel/")
    assert client.post("/account/cancel/").headers["Location"] == "/account/cancelled/"
    assert billing.calls.count("cancel_at_period_end") == 1


def test_a_cancellation_can_be_taken_back(client: Client, alice: User) -> None:
    client.post("/account/cancel/")
    page = client.post("/account/keep/", follow=True).content.decode()
    assert "goes on as before" in page
    assert Subscription.objects.get().ends_at is None


def test_a_switch_shows_its_cost_first(client: Client, alice: User, billing: FakeBilling) -> None:
    page = client.get("/account/switch/")
    text = page.content.decode()
    assert "From €150 per year to €15 per month" in text
    assert "10 December 2026, €15.00" in text
    assert "switch" not in billing.calls
    client.post("/account/switch/", {"to": "month", "intention": page.context["intention"]})
    assert Subscription.objects.get().plan.interval == "month"


def test_a_second_click_on_switch_does_not_switch_back(client: Client, alice: User, billing: FakeBilling) -> None:
    intention = client.get("/account/switch/").context["intention"]
    for _ in range(2):
        client.post("/account/switch/", {"to": "month", "intention": intention})
    assert billing.calls.count("switch") == 1
    assert Subscription.objects.get().plan.interval == "month"


def test_card_and_invoices_lead_to_stripe(client: Client, alice: User) -> None:
    assert client.post("/account/card/").headers["Location"] == "https://portal.example/card"
    assert client.post("/account/invoices/portal/").headers["Location"] == "https://portal.example/"
    page = words(client, "/account/invoices/")
    assert "https://invoice.example/1.pdf" in page
    assert "€150.00" in page


def test_what_was_changed_on_stripes_pages_shows_on_coming_back(
    client: Client, alice: User, billing: FakeBilling
) -> None:
    billing.becomes("sub_1", card_last4="0005")
    assert "ending 0005" in words(client, "/account/back/")


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("post", "/account/cancel/"),
        ("get", "/account/switch/"),
        ("get", "/account/invoices/"),
        ("post", "/account/card/"),
    ],
)
def test_while_stripe_is_away_nothing_changes_and_the_page_says_so(
    client: Client, alice: User, billing: FakeBilling, method: str, address: str
) -> None:
    billing.is_away = True
    response = getattr(client, method)(address)
    assert response.status_code == 503
    assert "Nothing was charged" in response.content.decode()
    assert Subscription.objects.get().ends_at is None
    assert client.get("/account/").status_code == 200, "the account opens all the same"


def test_a_refusal_is_shown_with_its_reason(
    client: Client, alice: User, billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise BillingRefused("Your card was declined.")

    monkeypatch.setattr(billing, "switch", refuse)
    intention = client.get("/account/switch/").context["intention"]
    response = client.post("/account/switch/", {"to": "month", "intention": intention})
    assert response.status_code == 409
    assert "Your card was declined." in response.content.decode()
