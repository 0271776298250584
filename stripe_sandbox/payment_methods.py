"""Cards and bank accounts, and whose they are."""

from datetime import UTC, datetime
from typing import Any

from . import cards, customers
from .errors import declined, invalid
from .events import changing, record
from .ids import fingerprint, new_id
from .parameters import ADDRESS, MAYBE_TEXT, METADATA, TEXT, Unset, Whole, listed_by, merged_metadata
from .store import Thing
from .view import page
from .world import World

KINDS = ("card", "sepa_debit", "bancontact", "ideal")


def new(
    world: World, number: str, *, kind: str | None = None, billing: dict[str, Any] | None = None, owner: str = ""
) -> Thing:
    """A payment method for this card or account number, saved and belonging to nobody yet.

    Its fingerprint is that of the number; with an `owner`, that of a card of this owner's with this number.
    """
    kind = kind or ("card" if number.isdecimal() else "sepa_debit")
    details = {"address": customers.NO_ADDRESS, "email": None, "name": None, "phone": None, "tax_id": None}
    return world.store.save(
        {
            "id": new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": details | (billing or {}),
            "created": world.now,
            "customer": None,
            "livemode": False,
            "metadata": {},
            "type": kind,
            kind: _face(world, kind, number, fingerprint(f"{number} of {owner}" if owner else number)),
            "_number": number,
        }
    )


def _face(world: World, kind: str, number: str, mark: str) -> dict[str, Any]:
    """The part of a payment method that shows what it is."""
    if kind == "sepa_debit":
        return {
            "bank_code": number[4:12],
            "branch_code": "",
            "country": number[:2],
            "fingerprint": mark,
            "generated_from": {"charge": None, "setup_attempt": None},
            "last4": number[-4:],
        }
    if kind != "card":
        return {}
    brand = cards.brand_of(number)
    return {
        "brand": brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "BE",
        "display_brand": brand,
        "exp_month": 12,
        "exp_year": datetime.fromtimestamp(world.now, UTC).year + 3,
        "fingerprint": mark,
        "funding": "credit",
        "generated_from": None,
        "last4": number[-4:],
        "networks": {"available": [brand], "preferred": None},
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def attach_to(world: World, method: Thing, customer: str) -> Thing:
    """Give a payment method to a customer."""
    if method["customer"] == customer:
        return method
    if method["customer"]:
        raise invalid("The payment method you provided has already been attached to a customer.")
    method["customer"] = customer
    world.store.save(method)
    record(world, "payment_method.attached", method)
    return method


def usable(world: World, wanted: str, customer: str, param: str) -> Thing:
    """The payment method of this id, which must be this customer's. Raises `ApiError` (400) otherwise."""
    method = world.fetch("payment_method", wanted, param=param)
    if method["customer"] != customer:
        raise invalid(
            f"The customer does not have a payment method with the ID {wanted}. The payment method must be "
            "attached to the customer.",
            param=param,
            code="resource_missing",
        )
    return method


def described(method: Thing) -> str:
    """A payment method in words, for our own pages."""
    kind = method["type"]
    if kind == "card":
        card = method["card"]
        return f"{card['brand'].capitalize()} ending in {card['last4']}, {card['exp_month']}/{card['exp_year']}"
    if kind == "sepa_debit":
        return f"SEPA debit, account ending in {method['sepa_debit']['last4']}"
    return kind.capitalize()


def create(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/payment_methods, with a number or a ready-made token."""
    kind = given.get("type") or next((kind for kind in KINDS if kind in given), None)
    if kind is None:
        raise invalid("Missing required param: type.", param="type", code="parameter_missing")
    number = _number(given, kind)
    billing = _billing({}, given.get("billing_details", {}))
    method = new(world, number, kind=kind, billing=billing)
    card = given.get("card", {})
    if kind == "card":
        method["card"] |= {name: card[name] for name in ("exp_month", "exp_year") if name in card}
    method["metadata"] = merged_metadata({}, given.get("metadata", {}))
    return world.store.save(method)


def _number(given: dict[str, Any], kind: str) -> str:
    if kind == "card":
        card = given.get("card", {})
        return cards.READY_MADE.get(card.get("token", ""), cards.plain(card.get("number", "4242424242424242")))
    return cards.plain(given.get("sepa_debit", {}).get("iban", cards.WAYS["bancontact"]))


def _billing(present: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    billing = present | given
    if billing.get("address"):
        billing["address"] = customers.NO_ADDRESS | billing["address"]
    return billing


def update(world: World, given: dict[str, Any], method: str) -> Thing:
    """POST /v1/payment_methods/{id}"""
    found = world.fetch("payment_method", method)
    with changing(world, found, "payment_method.updated"):
        if found["type"] == "card":
            found["card"] |= given.get("card", {})
        if "billing_details" in given:
            found["billing_details"] = _billing(found["billing_details"], given["billing_details"])
        if "metadata" in given:
            found["metadata"] = merged_metadata(found["metadata"], given["metadata"])
    return found


def attach(world: World, given: dict[str, Any], method: str) -> Thing:
    """POST /v1/payment_methods/{id}/attach. A card that its bank refuses cannot be attached."""
    customer = customers.living(world, given["customer"], param="customer")["id"]
    if method in cards.READY_MADE:
        found = new(world, cards.READY_MADE[method])
    else:
        found = world.fetch("payment_method", method)
    refusal = cards.DECLINES.get(cards.behaviour_of(found["_number"]).setup)
    if refusal:
        raise declined(refusal.message, code=refusal.code, decline_code=refusal.decline_code, intent=None)
    return attach_to(world, found, customer)


def detach(world: World, given: dict[str, Any], method: str) -> Thing:
    """POST /v1/payment_methods/{id}/detach: whoever paid with it does so no more."""
    found = world.fetch("payment_method", method)
    if not found["customer"]:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    owner = world.store.get(found["customer"])
    if owner and not owner.get("deleted") and owner["invoice_settings"]["default_payment_method"] == method:
        with changing(world, owner, "customer.updated"):
            owner["invoice_settings"]["default_payment_method"] = None
    for subscription in world.store.find("subscription", {"default_payment_method": method}):
        with changing(world, subscription, "customer.subscription.updated"):
            subscription["default_payment_method"] = None
    previous = {"customer": found["customer"]}
    found["customer"] = None
    world.store.save(found)
    record(world, "payment_method.detached", found, previous)
    return found


def show(world: World, given: dict[str, Any], method: str) -> Thing:
    """GET /v1/payment_methods/{id}"""
    return world.fetch("payment_method", method)


def list_all(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/payment_methods: a customer's; without one only those that belong to nobody."""
    where = {"customer": given.get("customer"), "type": given.get("type")}
    return page(world, "payment_method", "/v1/payment_methods", given, where)


def list_of_customer(world: World, given: dict[str, Any], customer: str) -> Thing:
    """GET /v1/customers/{customer}/payment_methods"""
    world.fetch("customer", customer)
    where = {"customer": customer, "type": given.get("type")}
    return page(world, "payment_method", f"/v1/customers/{customer}/payment_methods", given, where)


def show_of_customer(world: World, given: dict[str, Any], customer: str, method: str) -> Thing:
    """GET /v1/customers/{customer}/payment_methods/{id}"""
    world.fetch("customer", customer)
    return usable(world, method, customer, "payment_method")


BILLING = {"address": Unset(ADDRESS), "email": MAYBE_TEXT, "name": MAYBE_TEXT, "phone": MAYBE_TEXT}
EXPIRY = {"exp_month": Whole(1, 12), "exp_year": Whole(2000, 2200)}
NEW = {
    "type": KINDS,
    "billing_details": BILLING,
    "metadata": METADATA,
    "card": EXPIRY | {"number": TEXT, "cvc": TEXT, "token": TEXT},
    "sepa_debit": {"iban!": TEXT},
    "bancontact": {},
    "ideal": {},
}
ROUTES = [
    ("POST", "/v1/payment_methods", create, NEW),
    ("GET", "/v1/payment_methods", list_all, listed_by(customer=TEXT, type=KINDS)),
    ("GET", "/v1/payment_methods/{method}", show, {}),
    (
        "POST",
        "/v1/payment_methods/{method}",
        update,
        {"billing_details": BILLING, "card": EXPIRY, "metadata": METADATA},
    ),
    ("POST", "/v1/payment_methods/{method}/attach", attach, {"customer!": TEXT}),
    ("POST", "/v1/payment_methods/{method}/detach", detach, {}),
    ("GET", "/v1/customers/{customer}/payment_methods", list_of_customer, listed_by(type=KINDS)),
    ("GET", "/v1/customers/{customer}/payment_methods/{method}", show_of_customer, {}),
]
