"""What it costs and how often. Amounts never change; a new amount is a new price."""

from typing import Any

from . import products
from .errors import invalid
from .events import add, changing
from .ids import new_id
from .parameters import AMOUNT, FLAG, METADATA, RANGE, TEXT, Whole, listed_by, merged_metadata
from .store import Thing
from .view import listing, page, shown
from .world import World

LONGEST_INTERVAL = {"day": 1095, "week": 156, "month": 36, "year": 3}


def create(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/prices"""
    if ("product" in given) == ("product_data" in given):
        raise invalid("You must pass exactly one of `product` and `product_data`.", param="product")
    if "unit_amount" not in given:
        raise invalid("Missing required param: unit_amount.", param="unit_amount", code="parameter_missing")
    if "product" in given:
        product = world.fetch("product", given["product"], param="product")["id"]
    else:
        product = products.create(world, given["product_data"])["id"]
    recurring = given.get("recurring")
    return add(
        world,
        "price.created",
        {
            "id": new_id("price"),
            "object": "price",
            "active": given.get("active", True),
            "billing_scheme": "per_unit",
            "created": world.now,
            "currency": given["currency"].lower(),
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": _free_lookup_key(world, given),
            "metadata": merged_metadata({}, given.get("metadata", {})),
            "nickname": given.get("nickname"),
            "product": product,
            "recurring": _recurring(recurring) if recurring else None,
            "tax_behavior": given.get("tax_behavior", "unspecified"),
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "recurring" if recurring else "one_time",
            "unit_amount": given["unit_amount"],
            "unit_amount_decimal": str(given["unit_amount"]),
        },
    )


def update(world: World, given: dict[str, Any], price: str) -> Thing:
    """POST /v1/prices/{id}"""
    found = world.fetch("price", price)
    if "tax_behavior" in given and found["tax_behavior"] not in ("unspecified", given["tax_behavior"]):
        raise invalid("The tax_behavior of a price cannot be changed once it is set.", param="tax_behavior")
    if "lookup_key" in given:
        given["lookup_key"] = _free_lookup_key(world, given, own=price)
    given.pop("transfer_lookup_key", None)
    with changing(world, found, "price.updated"):
        if "metadata" in given:
            given["metadata"] = merged_metadata(found["metadata"], given["metadata"])
        found.update(given)
    return found


def show(world: World, given: dict[str, Any], price: str) -> Thing:
    """GET /v1/prices/{id}"""
    return world.fetch("price", price)


def list_all(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/prices"""
    where = {name: given.get(name) for name in ("active", "currency", "product", "type")}
    where["recurring.interval"] = given.get("recurring", {}).get("interval")
    keys = given.get("lookup_keys")
    if keys is None:
        return page(world, "price", "/v1/prices", given, where)
    known = {place: value for place, value in where.items() if value is not None}
    found = [price for key in keys for price in world.store.find("price", known | {"lookup_key": key})]
    found.sort(key=lambda price: price["created"], reverse=True)
    limit = given.get("limit", 10)
    data = [shown(world, price) for price in found[:limit]]
    return listing(data, "/v1/prices", has_more=len(found) > limit)


def sellable(world: World, price: str, param: str) -> Thing:
    """A price that can be bought now. Raises `ApiError` (400) for an unknown or archived one."""
    found = world.fetch("price", price, param=param)
    if not found["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", param=param)
    return found


def _free_lookup_key(world: World, given: dict[str, Any], own: str | None = None) -> str | None:
    key = given.get("lookup_key")
    for holder in world.store.find("price", {"lookup_key": key}) if key else []:
        if holder["id"] == own:
            continue
        if not given.get("transfer_lookup_key"):
            raise invalid(
                f"A price (`{holder['id']}`) already uses that lookup key.",
                param="lookup_key",
                code="resource_already_exists",
            )
        with changing(world, holder, "price.updated"):
            holder["lookup_key"] = None
    return key


def _recurring(given: dict[str, Any]) -> dict[str, Any]:
    count = given.get("interval_count", 1)
    if count > LONGEST_INTERVAL[given["interval"]]:
        raise invalid("Prices may recur at most every three years.", param="recurring[interval_count]")
    return {
        "interval": given["interval"],
        "interval_count": count,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


INTERVALS = ("day", "week", "month", "year")
DETAILS = {
    "active": FLAG,
    "lookup_key": TEXT,
    "metadata": METADATA,
    "nickname": TEXT,
    "tax_behavior": ("exclusive", "inclusive", "unspecified"),
    "transfer_lookup_key": FLAG,
}
NEW = DETAILS | {
    "currency!": TEXT,
    "product": TEXT,
    "product_data": {"name!": TEXT, "metadata": METADATA, "id": TEXT, "active": FLAG, "tax_code": TEXT},
    "unit_amount": AMOUNT,
    "billing_scheme": ("per_unit",),
    "recurring": {"interval!": INTERVALS, "interval_count": Whole(least=1), "usage_type": ("licensed",)},
}
FILTERS = listed_by(
    active=FLAG, created=RANGE, currency=TEXT, lookup_keys=[TEXT], product=TEXT,
    recurring={"interval": INTERVALS}, type=("one_time", "recurring"),
)  # fmt: skip
ROUTES = [
    ("POST", "/v1/prices", create, NEW),
    ("GET", "/v1/prices", list_all, FILTERS),
    ("GET", "/v1/prices/{price}", show, {}),
    ("POST", "/v1/prices/{price}", update, DETAILS),
]
