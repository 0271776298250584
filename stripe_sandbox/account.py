"""Whose sandbox this is."""

from typing import Any

from .invoices import SELLER
from .store import Thing
from .world import World


def show(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/account"""
    return {
        "id": "acct_1SandboxOnThisMachine",
        "object": "account",
        "business_type": "company",
        "charges_enabled": True,
        "country": "BE",
        "created": 1767225600,
        "default_currency": "eur",
        "details_submitted": True,
        "email": "operator@newsroom.example",
        "metadata": {},
        "payouts_enabled": True,
        "settings": {
            "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
            "card_payments": {"statement_descriptor_prefix": None},
            "dashboard": {"display_name": SELLER, "timezone": "Etc/UTC"},
            "payments": {"statement_descriptor": None},
        },
        "type": "standard",
    }


NOTHING: dict[str, Any] = {}
ROUTES = [("GET", "/v1/account", show, NOTHING)]
