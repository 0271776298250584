"""Rates of tax that somebody typed: what they add to a line, and the sums of an invoice. Nothing is looked up."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .errors import invalid
from .events import add, changing
from .ids import new_id
from .parameters import FLAG, METADATA, RANGE, TEXT, Share, listed_by, merged_metadata
from .store import Thing
from .view import page
from .world import World


def create(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/tax_rates"""
    rate = {
        "id": new_id("txr"),
        "object": "tax_rate",
        "active": given.get("active", True),
        "country": given.get("country"),
        "created": world.now,
        "description": given.get("description"),
        "display_name": given["display_name"],
        "effective_percentage": given["percentage"],
        "flat_amount": None,
        "inclusive": given["inclusive"],
        "jurisdiction": given.get("jurisdiction"),
        "jurisdiction_level": None,
        "livemode": False,
        "metadata": merged_metadata({}, given.get("metadata", {})),
        "percentage": given["percentage"],
        "rate_type": "percentage",
        "state": None,
        "tax_type": given.get("tax_type"),
    }
    return add(world, "tax_rate.created", rate)


def update(world: World, given: dict[str, Any], rate: str) -> Thing:
    """POST /v1/tax_rates/{id}: never its percentage."""
    found = world.fetch("tax_rate", rate)
    with changing(world, found, "tax_rate.updated"):
        if "metadata" in given:
            given["metadata"] = merged_metadata(found["metadata"], given["metadata"])
        found.update(given)
    return found


def show(world: World, given: dict[str, Any], rate: str) -> Thing:
    """GET /v1/tax_rates/{id}"""
    return world.fetch("tax_rate", rate)


def list_all(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/tax_rates"""
    where = {name: given.get(name) for name in ("active", "inclusive")}
    return page(world, "tax_rate", "/v1/tax_rates", given, where)


def usable(world: World, wanted: list[str]) -> list[Thing]:
    """Those rates, for an item. Raises `ApiError` (400) for one that is unknown or has been put away."""
    rates = [world.fetch("tax_rate", one, param="tax_rates") for one in wanted]
    for rate in rates:
        if not rate["active"]:
            raise invalid("The tax rate is not active.", param="tax_rates")
    return rates


def taxes_on(amount: int, rates: list[Thing]) -> list[Thing]:
    """What these rates make of an amount in cents; one that is inclusive is part of it."""
    return [_tax(amount, rate) for rate in rates]


def _tax(amount: int, rate: Thing) -> Thing:
    share = Decimal(str(rate["percentage"])) / 100
    base = Decimal(amount) / (1 + share) if rate["inclusive"] else Decimal(amount)
    tax = int((base * share).quantize(Decimal(1), ROUND_HALF_UP))
    return {
        "amount": tax,
        "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": "standard_rated" if share else "zero_rated",
        "taxable_amount": amount - tax if rate["inclusive"] else amount,
        "type": "tax_rate_details",
    }


def sums(lines: list[Thing]) -> list[Thing]:
    """The taxes of all lines, added up by rate."""
    added: dict[str, Thing] = {}
    for tax in (tax for line in lines for tax in line["taxes"]):
        rate = tax["tax_rate_details"]["tax_rate"]
        if rate in added:
            for name in ("amount", "taxable_amount"):
                added[rate][name] += tax[name]
        else:
            added[rate] = dict(tax)
    return list(added.values())


LATER = {
    "active": FLAG,
    "country": TEXT,
    "description": TEXT,
    "display_name": TEXT,
    "jurisdiction": TEXT,
    "metadata": METADATA,
    "tax_type": ("vat", "sales_tax", "gst"),
}
NEW = LATER | {"display_name!": TEXT, "inclusive!": FLAG, "percentage!": Share()}
del NEW["display_name"]
ROUTES = [
    ("POST", "/v1/tax_rates", create, NEW),
    ("GET", "/v1/tax_rates", list_all, listed_by(active=FLAG, created=RANGE, inclusive=FLAG)),
    ("GET", "/v1/tax_rates/{rate}", show, {}),
    ("POST", "/v1/tax_rates/{rate}", update, LATER),
]
