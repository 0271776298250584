"""Changes of a subscription: cancelled and kept, to another plan, ended at once."""

from typing import Any

from django.utils.translation import gettext as _

from .connection import our_errors
from .errors import BillingRefused
from .facts import SubscriptionFacts, SwitchFacts
from .subscriptions import SUBSCRIPTION_EXPAND, Subscriptions, subscription_facts
from .values import id_of, moment

# Stripe's words for a subscription that will never run again.
ENDED_STATUSES = ("canceled", "incomplete_expired")


class Changes(Subscriptions):
    """Changes how a subscription goes on."""

    def cancel_at_period_end(self, stripe_id: str) -> SubscriptionFacts:
        """End a subscription with what is paid (or free) of it; nothing more is charged."""
        return self._update(stripe_id, {"cancel_at_period_end": True})

    def keep(self, stripe_id: str) -> SubscriptionFacts:
        """Take a cancellation back, whether it was set here (the flag) or in the portal (the date)."""
        if self.subscription(stripe_id).status == "canceled":
            raise BillingRefused(_("This subscription has already ended."))
        return self._update(stripe_id, {"cancel_at_period_end": False, "cancel_at": ""})

    def preview_switch(self, stripe_id: str, price_id: str) -> SwitchFacts:
        """What changing to another price would cost, by Stripe's own calculation."""
        with our_errors():
            now = self._client.v1.subscriptions.retrieve(stripe_id).to_dict()
            preview = self._client.v1.invoices.create_preview(
                {
                    "subscription": stripe_id,
                    "subscription_details": {
                        "items": [{"id": now["items"]["data"][0]["id"], "price": price_id}],
                        "proration_behavior": _proration(now),
                    },
                }
            ).to_dict()
            price = self._client.v1.prices.retrieve(price_id).to_dict()
        if now["status"] == "trialing":
            return SwitchFacts(0, price["unit_amount"], moment(now["trial_end"]))
        credit = max(-(preview["starting_balance"] + preview["total"]), 0)
        return SwitchFacts(
            due_now_cents=max(preview["amount_due"], 0),
            next_charge_cents=max(price["unit_amount"] - credit, 0),
            next_charge_at=moment(_new_period_end(preview, price_id)),
            credit_cents=credit,
        )

    def switch(self, stripe_id: str, price_id: str, *, key: str) -> SubscriptionFacts:
        """Change to another price. A trial goes on and nothing is charged; later the unused rest is set off."""
        with our_errors():
            now = self._client.v1.subscriptions.retrieve(stripe_id).to_dict()
        wish: Any = {
            "items": [{"id": now["items"]["data"][0]["id"], "price": price_id}],
            "proration_behavior": _proration(now),
            "payment_behavior": "error_if_incomplete",
            "expand": SUBSCRIPTION_EXPAND,
        }
        return self._once(
            key,
            lambda options: self._facts(self._client.v1.subscriptions.update(stripe_id, wish, options).to_dict()),
            or_find=lambda: self._if_priced(stripe_id, price_id),
        )

    def _if_priced(self, stripe_id: str, price_id: str) -> SubscriptionFacts | None:
        facts = self.subscription(stripe_id)
        return facts if facts.price_id == price_id else None

    def end_now(self, stripe_id: str) -> SubscriptionFacts:
        """End a subscription at once, without a closing invoice. One that has ended stays as it is."""
        facts = self.subscription(stripe_id)
        if facts.status in ENDED_STATUSES:
            return facts
        try:
            with our_errors():
                ended = self._client.v1.subscriptions.cancel(
                    stripe_id, {"invoice_now": False, "prorate": False, "expand": SUBSCRIPTION_EXPAND}
                )
        except BillingRefused:
            # Deleting knows no keys: where the answer was lost, the repetition finds nothing left to end.
            facts = self.subscription(stripe_id)
            if facts.status in ENDED_STATUSES:
                return facts
            raise
        return subscription_facts(ended.to_dict())


def _new_period_end(preview: dict[str, Any], price_id: str) -> int:
    """When the first period of the new price ends: its own line, not the credit for the old one."""
    lines = preview["lines"]["data"]
    of_price = [line for line in lines if _price_of(line) == price_id] or lines
    return max(line["period"]["end"] for line in of_price)


def _price_of(line: dict[str, Any]) -> str:
    return id_of(((line.get("pricing") or {}).get("price_details") or {}).get("price"))


def _proration(subscription: dict[str, Any]) -> str:
    return "none" if subscription["status"] == "trialing" else "always_invoice"
