"""How a subscription begins: with a trial, with a payment, or waiting for one."""

from typing import Any

from . import (
    collection,
    customers,
    discounts,
    invoices,
    payment_methods,
    payments,
    prices,
    setup_intents,
    subscriptions,
)
from .agenda import duty
from .clock import DAY, HOUR
from .errors import invalid
from .events import changing, record
from .ids import new_id
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
from .store import Thing
from .view import listing, plan_of, shown
from .world import World

FIRST_PAYMENT_MAY_TAKE = 23 * HOUR
LONGEST_TRIAL_DAYS = 730
NO_CANCELLATION = {"comment": None, "feedback": None, "reason": None}


def new_item(world: World, subscription: str, price: Thing, quantity: int = 1, metadata: Any = None) -> Thing:
    """An item of a subscription; its period is set by whoever bills it."""
    item: Thing = {
        "id": new_id("si", 14),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": world.now,
        "current_period_end": world.now,
        "current_period_start": world.now,
        "discounts": [],
        "metadata": metadata or {},
        "plan": plan_of(price),
        "price": shown(world, price),
        "quantity": quantity,
        "subscription": subscription,
        "tax_rates": [],
    }
    world.store.save({"id": item["id"], "object": "subscription_item", "subscription": subscription})
    return item


def sold_items(world: World, given: list[dict[str, Any]], param: str = "items") -> list[tuple[Thing, int, Any]]:
    """The prices, quantities and metadata that a request named. Raises `ApiError` (400) for mixtures."""
    sold = []
    for position, one in enumerate(given):
        if "price" not in one:
            at = f"{param}[{position}][price]"
            raise invalid(f"Missing required param: {at}.", param=at, code="parameter_missing")
        price = prices.sellable(world, one["price"], f"{param}[{position}][price]")
        if price["type"] != "recurring":
            raise invalid(
                f"The price specified is set to `type=one_time` but this field only accepts prices with "
                f"`type=recurring`: {price['id']}",
                param=f"{param}[{position}][price]",
            )
        sold.append((price, one.get("quantity", 1), merged_metadata({}, one.get("metadata", {}))))
    if not sold:
        raise invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")
    if len({(price["currency"], str(price["recurring"])) for price, _, _ in sold}) > 1:
        raise invalid("All items of a subscription must share one currency and one interval here.", param=param)
    return sold


def trial_end_of(world: World, given: dict[str, Any]) -> int | None:
    """When the trial that a request asked for ends, in seconds, or None."""
    if "trial_end" in given and "trial_period_days" in given:
        raise invalid("You may only specify one of these parameters: trial_end, trial_period_days.")
    wanted = given.get("trial_end")
    if given.get("trial_period_days"):
        return world.now + given["trial_period_days"] * DAY
    if wanted in (None, "now"):
        return None
    if wanted <= world.now:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future", param="trial_end")
    return wanted


def begin(
    world: World,
    customer: Thing,
    sold: list[tuple[Thing, int, Any]],
    *,
    trial_end: int | None = None,
    asked_discounts: list[Thing] | None = None,
    session: str | None = None,
    **terms: Any,
) -> Thing:
    """A new subscription with its first invoice as a draft: trialing, or incomplete until that is paid.

    `terms` are fields of the subscription itself.
    """
    price = sold[0][0]
    if customer["currency"] not in (None, price["currency"]):
        raise invalid(
            "You cannot combine currencies on a single customer. This customer has had a subscription, coupon, "
            f"or invoice item with currency {customer['currency']}",
            param="currency",
        )
    wanted = new_id("sub")
    now = world.now
    subscription = _blank(wanted, customer, price["currency"], now) | terms
    items = [new_item(world, wanted, price, quantity, metadata) for price, quantity, metadata in sold]
    subscription["items"] = listing(items, f"/v1/subscription_items?subscription={wanted}")
    subscription["billing_cycle_anchor"] = trial_end or now
    if trial_end:
        subscription |= {"status": "trialing", "trial_start": now, "trial_end": trial_end}
        subscriptions.set_period(subscription, now, trial_end)
    else:
        subscriptions.set_period(subscription, *subscriptions.period_from(subscription, now))
    subscription["discounts"] = discounts.redeem(world, asked_discounts or [], customer["id"], wanted, session)
    _remember_currency(world, customer, price["currency"])
    world.store.save(subscription)
    lines = [first_line(world, subscription, item) for item in items]
    invoice = invoices.draft(
        world, customer, lines, reason="subscription_create", currency=price["currency"], subscription=subscription
    )
    subscription["latest_invoice"] = invoice["id"]
    world.store.save(subscription)
    record(world, "customer.subscription.created", subscription)
    subscriptions.plan_ahead(world, subscription)
    return subscription


def first_line(world: World, subscription: Thing, item: Thing) -> Thing:
    """What an item costs in its present period: nothing in a trial, its price after that."""
    price, quantity = item["price"], item["quantity"]
    name = world.fetch("product", price["product"])["name"]
    in_trial = subscription["status"] == "trialing"
    amount = 0 if in_trial else price["unit_amount"] * quantity
    per = f"{price['unit_amount'] / 100:.2f} {price['currency'].upper()} / {price['recurring']['interval']}"
    words = f"Free trial for {quantity} × {name}" if in_trial else f"{quantity} × {name} (at {per})"
    return invoices.line(
        price,
        amount=amount,
        description=words,
        start=item["current_period_start"],
        end=item["current_period_end"],
        subscription=subscription["id"],
        item=item["id"],
        quantity=quantity,
    )


def _blank(wanted: str, customer: Thing, currency: str, now: int) -> Thing:
    return {
        "id": wanted,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": now,
        "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": dict(NO_CANCELLATION),
        "collection_method": "charge_automatically",
        "created": now,
        "currency": currency,
        "customer": customer["id"],
        "days_until_due": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": None,
        "latest_invoice": None,
        "livemode": False,
        "metadata": {},
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": now,
        "status": "incomplete",
        "status_details": None,
        "test_clock": customer["test_clock"],
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
    }


def _remember_currency(world: World, customer: Thing, currency: str) -> None:
    if customer["currency"] is None:
        with changing(world, customer, "customer.updated"):
            customer["currency"] = currency


def first_invoice(world: World, subscription: Thing) -> Thing:
    """The invoice that a subscription began with."""
    return world.fetch("invoice", subscription["latest_invoice"])


def create(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/subscriptions"""
    customer = customers.living(world, given["customer"], param="customer")
    sold = sold_items(world, given["items"])
    trial_end = trial_end_of(world, given)
    behaviour = given.get("payment_behavior", "allow_incomplete")
    subscription = begin(
        world,
        customer,
        sold,
        trial_end=trial_end,
        asked_discounts=discounts.asked_for(world, given.get("discounts") or [], customer["id"], _worth(sold)),
        **_terms(world, customer, given),
    )
    if "cancel_at" in given or "cancel_at_period_end" in given:
        subscriptions.set_cancellation(world, subscription, given)
        world.store.save(subscription)
        subscriptions.plan_ahead(world, subscription)
    _begin_paying(world, subscription, behaviour)
    return subscription


def _worth(sold: list[tuple[Thing, int, Any]]) -> int:
    return sum(price["unit_amount"] * quantity for price, quantity, _ in sold)


def _terms(world: World, customer: Thing, given: dict[str, Any]) -> Thing:
    """The fields of a new subscription that a request may set itself."""
    terms: Thing = {
        name: given[name]
        for name in ("default_payment_method", "description", "collection_method", "days_until_due")
        if name in given
    }
    if given.get("default_payment_method"):
        payment_methods.usable(world, given["default_payment_method"], customer["id"], "default_payment_method")
    if terms.get("collection_method") == "send_invoice" and not terms.get("days_until_due"):
        raise invalid(
            "You must pass days_until_due when collection_method is send_invoice.",
            param="days_until_due",
            code="parameter_missing",
        )
    terms["metadata"] = merged_metadata({}, given.get("metadata", {}))
    if given.get("automatic_tax"):
        terms["automatic_tax"] = automatic_tax(given["automatic_tax"]["enabled"])
    if given.get("trial_settings"):
        terms["trial_settings"] = given["trial_settings"]
    if given.get("payment_settings"):
        terms["payment_settings"] = {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        } | given["payment_settings"]
    return terms


def automatic_tax(enabled: bool) -> Thing:
    """How a subscription says whether Stripe Tax is on."""
    liability = {"type": "self"} if enabled else None
    return {"disabled_reason": None, "enabled": enabled, "liability": liability}


def _begin_paying(world: World, subscription: Thing, behaviour: str) -> None:
    invoice = first_invoice(world, subscription)
    if subscription["collection_method"] == "send_invoice":
        if subscription["status"] == "incomplete":
            _set_status(world, subscription, "active")
        if invoice["total"]:
            collection.finalise_later(world, invoice)
        else:
            collection.finalise(world, invoice)
        return
    if subscription["status"] == "trialing":
        collection.finalise(world, invoice)
        if not subscriptions.payment_method_of(world, subscription):
            intent = setup_intents.new(world, subscription["customer"])
            subscription["pending_setup_intent"] = intent["id"]
            world.store.save(subscription)
        return
    has_method = subscriptions.payment_method_of(world, subscription)
    if not has_method and behaviour != "default_incomplete" and invoice["amount_due"]:
        raise invalid(
            "This customer has no attached payment source or default payment method. Please consider adding a "
            "default payment method.",
            code="resource_missing",
        )
    collection.finalise(world, invoice)
    if invoice["status"] == "open":
        world.agenda.put("expire_incomplete", subscription["id"], world.now + FIRST_PAYMENT_MAY_TAKE)
        if behaviour != "default_incomplete":
            _pay_first(world, subscription, invoice, behaviour)


def _pay_first(world: World, subscription: Thing, invoice: Thing, behaviour: str) -> None:
    outcome = collection.collect(world, invoice)
    if not outcome.went_through and behaviour == "error_if_incomplete":
        payments.refusal(world, collection.intent_of(world, invoice), outcome, keeps_changes=False)


def _set_status(world: World, subscription: Thing, status: str) -> None:
    with changing(world, subscription, "customer.subscription.updated"):
        subscription["status"] = status
    subscriptions.plan_ahead(world, subscription)


@duty("expire_incomplete")
def expire(world: World, wanted: str) -> None:
    """The first payment did not come within 23 hours."""
    subscription = world.store.get(wanted)
    if not subscription or subscription["status"] != "incomplete":
        return
    invoice = first_invoice(world, subscription)
    if invoice["status"] == "open":
        collection.close(world, invoice, "void")
    with changing(world, subscription, "customer.subscription.updated"):
        subscription |= {"status": "incomplete_expired", "ended_at": world.now}


TRIAL_SETTINGS = {
    "end_behavior!": {
        "missing_payment_method!": ("cancel", "create_invoice", "pause"),
        "billing_cycle_anchor": ("now", "unchanged"),
    }
}
CANCEL_AT = Unset(Either(MOMENT, ("min_period_end", "max_period_end")))
NEW = {
    "customer!": TEXT,
    "items!": [{"price": TEXT, "quantity": Whole(least=1), "metadata": METADATA}],
    "automatic_tax": {"enabled!": FLAG},
    "billing_mode": {"type!": ("flexible",)},
    "cancel_at": CANCEL_AT,
    "cancel_at_period_end": FLAG,
    "collection_method": ("charge_automatically", "send_invoice"),
    "days_until_due": Whole(least=1),
    "default_payment_method": TEXT,
    "description": MAYBE_TEXT,
    "discounts": Unset(discounts.DISCOUNTS),
    "metadata": METADATA,
    "off_session": FLAG,
    "payment_behavior": ("allow_incomplete", "default_incomplete", "error_if_incomplete"),
    "payment_settings": {"save_default_payment_method": ("off", "on_subscription")},
    "proration_behavior": ("always_invoice", "create_prorations", "none"),
    "trial_end": Either(MOMENT, ("now",)),
    "trial_period_days": Whole(1, LONGEST_TRIAL_DAYS),
    "trial_settings": TRIAL_SETTINGS,
}
ROUTES = [("POST", "/v1/subscriptions", create, NEW)]
