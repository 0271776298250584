"""What the unused rest of a period is worth, to the cent."""

from datetime import UTC, datetime

from . import invoices, subscriptions
from .periods import prorated
from .store import Thing
from .world import World


def credits_for(world: World, subscription: Thing, at: int, items: list[Thing] | None = None) -> list[Thing]:
    """Lines that give back the unused time of items from this moment (seconds) on; none in a trial."""
    if subscription["status"] == "trialing":
        return []
    items = subscriptions.items_of(subscription) if items is None else items
    lines = (_line(world, subscription, item, at, -_billed(world, subscription, item)) for item in items)
    return [line for line in lines if line["amount"]]


def debits_for(world: World, subscription: Thing, at: int, items: list[Thing]) -> list[Thing]:
    """Lines that charge items for the rest of their period; none in a trial."""
    if subscription["status"] == "trialing":
        return []
    return [_line(world, subscription, item, at, item["price"]["unit_amount"] * item["quantity"]) for item in items]


def _line(world: World, subscription: Thing, item: Thing, at: int, cents: int) -> Thing:
    start, end = item["current_period_start"], item["current_period_end"]
    share = prorated(abs(cents), at, start, end)
    name = world.fetch("product", item["price"]["product"])["name"]
    words = "Unused time on" if cents < 0 else "Remaining time on"
    return invoices.line(
        item["price"],
        amount=-share if cents < 0 else share,
        description=f"{words} {item['quantity']} × {name} after {datetime.fromtimestamp(at, UTC):%d %b %Y}",
        start=at,
        end=end,
        subscription=subscription["id"],
        item=item["id"],
        quantity=item["quantity"],
        proration=True,
    )


def _billed(world: World, subscription: Thing, item: Thing) -> int:
    """What this item cost for its present period, discounts taken off: flexible billing gives back no more."""
    where = {"parent.subscription_details.subscription": subscription["id"]}
    for invoice in world.store.find("invoice", where, limit=5):
        for line in invoice["lines"]["data"]:
            details = line["parent"]["subscription_item_details"] or {"subscription_item": None, "proration": False}
            same = details["subscription_item"] == item["id"] and not details["proration"]
            price = line["pricing"]["price_details"]["price"]
            if same and price == item["price"]["id"] and line["period"]["end"] == item["current_period_end"]:
                return line["amount"] - sum(cut["amount"] for cut in line["discount_amounts"])
    return item["price"]["unit_amount"] * item["quantity"]
