"""Where events are sent."""

from typing import Any

from . import API_VERSION
from .errors import invalid
from .ids import new_id
from .parameters import FLAG, MAYBE_TEXT, METADATA, TEXT, listed_by, merged_metadata
from .store import Thing
from .view import page, shown
from .world import World


def create(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/webhook_endpoints: only this answer carries the secret."""
    endpoint = register(world, given["url"], new_id("whsec", 32), given["enabled_events"])
    endpoint["description"] = given.get("description")
    endpoint["metadata"] = merged_metadata({}, given.get("metadata", {}))
    world.store.save(endpoint)
    return shown(world, endpoint) | {"secret": endpoint["_secret"]}


def register(world: World, url: str, secret: str, events: list[str]) -> Thing:
    """An endpoint that gets these kinds of events, signed with this secret."""
    if not url.startswith(("http://", "https://")):
        raise invalid("Invalid URL: An explicit scheme (such as http) must be provided", param="url")
    return world.store.save(
        {
            "id": new_id("we"),
            "object": "webhook_endpoint",
            "api_version": API_VERSION,
            "application": None,
            "created": world.now,
            "description": None,
            "enabled_events": events,
            "livemode": False,
            "metadata": {},
            "status": "enabled",
            "url": url,
            "_secret": secret,
        }
    )


def keep_registered(world: World, url: str, secret: str) -> None:
    """See to it that there is exactly one endpoint of this address, with this secret and all events."""
    known = world.store.find("webhook_endpoint", {"url": url})
    if known:
        known[0]["_secret"] = secret
        world.store.save(known[0])
    else:
        register(world, url, secret, ["*"])


def listening_to(world: World, kind: str) -> list[Thing]:
    """The endpoints that want events of this type."""
    found = world.store.find("webhook_endpoint", {"status": "enabled"})
    return [one for one in found if {"*", kind} & set(one["enabled_events"])]


def update(world: World, given: dict[str, Any], endpoint: str) -> Thing:
    """POST /v1/webhook_endpoints/{id}"""
    found = world.fetch("webhook_endpoint", endpoint)
    if "disabled" in given:
        found["status"] = "disabled" if given.pop("disabled") else "enabled"
    if "metadata" in given:
        given["metadata"] = merged_metadata(found["metadata"], given["metadata"])
    found.update(given)
    return world.store.save(found)


def delete(world: World, given: dict[str, Any], endpoint: str) -> Thing:
    """DELETE /v1/webhook_endpoints/{id}"""
    world.fetch("webhook_endpoint", endpoint)
    world.store.remove(endpoint)
    return {"id": endpoint, "object": "webhook_endpoint", "deleted": True}


def show(world: World, given: dict[str, Any], endpoint: str) -> Thing:
    """GET /v1/webhook_endpoints/{id}"""
    return world.fetch("webhook_endpoint", endpoint)


def list_all(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/webhook_endpoints"""
    return page(world, "webhook_endpoint", "/v1/webhook_endpoints", given)


DETAILS = {"description": MAYBE_TEXT, "metadata": METADATA}
NEW = DETAILS | {"url!": TEXT, "enabled_events!": [TEXT], "api_version": (API_VERSION,)}
CHANGES = DETAILS | {"url": TEXT, "enabled_events": [TEXT], "disabled": FLAG}
ROUTES = [
    ("POST", "/v1/webhook_endpoints", create, NEW),
    ("GET", "/v1/webhook_endpoints", list_all, listed_by()),
    ("GET", "/v1/webhook_endpoints/{endpoint}", show, {}),
    ("POST", "/v1/webhook_endpoints/{endpoint}", update, CHANGES),
    ("DELETE", "/v1/webhook_endpoints/{endpoint}", delete, {}),
]
