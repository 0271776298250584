"""Withdrawals and cancellations on real parts: both clocks, the bank's days, the worker that comes later."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from articles.models import Article
from rights import handling
from rights.models import Handling
from subscriptions import withdrawing
from subscriptions.models import Refund, Subscription
from tests.journeys.test_europe_pays import PENDING, no_trial_for, subscribe
from tests.journeys.test_from_the_wall_to_the_last_day import ANNA, may_read
from tests.journeys.test_refunds_and_disputes import at_stripe, refunded_cents
from tests.make import an_article
from tests.test_withdrawal import first_page
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
Outcome = Handling.Outcome


@pytest.fixture
def article(world: World) -> Article:
    return an_article(published=world.now() - timedelta(days=1))


def withdraw(world: World) -> Any:
    """Anna, signed out, types her address and confirms."""
    stranger = Client()
    second = first_page(stranger, email=ANNA, name="Anna Szabo")
    receipt = stranger.post("/withdraw/confirm/", {"sealed": second.context["sealed"]}, follow=True)
    world.settle()
    return receipt


def go_to(world: World, moment: datetime) -> None:
    world.pass_time(seconds=(moment - world.now()).total_seconds())


@pytest.mark.parametrize(("seconds_before", "outcome"), [(2, Outcome.WITHDRAWN), (-1, Outcome.TOO_LATE)])
def test_the_last_moment_of_day_fourteen_after_the_charge_decides(
    client: Client, world: World, article: Article, seconds_before: int, outcome: str
) -> None:
    no_trial_for(ANNA, world)
    subscribe(client, world, plan="month")
    deadline = withdrawing.deadline_of(Subscription.objects.get().started_at)
    go_to(world, deadline - timedelta(seconds=seconds_before))
    withdraw(world)
    assert Handling.objects.get().outcome == outcome
    is_in_time = outcome == Outcome.WITHDRAWN
    assert refunded_cents(world) == (1_500 if is_in_time else 0)
    assert may_read(client, article) is not is_in_time


def test_after_a_switch_every_payment_comes_back(client: Client, world: World, article: Article) -> None:
    no_trial_for(ANNA, world)
    subscribe(client, world, plan="month")
    page = client.get("/account/switch/")
    client.post("/account/switch/", {"intention": page.context["intention"], "to": "year"})
    world.settle()
    charged = world.charged_cents()
    assert charged > 1_500
    withdraw(world)
    assert refunded_cents(world) == charged
    assert at_stripe() == "canceled"


def test_a_debit_under_way_comes_back_when_it_has_arrived(client: Client, world: World, article: Article) -> None:
    no_trial_for(ANNA, world)
    assert PENDING in subscribe(client, world, method="sepa_ok")
    withdraw(world)
    about = Handling.objects.get()
    assert (about.outcome, about.cents, about.awaits_payment) == (Outcome.WITHDRAWN, 0, True)
    assert not may_read(client, article)
    assert "Your contract with Viaduct is undone" in world.letters_to(ANNA)
    world.pass_time(days=6)
    assert world.charged_cents() == refunded_cents(world) == 1_500
    assert Refund.objects.get().is_given


def test_a_cancellation_that_waits_for_its_date_is_carried_out_by_the_worker(
    client: Client, world: World, article: Article
) -> None:
    no_trial_for(ANNA, world)
    subscribe(client, world, plan="month")
    wished = world.now().astimezone(UTC).date() + timedelta(days=75)
    form = client.get("/cancel/").context["form"]
    fields = {"name": "Anna", "email": ANNA, "contract": form.initial["contract"], "key": form.initial["key"]}
    client.post("/cancel/", fields | {"kind": "ordinary", "when": "date", "wished_on": wished.isoformat()})
    assert Handling.objects.get().outcome == Outcome.WAITS
    for _ in range(75):
        world.pass_time(days=1)
        handling.handle_waiting(at=world.now())
    world.settle()
    assert Handling.objects.get().outcome == Outcome.CANCELLED
    assert (at_stripe(), world.charged_cents()) == ("canceled", 3_000)
    assert not may_read(client, article)
