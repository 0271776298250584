"""The next charge: its date and its price, changed without charging or crediting anything now."""

from datetime import datetime
from typing import Any

from .connection import our_errors
from .errors import BillingRefused
from .facts import SubscriptionFacts
from .subscriptions import SUBSCRIPTION_EXPAND, Subscriptions, subscription_facts

CHANGED = "The subscription has changed meanwhile."


class NextCharge(Subscriptions):
    """Moves the next charge, and gives it another price."""

    def put_off(self, stripe_id: str, *, charge_at: datetime, until: datetime) -> SubscriptionFacts:
        """Charge at `until` what would be charged at `charge_at`; the reader reads on. Doing it twice changes nothing.

        A pause ends later. Otherwise it is Stripe's `trial_end`, without proration; where that is a renewal, its
        first date goes into the metadata. Raises BillingRefused where the next charge is at neither of the two.
        """
        with our_errors():
            found = self._client.v1.subscriptions.retrieve(stripe_id, {"expand": SUBSCRIPTION_EXPAND}).to_dict()
        facts = subscription_facts(found)
        next_charge_at = facts.pause_ends_at or facts.period_ends_at
        if facts.status not in ("trialing", "active") or facts.ends_at or next_charge_at not in (charge_at, until):
            raise BillingRefused(CHANGED)
        if next_charge_at == until:
            return self._facts(found)
        end = f"{until.timestamp():.0f}"
        if facts.pause_ends_at:
            return self._update(stripe_id, {"metadata": {"paused_until": end}})
        wish: dict[str, Any] = {"trial_end": int(end), "proration_behavior": "none"}
        if facts.status == "active" or facts.put_off_from:
            since = facts.put_off_from or charge_at
            wish["metadata"] = {"put_off_from": f"{since.timestamp():.0f}", "put_off_until": end}
        return self._update(stripe_id, wish)

    def reprice(self, stripe_id: str, price_id: str) -> SubscriptionFacts:
        """Charge another price of the same interval from the next period on. Doing it twice changes nothing."""
        with our_errors():
            item = self._client.v1.subscriptions.retrieve(stripe_id).to_dict()["items"]["data"][0]
        wish = {"items": [{"id": item["id"], "price": price_id}], "proration_behavior": "none"}
        return self._update(stripe_id, wish)
