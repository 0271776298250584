"""A reader goes to pay: what is shown, what is stored, what cannot happen twice."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from articles.models import Article
from readers.models import User
from subscriptions import trial
from subscriptions.models import CheckoutAttempt, Customer, Subscription, TrialUse
from tests.fakes import FakeBilling
from tests.make import NOW, a_plan, a_reader, a_subscription, an_article

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]


@pytest.fixture
def bob(client: Client) -> User:
    a_plan("year")
    a_plan("month")
    reader = a_reader("bob@example.org")
    client.force_login(reader)
    return reader


def order(client: Client, plan: str = "year", next: str = ""):
    page = client.get("/subscribe/confirm/", {"plan": plan, "next": next})
    return client.post("/subscribe/order/", {"plan": plan, "next": next, "shown": page.context["shown"]})


def session_of(response) -> str:
    return response.headers["Location"].rsplit("/", 1)[1]


def test_the_way_from_the_plans_leads_through_sign_in_to_the_order(client: Client) -> None:
    a_plan("year")
    response = client.get("/subscribe/", {"plan": "year", "next": "/climate/a-bridge/"})
    assert response.status_code == 302
    response = client.get(response.headers["Location"])
    assert response.headers["Location"].startswith("/accounts/login/code/?next=/subscribe/confirm/%3Fplan%3Dyear")


def test_the_order_page_says_price_period_first_charge_renewal_and_the_way_out(client: Client, bob: User) -> None:
    page = client.get("/subscribe/confirm/", {"plan": "year"}).content.decode()
    for words in (
        "€0, for 30 days",
        "€150 per year, VAT included, first charged on 17 December 2026",
        "By itself every year",
        "Two clicks in your account",
        "14 days to withdraw",
    ):
        assert words in page
    button = page.split('<button class="btn btn--wide">')[1].split("</button>")[0]
    assert "then pay €150 per year from 17 December 2026" in button


def test_what_was_shown_is_stored_with_the_attempt(client: Client, bob: User) -> None:
    page = client.get("/subscribe/confirm/", {"plan": "month"})
    order(client, "month")
    attempt = CheckoutAttempt.objects.get()
    assert attempt.shown_html in page.content.decode()
    assert attempt.shown_hash == page.context["shown"]
    assert (attempt.price_cents, attempt.with_trial, attempt.terms_version) == (1500, True, "2026-11")
    assert attempt.first_charge_at == NOW + timedelta(days=30)


def test_the_button_leads_to_stripe_with_30_days_and_our_price(client: Client, bob: User, billing: FakeBilling) -> None:
    response = order(client)
    assert response.headers["Location"].startswith("https://checkout.example/")
    sent = billing.orders[session_of(response)]
    assert (sent.trial_days, sent.price_id, sent.customer_id) == (30, "price_year", f"cus_{bob.pk}")
    assert sent.success_url == "http://testserver/subscribe/return/?session_id={CHECKOUT_SESSION_ID}"


def test_a_page_opened_yesterday_is_shown_again_instead_of_ordered(client: Client, bob: User, at) -> None:
    page = client.get("/subscribe/confirm/", {"plan": "year"})
    at(NOW + timedelta(days=1))
    again = client.post("/subscribe/order/", {"plan": "year", "shown": page.context["shown"]})
    assert again.status_code == 200
    assert "18 December 2026" in again.content.decode()
    assert not CheckoutAttempt.objects.exists()


def test_coming_back_gives_access_and_leads_to_the_place_where_the_wall_stood(
    client: Client, bob: User, billing: FakeBilling
) -> None:
    article: Article = an_article(published=NOW - timedelta(days=1))
    session = session_of(order(client, next=article.get_absolute_url()))
    billing.pay(session)
    response = client.get("/subscribe/return/", {"session_id": session})
    assert response.headers["Location"] == f"{article.get_absolute_url()}#continue"
    page = client.get(article.get_absolute_url()).content.decode()
    assert "canaryword" in page
    assert 'id="continue"' in page


def test_coming_back_without_having_paid_gives_nothing(client: Client, bob: User) -> None:
    session = session_of(order(client))
    response = client.get("/subscribe/return/", {"session_id": session})
    assert response.headers["Location"].startswith("/subscribe/confirm/")
    assert not Subscription.objects.exists()


def test_a_session_id_paid_by_somebody_else_is_worth_nothing(client: Client, bob: User, billing: FakeBilling) -> None:
    session = session_of(order(client))
    billing.pay(session)
    client.force_login(a_reader("mallory@example.org"))
    assert client.get("/subscribe/return/", {"session_id": session}).status_code == 404
    assert not Subscription.objects.exists()


@pytest.mark.parametrize("session", ["", "cs_unknown", "../../x", "é" * 300])
def test_a_session_id_that_is_none_is_not_found(client: Client, bob: User, session: str) -> None:
    assert client.get("/subscribe/return/", {"session_id": session}).status_code == 404


def test_a_double_click_opens_one_page_and_one_customer(client: Client, bob: User, billing: FakeBilling) -> None:
    assert order(client).headers["Location"] == order(client).headers["Location"]
    assert CheckoutAttempt.objects.count() == 1
    assert Customer.objects.count() == 1
    assert billing.calls.count("make_customer") == 1


def test_choosing_the_other_plan_closes_the_page_of_the_first(client: Client, bob: User, billing: FakeBilling) -> None:
    first, second = session_of(order(client, "year")), session_of(order(client, "month"))
    assert billing.sessions[first].status == "expired"
    assert billing.sessions[second].status == "open"


def test_an_expired_payment_page_is_replaced_by_a_new_one(client: Client, bob: User, billing: FakeBilling) -> None:
    first = session_of(order(client))
    billing.close_checkout(first)
    assert session_of(order(client)) != first


def test_pressing_the_button_again_after_paying_orders_nothing_more(
    client: Client, bob: User, billing: FakeBilling
) -> None:
    page = client.get("/subscribe/confirm/", {"plan": "year"})
    billing.pay(session_of(order(client)))
    again = client.post("/subscribe/order/", {"plan": "year", "shown": page.context["shown"]}, follow=True)
    assert "You already have a subscription" in again.content.decode()
    assert Subscription.objects.count() == 1
    assert len(billing.states) == 1


def test_a_subscriber_is_offered_nothing(client: Client, bob: User) -> None:
    a_subscription(bob)
    response = client.get("/subscribe/confirm/", {"plan": "year"}, follow=True)
    assert "You already have a subscription" in response.content.decode()


@pytest.mark.parametrize("plan", ["", "week", "1; drop table", "é"])
def test_a_plan_that_does_not_exist_leads_back_to_the_plans(client: Client, bob: User, plan: str) -> None:
    for response in (
        client.get("/subscribe/confirm/", {"plan": plan}),
        client.post("/subscribe/order/", {"plan": plan, "shown": "x"}),
    ):
        assert response.headers["Location"] == "/subscribe/"


def test_a_plan_no_longer_on_sale_cannot_be_ordered(client: Client, bob: User) -> None:
    plan = a_plan("year")
    page = client.get("/subscribe/confirm/", {"plan": "year"})
    plan.is_on_sale = False
    plan.save()
    response = client.post("/subscribe/order/", {"plan": "year", "shown": page.context["shown"]}, follow=True)
    assert "This plan is not on sale." in response.content.decode()
    assert not CheckoutAttempt.objects.exists()


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example", "/\\evil.example"],
)
def test_nobody_is_led_to_another_site(client: Client, bob: User, billing: FakeBilling, elsewhere: str) -> None:
    session = session_of(order(client, next=elsewhere))
    billing.pay(session)
    assert client.get("/subscribe/return/", {"session_id": session}).headers["Location"] == "/account/"


def test_while_stripe_is_away_the_page_says_so_and_nothing_is_half_made(
    client: Client, bob: User, billing: FakeBilling
) -> None:
    billing.is_away = True
    response = order(client)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "60"
    assert "Nothing was charged" in response.content.decode()
    assert not Customer.objects.exists()
    billing.is_away = False
    assert order(client).status_code == 302
    assert CheckoutAttempt.objects.count() == 1


def test_a_return_while_stripe_is_away_can_be_tried_again(client: Client, bob: User, billing: FakeBilling) -> None:
    session = session_of(order(client))
    billing.pay(session)
    billing.is_away = True
    assert client.get("/subscribe/return/", {"session_id": session}).status_code == 503
    billing.is_away = False
    assert client.get("/subscribe/return/", {"session_id": session}).status_code == 302
    assert Subscription.objects.get().status == "trialing"


@pytest.mark.parametrize(
    ("typed", "mailbox"),
    [
        ("Bob@Example.org", "bob@example.org"),
        ("bob+news@example.org", "bob@example.org"),
        ("b.o.b+x@gmail.com", "bob@gmail.com"),
        ("b.ob@googlemail.com", "bob@gmail.com"),
        ("b.ob@example.org", "b.ob@example.org"),
        ("+tag@example.org", "+tag@example.org"),
    ],
)
def test_a_mailbox_is_one_however_its_address_is_written(typed: str, mailbox: str) -> None:
    assert trial.mailbox_of(typed) == mailbox


def test_one_person_has_one_trial(client: Client, bob: User, billing: FakeBilling) -> None:
    session = session_of(order(client))
    billing.pay(session)
    client.get("/subscribe/return/", {"session_id": session})
    assert TrialUse.objects.get().mailbox == "bob@example.org"
    client.force_login(a_reader("bob+again@example.org"))
    page = client.get("/subscribe/confirm/", {"plan": "year"}).content.decode()
    assert "No trial this time" in page
    assert "Subscribe, pay €150 per year" in page
    assert billing.orders[session_of(order(client))].trial_days == 0


def test_staff_can_allow_another_trial(bob: User) -> None:
    use = TrialUse.objects.create(mailbox="bob@example.org", used_at=datetime.now(NOW.tzinfo))
    assert not trial.is_offered_to(bob)
    use.delete()
    assert trial.is_offered_to(bob)
