"""Coupons, the codes people type for them, and what they take off an invoice."""

from typing import Any

from .errors import invalid
from .events import add, changing, record
from .ids import new_id, random_text
from .parameters import FLAG, METADATA, MOMENT, RANGE, TEXT, Percent, Whole, listed_by, merged_metadata
from .periods import stepped
from .store import Thing
from .view import page
from .world import World


def create_coupon(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/coupons"""
    if ("percent_off" in given) == ("amount_off" in given):
        raise invalid("You must pass exactly one of `percent_off` and `amount_off`.", param="percent_off")
    if "amount_off" in given and "currency" not in given:
        raise invalid("Missing required param: currency.", param="currency", code="parameter_missing")
    duration = given.get("duration", "once")
    if (duration == "repeating") != ("duration_in_months" in given):
        raise invalid("`duration_in_months` belongs to repeating coupons.", param="duration_in_months")
    wanted = given.get("id") or random_text(8)
    if world.store.get(wanted):
        raise invalid("Coupon already exists.", param="id", code="resource_already_exists")
    return add(
        world,
        "coupon.created",
        {
            "id": wanted,
            "object": "coupon",
            "amount_off": given.get("amount_off"),
            "created": world.now,
            "currency": given.get("currency"),
            "duration": duration,
            "duration_in_months": given.get("duration_in_months"),
            "livemode": False,
            "max_redemptions": given.get("max_redemptions"),
            "metadata": merged_metadata({}, given.get("metadata", {})),
            "name": given.get("name"),
            "percent_off": given.get("percent_off"),
            "redeem_by": given.get("redeem_by"),
            "times_redeemed": 0,
            "valid": True,
        },
    )


def update_coupon(world: World, given: dict[str, Any], coupon: str) -> Thing:
    """POST /v1/coupons/{id}"""
    found = world.fetch("coupon", coupon)
    with changing(world, found, "coupon.updated"):
        if "metadata" in given:
            given["metadata"] = merged_metadata(found["metadata"], given["metadata"])
        found.update(given)
    return found


def delete_coupon(world: World, given: dict[str, Any], coupon: str) -> Thing:
    """DELETE /v1/coupons/{id}: those who have its discount keep it."""
    record(world, "coupon.deleted", world.fetch("coupon", coupon))
    world.store.remove(coupon)
    return {"id": coupon, "object": "coupon", "deleted": True}


def show_coupon(world: World, given: dict[str, Any], coupon: str) -> Thing:
    """GET /v1/coupons/{id}"""
    return world.fetch("coupon", coupon)


def list_coupons(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/coupons"""
    return page(world, "coupon", "/v1/coupons", given)


def create_code(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/promotion_codes"""
    coupon = world.fetch("coupon", given["promotion"]["coupon"], param="promotion[coupon]")
    code = given.get("code") or random_text(8).upper()
    if any(one["active"] for one in _with_code(world, code)):
        raise invalid("An active promotion code with that code already exists.", param="code")
    restrictions = {"first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None}
    return add(
        world,
        "promotion_code.created",
        {
            "id": new_id("promo"),
            "object": "promotion_code",
            "active": given.get("active", True),
            "code": code,
            "created": world.now,
            "customer": given.get("customer"),
            "expires_at": given.get("expires_at"),
            "livemode": False,
            "max_redemptions": given.get("max_redemptions"),
            "metadata": merged_metadata({}, given.get("metadata", {})),
            "promotion": {"type": "coupon", "coupon": coupon["id"]},
            "restrictions": restrictions | given.get("restrictions", {}),
            "times_redeemed": 0,
        },
    )


def update_code(world: World, given: dict[str, Any], code: str) -> Thing:
    """POST /v1/promotion_codes/{id}"""
    found = world.fetch("promotion_code", code)
    with changing(world, found, "promotion_code.updated"):
        if "metadata" in given:
            given["metadata"] = merged_metadata(found["metadata"], given["metadata"])
        found.update(given)
    return found


def show_code(world: World, given: dict[str, Any], code: str) -> Thing:
    """GET /v1/promotion_codes/{id}"""
    return world.fetch("promotion_code", code)


def list_codes(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/promotion_codes"""
    where = {name: given.get(name) for name in ("active", "code", "customer")}
    where["promotion.coupon"] = given.get("coupon")
    return page(world, "promotion_code", "/v1/promotion_codes", given, where)


def _with_code(world: World, code: str) -> list[Thing]:
    everything = world.store.find("promotion_code")
    return [one for one in everything if one["code"].casefold() == code.casefold()]


def typed(world: World, code: str, customer: str | None, cents: int) -> Thing:
    """The promotion code that a buyer typed. Raises `ApiError` (400) when it does not hold for this purchase."""
    for found in _with_code(world, code):
        if found["active"]:
            _check_code(world, found, customer, cents)
            return found
    raise invalid("This promotion code is invalid.", param="promotion_code")


def asked_for(world: World, given: list[dict[str, Any]], customer: str | None, cents: int) -> list[Thing]:
    """What a request named as discounts: [{coupon}] or [{promotion_code}], as hashes of both ids."""
    found = []
    for position, one in enumerate(given):
        at = f"discounts[{position}]"
        if ("coupon" in one) == ("promotion_code" in one):
            raise invalid("Pass exactly one of coupon and promotion_code.", param=at)
        if "coupon" in one:
            coupon = world.fetch("coupon", one["coupon"], param=f"{at}[coupon]")
            _check_coupon(world, coupon)
            found.append({"coupon": coupon["id"], "promotion_code": None})
        else:
            code = world.fetch("promotion_code", one["promotion_code"], param=f"{at}[promotion_code]")
            _check_code(world, code, customer, cents)
            found.append({"coupon": code["promotion"]["coupon"], "promotion_code": code["id"]})
    return found


def _check_code(world: World, code: Thing, customer: str | None, cents: int) -> None:
    spent = code["max_redemptions"] is not None and code["times_redeemed"] >= code["max_redemptions"]
    expired = code["expires_at"] is not None and code["expires_at"] <= world.now
    if not code["active"] or spent or expired:
        raise invalid("This promotion code has expired or was used up.", param="promotion_code")
    if code["customer"] and code["customer"] != customer:
        raise invalid("This promotion code belongs to somebody else.", param="promotion_code")
    if cents < (code["restrictions"]["minimum_amount"] or 0):
        raise invalid("The amount is too small for this promotion code.", param="promotion_code")
    paid = {"customer": customer, "status": "succeeded"}
    if code["restrictions"]["first_time_transaction"] and customer and world.store.find("charge", paid, limit=1):
        raise invalid("This promotion code is for first purchases only.", param="promotion_code")
    _check_coupon(world, world.fetch("coupon", code["promotion"]["coupon"], param="promotion_code"))


def _check_coupon(world: World, coupon: Thing) -> None:
    spent = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
    if spent or (coupon["redeem_by"] is not None and coupon["redeem_by"] <= world.now):
        raise invalid(f"Coupon expired: {coupon['id']}", param="coupon", code="coupon_expired")


def redeem(world: World, asked: list[Thing], customer: str, subscription: str, session: str | None = None) -> list[str]:
    """Turn discounts that were asked for into discounts of a subscription; gives their ids."""
    made = []
    for one in asked:
        coupon = world.fetch("coupon", one["coupon"])
        for redeemed in filter(None, (coupon, world.store.get(one["promotion_code"] or ""))):
            redeemed["times_redeemed"] += 1
            world.store.save(redeemed)
        end = None
        if coupon["duration"] == "repeating":
            end = stepped(world.now, "month", 1, coupon["duration_in_months"])
        made.append(
            add(
                world,
                "customer.discount.created",
                {
                    "id": new_id("di"),
                    "object": "discount",
                    "checkout_session": session,
                    "customer": customer,
                    "end": end,
                    "invoice": None,
                    "invoice_item": None,
                    "promotion_code": one["promotion_code"],
                    "source": {"type": "coupon", "coupon": coupon["id"]},
                    "start": world.now,
                    "subscription": subscription,
                    "subscription_item": None,
                    "_coupon": coupon,
                },
            )["id"]
        )
    return made


def amount_off(coupon: Thing, cents: int) -> int:
    """What a coupon takes off this amount, in cents, never more than there is."""
    if cents <= 0:
        return 0
    if coupon["percent_off"] is not None:
        hundredths = round(coupon["percent_off"] * 100)
        return min(cents, (2 * cents * hundredths + 10_000) // 20_000)
    return min(cents, coupon["amount_off"])


def take_off(world: World, invoice: Thing, discounts: list[str]) -> None:
    """Reduce the lines of a draft invoice by discounts that still hold."""
    totals: dict[str, int] = {}
    for discount in filter(None, (world.store.get(one) for one in discounts)):
        if discount.get("_used_up") or (discount["end"] and discount["end"] <= world.now):
            continue
        left = None if discount["_coupon"]["amount_off"] is None else discount["_coupon"]["amount_off"]
        for line in filter(lambda one: one["discountable"], invoice["lines"]["data"]):
            rest = line["amount"] - sum(one["amount"] for one in line["discount_amounts"])
            cut = amount_off(discount["_coupon"], rest)
            if left is not None:
                cut = min(cut, left)
                left -= cut
            if cut:
                line["discount_amounts"].append({"amount": cut, "discount": discount["id"]})
                totals[discount["id"]] = totals.get(discount["id"], 0) + cut
        if discount["id"] in totals and discount["_coupon"]["duration"] == "once":
            discount["_used_up"] = True
            world.store.save(discount)
    invoice["discounts"] = list(totals)
    invoice["total_discount_amounts"] = [{"amount": cut, "discount": one} for one, cut in totals.items()]


NEW_COUPON = {
    "id": TEXT,
    "amount_off": Whole(least=1),
    "currency": TEXT,
    "duration": ("forever", "once", "repeating"),
    "duration_in_months": Whole(least=1),
    "max_redemptions": Whole(least=1),
    "metadata": METADATA,
    "name": TEXT,
    "percent_off": Percent(),
    "redeem_by": MOMENT,
}
NEW_CODE = {
    "active": FLAG,
    "code": TEXT,
    "customer": TEXT,
    "expires_at": MOMENT,
    "max_redemptions": Whole(least=1),
    "metadata": METADATA,
    "promotion!": {"type!": ("coupon",), "coupon!": TEXT},
    "restrictions": {
        "first_time_transaction": FLAG,
        "minimum_amount": Whole(least=1),
        "minimum_amount_currency": TEXT,
    },
}
CODE_FILTERS = listed_by(active=FLAG, code=TEXT, coupon=TEXT, created=RANGE, customer=TEXT)
DISCOUNTS = [{"coupon": TEXT, "promotion_code": TEXT}]
ROUTES = [
    ("POST", "/v1/coupons", create_coupon, NEW_COUPON),
    ("GET", "/v1/coupons", list_coupons, listed_by(created=RANGE)),
    ("GET", "/v1/coupons/{coupon}", show_coupon, {}),
    ("POST", "/v1/coupons/{coupon}", update_coupon, {"metadata": METADATA, "name": TEXT}),
    ("DELETE", "/v1/coupons/{coupon}", delete_coupon, {}),
    ("POST", "/v1/promotion_codes", create_code, NEW_CODE),
    ("GET", "/v1/promotion_codes", list_codes, CODE_FILTERS),
    ("GET", "/v1/promotion_codes/{code}", show_code, {}),
    ("POST", "/v1/promotion_codes/{code}", update_code, {"active": FLAG, "metadata": METADATA}),
]
