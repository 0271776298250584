"""What an invoice would say: the real thing is done, looked at, and taken back."""

from typing import Any

from . import customers, renewals, subscribing, subscriptions, switching
from .agenda import duty
from .errors import ApiError, invalid
from .events import record
from .ids import new_id
from .parameters import FLAG, METADATA, MOMENT, TEXT, Either
from .store import Thing
from .view import shown
from .world import World

NOT_YET = {
    "auto_advance": False,
    "automatically_finalizes_at": None,
    "effective_at": None,
    "hosted_invoice_url": None,
    "invoice_pdf": None,
    "number": None,
    "status": "draft",
}


def create_preview(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/invoices/create_preview: of a change, of the next renewal, or of a new subscription."""
    details = given.get("subscription_details", {})
    if "subscription" in given:
        return upcoming(world, given["subscription"], details)
    if not details.get("items"):
        raise invalid("Pass a subscription, or subscription_details[items] of a new one.", param="subscription")
    with world.sketch():
        customer = _buyer(world, given.get("customer"))
        sold = subscribing.sold_items(world, details["items"], "subscription_details[items]")
        trial_end = subscribing.trial_end_of(world, details)
        subscription = subscribing.begin(world, customer, sold, trial_end=trial_end)
        return _as_preview(world, subscribing.first_invoice(world, subscription))


def _buyer(world: World, customer: str | None) -> Thing:
    if customer:
        return customers.living(world, customer, param="customer")
    return world.store.save(customers.new(world))


def upcoming(world: World, wanted: str, details: dict[str, Any] | None = None) -> Thing:
    """The invoice that a change would make at once, else the next one. Raises `ApiError` when none will come."""
    with world.sketch():
        subscription = world.fetch("subscription", wanted, param="subscription")
        invoice = switching.apply(world, subscription, details) if details else None
        world.store.save(subscription)
        if invoice is None:
            invoice = _next_renewal(world, subscription)
        return _as_preview(world, invoice)


def _next_renewal(world: World, subscription: Thing) -> Thing:
    stop, end = subscriptions.ends_at(subscription), subscriptions.period_end(subscription)
    if subscription["status"] in (*subscriptions.ENDED, "paused") or (stop is not None and stop <= end):
        raise ApiError(
            404,
            "invalid_request_error",
            f"No upcoming invoices for customer: {subscription['customer']}",
            code="invoice_upcoming_none",
        )
    with world.clock.held_at(max(end, world.now)):
        return renewals.renew(world, subscription)


def _as_preview(world: World, invoice: Thing) -> Thing:
    preview = shown(world, invoice) | NOT_YET
    preview["id"] = new_id("upcoming_in")
    for line in preview["lines"]["data"]:
        line["invoice"] = preview["id"]
    preview["lines"]["url"] = f"/v1/invoices/{preview['id']}/lines"
    return preview


@duty("tell_upcoming_invoice")
def tell_upcoming(world: World, wanted: str) -> None:
    """A week before the next period is billed."""
    subscription = world.store.get(wanted)
    if not subscription or subscription["status"] in subscriptions.ENDED or subscriptions.ends_at(subscription):
        return
    record(world, "invoice.upcoming", upcoming(world, wanted))


DETAILS = {
    "billing_cycle_anchor": {"type!": ("now", "unchanged")},
    "cancel_at": subscribing.CANCEL_AT,
    "cancel_at_period_end": FLAG,
    "items": [switching.ITEM],
    "metadata": METADATA,
    "proration_behavior": ("always_invoice", "create_prorations", "none"),
    "proration_date": MOMENT,
    "trial_end": Either(MOMENT, ("now",)),
}
PREVIEW = {
    "customer": TEXT,
    "subscription": TEXT,
    "subscription_details": DETAILS,
    "preview_mode": ("next",),
    "automatic_tax": {"enabled!": FLAG},
}
ROUTES = [("POST", "/v1/invoices/create_preview", create_preview, PREVIEW)]
