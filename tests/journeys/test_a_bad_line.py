"""The line to Stripe is bad in every way it can be, and each thing happens once all the same."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from subscriptions.models import Customer, Subscription
from tests.journeys.test_from_the_wall_to_the_last_day import ANNA, may_read, order, own_path, sign_in
from tests.make import an_article
from tests.world import Contract, World

pytestmark = pytest.mark.django_db(transaction=True)
FAULTS = ("status:500", "status:429", "drop_before", "drop_after", "garbage")
CALLS = (
    "POST /v1/customers",
    "POST /v1/checkout/sessions",
    "GET /v1/checkout/sessions",
    "GET /v1/subscriptions",
    "POST /v1/subscriptions",
)


@pytest.fixture
def line(contract: Contract | None) -> Contract:
    """The judge between site and Stripe, which can also spoil what passes."""
    if contract is None:
        pytest.skip("needs STRIPE_CONTRACT_DIR, a folder with contract_proxy.py")
    return contract


def spoil(line: Contract, *faults: dict[str, Any]) -> None:
    line._ask("POST", "/_contract/faults", json.dumps(list(faults)).encode())


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_one_lost_call_is_made_good_by_itself_or_by_pressing_again(
    client: Client, world: World, line: Contract, call: str, fault: str
) -> None:
    article = an_article(published=world.now() - timedelta(days=1))
    sign_in(client, world, ANNA, "/")
    spoil(line, {"match": call, "action": fault, "times": 1})
    page = client.get("/subscribe/confirm/", {"plan": "year"})
    response = client.post("/subscribe/order/", {"plan": "year", "shown": page.context["shown"]})
    assert response.status_code in (302, 503)
    back = own_path(world.pay(response.headers["Location"] if response.status_code == 302 else order(client)))
    response = client.get(back)
    if response.status_code == 503:
        response = client.get(back)
    assert response.status_code == 302
    world.settle()
    assert may_read(client, article)
    response = client.post("/account/cancel/")
    if response.status_code == 503:
        response = client.post("/account/cancel/")
    assert response.status_code == 302
    spoil(line)
    world.settle()
    assert Customer.objects.count() == 1
    assert Subscription.objects.get().is_cancelled
    assert len(world.letters_to(ANNA)) == 2, "welcome and cancelled, once each"
