"""Stripe's values in our types. A StripeObject is no dict: most of these take what `to_dict()` made of it."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit


def id_of(value: Any) -> str:
    """The id of something that Stripe gives as an id, as the whole thing (expanded) or not at all."""
    return (value.get("id", "") if isinstance(value, dict) else value) or ""


def web_address(value: str | None) -> str:
    """An address that may stand in a link; empty for any other."""
    return value if value and urlsplit(value).scheme in ("https", "http") else ""


def moment(seconds: int) -> datetime:
    """A moment of Stripe's (seconds since 1970) in UTC."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def moment_or_none(seconds: int | None) -> datetime | None:
    """A moment of Stripe's that may be missing."""
    return None if seconds is None else moment(seconds)


def card_of(method: Any) -> dict[str, Any]:
    """What is told of a card or account: brand, last four digits, fingerprint, month of expiry, and two countries."""
    if not isinstance(method, dict):
        return {}
    kind = method.get("type", "")
    about = method.get(kind) or {}
    brand = {"card": about.get("brand") or "", "sepa_debit": "SEPA"}.get(kind, kind)
    return {
        "brand": brand,
        "last4": about.get("last4") or "",
        "fingerprint": about.get("fingerprint") or "",
        "exp_year": about.get("exp_year"),
        "exp_month": about.get("exp_month"),
        "country": about.get("country") or "",
        "billing_country": ((method.get("billing_details") or {}).get("address") or {}).get("country") or "",
    }


def says(metadata: Any, name: str, value: str) -> bool:
    """Whether the metadata of a StripeObject holds that value under that name."""
    return bool(metadata) and metadata.to_dict().get(name) == value
