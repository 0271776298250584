"""What a customer has subscribed to: the facts of a subscription and what can happen to it as a whole."""

from typing import Any

from . import invoices
from .agenda import duty
from .clock import DAY
from .errors import invalid
from .events import changing, record
from .parameters import MAYBE_TEXT, RANGE, TEXT, Unset, listed_by
from .periods import next_boundary
from .store import Thing
from .view import listing, page, shown
from .world import World

ENDED = ("canceled", "incomplete_expired")
STATUSES = ("active", "canceled", "incomplete", "incomplete_expired", "past_due", "paused", "trialing", "unpaid")
FEEDBACK = (
    "customer_service", "low_quality", "missing_features", "other", "switched_service", "too_complex",
    "too_expensive", "unused",
)  # fmt: skip
DUTIES = (
    "end_period", "cancel_subscription", "tell_trial_will_end", "tell_upcoming_invoice", "expire_incomplete",
    "resume_subscription", "resume_collection",
)  # fmt: skip
TRIAL_WARNING = 3 * DAY
UPCOMING_WARNING = 7 * DAY


def items_of(subscription: Thing) -> list[Thing]:
    """The items of a subscription."""
    return subscription["items"]["data"]


def period_end(subscription: Thing) -> int:
    """When the period that was billed last ends, in seconds."""
    return max(item["current_period_end"] for item in items_of(subscription))


def period_start(subscription: Thing) -> int:
    """When the period that was billed last began, in seconds."""
    return min(item["current_period_start"] for item in items_of(subscription))


def set_period(subscription: Thing, start: int, end: int) -> None:
    """Move every item to this period."""
    for item in items_of(subscription):
        item |= {"current_period_start": start, "current_period_end": end}


def period_from(subscription: Thing, start: int) -> tuple[int, int]:
    """The billing period that begins at this moment, counted from the subscription's anchor."""
    recurring = items_of(subscription)[0]["price"]["recurring"]
    anchor = min(subscription["billing_cycle_anchor"], start)
    return start, next_boundary(anchor, recurring["interval"], recurring["interval_count"], start)


def ends_at(subscription: Thing) -> int | None:
    """When a subscription that was cancelled will end, or None."""
    if subscription["cancel_at"] is not None:
        return subscription["cancel_at"]
    return period_end(subscription) if subscription["cancel_at_period_end"] else None


def payment_method_of(world: World, subscription: Thing) -> str | None:
    """The payment method that pays for a subscription: its own, else the customer's."""
    customer = world.store.get(subscription["customer"]) or {}
    settings = customer.get("invoice_settings") or {}
    return subscription["default_payment_method"] or settings.get("default_payment_method")


def live_of(world: World, customer: str) -> list[Thing]:
    """A customer's subscriptions that have not ended, newest first."""
    found = world.store.find("subscription", {"customer": customer})
    return [one for one in found if one["status"] not in ENDED]


def plan_ahead(world: World, subscription: Thing) -> None:
    """Put on the agenda what will happen to a subscription by itself, and take off what no longer will."""
    wanted = subscription["id"]
    for kind in DUTIES[:4]:
        world.agenda.drop(kind, wanted)
    if subscription["status"] in (*ENDED, "incomplete", "paused"):
        return
    end, stop = period_end(subscription), ends_at(subscription)
    world.agenda.put("end_period", wanted, end)
    if stop is not None and stop < end:
        world.agenda.put("cancel_subscription", wanted, stop)
    elif subscription["status"] == "trialing" and subscription.get("_told_trial_end") != end:
        world.agenda.put("tell_trial_will_end", wanted, max(world.now, end - TRIAL_WARNING))
    elif subscription["status"] != "trialing" and stop is None and end - UPCOMING_WARNING >= world.now:
        world.agenda.put("tell_upcoming_invoice", wanted, end - UPCOMING_WARNING)


def end(world: World, subscription: Thing, *, reason: str | None = None) -> None:
    """End a subscription now."""
    for kind in DUTIES:
        world.agenda.drop(kind, subscription["id"])
    subscription |= {
        "status": "canceled",
        "ended_at": world.now,
        "canceled_at": subscription["canceled_at"] or world.now,
        "status_details": None,
    }
    if reason and not subscription["cancellation_details"]["reason"]:
        subscription["cancellation_details"]["reason"] = reason
    world.store.save(subscription)
    invoices.cancel_collection(world, subscription["id"])
    record(world, "customer.subscription.deleted", subscription)


def set_cancellation(world: World, subscription: Thing, given: dict[str, Any]) -> None:
    """Note when a subscription shall end, or that it shall go on. Two switches, each undone by itself."""
    before = ends_at(subscription)
    if "cancel_at_period_end" in given:
        subscription["cancel_at_period_end"] = given["cancel_at_period_end"]
    if "cancel_at" in given:
        subscription["cancel_at"] = _moment_to_cancel(world, subscription, given["cancel_at"])
    after = ends_at(subscription)
    details = subscription["cancellation_details"]
    if after is not None and before is None:
        subscription["canceled_at"] = world.now
        details["reason"] = "cancellation_requested"
    elif after is None and before is not None:
        subscription["canceled_at"] = None
        details |= {"reason": None, "comment": None, "feedback": None}
    details |= given.get("cancellation_details", {})


def _moment_to_cancel(world: World, subscription: Thing, wanted: int | str | None) -> int | None:
    if isinstance(wanted, str):
        return period_end(subscription)
    if wanted is not None and wanted <= world.now:
        raise invalid("`cancel_at` must be a moment in the future.", param="cancel_at")
    return wanted


def pause(world: World, subscription: Thing, kind: str, *, resumes_at: int | None = None) -> None:
    """Stop service and billing until it is resumed, by hand or at a moment (seconds)."""
    with changing(world, subscription, "customer.subscription.updated"):
        subscription["status"] = "paused"
        subscription["status_details"] = {
            "paused": {"subscription": {"type": kind}, "transitioned_at": world.now, "type": "subscription"}
        }
    record(world, "customer.subscription.paused", subscription)
    plan_ahead(world, subscription)
    if resumes_at:
        world.agenda.put("resume_subscription", subscription["id"], resumes_at)


@duty("resume_collection")
def resume_collection(world: World, wanted: str) -> None:
    """`pause_collection` had an end, and it has come."""
    subscription = world.store.get(wanted)
    if subscription and subscription["pause_collection"]:
        with changing(world, subscription, "customer.subscription.updated"):
            subscription["pause_collection"] = None


def show(world: World, given: dict[str, Any], subscription: str) -> Thing:
    """GET /v1/subscriptions/{id}"""
    return world.fetch("subscription", subscription)


def list_all(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/subscriptions: those that have not ended, unless a status is named."""
    status = given.get("status")
    where = {"customer": given.get("customer"), "collection_method": given.get("collection_method")}
    if status in STATUSES:
        where["status"] = status
    wanted = {
        "all": lambda one: True,
        "ended": lambda one: one["status"] in ENDED,
        None: lambda one: one["status"] != "canceled",
    }.get(status, lambda one: True)
    price = given.get("price")

    def fits(one: Thing) -> bool:
        return wanted(one) and (not price or price in [item["price"]["id"] for item in items_of(one)])

    only = None if status == "all" and not price else fits
    return page(world, "subscription", "/v1/subscriptions", given, where, only=only)


def list_items(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/subscription_items"""
    found = shown(world, world.fetch("subscription", given["subscription"], param="subscription"))
    return listing(found["items"]["data"], "/v1/subscription_items")


def show_item(world: World, given: dict[str, Any], item: str) -> Thing:
    """GET /v1/subscription_items/{id}"""
    return item_and_subscription(world, item)[0]


def item_and_subscription(world: World, wanted: str) -> tuple[Thing, Thing]:
    """The item of this id and the subscription it belongs to. Raises `ApiError` (404)."""
    pointer = world.fetch("subscription_item", wanted)
    subscription = world.fetch("subscription", pointer["subscription"])
    return next(one for one in items_of(subscription) if one["id"] == wanted), subscription


FILTERS = listed_by(
    collection_method=("charge_automatically", "send_invoice"), created=RANGE, customer=TEXT, price=TEXT,
    status=(*STATUSES, "all", "ended"),
)  # fmt: skip
CANCELLATION_DETAILS = {"comment": MAYBE_TEXT, "feedback": Unset(FEEDBACK)}
ROUTES = [
    ("GET", "/v1/subscriptions", list_all, FILTERS),
    ("GET", "/v1/subscriptions/{subscription}", show, {}),
    ("GET", "/v1/subscription_items", list_items, listed_by(**{"subscription!": TEXT})),
    ("GET", "/v1/subscription_items/{item}", show_item, {}),
]
