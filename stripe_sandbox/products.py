"""What is sold."""

from typing import Any

from .errors import invalid
from .events import add, changing, record
from .ids import new_id
from .parameters import FLAG, MAYBE_TEXT, METADATA, RANGE, TEXT, Unset, listed_by, merged_metadata
from .store import Thing
from .view import page
from .world import World


def create(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/products"""
    wanted = given.get("id") or new_id("prod", 14)
    if world.store.get(wanted):
        raise invalid("Product already exists.", param="id", code="resource_already_exists")
    return add(
        world,
        "product.created",
        {
            "id": wanted,
            "object": "product",
            "active": given.get("active", True),
            "created": world.now,
            "default_price": None,
            "description": given.get("description"),
            "images": given.get("images") or [],
            "livemode": False,
            "marketing_features": [],
            "metadata": merged_metadata({}, given.get("metadata", {})),
            "name": given["name"],
            "package_dimensions": None,
            "shippable": given.get("shippable"),
            "statement_descriptor": given.get("statement_descriptor"),
            "tax_code": given.get("tax_code"),
            "type": given.get("type", "service"),
            "unit_label": given.get("unit_label"),
            "updated": world.now,
            "url": given.get("url"),
        },
    )


def update(world: World, given: dict[str, Any], product: str) -> Thing:
    """POST /v1/products/{id}"""
    found = world.fetch("product", product)
    if given.get("default_price"):
        world.fetch("price", given["default_price"], param="default_price")
    with changing(world, found, "product.updated"):
        if "metadata" in given:
            given["metadata"] = merged_metadata(found["metadata"], given["metadata"])
        found.update(given, updated=world.now)
    return found


def delete(world: World, given: dict[str, Any], product: str) -> Thing:
    """DELETE /v1/products/{id}: only while it has no prices."""
    found = world.fetch("product", product)
    if world.store.find("price", {"product": product}, limit=1):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.")
    record(world, "product.deleted", found)
    world.store.remove(product)
    return {"id": product, "object": "product", "deleted": True}


def show(world: World, given: dict[str, Any], product: str) -> Thing:
    """GET /v1/products/{id}"""
    return world.fetch("product", product)


def list_all(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/products"""
    return page(world, "product", "/v1/products", given, {"active": given.get("active")})


DETAILS = {
    "active": FLAG,
    "description": MAYBE_TEXT,
    "images": Unset([TEXT]),
    "metadata": METADATA,
    "shippable": FLAG,
    "statement_descriptor": TEXT,
    "tax_code": MAYBE_TEXT,
    "unit_label": MAYBE_TEXT,
    "url": MAYBE_TEXT,
}
NEW = DETAILS | {"name!": TEXT, "id": TEXT, "type": ("good", "service")}
CHANGES = DETAILS | {"name": TEXT, "default_price": TEXT}
ROUTES = [
    ("POST", "/v1/products", create, NEW),
    ("GET", "/v1/products", list_all, listed_by(active=FLAG, created=RANGE)),
    ("GET", "/v1/products/{product}", show, {}),
    ("POST", "/v1/products/{product}", update, CHANGES),
    ("DELETE", "/v1/products/{product}", delete, {}),
]
