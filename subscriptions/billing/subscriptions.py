"""Subscriptions as Stripe has them, and how their present state reads in our facts.

Periods live on the subscription's items; a cancellation is `cancel_at`, or the end of the period where only
`cancel_at_period_end` is set.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from .connection import Line, our_errors
from .errors import BillingRefused
from .facts import SubscriptionFacts
from .values import card_of, id_of, moment, moment_or_none

SUBSCRIPTION_EXPAND = ["latest_invoice", "default_payment_method"]


class Subscriptions(Line):
    """Reads subscriptions, one or many."""

    def subscription(self, stripe_id: str) -> SubscriptionFacts:
        """The present state of a subscription."""
        return self._facts(self._read(f"/v1/subscriptions/{quote(stripe_id, safe='')}", expand=SUBSCRIPTION_EXPAND))

    def _facts(self, given: dict[str, Any]) -> SubscriptionFacts:
        """The facts of a subscription, with those that only further questions tell."""
        facts = subscription_facts(given)
        if facts.status == "past_due" and facts.unpaid_since:
            with our_errors():
                facts = replace(facts, needs_confirmation=self._needs_confirmation(given["latest_invoice"]["id"]))
        if facts.status == "canceled" and not facts.unpaid_since:
            facts = replace(facts, unpaid_since=self._payable_since(facts.stripe_id))
        if facts.is_discounted:
            cents = self._discounted_cents(facts)
            facts = replace(facts, discounted_cents=cents, is_discounted=cents is not None)
        return facts

    def _payable_since(self, stripe_id: str) -> datetime | None:
        """Since when an older invoice than the latest one can be paid; a switch leaves one behind that had failed."""
        with our_errors():
            found = self._client.v1.invoices.list({"subscription": stripe_id, "status": "open", "limit": 1})
        return moment_or_none(found.data[0].created) if found.data else None

    def _discounted_cents(self, facts: SubscriptionFacts) -> int | None:
        """What the next invoice will come to by Stripe's own preview, or None where that is the price."""
        try:
            with our_errors():
                cents = self._client.v1.invoices.create_preview({"subscription": facts.stripe_id}).total
        except BillingRefused:
            return None
        return cents if cents < facts.price_cents else None

    def _needs_confirmation(self, invoice_id: str) -> bool:
        made = self._client.v1.invoice_payments.list({"invoice": invoice_id, "status": "open", "limit": 1})
        payment_id = id_of(made.data[0].to_dict()["payment"].get("payment_intent")) if made.data else ""
        return bool(payment_id) and self._client.v1.payment_intents.retrieve(payment_id).status == "requires_action"

    def subscriptions_of(self, customer_id: str) -> list[SubscriptionFacts]:
        """All subscriptions a customer ever had, newest first."""
        return [self._facts(one) for page in self._subscriptions({"customer": customer_id}) for one in page]

    def every_subscription(self, *, starting_after: str = "") -> Iterator[list[SubscriptionFacts]]:
        """All subscriptions there are, newest first, 100 at a time; `starting_after` is the last one seen before."""
        pages = self._subscriptions({"starting_after": starting_after} if starting_after else {})
        return ([subscription_facts(one) for one in page] for page in pages)

    def _subscriptions(self, which: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
        expand = [f"data.{name}" for name in SUBSCRIPTION_EXPAND]
        page = None
        while page is None or page["has_more"]:
            params: Any = {"status": "all", "limit": 100, "expand": expand, **which}
            if page:
                params["starting_after"] = page["data"][-1]["id"]
            page = self._read("/v1/subscriptions", **params)
            if page["data"]:
                yield page["data"]

    def _update(self, stripe_id: str, params: dict[str, Any]) -> SubscriptionFacts:
        with our_errors():
            wish: Any = {**params, "expand": SUBSCRIPTION_EXPAND}
            changed = self._client.v1.subscriptions.update(stripe_id, wish)
        return self._facts(changed.to_dict())


def subscription_facts(given: dict[str, Any]) -> SubscriptionFacts:
    """What one answer of Stripe's says of a subscription; its invoice and card must be expanded."""
    items = given["items"]["data"]
    period_end = max(item["current_period_end"] for item in items)
    ends_at = given.get("ended_at") or given.get("cancel_at") or (period_end if given["cancel_at_period_end"] else None)
    invoice = given.get("latest_invoice")
    unpaid = invoice if isinstance(invoice, dict) and invoice.get("status") == "open" else {}
    card = card_of(given.get("default_payment_method"))
    return SubscriptionFacts(
        stripe_id=given["id"],
        customer_id=id_of(given["customer"]),
        status=given["status"],
        price_id=items[0]["price"]["id"],
        price_cents=items[0]["price"].get("unit_amount") or 0,
        interval=(items[0]["price"].get("recurring") or {}).get("interval") or "month",
        started_at=moment(given["start_date"]),
        period_starts_at=moment(min(item["current_period_start"] for item in items)),
        period_ends_at=moment(period_end),
        trial_ends_at=moment_or_none(given.get("trial_end")),
        ends_at=moment_or_none(ends_at),
        cancelled_at=moment_or_none(given.get("canceled_at")),
        unpaid_since=moment_or_none(unpaid.get("created")),
        unpaid_cents=unpaid.get("amount_remaining", 0),
        card_brand=card.get("brand", ""),
        card_last4=card.get("last4", ""),
        fingerprint=card.get("fingerprint", ""),
        attempt_id=(given.get("metadata") or {}).get("attempt", ""),
        billing_country=card.get("billing_country", ""),
        payment_country=card.get("country", ""),
        card_expires_on=_last_day_of(card),
        invoiced_cents=invoice.get("total") if isinstance(invoice, dict) else None,
        payment_pending=given["status"] == "active" and _is_under_way(unpaid),
        ended_unpaid=given["status"] == "canceled" and _has_failed(given),
        first_payment_failed=_has_failed(given) and _is_first_and_unpaid(invoice),
        is_discounted=bool(given.get("discounts")) and given["status"] in ("trialing", "active") and ends_at is None,
        put_off_from=_put_off_from(given),
        **_pause_of(given),
    )


def _is_under_way(invoice: dict[str, Any]) -> bool:
    """Whether an open invoice was charged and the bank has not answered: a refusal would have made it past due."""
    return bool(invoice.get("attempted")) and invoice.get("next_payment_attempt") is None


def _has_failed(given: dict[str, Any]) -> bool:
    if given["status"] == "canceled":
        return (given.get("cancellation_details") or {}).get("reason") == "payment_failed"
    return given["status"] in ("past_due", "unpaid")


def _is_first_and_unpaid(invoice: Any) -> bool:
    return isinstance(invoice, dict) and (invoice.get("billing_reason"), invoice.get("status")) in [
        ("subscription_create", status) for status in ("open", "void", "uncollectible")
    ]


def _put_off_from(given: dict[str, Any]) -> datetime | None:
    """When the renewal was due whose new date is the end of what Stripe calls a trial. Older dates do not count."""
    about = given.get("metadata") or {}
    since, until = about.get("put_off_from", ""), about.get("put_off_until", "")
    if not since.isdecimal() or len(since) > 11 or until != str(given.get("trial_end")):
        return None
    return moment(int(since))


def _pause_of(given: dict[str, Any]) -> dict[str, Any]:
    """From when until when it is paused by us. A pause of Stripe's that has no dates of ours changes nothing here."""
    about = given.get("metadata") or {}
    dates = [about.get(name, "") for name in ("paused_from", "paused_until")]
    if not given.get("pause_collection") or not all(one.isdecimal() and len(one) < 12 for one in dates):
        return {}
    starts_at, ends_at = (moment(int(one)) for one in dates)
    return {"pause_starts_at": starts_at, "pause_ends_at": ends_at} if starts_at < ends_at else {}


def _last_day_of(card: dict[str, Any]) -> date | None:
    """The last day on which a card works: that of its month."""
    if not card.get("exp_year") or not card.get("exp_month"):
        return None
    return date(card["exp_year"], card["exp_month"], monthrange(card["exp_year"], card["exp_month"])[1])
