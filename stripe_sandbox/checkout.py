"""Checkout sessions: what a site asks a buyer to agree to, and what happens when he pays."""

import re
from dataclasses import dataclass
from typing import Any

from . import (
    cards,
    collection,
    customers,
    discounts,
    payment_methods,
    payments,
    prices,
    setup_intents,
    subscribing,
)
from .agenda import duty
from .cards import ACTION, DECLINES
from .clock import DAY, MINUTE
from .errors import invalid
from .events import changing, record
from .ids import new_id
from .parameters import FLAG, MAYBE_TEXT, METADATA, MOMENT, RANGE, TEXT, Unset, Whole, listed_by, merged_metadata
from .store import Thing
from .view import included, listing, page, shown
from .world import World

LIVES_FOR = DAY
SHORTEST_LIFE = 30 * MINUTE
SHORTEST_TRIAL = 2 * DAY


class NotPaid(Exception):
    """The buyer's payment did not go through; the message is for him."""


class NeedsAuthentication(Exception):
    """The bank wants to see the buyer first (3-D Secure)."""


@dataclass(frozen=True)
class Payer:
    """What a buyer typed into the payment page."""

    email: str
    way: str
    number: str
    promotion_code: str = ""
    authenticated: bool = False
    # One of the page's own cards, which everybody holds another copy of; a number that was typed is one card.
    is_ready_made: bool = False


def create(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/checkout/sessions"""
    mode = given["mode"]
    _check_addresses(given, mode)
    customer = _existing_customer(world, given)
    lines = [_line_item(world, one, position) for position, one in enumerate(given.get("line_items", []))]
    if mode != "setup" and not lines:
        raise invalid("Missing required param: line_items.", param="line_items", code="parameter_missing")
    about = given.get("subscription_data", {})
    if about and mode != "subscription":
        raise invalid("`subscription_data` can only be used in `subscription` mode.", param="subscription_data")
    if mode == "subscription":
        _check_subscription(world, lines, about)
    if given.get("allow_promotion_codes") and given.get("discounts"):
        raise invalid("You may only specify one of these parameters: allow_promotion_codes, discounts.")
    session = _blank(world, given, customer) | {"_lines": lines, "_subscription_data": about}
    session["_discounts"] = discounts.asked_for(world, given.get("discounts", []), given.get("customer"), 10**9)
    _add_up(world, session)
    world.store.save(session)
    world.agenda.put("expire_checkout", session["id"], session["expires_at"])
    return session


def _check_addresses(given: dict[str, Any], mode: str) -> None:
    ui = given.get("ui_mode", "hosted_page")
    if ui != "hosted_page":
        raise invalid("This sandbox only has the hosted page (ui_mode=hosted_page).", param="ui_mode")
    if "success_url" not in given:
        raise invalid("Missing required param: success_url.", param="success_url", code="parameter_missing")
    for name in ("success_url", "cancel_url"):
        if name in given and not re.match(r"https?://[^\s/]", given[name]):
            raise invalid("Not a valid URL", param=name, code="url_invalid")
    if "customer" in given and "customer_email" in given:
        raise invalid("You may only specify one of these parameters: customer, customer_email.")
    if "customer_update" in given and "customer" not in given:
        raise invalid("`customer_update` can only be provided when `customer` is provided", param="customer_update")
    if "customer_creation" in given and mode == "subscription":
        raise invalid("`customer_creation` can only be used in `payment` and `setup` mode.")


def _existing_customer(world: World, given: dict[str, Any]) -> Thing | None:
    return customers.living(world, given["customer"], param="customer") if "customer" in given else None


def _line_item(world: World, given: dict[str, Any], position: int) -> dict[str, Any]:
    at = f"line_items[{position}]"
    if "price" not in given:
        raise invalid(f"Missing required param: {at}[price].", param=f"{at}[price]", code="parameter_missing")
    if "quantity" not in given:
        raise invalid(f"Missing required param: {at}[quantity].", param=f"{at}[quantity]", code="parameter_missing")
    prices.sellable(world, given["price"], f"{at}[price]")
    return {"id": new_id("li"), "price": given["price"], "quantity": given["quantity"]}


def _check_subscription(world: World, lines: list[dict[str, Any]], about: dict[str, Any]) -> None:
    subscribing.sold_items(world, lines, "line_items")
    trial_end = subscribing.trial_end_of(world, about)
    if "trial_end" in about and trial_end and trial_end < world.now + SHORTEST_TRIAL:
        raise invalid(
            "The `trial_end` date has to be at least 2 days in the future.", param="subscription_data[trial_end]"
        )
    if "trial_settings" in about and not trial_end:
        raise invalid("`trial_settings` needs a trial.", param="subscription_data[trial_settings]")


def _blank(world: World, given: dict[str, Any], customer: Thing | None) -> Thing:
    wanted = new_id("cs_test", 58)
    expires = given.get("expires_at", world.now + LIVES_FOR)
    if not world.now + SHORTEST_LIFE - 60 <= expires <= world.now + DAY + 60:
        raise invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    return {
        "id": wanted,
        "object": "checkout.session",
        "adaptive_pricing": None,
        "after_expiration": None,
        "allow_promotion_codes": given.get("allow_promotion_codes"),
        "amount_subtotal": None,
        "amount_total": None,
        "automatic_tax": _automatic_tax(given.get("automatic_tax", {}).get("enabled", False)),
        "billing_address_collection": given.get("billing_address_collection"),
        "cancel_url": given.get("cancel_url"),
        "client_reference_id": given.get("client_reference_id"),
        "client_secret": None,
        "consent": None,
        "consent_collection": _consents(given.get("consent_collection")),
        "created": world.now,
        "currency": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        }
        | given.get("custom_text", {}),
        "customer": customer["id"] if customer else None,
        "customer_creation": None if given["mode"] != "payment" else given.get("customer_creation", "if_required"),
        "customer_details": _details(customer["email"], customer["name"]) if customer else None,
        "customer_email": given.get("customer_email"),
        "discounts": [],
        "expires_at": expires,
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "locale": given.get("locale"),
        "metadata": merged_metadata({}, given.get("metadata", {})),
        "mode": given["mode"],
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": given.get("payment_method_collection", "always")
        if given["mode"] == "subscription"
        else "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": ["card", "sepa_debit", "bancontact", "ideal"],
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": given.get("phone_number_collection", {}).get("enabled", False)},
        "recovered_from": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": given.get("submit_type"),
        "subscription": None,
        "success_url": given["success_url"],
        "tax_id_collection": {
            "enabled": given.get("tax_id_collection", {}).get("enabled", False),
            "required": "never",
        },
        "total_details": None,
        "ui_mode": "hosted_page",
        "url": f"{world.base_url}/c/pay/{wanted}",
    }


def _automatic_tax(enabled: bool) -> dict[str, Any]:
    return {
        "enabled": enabled,
        "liability": {"type": "self"} if enabled else None,
        "provider": "stripe" if enabled else None,
        "status": "complete" if enabled else None,
    }


def _consents(given: dict[str, Any] | None) -> dict[str, Any] | None:
    nothing = {"payment_method_reuse_agreement": None, "promotions": None, "terms_of_service": None}
    return nothing | given if given else None


def _details(email: str | None, name: str | None, country: str | None = None) -> dict[str, Any]:
    address = customers.NO_ADDRESS | {"country": country} if country else None
    return {
        "address": address,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _add_up(world: World, session: Thing) -> None:
    """Set the sums of a session: what is due on the day of the purchase."""
    items = line_items(world, session)
    total = sum(item["amount_total"] for item in items)
    subtotal = sum(item["amount_subtotal"] for item in items)
    if items:
        session |= {
            "amount_subtotal": subtotal,
            "amount_total": total,
            "currency": items[0]["currency"],
            "total_details": {"amount_discount": subtotal - total, "amount_shipping": 0, "amount_tax": 0},
        }
    session["discounts"] = session["_discounts"]
    session["payment_status"] = "unpaid" if total else "no_payment_required"


def line_items(world: World, session: Thing) -> list[Thing]:
    """The lines of a session, in a trial at nothing."""
    in_trial = has_trial(session)
    items = []
    for one in session["_lines"]:
        price = world.fetch("price", one["price"])
        amount = 0 if in_trial else price["unit_amount"] * one["quantity"]
        cut = 0
        for discount in session["_discounts"]:
            cut += discounts.amount_off(world.fetch("coupon", discount["coupon"]), amount - cut)
        items.append(
            {
                "id": one["id"],
                "object": "item",
                "amount_discount": cut,
                "amount_subtotal": amount,
                "amount_tax": 0,
                "amount_total": amount - cut,
                "currency": price["currency"],
                "description": world.fetch("product", price["product"])["name"],
                "price": shown(world, price),
                "quantity": one["quantity"],
            }
        )
    return items


def has_trial(session: Thing) -> bool:
    """Whether what is bought begins with a trial."""
    return bool(session["_subscription_data"].keys() & {"trial_end", "trial_period_days"})


def price_of(world: World, session: Thing) -> int:
    """What the session's lines cost each period, in cents, before any discount."""
    return sum(world.fetch("price", one["price"])["unit_amount"] * one["quantity"] for one in session["_lines"])


@duty("expire_checkout")
def expire_by_itself(world: World, wanted: str) -> None:
    """Nobody paid in time."""
    session = world.store.get(wanted)
    if session and session["status"] == "open":
        expire(world, session)


def expire(world: World, session: Thing) -> None:
    """Close a session that was not paid."""
    session |= {"status": "expired", "url": None}
    world.store.save(session)
    world.agenda.drop("expire_checkout", session["id"])
    record(world, "checkout.session.expired", session)


def complete(world: World, session: Thing, payer: Payer) -> str:
    """The buyer pays; gives the address he is sent on to.

    Raises `NotPaid` or `NeedsAuthentication`, and then nothing has happened, and `ApiError` (400) for a
    promotion code that does not hold.
    """
    if payer.promotion_code:
        code = discounts.typed(world, payer.promotion_code, session["customer"], price_of(world, session))
        asked = {"coupon": code["promotion"]["coupon"], "promotion_code": code["id"]}
        session["_discounts"] = [asked]
        _add_up(world, session)
    _check_with_bank(payer)
    customer = _customer_of(world, session, payer)
    method = _method_of(world, session, customer, payer)
    {"subscription": _subscribe, "setup": _set_up, "payment": _take_payment}[session["mode"]](
        world, session, customer, method, payer
    )
    session |= {
        "status": "complete",
        "url": None,
        "customer": customer["id"],
        "customer_details": _details(customer["email"], customer["name"], "BE"),
    }
    if session["consent_collection"]:
        asks = session["consent_collection"]["terms_of_service"] == "required"
        session["consent"] = {"promotions": None, "terms_of_service": "accepted" if asks else None}
    world.store.save(session)
    world.agenda.drop("expire_checkout", session["id"])
    record(world, "checkout.session.completed", session)
    world.in_any_order = True
    return session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])


def _check_with_bank(payer: Payer) -> None:
    behaviour = cards.behaviour_of(payer.number)
    if behaviour.setup in DECLINES:
        raise NotPaid(DECLINES[behaviour.setup].message)
    if ACTION in (behaviour.setup, behaviour.charge) and not payer.authenticated:
        raise NeedsAuthentication()


def _customer_of(world: World, session: Thing, payer: Payer) -> Thing:
    if session["customer"]:
        customer = customers.living(world, session["customer"])
        if not customer["email"]:
            with changing(world, customer, "customer.updated"):
                customer["email"] = payer.email
        return customer
    return customers.made_at_checkout(world, session["customer_email"] or payer.email, None)


def _method_of(world: World, session: Thing, customer: Thing, payer: Payer) -> Thing:
    billing = {"email": customer["email"], "name": customer["name"]}
    owner = customer["id"] if payer.is_ready_made else ""
    method = payment_methods.new(world, payer.number, billing=billing, owner=owner)
    if payer.way in cards.THROUGH_THE_BANK and session["amount_total"]:
        method["_paid_at_the_bank"] = True
    if payer.authenticated:
        method["_authenticated"] = True
    world.store.save(method)
    return payment_methods.attach_to(world, method, customer["id"])


def _subscribe(world: World, session: Thing, customer: Thing, method: Thing, payer: Payer) -> None:
    about = session["_subscription_data"]
    terms: Thing = {"default_payment_method": method["id"]}
    terms["metadata"] = merged_metadata({}, about.get("metadata", {}))
    for name in ("description", "trial_settings"):
        if name in about:
            terms[name] = about[name]
    terms["automatic_tax"] = subscribing.automatic_tax(session["automatic_tax"]["enabled"])
    subscription = subscribing.begin(
        world,
        customer,
        subscribing.sold_items(world, session["_lines"], "line_items"),
        trial_end=subscribing.trial_end_of(world, about),
        asked_discounts=session["_discounts"],
        session=session["id"],
        **terms,
    )
    invoice = subscribing.first_invoice(world, subscription)
    session |= {"subscription": subscription["id"], "invoice": invoice["id"]}
    if subscription["status"] == "trialing":
        intent = setup_intents.new(world, customer["id"])
        setup_intents.attempt(world, intent, method, authenticated=payer.authenticated)
    collection.finalise(world, invoice)
    if invoice["status"] == "paid":
        session["payment_status"] = "paid" if invoice["total"] else "no_payment_required"
        return
    outcome = collection.collect(world, invoice, authenticated=payer.authenticated)
    if not outcome.went_through:
        raise NotPaid((outcome.decline or DECLINES["generic_decline"]).message)
    session["payment_status"] = "paid" if outcome.word == "succeeded" else "unpaid"
    if outcome.word == "processing":
        intent = collection.intent_of(world, invoice)
        intent["_checkout"] = session["id"]
        world.store.save(intent)


def _set_up(world: World, session: Thing, customer: Thing, method: Thing, payer: Payer) -> None:
    intent = setup_intents.new(world, customer["id"], metadata=session["metadata"])
    setup_intents.attempt(world, intent, method, authenticated=payer.authenticated)
    session |= {"setup_intent": intent["id"], "payment_status": "no_payment_required"}


def _take_payment(world: World, session: Thing, customer: Thing, method: Thing, payer: Payer) -> None:
    intent = payments.new_intent(
        world, amount=session["amount_total"], currency=session["currency"], customer=customer["id"],
        _checkout=session["id"],
    )  # fmt: skip
    outcome = payments.attempt(world, intent, method, authenticated=payer.authenticated)
    if not outcome.went_through:
        raise NotPaid((outcome.decline or DECLINES["generic_decline"]).message)
    session |= {
        "payment_intent": intent["id"],
        "payment_status": "paid" if outcome.word == "succeeded" else "unpaid",
    }


def bank_answered(world: World, wanted: str, paid: bool) -> None:
    """A debit that was on its way when a session completed has arrived or come back."""
    session = world.fetch("checkout.session", wanted)
    if paid:
        session["payment_status"] = "paid"
        world.store.save(session)
    outcome = "succeeded" if paid else "failed"
    record(world, f"checkout.session.async_payment_{outcome}", session)


def show(world: World, given: dict[str, Any], session: str) -> Thing:
    """GET /v1/checkout/sessions/{id}"""
    return world.fetch("checkout.session", session)


def update(world: World, given: dict[str, Any], session: str) -> Thing:
    """POST /v1/checkout/sessions/{id}"""
    found = world.fetch("checkout.session", session)
    found["metadata"] = merged_metadata(found["metadata"], given.get("metadata", {}))
    return world.store.save(found)


def expire_request(world: World, given: dict[str, Any], session: str) -> Thing:
    """POST /v1/checkout/sessions/{id}/expire: only while it is open."""
    found = world.fetch("checkout.session", session)
    if found["status"] != "open":
        raise invalid(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a '
            f"status of {found['status']}."
        )
    expire(world, found)
    return found


def list_all(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/checkout/sessions"""
    where = {name: given.get(name) for name in ("customer", "payment_intent", "status", "subscription")}
    where["customer_details.email"] = given.get("customer_details", {}).get("email")
    return page(world, "checkout.session", "/v1/checkout/sessions", given, where)


def lines_of(world: World, given: dict[str, Any], session: str) -> Thing:
    """GET /v1/checkout/sessions/{id}/line_items"""
    found = world.fetch("checkout.session", session)
    return listing(line_items(world, found), f"/v1/checkout/sessions/{session}/line_items")


@included("checkout.session", "line_items")
def _lines(world: World, seen: Thing) -> Thing:
    return lines_of(world, {}, seen["id"])


AUTO = ("auto", "never")
MESSAGE = Unset({"message!": TEXT})
NEW = {
    "mode!": ("payment", "setup", "subscription"),
    "allow_promotion_codes": FLAG,
    "automatic_tax": {"enabled!": FLAG},
    "billing_address_collection": ("auto", "required"),
    "cancel_url": TEXT,
    "client_reference_id": TEXT,
    "consent_collection": {"promotions": ("auto", "none"), "terms_of_service": ("none", "required")},
    "currency": TEXT,
    "custom_text": dict.fromkeys(
        ("after_submit", "submit", "terms_of_service_acceptance", "shipping_address"), MESSAGE
    ),
    "customer": TEXT,
    "customer_creation": ("always", "if_required"),
    "customer_email": TEXT,
    "customer_update": {"address": AUTO, "name": AUTO, "shipping": AUTO},
    "discounts": discounts.DISCOUNTS,
    "excluded_payment_method_types": [TEXT],
    "allowed_payment_method_types": [TEXT],
    "expires_at": MOMENT,
    "line_items": [{"price": TEXT, "quantity": Whole(least=1)}],
    "locale": TEXT,
    "metadata": METADATA,
    "payment_method_collection": ("always", "if_required"),
    "phone_number_collection": {"enabled!": FLAG},
    "submit_type": ("auto", "book", "donate", "pay", "subscribe"),
    "subscription_data": {
        "description": MAYBE_TEXT,
        "metadata": METADATA,
        "trial_end": MOMENT,
        "trial_period_days": Whole(1, subscribing.LONGEST_TRIAL_DAYS),
        "trial_settings": {"end_behavior!": {"missing_payment_method!": ("cancel", "create_invoice", "pause")}},
        "billing_mode": {"type!": ("flexible",)},
    },
    "success_url": TEXT,
    "tax_id_collection": {"enabled!": FLAG, "required": ("if_supported", "never")},
    "ui_mode": ("elements", "embedded_page", "form", "hosted_page"),
}
FILTERS = listed_by(
    created=RANGE, customer=TEXT, customer_details={"email!": TEXT}, payment_intent=TEXT,
    status=("complete", "expired", "open"), subscription=TEXT,
)  # fmt: skip
ROUTES = [
    ("POST", "/v1/checkout/sessions", create, NEW),
    ("GET", "/v1/checkout/sessions", list_all, FILTERS),
    ("GET", "/v1/checkout/sessions/{session}", show, {}),
    ("POST", "/v1/checkout/sessions/{session}", update, {"metadata": METADATA}),
    ("POST", "/v1/checkout/sessions/{session}/expire", expire_request, {}),
    ("GET", "/v1/checkout/sessions/{session}/line_items", lines_of, listed_by()),
]
