"""What time does to a subscription: trials end, periods end, pauses end, and those cancelled stop."""

from typing import Any

from . import collection, invoice_items, prorations, subscribing, subscriptions
from .agenda import duty
from .errors import invalid
from .events import changing, record
from .parameters import FLAG, TEXT
from .store import Thing
from .world import World


@duty("end_period")
def end_period(world: World, wanted: str) -> None:
    """A paid period or a trial is over: stop, or bill the next one."""
    subscription = world.store.get(wanted)
    if not subscription or subscription["status"] in (*subscriptions.ENDED, "incomplete", "paused"):
        return
    if subscriptions.period_end(subscription) > world.now:
        subscriptions.plan_ahead(world, subscription)
        return
    stop = subscriptions.ends_at(subscription)
    if stop is not None and stop <= world.now:
        subscriptions.end(world, subscription)
    elif subscription["status"] == "trialing" and not subscriptions.payment_method_of(world, subscription):
        _end_trial_without_method(world, subscription)
    else:
        renew(world, subscription)


@duty("cancel_subscription")
def cancel_when_asked(world: World, wanted: str) -> None:
    """The moment has come that was named in `cancel_at`."""
    subscription = world.store.get(wanted)
    stop = subscription and subscriptions.ends_at(subscription)
    if subscription and subscription["status"] not in subscriptions.ENDED and stop and stop <= world.now:
        subscriptions.end(world, subscription)


def renew(world: World, subscription: Thing) -> Thing:
    """Begin the next period and draft its invoice, which is finalised and charged an hour later."""
    lived = subscriptions.period_start(subscription), subscriptions.period_end(subscription)
    with changing(world, subscription, "customer.subscription.updated"):
        if subscription["status"] == "trialing":
            subscription["status"] = "active"
        subscriptions.set_period(subscription, *subscriptions.period_from(subscription, lived[1]))
        invoice = draft_of_period(world, subscription, "subscription_cycle", lived)
        subscription["latest_invoice"] = invoice["id"]
    collection.finalise_later(world, invoice)
    subscriptions.plan_ahead(world, subscription)
    return invoice


def draft_of_period(world: World, subscription: Thing, reason: str, lived: tuple[int, int]) -> Thing:
    """A draft for the present period of a subscription, with whatever waited for it."""
    lines = [subscribing.first_line(world, subscription, item) for item in subscriptions.items_of(subscription)]
    start, end = lived
    return invoice_items.draft_with_waiting(world, subscription, lines, reason=reason, start=start, end=end)


def _end_trial_without_method(world: World, subscription: Thing) -> None:
    behaviour = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    if behaviour == "cancel":
        subscriptions.end(world, subscription)
    elif behaviour == "pause":
        subscriptions.pause(world, subscription, "trial_end_without_payment_method")
    else:
        renew(world, subscription)


@duty("tell_trial_will_end")
def tell_trial_will_end(world: World, wanted: str) -> None:
    """Three days before a trial ends, or at once when it is shorter."""
    subscription = world.store.get(wanted)
    if subscription and subscription["status"] == "trialing":
        subscription["_told_trial_end"] = subscription["trial_end"]
        world.store.save(subscription)
        record(world, "customer.subscription.trial_will_end", subscription)


@duty("resume_subscription")
def resume_by_itself(world: World, wanted: str) -> None:
    """A pause that had an end is over."""
    subscription = world.store.get(wanted)
    if subscription and subscription["status"] == "paused":
        resume_now(world, subscription)


def resume_now(world: World, subscription: Thing, *, keep_anchor: bool = False) -> None:
    """Bill a new period from now on; the subscription is active once that is paid."""
    if keep_anchor and subscriptions.period_end(subscription) > world.now:
        collection.resume(world, subscription)
        return
    lived = subscriptions.period_start(subscription), subscriptions.period_end(subscription)
    with changing(world, subscription, "customer.subscription.updated"):
        if not keep_anchor:
            subscription["billing_cycle_anchor"] = world.now
        subscriptions.set_period(subscription, *subscriptions.period_from(subscription, world.now))
        invoice = draft_of_period(world, subscription, "subscription_update", lived)
        subscription |= {"latest_invoice": invoice["id"], "_resumes_with": invoice["id"]}
    collection.finalise(world, invoice)
    if invoice["status"] == "open":
        collection.collect(world, invoice)


def pause_request(world: World, given: dict[str, Any], subscription: str) -> Thing:
    """POST /v1/subscriptions/{id}/pause"""
    found = world.fetch("subscription", subscription)
    if found["status"] not in ("active", "trialing", "past_due"):
        raise invalid(f"You cannot pause a subscription whose status is {found['status']}.")
    subscriptions.pause(world, found, "pause_requested")
    return found


def resume_request(world: World, given: dict[str, Any], subscription: str) -> Thing:
    """POST /v1/subscriptions/{id}/resume"""
    found = world.fetch("subscription", subscription)
    if found["status"] != "paused":
        raise invalid("You can only resume a subscription that is paused.")
    anchor = given.get("billing_cycle_anchor", {}).get("type", "now")
    resume_now(world, found, keep_anchor=anchor == "unchanged")
    return found


def cancel_request(world: World, given: dict[str, Any], subscription: str) -> Thing:
    """DELETE /v1/subscriptions/{id}: at once, without giving anything back unless `prorate` says so."""
    found = world.fetch("subscription", subscription)
    if found["status"] in subscriptions.ENDED:
        raise invalid(f"No such subscription: '{subscription}'", code="resource_missing", param="id")
    found["cancellation_details"] |= given.get("cancellation_details", {})
    if given.get("prorate") and found["status"] in ("active", "past_due"):
        _credit_rest(world, found, invoice_now=given.get("invoice_now", False))
    subscriptions.end(world, found, reason="cancellation_requested")
    return found


def _credit_rest(world: World, subscription: Thing, *, invoice_now: bool) -> None:
    for credit in prorations.credits_for(world, subscription, world.now):
        invoice_items.let_wait(world, credit, subscription["customer"])
    if invoice_now:
        invoice = invoice_items.draft_with_waiting(world, subscription, [], reason="subscription_update")
        collection.finalise(world, invoice)


WHEN = {"type!": ("now", "unchanged")}
CANCEL = {
    "cancellation_details": subscriptions.CANCELLATION_DETAILS,
    "expand": [TEXT],
    "invoice_now": FLAG,
    "prorate": FLAG,
}
PAUSE = {"type": ("subscription",), "invoicing_behavior": ("invoice", "pending_invoice_item")}
RESUME = {
    "billing_cycle_anchor": WHEN,
    "payment_behavior": ("resume_on_payment_attempt", "resume_on_payment_success"),
    "proration_behavior": ("always_invoice", "create_prorations", "none"),
}
ROUTES = [
    ("POST", "/v1/subscriptions/{subscription}/pause", pause_request, PAUSE),
    ("POST", "/v1/subscriptions/{subscription}/resume", resume_request, RESUME),
    ("DELETE", "/v1/subscriptions/{subscription}", cancel_request, CANCEL),
]
