"""A student's year that costs something, with the local Stripe: by card at once, by an account in five days."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from groups import students
from readers.models import User
from subscriptions import purchases
from subscriptions.access import entitlement_for
from subscriptions.models import Customer, Grant, Purchase
from tests.journeys.test_from_the_wall_to_the_last_day import own_path
from tests.make import a_reader
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
HERE = "/account/student/"


@pytest.fixture
def bob(client: Client, settings: Any) -> User:
    """Bob has proved an address, at a site where that costs €30."""
    settings.STUDENT_PRICE_CENTS = 3000
    bob = a_reader()
    client.force_login(bob)
    return bob


def order(client: Client) -> str:
    """From the address to Stripe's page."""
    client.post(HERE, {"email": "bob@ugent.be"})
    code = re.search(r"^\s+(\d{6})$", mail.outbox[-1].body, re.MULTILINE)[1]  # type: ignore[index]
    client.post(f"{HERE}code/", {"code": code})
    shown = client.get(f"{HERE}order/").context["shown"]
    addresses = {client.post(f"{HERE}order/", {"shown": shown})["Location"] for _ in range(2)}
    assert len(addresses) == 1, "pressed twice it is one page"
    return addresses.pop()


def charged(world: World, reader: User) -> int:
    """What Stripe has taken from this reader, less what it gave back, in cents."""
    money = world._ask("/_sandbox/state")["money"]["customers"][Customer.objects.of(reader).stripe_id]  # type: ignore[union-attr]
    return money["charged"] - money["refunded"]


def test_by_card_the_year_begins_at_once_and_the_desk_can_give_it_back(client: Client, bob: User, world: World) -> None:
    stripe = order(client)
    back = world.pay(stripe)
    page = client.get(own_path(back), follow=True).content.decode()
    world.settle()
    assert "Student access until" in page
    assert Grant.objects.count() == 1, "the event and the way back make one year"
    assert entitlement_for(bob, at=world.now())
    assert charged(world, bob) == 3000
    purchase = Purchase.objects.get()
    dora = a_reader("dora@example.org")
    assert [purchases.give_back(purchase, by=dora, at=world.now()) for _ in range(2)] == [True, False]
    assert charged(world, bob) == 0
    assert entitlement_for(bob, at=world.now()) is None


@pytest.mark.parametrize(("method", "reads"), [("sepa_ok", True), ("sepa_fails", False)])
def test_by_an_account_it_begins_when_the_bank_has_said_yes(
    method: str, reads: bool, client: Client, bob: User, world: World
) -> None:
    back = world.pay(order(client), method=method)
    page = client.get(own_path(back), follow=True).content.decode()
    assert "Your year begins then, and we write to you." in page
    assert entitlement_for(bob, at=world.now()) is None
    world.pass_time(days=6)
    students.settle_paid()
    assert bool(entitlement_for(bob, at=world.now())) is reads
    assert Purchase.objects.unfinished().count() == 0
    if not reads:
        assert client.get(f"{HERE}order/").status_code == 200, "the proof holds, and another try is open"


def test_a_card_that_is_refused_orders_nothing_and_the_same_page_takes_another(
    client: Client, bob: User, world: World
) -> None:
    stripe = order(client)
    assert world.pay(stripe, method="card_declined") == ""
    assert entitlement_for(bob, at=world.now()) is None
    back = world.pay(stripe)
    client.get(own_path(back))
    assert entitlement_for(bob, at=world.now())
