"""Stripe's test clocks. Here there is one clock for everybody; a test clock is a handle to move it."""

from typing import Any

from .agenda import move_clock
from .clock import DAY
from .errors import invalid
from .events import add, record
from .ids import new_id
from .parameters import MOMENT, TEXT, listed_by
from .store import Thing
from .view import page, shown
from .world import World

KEPT_FOR = 30 * DAY
SECONDS_OF_GRACE = 60


def create(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/test_helpers/test_clocks: moves the one clock there, forward only."""
    _move(world, given["frozen_time"])
    return add(
        world,
        "test_helpers.test_clock.created",
        {
            "id": new_id("clock"),
            "object": "test_helpers.test_clock",
            "created": world.now,
            "deletes_after": world.now + KEPT_FOR,
            "frozen_time": given["frozen_time"],
            "livemode": False,
            "name": given.get("name"),
            "status": "ready",
            "status_details": {},
        },
    )


def advance(world: World, given: dict[str, Any], clock: str) -> Thing:
    """POST /v1/test_helpers/test_clocks/{id}/advance: says `advancing`; the next look says `ready`."""
    found = world.fetch("test_helpers.test_clock", clock)
    to = given["frozen_time"]
    if to <= found["frozen_time"]:
        raise invalid("A test clock can only be advanced to a later time.", param="frozen_time")
    details = {"advancing": {"target_frozen_time": to}}
    answer = shown(world, found) | {"status": "advancing", "status_details": details}
    record(world, "test_helpers.test_clock.advancing", answer)
    _move(world, to)
    found = world.fetch("test_helpers.test_clock", clock)
    found["frozen_time"] = to
    world.store.save(found)
    record(world, "test_helpers.test_clock.ready", found)
    return answer


def _move(world: World, to: int) -> None:
    if to < world.now - SECONDS_OF_GRACE:
        raise invalid("This sandbox has one clock for everybody, and it only goes forward.", param="frozen_time")
    if to > world.now:
        move_clock(world, to)


def delete(world: World, given: dict[str, Any], clock: str) -> Thing:
    """DELETE /v1/test_helpers/test_clocks/{id}: the handle goes, the time stays."""
    record(world, "test_helpers.test_clock.deleted", world.fetch("test_helpers.test_clock", clock))
    world.store.remove(clock)
    return {"id": clock, "object": "test_helpers.test_clock", "deleted": True}


def show(world: World, given: dict[str, Any], clock: str) -> Thing:
    """GET /v1/test_helpers/test_clocks/{id}"""
    return world.fetch("test_helpers.test_clock", clock)


def list_all(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/test_helpers/test_clocks"""
    return page(world, "test_helpers.test_clock", "/v1/test_helpers/test_clocks", given)


CLOCKS = "/v1/test_helpers/test_clocks"
ROUTES = [
    ("POST", CLOCKS, create, {"frozen_time!": MOMENT, "name": TEXT}),
    ("GET", CLOCKS, list_all, listed_by()),
    ("GET", CLOCKS + "/{clock}", show, {}),
    ("DELETE", CLOCKS + "/{clock}", delete, {}),
    ("POST", CLOCKS + "/{clock}/advance", advance, {"frozen_time!": MOMENT}),
]
