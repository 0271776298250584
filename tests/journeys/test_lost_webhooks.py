"""Webhooks are lost, late or twice, and Stripe is away for days: nobody is locked out, and in the end all is right."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.test import Client

from subscriptions import billing, reconcile, webhooks
from subscriptions.billing import StripeBilling
from subscriptions.models import Customer, Finding, Reconciliation, StripeEvent, Subscription
from tests.journeys.test_from_the_wall_to_the_last_day import ANNA, may_read, order, own_path, sign_in
from tests.make import an_article
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
NOBODY_LISTENS = "http://127.0.0.1:9"


@pytest.fixture
def article(world: World):
    return an_article(published=world.now() - timedelta(days=1))


@pytest.fixture
def anna(client: Client, world: World, article) -> Client:
    """Anna, who has just started the trial of the yearly plan, and who has been welcomed."""
    sign_in(client, world, ANNA, "/")
    client.get(own_path(world.pay(order(client))))
    world.settle()
    return client


@pytest.fixture
def away(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Stripe goes away, and comes back: it neither answers nor knocks meanwhile, and then knocks with everything."""
    here, gone = billing.gateway(), StripeBilling("sk_test_local_sandbox", NOBODY_LISTENS)

    def is_away(now: bool) -> None:
        monkeypatch.setattr("subscriptions.billing.gateway", lambda: gone if now else here)
        if now:
            world.control("deliveries", mode="hold")

    return is_away


def rows_that_differ() -> list[str]:
    """What our rows say otherwise than Stripe, one by one."""
    rows = {row.stripe_id: row for row in Subscription.objects.select_related("plan")}
    at_stripe = [facts for page in billing.gateway().every_subscription() for facts in page]
    assert len(at_stripe) == len(rows)
    return [facts.stripe_id for facts in at_stripe if not webhooks.says_the_same(rows[facts.stripe_id], facts)]


def test_every_webhook_is_lost_and_the_reader_never_comes_back(client: Client, world: World, article) -> None:
    world.control("deliveries", mode="drop")
    sign_in(client, world, ANNA, "/")
    world.pay(order(client))
    assert not may_read(client, article)
    assert reconcile.run(at=world.now()).missing == 1
    assert may_read(client, article)
    assert len(world.letters_to(ANNA)) == 1
    assert reconcile.run(at=world.now()).changed_nothing
    assert len(world.letters_to(ANNA)) == 1


def test_a_whole_year_of_lost_webhooks_is_made_good_by_one_run(anna: Client, world: World, article) -> None:
    world.control("deliveries", mode="drop")
    for _ in range(13):
        world.pass_time(days=30)
    assert rows_that_differ()
    assert not may_read(anna, article), "after so long nothing but Stripe can say that it was paid"
    assert reconcile.run(at=world.now()).repaired == 1
    assert rows_that_differ() == []
    assert may_read(anna, article)
    assert "status" in Finding.objects.get().changes
    assert len(world.letters_to(ANNA)) == 1


def test_stripe_is_away_for_two_days_while_a_trial_becomes_a_paid_year(
    anna: Client, world: World, article, away: Callable[[bool], None]
) -> None:
    world.pass_time(days=29)
    away(True)
    world.pass_time(days=2)
    assert may_read(anna, article), "the slack after the end of a period is there for this"
    assert anna.get("/account/").status_code == 200
    for page in ("/account/invoices/", "/account/switch/"):
        assert anna.get(page).status_code == 503, page
    cancelling = anna.post("/account/cancel/")
    assert (cancelling.status_code, cancelling.headers["Retry-After"]) == (503, "60")
    stranger = Client()
    sign_in(stranger, world, "bob@example.org", "/")
    form = stranger.get("/subscribe/confirm/", {"plan": "year"})
    ordering = stranger.post("/subscribe/order/", {"plan": "year", "next": "", "shown": form.context["shown"]})
    assert ordering.status_code == 503
    assert "Nothing was charged" in ordering.content.decode()
    with pytest.raises(billing.BillingUnavailable):
        reconcile.run(at=world.now())
    away(False)
    run = reconcile.run(at=world.now())
    assert (run.repaired, run.failed, Reconciliation.objects.count()) == (1, 0, 1)
    assert rows_that_differ() == []
    paid = Subscription.objects.get()
    assert (paid.status, paid.is_cancelled) == ("active", False), "what could not be asked for did not happen"
    world.control("deliveries", mode="duplicate")
    world.settle()
    assert not StripeEvent.objects.filter(handled_at=None).exists()
    assert rows_that_differ() == []
    assert reconcile.run(at=world.now()).changed_nothing
    assert len(world.letters_to(ANNA)) == 1, "nothing is said twice"
    assert world.charged_cents() == 15_000
    stranger.get(own_path(world.pay(order(stranger), number="4111111111111111")))
    assert may_read(stranger, article), "what was begun while Stripe was away goes on afterwards"


def test_what_stripe_says_while_it_cannot_be_asked_waits_and_is_believed_afterwards(
    anna: Client, world: World, article, away: Callable[[bool], None]
) -> None:
    away(True)
    world.control("deliveries", mode="normal")
    world.sandbox.advance(int(timedelta(days=31).total_seconds()))
    world.sandbox.drain(patience=1)
    assert StripeEvent.objects.filter(handled_at=None).exists()
    assert Subscription.objects.get().status == "trialing"
    away(False)
    world.control("deliveries", mode="normal")
    world.settle()
    assert not StripeEvent.objects.filter(handled_at=None).exists()
    assert Subscription.objects.get().status == "active"
    assert reconcile.run(at=world.now()).changed_nothing


def test_a_cancellation_made_at_stripe_and_never_told_ends_access_on_its_day(
    anna: Client, world: World, article
) -> None:
    world.control("deliveries", mode="drop")
    billing.gateway().cancel_at_period_end(Subscription.objects.get().stripe_id)
    reconcile.run(at=world.now())
    assert Subscription.objects.get().is_cancelled
    assert len(world.letters_to(ANNA)) == 2
    world.pass_time(days=30, minutes=1)
    assert not may_read(anna, article), "even before anybody says that it has ended"
    reconcile.run(at=world.now())
    assert Subscription.objects.get().status == "canceled"
    assert len(world.letters_to(ANNA)) == 2
    assert world.charged_cents() == 0


def test_a_failed_payment_that_nobody_told_us_of_is_told_once(anna: Client, world: World, article) -> None:
    customer = Customer.objects.get().stripe_id
    world.control("fail_next_payment", customer=customer, on=True)
    world.control("deliveries", mode="hold")
    world.pass_time(days=30, hours=2)
    assert reconcile.run(at=world.now()).repaired == 1
    late = Subscription.objects.get()
    assert (late.status, late.unpaid_since) == ("past_due", late.trial_ends_at)
    assert may_read(anna, article)
    letters = world.letters_to(ANNA)
    world.control("deliveries", mode="duplicate")
    world.settle()
    assert world.letters_to(ANNA) == letters
    assert reconcile.run(at=world.now()).changed_nothing


def test_it_runs_while_webhooks_arrive_and_neither_undoes_the_other(world: World, article) -> None:
    readers = [f"reader{number}@example.org" for number in range(6)]
    world.control("deliveries", mode="hold")
    for number, email in enumerate(readers):
        browser = Client()
        sign_in(browser, world, email, "/")
        world.pay(order(browser, ("year", "month")[number % 2]), number=f"411111111111000{number}")
    world.pass_time(days=31)
    assert not Subscription.objects.exists()

    def reconcile_again_and_again() -> None:
        for _ in range(3):
            reconcile.run(at=world.now())
        connection.close()

    running = Thread(target=reconcile_again_and_again)
    running.start()
    world.control("deliveries", mode="shuffle")
    running.join()
    world.settle()
    assert rows_that_differ() == []
    assert reconcile.run(at=world.now()).changed_nothing
    assert {email: len(world.letters_to(email)) for email in readers} == dict.fromkeys(readers, 1)
    assert not Finding.objects.filter(kind="failed").exists()
