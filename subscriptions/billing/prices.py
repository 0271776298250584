"""Prices: what a plan costs, found again by its lookup key."""

from typing import Any

from .connection import Line, our_errors


class Prices(Line):
    """Finds prices and makes what is missing."""

    def price_of(self, lookup_key: str) -> str | None:
        """The id of the price on sale with this lookup key, or None."""
        with our_errors():
            found = self._client.v1.prices.list({"lookup_keys": [lookup_key], "active": True, "limit": 1})
        return found.data[0].id if found.data else None

    def make_price(self, *, lookup_key: str, product: str, cents: int, currency: str, interval: str) -> str:
        """Make a price, with a product of that name, and return its id; without an interval it is paid once."""
        wish: Any = {
            "currency": currency,
            "unit_amount": cents,
            "lookup_key": lookup_key,
            "tax_behavior": "inclusive",
            "product_data": {"name": product},
        }
        if interval:
            wish["recurring"] = {"interval": interval}
        with our_errors():
            made = self._client.v1.prices.create(wish)
        return made.id
