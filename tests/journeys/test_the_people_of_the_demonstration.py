"""Everybody whom `make run` introduces is what their story says."""

from typing import Any

import pytest

from newsroom.demo import people
from readers.models import User
from subscriptions.models import Subscription
from subscriptions.standing import State, standing_of
from tests.make import the_groups
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
STATES = {
    people.REGISTERED: State.NEVER,
    people.TRIAL: State.TRIAL,
    people.SUBSCRIBER: State.ACTIVE,
    people.PAST_DUE: State.PAST_DUE,
    people.CANCELLED: State.CANCELLED,
    people.LAPSED: State.LAPSED,
    people.GRANTED: State.GRANTED,
    people.AUTHOR: State.STAFF,
    people.EDITOR: State.STAFF,
    people.CHIEF: State.STAFF,
    people.STAFF: State.STAFF,
    people.ADMIN: State.STAFF,
}


def test_everybody_is_what_their_story_says_and_stays_so_on_a_second_start(world: World, settings: Any) -> None:
    the_groups()
    settings.STRIPE_API_BASE = world.sandbox.url
    for _ in range(2):
        people.settle_in()
        world.settle()
        now = world.now()
        found = {one: standing_of(User.objects.get(email=one.email), at=now).state for one in people.EVERYBODY}
        assert found == STATES
    assert not Subscription.objects.exclude(surplus="").exists()
    assert set(STATES) == set(people.EVERYBODY)
