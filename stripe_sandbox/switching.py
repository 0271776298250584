"""Changing a subscription: another price, another quantity, another end, and what that costs."""

from typing import Any

from . import (
    collection,
    discounts,
    invoice_items,
    payment_methods,
    payments,
    prorations,
    subscribing,
    subscriptions,
)
from .errors import invalid
from .events import changing, record
from .parameters import (
    FLAG,
    MAYBE_TEXT,
    METADATA,
    MOMENT,
    TEXT,
    Either,
    Unset,
    Whole,
    merged_metadata,
)
from .store import Thing, copied
from .view import plan_of, shown
from .world import World

AFTER_THE_END = {"metadata", "cancellation_details"}


def update(world: World, given: dict[str, Any], subscription: str) -> Thing:
    """POST /v1/subscriptions/{id}"""
    found = world.fetch("subscription", subscription)
    change(world, found, given)
    return found


def change(world: World, subscription: Thing, given: dict[str, Any]) -> None:
    """Do what a request asks of a subscription, and collect what that costs at once.

    Raises `ApiError`: 400 for what cannot be, 402 when it must be paid first and the bank says no.
    """
    with changing(world, subscription, "customer.subscription.updated"):
        invoice = apply(world, subscription, given)
    subscriptions.plan_ahead(world, subscription)
    if not invoice:
        return
    collection.finalise(world, invoice)
    if invoice["status"] != "open" or invoice["collection_method"] != "charge_automatically":
        return
    outcome = collection.collect(world, invoice)
    if not outcome.went_through and given.get("payment_behavior") == "error_if_incomplete":
        payments.refusal(world, collection.intent_of(world, invoice), outcome, keeps_changes=False)


def apply(world: World, subscription: Thing, given: dict[str, Any]) -> Thing | None:
    """Change the facts of a subscription; gives the draft of an invoice when something is due at once."""
    if subscription["status"] in subscriptions.ENDED and given.keys() - AFTER_THE_END:
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    _set_plain_fields(world, subscription, given)
    subscriptions.set_cancellation(world, subscription, given)
    at = given.get("proration_date", world.now)
    before = copied(subscriptions.items_of(subscription))
    if given.get("items"):
        _change_items(world, subscription, given["items"])
    if "trial_end" in given:
        return _move_trial_end(world, subscription, given["trial_end"], before, given.get("proration_behavior"))
    changed = subscriptions.items_of(subscription) != before
    restart = given.get("billing_cycle_anchor", {}).get("type") == "now"
    if subscription["status"] == "trialing" or not (changed or restart):
        return None
    behaviour = given.get("proration_behavior", "create_prorations")
    return _bill_change(world, subscription, before, behaviour, at, restart)


def _set_plain_fields(world: World, subscription: Thing, given: dict[str, Any]) -> None:
    if "metadata" in given:
        subscription["metadata"] = merged_metadata(subscription["metadata"], given["metadata"])
    if given.get("default_payment_method"):
        owner, param = subscription["customer"], "default_payment_method"
        payment_methods.usable(world, given["default_payment_method"], owner, param)
    for name in ("default_payment_method", "description", "collection_method", "days_until_due", "trial_settings"):
        if name in given:
            subscription[name] = given[name]
    if "automatic_tax" in given:
        subscription["automatic_tax"] = subscribing.automatic_tax(given["automatic_tax"]["enabled"])
    if "discounts" in given:
        customer = subscription["customer"]
        asked = discounts.asked_for(world, given["discounts"] or [], customer, 0)
        subscription["discounts"] = discounts.redeem(world, asked, customer, subscription["id"])
    if "pause_collection" in given:
        _pause_collection(world, subscription, given["pause_collection"])


def _pause_collection(world: World, subscription: Thing, given: dict[str, Any] | None) -> None:
    subscription["pause_collection"] = given and {"resumes_at": None} | given
    if given and given.get("resumes_at"):
        world.agenda.put("resume_collection", subscription["id"], given["resumes_at"])
    else:
        world.agenda.drop("resume_collection", subscription["id"])


def _change_items(world: World, subscription: Thing, given: list[dict[str, Any]]) -> None:
    items = subscriptions.items_of(subscription)
    for position, one in enumerate(given):
        if "id" not in one:
            _add_item(world, subscription, one, position)
            continue
        item = next((item for item in items if item["id"] == one["id"]), None)
        if item is None:
            raise invalid(f"No such subscription item: '{one['id']}'", param=f"items[{position}][id]")
        if one.get("deleted"):
            items.remove(item)
            continue
        if one.get("price") and one["price"] != item["price"]["id"]:
            price, _, _ = subscribing.sold_items(world, [{"price": one["price"]}])[0]
            item |= {"price": shown(world, price), "plan": plan_of(price)}
        item["quantity"] = one.get("quantity", item["quantity"])
        if "metadata" in one:
            item["metadata"] = merged_metadata(item["metadata"], one["metadata"])
    _check_items(subscription)


def _add_item(world: World, subscription: Thing, given: dict[str, Any], position: int) -> None:
    price, quantity, metadata = subscribing.sold_items(world, [given])[0]
    items = subscriptions.items_of(subscription)
    if price["id"] in [item["price"]["id"] for item in items]:
        raise invalid(
            f"Cannot add multiple subscription items with the same price: {price['id']}",
            param=f"items[{position}][price]",
        )
    item = subscribing.new_item(world, subscription["id"], price, quantity, metadata)
    start, end = subscriptions.period_start(subscription), subscriptions.period_end(subscription)
    items.append(item | {"current_period_start": start, "current_period_end": end})


def _check_items(subscription: Thing) -> None:
    items = subscriptions.items_of(subscription)
    if not items:
        raise invalid("A subscription must have at least one active item.", param="items")
    if len({str(item["price"]["recurring"]) for item in items}) > 1:
        raise invalid("All items of a subscription must share one interval here.", param="items")
    if {item["price"]["currency"] for item in items} != {subscription["currency"]}:
        raise invalid("The currency of a subscription cannot be changed.", param="items")


def _move_trial_end(
    world: World, subscription: Thing, wanted: int | str, before: list[Thing], behaviour: str | None
) -> Thing | None:
    """Give a trial another end; `now` bills the first period at once. A paid period becomes a trial from now on."""
    if wanted != "now":
        if int(wanted) <= world.now:
            raise invalid("Invalid timestamp: must be in the future", param="trial_end")
        invoice = None
        if subscription["status"] != "trialing":
            invoice = _begin_trial(world, subscription, before, behaviour or "create_prorations", int(wanted))
        subscription |= {"status": "trialing", "trial_end": wanted, "billing_cycle_anchor": wanted}
        subscriptions.set_period(subscription, subscriptions.period_start(subscription), int(wanted))
        return invoice
    if subscription["status"] != "trialing":
        return None
    subscription |= {"status": "active", "trial_end": world.now, "billing_cycle_anchor": world.now}
    subscriptions.set_period(subscription, *subscriptions.period_from(subscription, world.now))
    lines = [subscribing.first_line(world, subscription, item) for item in subscriptions.items_of(subscription)]
    return _draft(world, subscription, lines)


def _begin_trial(world: World, subscription: Thing, before: list[Thing], behaviour: str, end: int) -> Thing:
    """Free days in the middle of a paid life: what is left of the paid period comes back, unless nobody wants that."""
    lines = [] if behaviour == "none" else prorations.credits_for(world, subscription, world.now, before)
    subscription |= {"status": "trialing", "trial_start": world.now}
    subscriptions.set_period(subscription, world.now, end)
    lines += [subscribing.first_line(world, subscription, item) for item in subscriptions.items_of(subscription)]
    return _draft(world, subscription, lines)


def _bill_change(
    world: World, subscription: Thing, before: list[Thing], behaviour: str, at: int, restart: bool
) -> Thing | None:
    """Credit what was paid too much, charge what is new; another interval begins a new period and is due now."""
    items = subscriptions.items_of(subscription)
    same_rhythm = before[0]["price"]["recurring"] == items[0]["price"]["recurring"]
    if not same_rhythm or restart:
        lines = [] if behaviour == "none" else prorations.credits_for(world, subscription, at, before)
        subscription["billing_cycle_anchor"] = world.now
        subscriptions.set_period(subscription, *subscriptions.period_from(subscription, world.now))
        lines += [subscribing.first_line(world, subscription, item) for item in items]
        return _draft(world, subscription, lines)
    if behaviour == "none":
        return None
    old, new = [one for one in before if one not in items], [one for one in items if one not in before]
    lines = prorations.credits_for(world, subscription, at, old)
    lines += prorations.debits_for(world, subscription, at, new)
    if behaviour == "always_invoice":
        return _draft(world, subscription, lines)
    for line in lines:
        invoice_items.let_wait(world, line, subscription["customer"])
    return None


def _draft(world: World, subscription: Thing, lines: list[Thing]) -> Thing:
    invoice = invoice_items.draft_with_waiting(world, subscription, lines, reason="subscription_update")
    subscription["latest_invoice"] = invoice["id"]
    return invoice


def update_item(world: World, given: dict[str, Any], item: str) -> Thing:
    """POST /v1/subscription_items/{id}"""
    _, subscription = subscriptions.item_and_subscription(world, item)
    one = {name: given[name] for name in ("price", "quantity", "metadata") if name in given}
    rest = {name: given[name] for name in given if name not in one}
    change(world, subscription, rest | {"items": [one | {"id": item}]})
    return shown(world, subscriptions.item_and_subscription(world, item)[0])


def create_item(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/subscription_items"""
    subscription = world.fetch("subscription", given.pop("subscription"), param="subscription")
    one = {name: given.pop(name) for name in ("price", "quantity", "metadata") if name in given}
    change(world, subscription, given | {"items": [one]})
    return shown(world, subscriptions.items_of(subscription)[-1])


def delete_item(world: World, given: dict[str, Any], item: str) -> Thing:
    """DELETE /v1/subscription_items/{id}: not the last one."""
    _, subscription = subscriptions.item_and_subscription(world, item)
    change(world, subscription, given | {"items": [{"id": item, "deleted": True}]})
    world.store.remove(item)
    return {"id": item, "object": "subscription_item", "deleted": True}


def drop_discount(world: World, given: dict[str, Any], subscription: str) -> Thing:
    """DELETE /v1/subscriptions/{id}/discount"""
    found = world.fetch("subscription", subscription)
    if not found["discounts"]:
        raise invalid("This subscription has no discount.", code="resource_missing")
    discount = world.fetch("discount", found["discounts"][-1])
    with changing(world, found, "customer.subscription.updated"):
        found["discounts"] = []
    record(world, "customer.discount.deleted", discount)
    return shown(world, discount) | {"deleted": True}


ITEM = {
    "id": TEXT,
    "deleted": FLAG,
    "metadata": METADATA,
    "price": TEXT,
    "quantity": Whole(least=1),
}
BILLING = {
    "payment_behavior": ("allow_incomplete", "error_if_incomplete"),
    "proration_behavior": ("always_invoice", "create_prorations", "none"),
    "proration_date": MOMENT,
    "off_session": FLAG,
}
CHANGES = BILLING | {
    "automatic_tax": {"enabled!": FLAG},
    "billing_cycle_anchor": {"type!": ("now", "unchanged")},
    "cancel_at": subscribing.CANCEL_AT,
    "cancel_at_period_end": FLAG,
    "cancellation_details": subscriptions.CANCELLATION_DETAILS,
    "collection_method": ("charge_automatically", "send_invoice"),
    "days_until_due": Whole(least=1),
    "default_payment_method": TEXT,
    "description": MAYBE_TEXT,
    "discounts": Unset(discounts.DISCOUNTS),
    "items": [ITEM],
    "metadata": METADATA,
    "pause_collection": Unset({"behavior!": ("keep_as_draft", "mark_uncollectible", "void"), "resumes_at": MOMENT}),
    "trial_end": Either(MOMENT, ("now",)),
    "trial_settings": subscribing.TRIAL_SETTINGS,
}
ITEM_CHANGES = BILLING | {"metadata": METADATA, "price": TEXT, "quantity": Whole(least=1)}
NEW_ITEM = {
    "subscription!": TEXT,
    "price!": TEXT,
    "metadata": METADATA,
    "quantity": Whole(least=1),
    "payment_behavior": BILLING["payment_behavior"],
    "proration_behavior": BILLING["proration_behavior"],
    "proration_date": MOMENT,
}
DELETION = {name: BILLING[name] for name in ("payment_behavior", "proration_behavior", "proration_date")}
ROUTES = [
    ("POST", "/v1/subscriptions/{subscription}", update, CHANGES),
    ("DELETE", "/v1/subscriptions/{subscription}/discount", drop_discount, {}),
    ("POST", "/v1/subscription_items", create_item, NEW_ITEM),
    ("POST", "/v1/subscription_items/{item}", update_item, ITEM_CHANGES),
    ("DELETE", "/v1/subscription_items/{item}", delete_item, DELETION),
]
