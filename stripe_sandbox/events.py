"""Every change is told: an event with a full picture of the object, and what was different before."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import API_VERSION
from .ids import new_id
from .parameters import FLAG, RANGE, TEXT, listed_by
from .store import Thing
from .view import page, shown
from .world import World


def record(world: World, kind: str, thing: Thing, previous: dict[str, Any] | None = None) -> Thing:
    """Note that something happened to this object and leave it for delivery."""
    data: dict[str, Any] = {"object": shown(world, thing)}
    if previous is not None or kind.endswith(".updated"):
        data["previous_attributes"] = previous or {}
    event: Thing = {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": world.now,
        "data": data,
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": world.asking.id, "idempotency_key": world.asking.idempotency_key},
        "type": kind,
    }
    world.store.save(event)
    world.fresh_events.append(event["id"])
    return event


def add(world: World, kind: str, thing: Thing) -> Thing:
    """Save a new object and tell of it."""
    world.store.save(thing)
    record(world, kind, thing)
    return thing


@contextmanager
def changing(world: World, thing: Thing, kind: str) -> Iterator[Thing]:
    """Change an object inside the block; it is saved, and told of if anything a reader can see differs."""
    before = shown(world, thing)
    yield thing
    world.store.save(thing)
    previous = differences(before, shown(world, thing))
    if previous:
        record(world, kind, thing, previous)


def differences(before: Thing, after: Thing) -> dict[str, Any]:
    """The former values of what changed, hash by hash; lists are given whole."""
    changed: dict[str, Any] = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        both_hashes = isinstance(old, dict) and isinstance(new, dict) and old.get("id") == new.get("id")
        changed[key] = differences(old, new) if both_hashes else old  # type: ignore[arg-type]
    return changed


def list_all(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/events"""
    names = given.get("types", []) + ([given["type"]] if "type" in given else [])
    success = given.get("delivery_success")

    def wanted(event: Thing) -> bool:
        if names and not any(matches(event["type"], name) for name in names):
            return False
        return success is None or _was_delivered(world, event["id"]) == success

    return page(world, "event", "/v1/events", given, only=wanted if names or success is not None else None)


def _was_delivered(world: World, event: str) -> bool:
    sql = "SELECT count(*) FROM deliveries WHERE event = ? AND state != 'delivered'"
    return world.store.execute(sql, (event,)).fetchone()[0] == 0


def matches(kind: str, pattern: str) -> bool:
    """Whether a type of event is meant by a name that may end in `*`."""
    return kind == pattern or (pattern.endswith("*") and kind.startswith(pattern[:-1]))


def show(world: World, given: dict[str, Any], event: str) -> Thing:
    """GET /v1/events/{id}"""
    return world.fetch("event", event)


FILTERS = listed_by(created=RANGE, type=TEXT, types=[TEXT], delivery_success=FLAG)
ROUTES = [
    ("GET", "/v1/events", list_all, FILTERS),
    ("GET", "/v1/events/{event}", show, {}),
]
