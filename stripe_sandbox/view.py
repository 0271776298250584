"""How an object looks from outside: without our own notes, with prices as they are today, expanded on request."""

from collections.abc import Callable
from typing import Any

from .errors import invalid
from .store import Thing, copied
from .world import World

# Fields that hold the id of another object and turn into it on request.
EXPANDABLE = frozenset(
    [
        "charge",
        "configuration",
        "coupon",
        "customer",
        "default_payment_method",
        "default_price",
        "discounts",
        "invoice",
        "latest_charge",
        "latest_invoice",
        "payment_intent",
        "payment_method",
        "pending_setup_intent",
        "price",
        "product",
        "promotion_code",
        "refund",
        "refunds",
        "setup_intent",
        "subscription",
        "test_clock",
        "discount",
    ]
)
# Parts that are only shown on request: (object, field) -> what to show.
Part = Callable[[World, Thing], Any]
INCLUDED: dict[tuple[str, str], Part] = {}
DEEPEST = 4


def included(kind: str, field: str) -> Callable[[Part], Part]:
    """Name the function that gives a part of an object that is only shown when `expand` asks for it."""

    def name(function: Part) -> Part:
        INCLUDED[kind, field] = function
        return function

    return name


def shown(world: World, thing: Thing) -> Thing:
    """A copy of an object as an answer or an event carries it."""
    seen = {key: copied(value) for key, value in thing.items() if not key.startswith("_")}
    kind = seen["object"]
    if kind == "subscription":
        for item in seen["items"]["data"]:
            _show_present_price(world, item)
    if kind == "event":
        seen["pending_webhooks"] = _undelivered(world, seen["id"])
    return seen


def listing(data: list[Thing], url: str, *, has_more: bool = False) -> Thing:
    """Stripe's list object."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def page(
    world: World,
    kind: str,
    url: str,
    given: dict[str, Any],
    where: dict[str, Any] | None = None,
    *,
    only: Callable[[Thing], bool] | None = None,
) -> Thing:
    """One page of a list, newest first; `only` narrows by what SQL cannot ask. Raises `ApiError` (400) for an
    unknown cursor."""
    limit = given.get("limit", 10)
    after, before = given.get("starting_after"), given.get("ending_before")
    if after and before:
        raise invalid("Pass only one of starting_after and ending_before.", param="ending_before")
    for param in ("starting_after", "ending_before"):
        if param in given:
            world.fetch(kind, given[param], param=param)
    created = given.get("created")
    if isinstance(created, int):
        created = {"gte": created, "lte": created}
    where = {place: value for place, value in (where or {}).items() if value is not None}
    found = world.store.find(
        kind, where, created=created, after=after, before=before, limit=None if only else limit + 1
    )
    if only:
        found = [thing for thing in found if only(thing)]
    more = len(found) > limit
    found = found[-limit:] if before else found[:limit]
    return listing([shown(world, thing) for thing in found], url, has_more=more)


def expand(world: World, answer: Thing, paths: list[str]) -> Thing:
    """Fill in what the request asked to have expanded. Raises `ApiError` (400) for what cannot be."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > DEEPEST:
            raise invalid(f"You cannot expand more than {DEEPEST} levels of a property: {path}", param="expand")
        _expand(world, answer, parts, path)
    return answer


def _expand(world: World, node: Any, parts: list[str], path: str) -> None:
    if isinstance(node, list):
        for one in node:
            _expand(world, one, parts, path)
        return
    name, deeper = parts[0], parts[1:]
    if not isinstance(node, dict) or not _fill(world, node, name):
        raise invalid(f"This property cannot be expanded ({path}).", param="expand[0]")
    if deeper and node[name] is not None:
        _expand(world, node[name], deeper, path)
    elif not deeper and not _is_expanded(node, name):
        raise invalid(f"This property cannot be expanded ({path}).", param="expand[0]")


def _fill(world: World, node: Thing, name: str) -> bool:
    """Put the object in place of its id, or the part in its place; False when there is no such field."""
    part = INCLUDED.get((str(node.get("object")), name))
    if part:
        node[name] = part(world, node)
        return True
    if name not in node:
        return False
    value = node[name]
    if name in EXPANDABLE and isinstance(value, str):
        node[name] = _other(world, value)
    elif name in EXPANDABLE and isinstance(value, list):
        node[name] = [_other(world, one) if isinstance(one, str) else one for one in value]
    return True


def _is_expanded(node: Thing, name: str) -> bool:
    return name in EXPANDABLE or (str(node.get("object")), name) in INCLUDED or isinstance(node[name], dict)


def _other(world: World, wanted: str) -> Any:
    found = world.store.get(wanted)
    return shown(world, found) if found else wanted


def _show_present_price(world: World, item: Thing) -> None:
    price = world.store.get(item["price"]["id"])
    if price:
        item["price"] = shown(world, price)
        item["plan"] = plan_of(price)


def plan_of(price: Thing) -> Thing:
    """The old name of a price, which subscription items still carry."""
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def _undelivered(world: World, event: str) -> int:
    return world.store.execute(
        "SELECT count(*) FROM deliveries WHERE event = ? AND state IN ('pending', 'sending', 'held')", (event,)
    ).fetchone()[0]
