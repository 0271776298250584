"""Accounts instead of cards, with the days their banks take; pauses; promotion codes; and leaving."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import stripe
from django.core.management import call_command
from django.test import Client

from subscriptions import billing, dunning, leaving, notices, pausing
from subscriptions.models import Customer, Plan, Refund, Subscription, TrialUse
from tests.journeys.test_from_the_wall_to_the_last_day import ANNA, may_read, order, own_path, sign_in
from tests.journeys.test_refunds_and_disputes import refunded_cents
from tests.make import an_article
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
PENDING = "needs up to five days"


@pytest.fixture
def article(world: World):
    return an_article(published=world.now() - timedelta(days=1))


@pytest.fixture
def stripe_itself(world: World) -> stripe.StripeClient:
    """Stripe as its owner uses it."""
    return stripe.StripeClient("sk_test_local_sandbox", base_addresses={"api": world.sandbox.url})


def no_trial_for(email: str, world: World) -> None:
    TrialUse.objects.create(mailbox=email, used_at=world.now())


def subscribe(client: Client, world: World, *, plan: str = "month", method: str = "card_ok", **fields: str) -> str:
    """Order and pay; returns the page that the reader comes back to."""
    sign_in(client, world, ANNA, "/")
    back = world.pay(order(client, plan), method=method, **fields)
    page = client.get(own_path(back), follow=True).content.decode()
    world.settle()
    return page


def a_paying_reader(client: Client, world: World, plan: str = "month") -> Subscription:
    no_trial_for(ANNA, world)
    subscribe(client, world, plan=plan)
    return Subscription.objects.get()


def the_worker_does_its_work(world: World) -> None:
    now = world.now()
    pausing.resume_due(at=now)
    pausing.end_cancelled(at=now)
    notices.write_due(at=now)
    dunning.end_overdue(at=now)
    world.settle()


# --- Accounts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["sepa_ok", "bancontact", "ideal", "card_3ds"])
def test_in_a_trial_any_mandate_gives_access_at_once(client: Client, world: World, article, method: str) -> None:
    subscribe(client, world, method=method, outcome="authorise")
    assert Subscription.objects.get().status == "trialing"
    assert may_read(client, article)
    assert world.charged_cents() == 0


def test_a_first_debit_gives_access_while_it_is_under_way_and_says_so(client: Client, world: World, article) -> None:
    no_trial_for(ANNA, world)
    assert PENDING in subscribe(client, world, method="sepa_ok")
    one = Subscription.objects.get()
    assert (one.status, one.payment_pending) == ("active", True)
    assert may_read(client, article)
    assert PENDING in client.get(article.get_absolute_url()).content.decode()
    assert PENDING in client.get("/account/").content.decode()
    world.pass_time(days=5, hours=1)
    assert "checkout.session.async_payment_succeeded" in {event["type"] for event in world.events()}
    assert not Subscription.objects.get().payment_pending
    assert may_read(client, article)
    assert PENDING not in client.get("/account/").content.decode()
    assert world.charged_cents() == 1500


def test_a_first_debit_that_comes_back_ends_the_access_at_once(client: Client, world: World, article) -> None:
    no_trial_for(ANNA, world)
    subscribe(client, world, method="sepa_fails")
    assert may_read(client, article)
    world.pass_time(days=5, hours=1)
    assert "checkout.session.async_payment_failed" in {event["type"] for event in world.events()}
    assert Subscription.objects.get().first_payment_failed
    assert not may_read(client, article)
    the_worker_does_its_work(world)
    assert Subscription.objects.get().status == "canceled"
    assert world.letters_to(ANNA)[1:] == ["Your bank sent our debit back"]
    world.pass_time(days=20)
    assert world.charged_cents() == 0
    client.get(own_path(world.pay(order(client, "month"))))
    world.settle()
    assert may_read(client, article), "the reader may order anew, with a card"


def test_a_first_debit_that_comes_back_after_a_trial_has_its_grace(client: Client, world: World, article) -> None:
    subscribe(client, world, method="sepa_fails")
    world.pass_time(days=30, hours=2)
    assert Subscription.objects.get().payment_pending
    world.pass_time(days=5)
    late = Subscription.objects.get()
    assert (late.status, late.first_payment_failed) == ("past_due", False)
    assert may_read(client, article)


def test_a_renewal_by_debit_locks_nobody_out(client: Client, world: World, article) -> None:
    no_trial_for(ANNA, world)
    subscribe(client, world, method="sepa_ok")
    world.pass_time(days=31, hours=2)
    assert Subscription.objects.get().payment_pending
    assert may_read(client, article)
    world.pass_time(days=6)
    assert not Subscription.objects.get().payment_pending
    assert world.charged_cents() == 3000


def test_a_bank_that_asks_at_the_first_charge_is_answered_behind_the_link_of_the_letter(
    client: Client, world: World, article, mailoutbox: list
) -> None:
    """3-D Secure when nobody is there to answer: the card asks each time, as that of a careful bank does."""
    subscribe(client, world, number="4000002760003184", outcome="authorise")
    world.pass_time(days=30, hours=2)
    assert Subscription.objects.get().status == "past_due"
    assert may_read(client, article)
    letter = mailoutbox[-1]
    assert "confirm" in letter.subject.lower()
    assert "/account/pay/" in letter.body
    page = client.get("/account/pay/").headers["Location"]
    world.pay(page, method="on_file")
    world.settle()
    assert (Subscription.objects.get().status, world.charged_cents()) == ("active", 1500)
    assert client.get("/account/pay/").headers["Location"] == "/account/"


# --- Pauses ------------------------------------------------------------------------------------------


def pause(client: Client, months: int) -> None:
    page = client.get("/account/pause/")
    answer = client.post("/account/pause/", {"months": months, "begins": page.context["begins"]})
    assert answer.headers["Location"] == "/account/", answer.content.decode()


@pytest.mark.parametrize(("plan", "cents", "days"), [("month", 1500, 32), ("year", 15000, 366)])
@pytest.mark.parametrize("months", [1, 3])
def test_a_pause_begins_with_what_is_paid_charges_nothing_and_ends_by_itself(
    client: Client, world: World, article, plan: str, cents: int, days: int, months: int
) -> None:
    paid_until = a_paying_reader(client, world, plan).period_ends_at
    pause(client, months)
    one = Subscription.objects.get()
    assert one.pause_starts_at == paid_until
    assert may_read(client, article)
    world.pass_time(days=days)
    assert not may_read(client, article)
    assert "Paused until" in client.get("/account/").content.decode()
    assert "Your subscription is paused" in client.get(article.get_absolute_url()).content.decode()
    assert one.pause_ends_at
    world.pass_time(seconds=(one.pause_ends_at - world.now()).total_seconds() - 86400)
    the_worker_does_its_work(world)
    assert (world.charged_cents(), may_read(client, article)) == (cents, False)
    world.pass_time(days=1, minutes=3)
    the_worker_does_its_work(world)
    assert may_read(client, article)
    world.pass_time(hours=2)
    assert world.charged_cents() == 2 * cents
    again = Subscription.objects.get()
    assert (again.status, again.pause_starts_at) == ("active", None)
    assert again.period_starts_at - one.pause_ends_at < timedelta(minutes=5), "a whole period from the day it goes on"
    world.pass_time(days=days)
    assert world.charged_cents() == 3 * cents
    subjects = world.letters_to(ANNA)
    assert [words for words in subjects if "paus" in words.lower()] == [
        subjects[1],
        f"Your pause ends on {one.pause_ends_at.day} {one.pause_ends_at:%B %Y}",
    ]
    assert subjects[-1] == "Your subscription to Viaduct goes on"


def test_a_worker_that_was_away_charges_later_and_not_twice(client: Client, world: World, article) -> None:
    a_paying_reader(client, world)
    pause(client, 1)
    world.pass_time(days=80)
    assert world.charged_cents() == 1500
    for _ in range(3):
        the_worker_does_its_work(world)
    assert may_read(client, article)
    world.pass_time(days=1)
    assert world.charged_cents() == 3000
    assert Subscription.objects.get().period_ends_at > world.now() + timedelta(days=25)


def test_a_pause_taken_back_before_it_begins_changes_nothing(client: Client, world: World, article) -> None:
    paid_until = a_paying_reader(client, world).period_ends_at
    for _ in range(2):  # Also the second time, under whatever key.
        pause(client, 2)
        assert "Your pause begins on" in client.get("/account/").content.decode()
        client.post("/account/resume/")
        one = Subscription.objects.get()
        assert (one.pause_starts_at, one.period_ends_at) == (None, paid_until)
        world.pass_time(minutes=1)
    world.pass_time(days=31, hours=2)
    assert world.charged_cents() == 3000
    assert may_read(client, article)


def test_a_pause_ended_early_is_charged_once_and_open_at_once(client: Client, world: World, article) -> None:
    a_paying_reader(client, world, "year")
    pause(client, 3)
    world.pass_time(days=370)
    for _ in range(2):
        client.post("/account/resume/")
    assert may_read(client, article)
    world.settle()
    assert world.charged_cents() == 30000
    assert Subscription.objects.get().period_ends_at > world.now() + timedelta(days=360)


def test_a_pause_ended_in_its_first_hour_is_charged_once(client: Client, world: World, article) -> None:
    paid_until = a_paying_reader(client, world).period_ends_at
    pause(client, 1)
    world.pass_time(seconds=(paid_until - world.now()).total_seconds() + 600)
    client.post("/account/resume/")
    assert may_read(client, article)
    world.pass_time(hours=2)
    assert world.charged_cents() == 3000
    assert may_read(client, article)


def test_cancelled_in_its_pause_it_ends_at_once(client: Client, world: World, article) -> None:
    a_paying_reader(client, world, "year")
    pause(client, 3)
    world.pass_time(days=370)
    client.post("/account/cancel/")
    world.settle()
    assert Subscription.objects.get().status == "canceled"
    assert world.charged_cents() == 15000
    assert world.letters_to(ANNA)[-1] == "Your subscription to Viaduct has ended"


def test_what_is_not_paid_yet_cannot_pause(client: Client, world: World, article) -> None:
    subscribe(client, world)
    assert client.get("/account/pause/").headers["Location"] == "/account/", "in the trial"
    world.pass_time(days=30, minutes=10)
    one = Subscription.objects.get()
    assert one.status == "active", "and its first invoice still a draft"
    page = client.get("/account/pause/")
    answer = client.post("/account/pause/", {"months": 1, "begins": page.context["begins"]})
    assert answer.status_code == 409
    world.pass_time(hours=1)
    assert world.charged_cents() == 1500


# --- Prices, codes and tax ---------------------------------------------------------------------------


def test_a_promotion_code_shows_what_stripe_will_charge(
    client: Client, world: World, article, stripe_itself: stripe.StripeClient, settings: Any
) -> None:
    settings.STRIPE_PROMOTION_CODES = True
    coupon = stripe_itself.v1.coupons.create({"percent_off": 20, "duration": "forever"})
    stripe_itself.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "TWENTY"})
    subscribe(client, world, plan="year", promotion_code="twenty")
    assert Subscription.objects.get().next_charge_cents == 12000
    assert "€120" in client.get("/account/").content.decode()
    world.pass_time(days=30, hours=2)
    assert world.charged_cents() == 12000
    assert "€120.00" in client.get("/account/invoices/").content.decode()
    assert Subscription.objects.get().next_charge_cents == 12000


def test_a_code_for_the_first_charge_only_is_not_promised_for_the_second(
    client: Client, world: World, article, stripe_itself: stripe.StripeClient, settings: Any, mailoutbox: list
) -> None:
    settings.STRIPE_PROMOTION_CODES = True
    no_trial_for(ANNA, world)
    coupon = stripe_itself.v1.coupons.create({"amount_off": 500, "currency": "eur", "duration": "once"})
    stripe_itself.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "FIVE"})
    subscribe(client, world, promotion_code="FIVE")
    assert world.charged_cents() == 1000
    welcome = next(one for one in mailoutbox if "has begun" in one.subject)
    assert "Charged today: €10.00" in welcome.body
    assert Subscription.objects.get().next_charge_cents == 1500


def test_no_code_is_asked_for_unless_the_setting_says_so(client: Client, world: World, article) -> None:
    subscribe(client, world)
    assert not [one for one in world.events() if (one["data"]["object"].get("allow_promotion_codes"))]


def test_tax_is_left_to_stripe_where_the_setting_says_so(client: Client, world: World, article, settings: Any) -> None:
    settings.STRIPE_TAX = True
    subscribe(client, world)
    completed = next(one for one in world.events() if one["type"] == "checkout.session.completed")
    session = completed["data"]["object"]
    assert session["automatic_tax"]["enabled"]
    assert session["tax_id_collection"]["enabled"]
    assert may_read(client, article)


def test_after_a_new_price_the_old_reader_pays_the_old_one(client: Client, world: World, article) -> None:
    subscribe(client, world, plan="year")
    call_command("new_price", "year", "18000", stdout=StringIO())
    assert "€150" in client.get("/account/").content.decode()
    world.pass_time(days=30, hours=2)
    assert world.charged_cents() == 15000
    bob = Client()
    sign_in(bob, world, "bob@example.org", "/")
    assert "€180" in bob.get("/subscribe/confirm/", {"plan": "year"}).content.decode()
    bob.get(own_path(world.pay(order(bob, "year"), number="5555555555554444")))
    world.settle()
    world.pass_time(days=30, hours=2)
    assert world.charged_cents() == 15000 + 18000
    assert "€180" in bob.get("/account/").content.decode()
    assert Plan.objects.on_sale().get(interval="year").price_cents == 18000


# --- Leaving -----------------------------------------------------------------------------------------


def test_a_customer_deleted_at_stripe_reads_no_more_and_can_buy_again(
    client: Client, world: World, article, stripe_itself: stripe.StripeClient
) -> None:
    a_paying_reader(client, world)
    old = Customer.objects.get()
    stripe_itself.v1.customers.delete(old.stripe_id)
    world.settle()
    assert not may_read(client, article)
    client.get(own_path(world.pay(order(client, "month"))))
    world.settle()
    assert may_read(client, article)
    new = Customer.objects.of(old.reader)
    assert new
    assert new.stripe_id != old.stripe_id
    assert Customer.objects.count() == 2
    assert world.charged_cents() == 3000


@pytest.mark.parametrize("mode", ["shuffle", "drop"])
def test_a_first_debit_that_arrives_after_its_reader_has_left_goes_back(
    client: Client, world: World, article, mode: str
) -> None:
    no_trial_for(ANNA, world)
    subscribe(client, world, method="sepa_ok")
    world.control("deliveries", mode=mode)
    leaving.close_account(Subscription.objects.get().reader, at=world.now())
    the_worker_does_its_work(world)
    assert world.charged_cents() == 0, "the bank has not answered yet"
    world.pass_time(days=5, hours=1)
    the_worker_does_its_work(world)
    world.settle()
    assert (world.charged_cents(), refunded_cents(world)) == (1500, 1500)
    assert Refund.objects.get().cents == 1500
    assert "€15.00 are on their way back to you" in world.letters_to(ANNA)
    world.pass_time(days=40)
    the_worker_does_its_work(world)
    assert (world.charged_cents(), refunded_cents(world)) == (1500, 1500)


def test_a_first_debit_that_comes_back_to_a_reader_who_has_left_leaves_nothing(
    client: Client, world: World, article
) -> None:
    no_trial_for(ANNA, world)
    subscribe(client, world, method="sepa_fails")
    leaving.close_account(Subscription.objects.get().reader, at=world.now())
    world.pass_time(days=5, hours=1)
    the_worker_does_its_work(world)
    assert not Subscription.objects.ended_and_payable().exists(), "nobody can pay the invoice any more"
    assert (world.charged_cents(), Refund.objects.count()) == (0, 0)


def test_a_customer_deleted_in_silence_can_buy_again_all_the_same(
    client: Client, world: World, article, stripe_itself: stripe.StripeClient
) -> None:
    a_paying_reader(client, world)
    client.post("/account/cancel/")
    world.pass_time(days=32)
    world.control("deliveries", mode="drop")
    stripe_itself.v1.customers.delete(Customer.objects.get().stripe_id)
    world.settle()
    client.get(own_path(world.pay(order(client, "month"))))
    assert may_read(client, article)


def test_the_portal_opens_with_a_configuration_of_ours(client: Client, world: World, article) -> None:
    subscribe(client, world)
    assert client.post("/account/invoices/portal/").status_code == 302
    assert billing.gateway().portal() == billing.gateway().portal()


def test_plans_are_neither_paused_nor_switched_on_stripes_own_pages(
    client: Client, world: World, article, stripe_itself: stripe.StripeClient
) -> None:
    subscribe(client, world)
    ours = stripe_itself.v1.billing_portal.configurations.retrieve(billing.gateway().portal()).features
    assert (ours.subscription_pause.enabled, ours.subscription_update.enabled) == (False, False)
    assert (ours.subscription_cancel.enabled, ours.payment_method_update.enabled) == (True, True)
