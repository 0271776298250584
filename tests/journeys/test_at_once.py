"""Twenty deliveries at the same moment, of one event or of many: one row, one letter, and what Stripe says."""

import json
import threading
import time
import urllib.request
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from readers.models import Letter, User
from stripe_sandbox.deliveries import signature
from subscriptions import billing
from subscriptions.checkout import offer_to, start
from subscriptions.models import Customer, Plan, StripeEvent, Subscription
from tests.make import a_reader
from tests.world import SECRET, World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
AT_ONCE = 20
ANNA = "anna@example.org"


@pytest.fixture
def anna(world: World) -> User:
    """Anna, who has started a trial; no word of it has reached the site."""
    world.control("deliveries", mode="drop")
    reader = a_reader(ANNA)
    offer = offer_to(reader, Plan.objects.get(interval="year"), at=world.now())
    address = "http://testserver/subscribe/return/?session_id={CHECKOUT_SESSION_ID}"
    page = start(reader, offer, shown_html="", return_to="", success_url=address, cancel_url=address, at=world.now())
    world.pay(page)
    return reader


def deliver(world: World, url: str, events: list[dict[str, Any]]) -> list[int]:
    """Post all of them in the same instant, signed by Stripe; returns the status of each answer."""
    statuses: list[int] = []
    gate = threading.Barrier(len(events))

    def post(event: dict[str, Any]) -> None:
        body = json.dumps(event).encode()
        headers = {"Stripe-Signature": signature(SECRET, body, int(time.time())), "Content-Type": "application/json"}
        gate.wait()
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:
            statuses.append(answer.status)

    threads = [threading.Thread(target=post, args=(event,)) for event in events]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def assert_says_what_stripe_says(reader: User) -> None:
    row = Subscription.objects.get()
    facts = billing.gateway().subscription(row.stripe_id)
    names = ("status", "period_starts_at", "period_ends_at", "trial_ends_at", "ends_at", "cancelled_at", "card_last4")
    assert {name: getattr(row, name) for name in names} == {name: getattr(facts, name) for name in names}
    assert (row.reader, row.plan.stripe_price_id) == (reader, facts.price_id)


def test_twenty_deliveries_of_one_event_make_one_row_and_one_letter(
    anna: User, world: World, live_server: Any, mailoutbox: list[Any]
) -> None:
    event = next(one for one in world.events() if one["type"] == "customer.subscription.created")
    statuses = deliver(world, f"{live_server.url}/stripe/webhook/", [event] * AT_ONCE)
    assert statuses == [200] * AT_ONCE
    assert_says_what_stripe_says(anna)
    assert StripeEvent.objects.exclude(handled_at=None).filter(stripe_id=event["id"]).count() == 1
    assert Letter.objects.get().kind == "welcome"
    assert len(world.letters_to(ANNA)) == 1


def test_twenty_events_of_one_reader_at_once_end_in_what_stripe_says_now(
    anna: User, world: World, live_server: Any
) -> None:
    stripe_id = billing.gateway().subscriptions_of(Customer.objects.get().stripe_id)[0].stripe_id
    for _ in range(AT_ONCE // 2):
        billing.gateway().cancel_at_period_end(stripe_id)
        billing.gateway().keep(stripe_id)
    billing.gateway().cancel_at_period_end(stripe_id)
    events = [one for one in world.events() if one["type"].startswith("customer.subscription.")][:AT_ONCE]
    assert len({one["id"] for one in events}) == AT_ONCE
    statuses = deliver(world, f"{live_server.url}/stripe/webhook/", events)
    assert statuses == [200] * AT_ONCE
    assert_says_what_stripe_says(anna)
    assert Subscription.objects.get().ends_at is not None
    ids = [one["id"] for one in events]
    assert StripeEvent.objects.exclude(handled_at=None).filter(stripe_id__in=ids).count() == AT_ONCE
    assert sorted(Letter.objects.values_list("kind", flat=True)) == ["cancelled", "welcome"]


def test_coming_back_while_twenty_events_arrive_records_the_same(
    anna: User, world: World, live_server: Any, client: Client
) -> None:
    connection.close()
    client.force_login(anna)
    session = anna.checkout_attempts.get().stripe_session_id
    events = world.events()
    kinds = ("checkout.", "customer.subscription.", "invoice.paid")
    told = [one for one in events if one["type"].startswith(kinds)] * AT_ONCE
    answers: list[int] = []
    posts = threading.Thread(
        target=lambda: answers.extend(deliver(world, f"{live_server.url}/stripe/webhook/", told[:AT_ONCE]))
    )
    posts.start()
    back = client.get("/subscribe/return/", {"session_id": session})
    posts.join()
    assert (back.status_code, set(answers)) == (302, {200})
    assert_says_what_stripe_says(anna)
    assert [one.kind for one in Letter.objects.all()] == ["welcome"]
