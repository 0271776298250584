"""A stranger meets the wall, starts the trial, reads on, is charged, and leaves."""

from datetime import timedelta

import pytest
from django.test import Client

from subscriptions.models import Contract, Customer, StripeEvent, Subscription
from tests.make import an_article
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
ANNA = "anna@example.org"


def sign_in(client: Client, world: World, email: str, next: str) -> str:
    """Type the address, then the code; returns where that leads."""
    client.post("/accounts/login/code/", {"email": email, "next": next})
    response = client.post(
        "/accounts/login/code/confirm/", {"code": world.code_sent_to(email), "next": next}, follow=True
    )
    return response.redirect_chain[-1][0]


def order(client: Client, plan: str = "year", back_to: str = "") -> str:
    """Press the order button; returns the address of Stripe's page."""
    page = client.get("/subscribe/confirm/", {"plan": plan, "next": back_to})
    assert page.status_code == 200, page
    fields = {"plan": plan, "next": back_to, "shown": page.context["shown"]}
    response = client.post("/subscribe/order/", fields)
    assert response.status_code == 302, response.content.decode()
    return response.headers["Location"]


def own_path(address: str) -> str:
    return "/" + address.split("/", 3)[3]


@pytest.fixture
def article(world: World):
    return an_article(published=world.now() - timedelta(days=1))


@pytest.fixture
def anna(client: Client, world: World, article) -> Client:
    """Anna, who has just started the trial of the yearly plan."""
    sign_in(client, world, ANNA, "/")
    back = world.pay(order(client, back_to=article.get_absolute_url()))
    client.get(own_path(back))
    world.settle()
    return client


def may_read(client: Client, article) -> bool:
    return "canaryword" in client.get(article.get_absolute_url()).content.decode()


def test_from_the_wall_to_the_full_text(client: Client, world: World, article) -> None:
    path = article.get_absolute_url()
    wall = client.get(path).content.decode()
    assert "canaryword" not in wall
    assert "Thank you for reading" in wall
    first = client.get("/subscribe/", {"plan": "year", "next": path}, follow=True)
    sign_in_page, _ = first.redirect_chain[-1]
    target = first.context["redirect_field_value"]
    assert sign_in_page.startswith("/accounts/login/code/")
    assert sign_in(client, world, ANNA, target).startswith("/subscribe/confirm/")
    back = world.pay(order(client, back_to=path))
    response = client.get(own_path(back))
    assert response.headers["Location"] == f"{path}#continue"
    assert may_read(client, article)
    world.settle()
    assert Subscription.objects.get().status == "trialing"
    assert len(world.letters_to(ANNA)) == 1


def test_the_contract_holds_the_order_of_the_page_and_where_the_money_comes_from(anna: Client, world: World) -> None:
    contract = Contract.objects.get()
    assert contract.attempt is not None
    assert contract.attempt.stripe_session_id
    assert "first charged on" in contract.shown_text
    assert contract.payment_country == "BE"
    assert contract.number in world.body_of_the_letter_to(ANNA, "has begun")


def test_the_webhook_alone_gives_access_if_the_reader_never_comes_back(client: Client, world: World, article) -> None:
    sign_in(client, world, ANNA, "/")
    world.pay(order(client))
    world.settle()
    assert StripeEvent.objects.exclude(handled_at=None).exists()
    assert may_read(client, article)


def test_coming_back_alone_gives_access_if_every_webhook_is_lost(client: Client, world: World, article) -> None:
    world.control("deliveries", mode="drop")
    sign_in(client, world, ANNA, "/")
    client.get(own_path(world.pay(order(client))))
    assert not StripeEvent.objects.filter(kind__contains="subscription").exists()
    assert may_read(client, article)


def test_a_declined_card_orders_nothing_and_can_be_replaced(client: Client, world: World, article) -> None:
    sign_in(client, world, ANNA, "/")
    page = order(client)
    assert world.pay(page, method="card_declined") == ""
    world.settle()
    assert not may_read(client, article)
    assert world.pay(page)
    world.settle()
    assert may_read(client, article)


def test_leaving_the_payment_page_orders_nothing(client: Client, world: World, article) -> None:
    sign_in(client, world, ANNA, "/")
    back = world.pay(order(client), method="abandon")
    assert own_path(back).startswith("/subscribe/confirm/")
    assert not may_read(client, article)


def test_after_30_days_the_trial_becomes_a_paid_year(anna: Client, world: World, article) -> None:
    trial = Subscription.objects.get()
    assert trial.trial_ends_at is not None
    world.pass_time(days=29)
    assert may_read(anna, article)
    world.pass_time(days=1, hours=2)
    paid = Subscription.objects.get()
    assert (paid.status, paid.period_starts_at) == ("active", trial.trial_ends_at)
    assert may_read(anna, article)
    assert "€150.00" in anna.get("/account/invoices/").content.decode()
    world.pass_time(days=366)
    assert Subscription.objects.get().status == "active"
    assert may_read(anna, article)
    assert len(world.letters_to(ANNA)) == 1, "nothing is said twice"


def test_a_trial_cancelled_in_time_is_never_charged(anna: Client, world: World, article) -> None:
    page = anna.post("/account/cancel/", follow=True).content.decode()
    assert "Nothing will be charged" in page
    world.pass_time(days=29)
    assert may_read(anna, article)
    world.pass_time(days=2)
    assert not may_read(anna, article)
    assert Subscription.objects.get().status == "canceled"
    assert world.charged_cents() == 0
    assert len(world.letters_to(ANNA)) == 2


def test_who_comes_back_after_the_end_gets_no_second_trial(anna: Client, world: World, article) -> None:
    anna.post("/account/cancel/")
    world.pass_time(days=31)
    assert "No trial this time" in anna.get("/subscribe/confirm/", {"plan": "month"}).content.decode()
    anna.get(own_path(world.pay(order(anna, "month"))))
    world.settle()
    assert Subscription.objects.live().get().status == "active"
    assert may_read(anna, article)
    assert "€15.00" in anna.get("/account/invoices/").content.decode()


def test_a_cancellation_taken_back_is_charged_after_all(anna: Client, world: World, article) -> None:
    anna.post("/account/cancel/")
    anna.post("/account/keep/")
    world.pass_time(days=30, hours=2)
    assert Subscription.objects.get().status == "active"
    assert may_read(anna, article)
    assert len(world.letters_to(ANNA)) == 3


def test_a_failed_payment_leaves_14_days_and_then_the_wall_stands(anna: Client, world: World, article) -> None:
    customer = Customer.objects.get().stripe_id
    world.control("fail_next_payment", customer=customer, on=True)
    world.pass_time(days=30, hours=2)
    late = Subscription.objects.get()
    assert (late.status, late.unpaid_since) == ("past_due", late.trial_ends_at)
    assert may_read(anna, article)
    assert any("payment" in subject.lower() or "bank" in subject.lower() for subject in world.letters_to(ANNA))
    world.control("fail_next_payment", customer=customer, on=True)
    world.pass_time(days=13)
    assert Subscription.objects.get().status in ("past_due", "canceled", "unpaid", "active")


def test_a_switch_in_the_trial_costs_nothing_and_keeps_the_trial(anna: Client, world: World) -> None:
    before = Subscription.objects.get()
    page = anna.get("/account/switch/")
    assert (page.context["cost"].due_now_cents, page.context["cost"].next_charge_cents) == (0, 1500)
    anna.post("/account/switch/", {"to": "month", "intention": page.context["intention"]})
    after = Subscription.objects.get()
    assert (after.status, after.plan.interval, after.trial_ends_at) == ("trialing", "month", before.trial_ends_at)
    world.pass_time(days=30, hours=2)
    assert "€15.00" in anna.get("/account/invoices/").content.decode()


def test_a_switch_to_monthly_sets_off_the_unused_year_as_shown(anna: Client, world: World) -> None:
    world.pass_time(days=30, hours=2)
    page = anna.get("/account/switch/")
    shown = page.context["cost"]
    assert (shown.due_now_cents, shown.next_charge_cents) == (0, 0)
    assert 13_400 < shown.credit_cents <= 13_500
    anna.post("/account/switch/", {"to": "month", "intention": page.context["intention"]})
    world.settle()
    after = Subscription.objects.get()
    assert after.plan.interval == "month"
    assert after.period_ends_at.date() == shown.next_charge_at.date()
    world.pass_time(days=31, hours=2)
    assert Subscription.objects.get().status == "active"
    assert world.charged_cents() == 15_000


def test_a_switch_to_yearly_charges_what_was_shown(client: Client, world: World, article) -> None:
    sign_in(client, world, ANNA, "/")
    client.get(own_path(world.pay(order(client, "month"))))
    world.pass_time(days=30, hours=2)
    page = client.get("/account/switch/")
    shown = page.context["cost"]
    assert 13_400 < shown.due_now_cents <= 13_510
    client.post("/account/switch/", {"to": "year", "intention": page.context["intention"]})
    world.settle()
    after = Subscription.objects.get()
    assert (after.status, after.plan.interval) == ("active", "year")
    assert world.charged_cents() == 1_500 + shown.due_now_cents
    assert f"€{shown.due_now_cents // 100}." in client.get("/account/invoices/").content.decode()


def test_a_card_that_had_its_trial_gets_no_second_one_and_is_charged_nothing(
    client: Client, world: World, article
) -> None:
    for email in (ANNA, "other@example.org"):
        client.logout()
        sign_in(client, world, email, "/")
        back = world.pay(order(client), number="5555 5555 5555 4444")
        response = client.get(own_path(back), follow=True)
        world.settle()
    page = response.content.decode()
    assert "has had its free trial already" in page
    assert "Subscribe, pay €150 per year" in page
    assert not may_read(client, article)
    assert world.charged_cents() == 0
    assert world.letters_to("other@example.org") == ["No second free trial at Viaduct, and no charge"]
    client.get(own_path(world.pay(order(client), number="5555 5555 5555 4444")))
    assert may_read(client, article)
    assert world.charged_cents() == 15_000
