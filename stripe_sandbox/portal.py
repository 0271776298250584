"""The billing portal: what a customer may change himself, and links that open it."""

from typing import Any

from . import customers, prices, subscriptions
from .clock import HOUR
from .errors import invalid
from .events import add, changing, record
from .ids import new_id
from .parameters import FLAG, MAYBE_TEXT, METADATA, TEXT, Unset, Whole, listed_by, merged_metadata
from .store import Thing, copied
from .view import page
from .world import World

LIVES_FOR = HOUR
FEATURES: dict[str, Any] = {
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_history": {"enabled": False},
    "payment_method_update": {"enabled": False, "payment_method_configuration": None},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "options": []},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
    },
    "subscription_pause": {"duration": {"interval_options": [], "type": "indefinite"}, "enabled": False},
    "subscription_update": {
        "billing_cycle_anchor": None,
        "default_allowed_updates": [],
        "enabled": False,
        "products": [],
        "proration_behavior": "none",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "continue_trial",
    },
}
AS_IN_THE_DASHBOARD = {
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "subscription_cancel": {"enabled": True},
}
FEATURE_OF_FLOW = {
    "payment_method_update": "payment_method_update",
    "subscription_cancel": "subscription_cancel",
    "subscription_update": "subscription_update",
    "subscription_update_confirm": "subscription_update",
    "subscription_pause": "subscription_pause",
}


def create_configuration(world: World, given: dict[str, Any], *, default: bool = False) -> Thing:
    """POST /v1/billing_portal/configurations"""
    features = copied(FEATURES)
    _set_features(world, features, given["features"])
    business = {"headline": None, "privacy_policy_url": None, "terms_of_service_url": None}
    return add(
        world,
        "billing_portal.configuration.created",
        {
            "id": new_id("bpc"),
            "object": "billing_portal.configuration",
            "active": True,
            "application": None,
            "business_profile": business | given.get("business_profile", {}),
            "created": world.now,
            "default_return_url": given.get("default_return_url"),
            "features": features,
            "is_default": default,
            "livemode": False,
            "login_page": {"enabled": False, "url": None},
            "metadata": merged_metadata({}, given.get("metadata", {})),
            "name": given.get("name"),
            "updated": world.now,
        },
    )


def update_configuration(world: World, given: dict[str, Any], configuration: str) -> Thing:
    """POST /v1/billing_portal/configurations/{id}"""
    found = world.fetch("billing_portal.configuration", configuration)
    with changing(world, found, "billing_portal.configuration.updated"):
        _set_features(world, found["features"], given.get("features", {}))
        found["business_profile"] |= given.get("business_profile", {})
        if "metadata" in given:
            found["metadata"] = merged_metadata(found["metadata"], given["metadata"])
        found |= {name: given[name] for name in ("active", "default_return_url", "name") if name in given}
        found["updated"] = world.now
    return found


def _set_features(world: World, features: Thing, given: Thing) -> None:
    for name, wanted in given.items():
        for key, value in wanted.items():
            present = features[name].get(key)
            features[name][key] = present | value if isinstance(present, dict) else value
    switch = features["subscription_update"]
    if switch["enabled"] and not switch["products"]:
        raise invalid(
            "You must set `products` when `subscription_update` is enabled.",
            param="features[subscription_update][products]",
        )
    for product in switch["products"] or []:
        product.setdefault("adjustable_quantity", {"enabled": False, "maximum": None, "minimum": 1})
        for price in product["prices"]:
            prices.sellable(world, price, "features[subscription_update][products][0][prices]")


def show_configuration(world: World, given: dict[str, Any], configuration: str) -> Thing:
    """GET /v1/billing_portal/configurations/{id}"""
    return world.fetch("billing_portal.configuration", configuration)


def list_configurations(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/billing_portal/configurations"""
    where = {name: given.get(name) for name in ("active", "is_default")}
    return page(world, "billing_portal.configuration", "/v1/billing_portal/configurations", given, where)


def _default_configuration(world: World) -> Thing:
    """The configuration an operator has saved once in the Dashboard; here it is made when first needed."""
    found = world.store.find("billing_portal.configuration", {"is_default": True}, limit=1)
    return found[0] if found else create_configuration(world, {"features": AS_IN_THE_DASHBOARD}, default=True)


def create_session(world: World, given: dict[str, Any]) -> Thing:
    """POST /v1/billing_portal/sessions"""
    customer = customers.living(world, given["customer"], param="customer")
    if "configuration" in given:
        found = world.fetch("billing_portal.configuration", given["configuration"], param="configuration")
        if not found["active"]:
            raise invalid("This portal configuration is not active.", param="configuration")
    else:
        found = _default_configuration(world)
    flow = given.get("flow_data")
    wanted = new_id("bps")
    session = {
        "id": wanted,
        "object": "billing_portal.session",
        "configuration": found["id"],
        "created": world.now,
        "customer": customer["id"],
        "flow": _flow(world, flow, found, customer["id"]) if flow else None,
        "livemode": False,
        "locale": given.get("locale"),
        "on_behalf_of": None,
        "return_url": given.get("return_url") or found["default_return_url"],
        "url": f"{world.base_url}/p/session/{wanted}",
    }
    world.store.save(session)
    record(world, "billing_portal.session.created", session)
    return session


def _flow(world: World, given: Thing, configuration: Thing, customer: str) -> Thing:
    kind = given["type"]
    feature = FEATURE_OF_FLOW[kind]
    if not configuration["features"][feature]["enabled"]:
        raise invalid(
            f"This `flow_data[type]` cannot be used because the {feature} feature in the portal configuration "
            "is disabled.",
            param="flow_data[type]",
        )
    if kind != "payment_method_update":
        if kind not in given:
            at = f"flow_data[{kind}]"
            raise invalid(f"Missing required param: {at}.", param=at, code="parameter_missing")
        _check_flow_subscription(world, kind, given[kind], customer)
        _check_flow_prices(kind, given[kind], configuration)
    after = given.get("after_completion", {"type": "portal_homepage"})
    nothing = dict.fromkeys(name for name in FEATURE_OF_FLOW if name != "payment_method_update")
    return {
        **nothing,
        **{name: given[name] for name in given if name not in ("type", "after_completion")},
        "type": kind,
        "after_completion": {"hosted_confirmation": None, "redirect": None} | after,
    }


def _check_flow_subscription(world: World, kind: str, about: Thing, customer: str) -> None:
    at = f"flow_data[{kind}][subscription]"
    subscription = world.fetch("subscription", about["subscription"], param=at)
    if subscription["customer"] != customer or subscription["status"] in subscriptions.ENDED:
        raise invalid("This subscription cannot be changed by this customer.", param=at)
    if kind == "subscription_cancel" and subscriptions.ends_at(subscription) is not None:
        raise invalid("This subscription is already set to be canceled.", param=at)
    if kind == "subscription_update_confirm":
        items = [item["id"] for item in subscriptions.items_of(subscription)]
        for position, one in enumerate(about["items"]):
            where = f"flow_data[{kind}][items][{position}]"
            if one["id"] not in items:
                raise invalid(f"No such subscription item: '{one['id']}'", param=f"{where}[id]")
            if "price" in one:
                prices.sellable(world, one["price"], f"{where}[price]")


def _check_flow_prices(kind: str, about: Thing, configuration: Thing) -> None:
    for position, one in enumerate(about.get("items", [])):
        if one.get("price") not in (None, *prices_on_offer(configuration)):
            raise invalid(
                f"The price {one['price']} is not among the products of the portal configuration.",
                param=f"flow_data[{kind}][items][{position}][price]",
            )


def prices_on_offer(configuration: Thing) -> list[str]:
    """The prices among which a customer may switch, as ids; none when switching is off."""
    switch = configuration["features"]["subscription_update"]
    if not switch["enabled"]:
        return []
    return [price for product in switch["products"] or [] for price in product["prices"]]


def is_over(world: World, session: Thing) -> bool:
    """Whether the link has lived its hour."""
    return world.now >= session["created"] + LIVES_FOR


BEHAVIOURS = ("always_invoice", "create_prorations", "none")
UPDATES = ("address", "email", "name", "phone", "shipping", "tax_id")
DURATION = {
    "type!": ("indefinite", "interval_options"),
    "interval_options": Unset([{"interval!": prices.INTERVALS, "interval_count": Whole(least=1)}]),
}
CONDITIONS = {"conditions": Unset([{"type!": ("decreasing_item_amount", "shortening_interval")}])}


def _feature_checks(enabled: str) -> dict[str, Any]:
    """The features of a configuration; `enabled!` where each must say whether it is on."""
    reason = {"enabled!": FLAG, ("options!" if enabled == "enabled!" else "options"): Unset([subscriptions.FEEDBACK])}
    return {
        "customer_update": {enabled: FLAG, "allowed_updates": Unset([UPDATES])},
        "invoice_history": {"enabled!": FLAG},
        "payment_method_update": {"enabled!": FLAG},
        "subscription_cancel": {
            enabled: FLAG,
            "mode": ("at_period_end", "immediately"),
            "proration_behavior": BEHAVIOURS,
            "cancellation_reason": reason,
        },
        "subscription_pause": {"enabled": FLAG, "duration": DURATION},
        "subscription_update": {
            enabled: FLAG,
            "default_allowed_updates": Unset([("price", "promotion_code", "quantity")]),
            "products": Unset([{"product!": TEXT, "prices!": [TEXT]}]),
            "proration_behavior": BEHAVIOURS,
            "billing_cycle_anchor": ("now", "unchanged"),
            "trial_update_behavior": ("continue_trial", "end_trial"),
            "schedule_at_period_end": CONDITIONS,
        },
    }


BUSINESS = {"headline": MAYBE_TEXT, "privacy_policy_url": MAYBE_TEXT, "terms_of_service_url": MAYBE_TEXT}
CONFIGURATION = {
    "business_profile": BUSINESS,
    "default_return_url": MAYBE_TEXT,
    "login_page": {"enabled!": FLAG},
    "metadata": METADATA,
    "name": MAYBE_TEXT,
}
FLOW = {
    "type!": tuple(FEATURE_OF_FLOW),
    "after_completion": {
        "type!": ("hosted_confirmation", "portal_homepage", "redirect"),
        "hosted_confirmation": {"custom_message": TEXT},
        "redirect": {"return_url!": TEXT},
    },
    "subscription_cancel": {"subscription!": TEXT},
    "subscription_pause": {"subscription!": TEXT},
    "subscription_update": {"subscription!": TEXT},
    "subscription_update_confirm": {
        "subscription!": TEXT,
        "items!": [{"id!": TEXT, "price": TEXT, "quantity": Whole(least=1)}],
    },
}
SESSION = {"customer!": TEXT, "configuration": TEXT, "flow_data": FLOW, "locale": TEXT, "return_url": TEXT}
CONFIGURATIONS = "/v1/billing_portal/configurations"
ROUTES = [
    ("POST", CONFIGURATIONS, create_configuration, CONFIGURATION | {"features!": _feature_checks("enabled!")}),
    ("GET", CONFIGURATIONS, list_configurations, listed_by(active=FLAG, is_default=FLAG)),
    ("GET", CONFIGURATIONS + "/{configuration}", show_configuration, {}),
    (
        "POST",
        CONFIGURATIONS + "/{configuration}",
        update_configuration,
        CONFIGURATION | {"features": _feature_checks("enabled"), "active": FLAG},
    ),
    ("POST", "/v1/billing_portal/sessions", create_session, SESSION),
]
