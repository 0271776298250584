"""Pauses: a while of a subscription in which nothing is charged."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from .connection import our_errors
from .errors import BillingRefused, BillingUnavailable
from .facts import SubscriptionFacts
from .subscriptions import SUBSCRIPTION_EXPAND, Subscriptions, subscription_facts
from .values import id_of

# Around the end of a period Stripe is about to make an invoice; what is charged is not touched then.
AROUND_A_BOUNDARY = timedelta(minutes=5)


class Pauses(Subscriptions):
    """Begins pauses and ends them."""

    def pause(self, stripe_id: str, *, starts_at: datetime, ends_at: datetime) -> SubscriptionFacts:
        """Charge nothing from the end of the paid period, `starts_at`, until `ends_at`. Doing it twice changes nothing.

        Raises BillingRefused unless the present period ends then and is paid: what is still open would be void, too.
        """
        with our_errors():
            found = self._client.v1.subscriptions.retrieve(stripe_id, {"expand": SUBSCRIPTION_EXPAND}).to_dict()
            customer = self._client.v1.customers.retrieve(id_of(found["customer"])).to_dict()
        facts, invoice = subscription_facts(found), found.get("latest_invoice") or {}
        if (facts.status, facts.period_ends_at, facts.ends_at) != ("active", starts_at, None):
            raise BillingRefused(_("Your subscription has changed meanwhile. Please open your account and look again."))
        if invoice.get("status") != "paid":
            raise BillingRefused(_("The payment of the present period is still under way. Please pause after it."))
        if customer.get("balance", 0) < 0:
            raise BillingRefused(
                _("You have paid for more than the present period. Please write to us and we pause it.")
            )
        dates = {"paused_from": f"{starts_at.timestamp():.0f}", "paused_until": f"{ends_at.timestamp():.0f}"}
        return self._update(stripe_id, {"pause_collection": {"behavior": "void"}, "metadata": dates})

    def resume(self, stripe_id: str, *, at: datetime, key: str) -> SubscriptionFacts:
        """End a pause: before it began nothing has happened; afterwards a new period is charged and begins at once.

        Without a pause nothing changes. Raises BillingUnavailable while Stripe is about to begin a period by itself.
        """
        with our_errors():
            found = self._client.v1.subscriptions.retrieve(stripe_id, {"expand": SUBSCRIPTION_EXPAND}).to_dict()
        facts = subscription_facts(found)
        subscriptions = self._client.v1.subscriptions
        if facts.status == "paused":
            with our_errors():
                return self._facts(subscriptions.resume(stripe_id, {"expand": SUBSCRIPTION_EXPAND}).to_dict())
        if facts.pause_starts_at is None:
            return self._facts(found)
        wish: Any = {"pause_collection": "", "metadata": {"paused_from": "", "paused_until": ""}}
        # In its first hour the invoice of a period is a draft, and is charged by itself once nothing voids it.
        will_be_charged = (found.get("latest_invoice") or {}).get("status") == "draft"
        if at < facts.pause_starts_at or will_be_charged:
            return self._update(stripe_id, wish)
        if facts.period_ends_at <= at + AROUND_A_BOUNDARY:
            raise BillingUnavailable("Stripe is about to begin the next period.")
        wish |= {"billing_cycle_anchor": {"type": "now"}, "proration_behavior": "none", "expand": SUBSCRIPTION_EXPAND}
        return self._once(
            key,
            lambda options: self._facts(subscriptions.update(stripe_id, wish, options).to_dict()),
            or_find=lambda: self._if_not_paused(stripe_id),
        )

    def _if_not_paused(self, stripe_id: str) -> SubscriptionFacts | None:
        facts = self.subscription(stripe_id)
        return None if facts.status == "paused" or facts.pause_starts_at else facts
