"""Stripe, and the only file that knows it: a handful of calls, our own frozen facts out, our own errors out.

Facts of the pinned API that shape this file (docs/billing.md): periods live on the subscription's items; a
cancellation is `cancel_at`, or the end of the period where only `cancel_at_period_end` is set; the SDK has a
timeout of 80 seconds, no retries unless told and none of a 429 at all; a StripeObject is no dict.
"""

import json
import threading
import time
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlsplit

import requests
import stripe
from django.conf import settings

from . import calls

# Under how many keys one thing is asked for, where Stripe keeps answering with an error of its own.
KEYS_PER_INTENTION = 3
# Stripe's words for a subscription that will never run again.
ENDED_STATUSES = ("canceled", "incomplete_expired")
LONGEST_EVENT_ID = 80
SUBSCRIPTION_EXPAND = ["latest_invoice", "default_payment_method"]
# Around the end of a period Stripe is about to make an invoice; what is charged is not touched then.
AROUND_A_BOUNDARY = timedelta(minutes=5)
# Stripe Tax finds the rate by the address that is typed on the payment page; our prices hold the tax already.
TAX_PARAMS: Any = {
    "automatic_tax": {"enabled": True},
    "customer_update": {"address": "auto", "name": "auto"},
    "tax_id_collection": {"enabled": True},
}
# By this, in its metadata, we know our own portal configuration again.
PORTAL_MARK = "newsroom"


class BillingError(Exception):
    """Something between us and Stripe went wrong; nothing was changed unless a later look says so."""


class BillingUnavailable(BillingError):
    """Stripe cannot be reached or is out of order. Trying again later is right."""


class BillingRefused(BillingError):
    """Stripe understood and said no. Trying the same again is useless."""


class BillingUnknown(BillingRefused):
    """Stripe knows nothing of this number."""


class _Undecided(BillingUnavailable):
    """Stripe keeps an error under the key of a request: repeating it says nothing new, and it may have been done."""


class NotFromStripe(BillingError):
    """A delivered event that Stripe did not sign, or that cannot be read."""


@dataclass(frozen=True)
class SubscriptionFacts:
    """What Stripe says of one subscription. Moments are UTC; `status` is Stripe's own word."""

    stripe_id: str
    customer_id: str
    status: str
    price_id: str
    price_cents: int
    interval: str
    started_at: datetime
    period_starts_at: datetime
    period_ends_at: datetime
    trial_ends_at: datetime | None = None
    ends_at: datetime | None = None
    cancelled_at: datetime | None = None
    unpaid_since: datetime | None = None
    unpaid_cents: int = 0
    card_brand: str = ""
    card_last4: str = ""
    # Stripe's mark of the card or bank account: the same for whoever uses it.
    fingerprint: str = ""
    card_expires_on: date | None = None
    # The bank wants its customer to confirm the open payment (strong customer authentication, law.md L9).
    needs_confirmation: bool = False
    # A debit of the latest invoice is under way; banks take up to five days.
    payment_pending: bool = False
    # What the latest invoice came to.
    invoiced_cents: int | None = None
    # The very first invoice was charged and came back: nothing was ever paid.
    first_payment_failed: bool = False
    # Stripe has ended it by itself since nothing came of its last try.
    ended_unpaid: bool = False
    # What the next charge comes to, where a promotion code makes it less than the price.
    discounted_cents: int | None = None
    # Whether a discount is running: all that a list of subscriptions tells of `discounted_cents`.
    is_discounted: bool = False
    pause_starts_at: datetime | None = None
    pause_ends_at: datetime | None = None


@dataclass(frozen=True)
class CheckoutFacts:
    """What Stripe says of one payment page."""

    session_id: str
    status: str
    url: str
    expires_at: datetime
    customer_id: str
    attempt_id: str
    subscription_id: str = ""


@dataclass(frozen=True)
class InvoiceFacts:
    """One line of the reader's list of invoices. `total_cents` is gross."""

    number: str
    made_at: datetime
    total_cents: int
    status: str
    description: str
    pdf_url: str
    page_url: str


@dataclass(frozen=True)
class SwitchFacts:
    """What a change of plan costs, in Stripe's own numbers: due at once, and at the next charge.

    `credit_cents` is what remains of the old plan after the first period of the new one; it pays for later periods.
    """

    due_now_cents: int
    next_charge_cents: int
    next_charge_at: datetime
    credit_cents: int = 0


@dataclass(frozen=True)
class PaymentFacts:
    """One payment for a subscription, found through its invoice, and the period it paid for. Money in cents, gross."""

    stripe_id: str
    invoice_id: str
    paid_cents: int
    refunded_cents: int
    paid_at: datetime
    period_starts_at: datetime | None = None
    period_ends_at: datetime | None = None
    # What it was paid with, and what it goes back to.
    card_brand: str = ""
    card_last4: str = ""

    @property
    def refundable_cents(self) -> int:
        """What can still be given back."""
        return max(self.paid_cents - self.refunded_cents, 0)

    @property
    def is_given_back(self) -> bool:
        """Whether all of it was given back."""
        return self.paid_cents > 0 and self.refundable_cents == 0

    def covers(self, at: datetime) -> bool:
        """Whether that moment was paid for with it."""
        starts, ends = self.period_starts_at, self.period_ends_at
        return starts is not None and ends is not None and starts <= at < ends


@dataclass(frozen=True)
class RefundFacts:
    """One refund. `status` is Stripe's own word: pending, succeeded, failed, canceled, requires_action."""

    stripe_id: str
    status: str
    cents: int
    # The intention of ours that it came from; empty for one that was made in the Dashboard.
    key: str = ""
    made_at: datetime | None = None
    why_failed: str = ""


@dataclass(frozen=True)
class DisputeFacts:
    """One payment called wrong by its payer. `status` and `reason` are Stripe's own words."""

    stripe_id: str
    status: str
    cents: int
    reason: str
    opened_at: datetime
    answer_by: datetime | None = None


@dataclass(frozen=True)
class EventFacts:
    """One delivered event: a hint that something changed, never the truth about it."""

    stripe_id: str
    kind: str
    customer_id: str
    subscription_id: str
    session_id: str
    payload: dict[str, Any] = field(repr=False, hash=False)
    # Of refunds, disputes and charges, which say neither subscription nor, often, customer.
    payment_id: str = ""
    charge_id: str = ""


class Billing(Protocol):
    """What the site asks of a billing provider. Every method may raise BillingUnavailable or BillingRefused."""

    def make_customer(self, *, reader_id: int, email: str, key: str) -> str: ...

    def customer_of(self, *, reader_id: int, email: str) -> str | None: ...

    def is_deleted(self, customer_id: str) -> bool: ...

    def price_of(self, lookup_key: str) -> str | None: ...

    def make_price(self, *, lookup_key: str, product: str, cents: int, currency: str, interval: str) -> str: ...

    def open_checkout(self, order: "Order") -> CheckoutFacts: ...

    def checkout(self, session_id: str) -> CheckoutFacts: ...

    def checkout_of(self, customer_id: str, attempt_id: str) -> CheckoutFacts | None: ...

    def close_checkout(self, session_id: str) -> None: ...

    def subscription(self, stripe_id: str) -> SubscriptionFacts: ...

    def subscriptions_of(self, customer_id: str) -> list[SubscriptionFacts]: ...

    def every_subscription(self, *, starting_after: str = "") -> Iterator[list[SubscriptionFacts]]: ...

    def cancel_at_period_end(self, stripe_id: str) -> SubscriptionFacts: ...

    def keep(self, stripe_id: str) -> SubscriptionFacts: ...

    def pause(self, stripe_id: str, *, starts_at: datetime, ends_at: datetime) -> SubscriptionFacts: ...

    def resume(self, stripe_id: str, *, at: datetime, key: str) -> SubscriptionFacts: ...

    def preview_switch(self, stripe_id: str, price_id: str) -> SwitchFacts: ...

    def switch(self, stripe_id: str, price_id: str, *, key: str) -> SubscriptionFacts: ...

    def end_now(self, stripe_id: str) -> SubscriptionFacts: ...

    def payments_of(self, stripe_id: str) -> list[PaymentFacts]: ...

    def refund(self, payment_id: str, cents: int, *, key: str) -> RefundFacts: ...

    def refunds_of(self, payment_id: str) -> list[RefundFacts]: ...

    def disputes_of(self, payment_id: str) -> list[DisputeFacts]: ...

    def payment_of_charge(self, charge_id: str) -> str: ...

    def subscription_of_payment(self, payment_id: str) -> str: ...

    def payments_touched_since(self, since: datetime) -> list[str]: ...

    def open_invoice_page(self, stripe_id: str) -> str: ...

    def void_open_invoices(self, stripe_id: str) -> None: ...

    def invoices(self, customer_id: str, *, limit: int = 24) -> list[InvoiceFacts]: ...

    def card_page(self, customer_id: str, *, return_url: str) -> str: ...

    def portal_page(self, customer_id: str, *, return_url: str) -> str: ...

    def portal(self) -> str: ...

    def verified_event(self, body: bytes, signature: str) -> EventFacts: ...


@dataclass(frozen=True)
class Order:
    """What a reader agreed to on our own page; Stripe only takes the card."""

    attempt_id: str
    customer_id: str
    price_id: str
    trial_days: int
    success_url: str
    cancel_url: str
    terms_version: str


Made = TypeVar("Made")


@cache
def gateway() -> Billing:
    """The provider this site was set up with."""
    return StripeBilling(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


class StripeBilling:
    """Stripe, or the local one where `api_base` says so."""

    def __init__(self, secret_key: str, api_base: str = "") -> None:
        self._client = stripe.StripeClient(
            secret_key,
            http_client=_Connection(),
            base_addresses={"api": api_base} if api_base else {},
        )
        self._is_live = "_live_" in secret_key

    def make_customer(self, *, reader_id: int, email: str, key: str) -> str:
        """Make a customer for a reader and return its id. The same `key` makes the same one for 24 hours."""
        customers = self._client.v1.customers
        return self._once(
            key,
            lambda options: customers.create({"email": email, "metadata": {"reader": str(reader_id)}}, options).id,
            or_find=lambda: self.customer_of(reader_id=reader_id, email=email),
        )

    def customer_of(self, *, reader_id: int, email: str) -> str | None:
        """The customer that was made for a reader at that address, if there is one; the oldest where there are two."""
        with _our_errors():
            page = self._client.v1.customers.list({"email": email, "limit": 100})
            found = [one.id for one in page.auto_paging_iter() if _says(one.metadata, "reader", str(reader_id))]
        return found[-1] if found else None

    def is_deleted(self, customer_id: str) -> bool:
        """Whether Stripe has deleted this customer. Raises BillingUnknown where the account never had them."""
        with _our_errors():
            return bool(self._client.v1.customers.retrieve(customer_id).to_dict().get("deleted"))

    def price_of(self, lookup_key: str) -> str | None:
        """The id of the price on sale with this lookup key, or None."""
        with _our_errors():
            found = self._client.v1.prices.list({"lookup_keys": [lookup_key], "active": True, "limit": 1})
        return found.data[0].id if found.data else None

    def make_price(self, *, lookup_key: str, product: str, cents: int, currency: str, interval: str) -> str:
        """Make a recurring price, with a product of that name, and return its id."""
        with _our_errors():
            made = self._client.v1.prices.create(
                {
                    "currency": currency,
                    "unit_amount": cents,
                    "lookup_key": lookup_key,
                    "recurring": {"interval": interval},
                    "tax_behavior": "inclusive",
                    "product_data": {"name": product},
                }
            )
        return made.id

    def open_checkout(self, order: Order) -> CheckoutFacts:
        """Open a payment page for an order. The attempt's id is the key: the same order opens the same page."""
        page = _checkout_params(order)
        return self._once(
            f"checkout-{order.attempt_id}",
            lambda options: _checkout_facts(self._client.v1.checkout.sessions.create(page, options).to_dict()),
            or_find=lambda: self._if_open(self.checkout_of(order.customer_id, order.attempt_id)),
        )

    def _if_open(self, facts: CheckoutFacts | None) -> CheckoutFacts | None:
        return facts if facts and facts.status == "open" else None

    def checkout(self, session_id: str) -> CheckoutFacts:
        """What became of a payment page."""
        with _our_errors():
            return _checkout_facts(self._client.v1.checkout.sessions.retrieve(session_id).to_dict())

    def checkout_of(self, customer_id: str, attempt_id: str) -> CheckoutFacts | None:
        """The payment page that was opened for an attempt, if there is one, also after its key is forgotten."""
        with _our_errors():
            page = self._client.v1.checkout.sessions.list({"customer": customer_id, "limit": 100})
            found = (_checkout_facts(one.to_dict()) for one in page.auto_paging_iter())
            return next((facts for facts in found if facts.attempt_id == attempt_id), None)

    def close_checkout(self, session_id: str) -> None:
        """Make an open payment page unusable. One that is already paid or expired stays as it is."""
        with _our_errors():
            try:
                self._client.v1.checkout.sessions.expire(session_id)
            except stripe.InvalidRequestError:
                return

    def subscription(self, stripe_id: str) -> SubscriptionFacts:
        """The present state of a subscription."""
        return self._facts(self._read(f"/v1/subscriptions/{quote(stripe_id, safe='')}", expand=SUBSCRIPTION_EXPAND))

    def _facts(self, given: dict[str, Any]) -> SubscriptionFacts:
        """The facts of a subscription, with those that only further questions tell."""
        facts = _subscription_facts(given)
        if facts.status == "past_due" and facts.unpaid_since:
            with _our_errors():
                facts = replace(facts, needs_confirmation=self._needs_confirmation(given["latest_invoice"]["id"]))
        if facts.is_discounted:
            cents = self._discounted_cents(facts)
            facts = replace(facts, discounted_cents=cents, is_discounted=cents is not None)
        return facts

    def _discounted_cents(self, facts: SubscriptionFacts) -> int | None:
        """What the next invoice will come to by Stripe's own preview, or None where that is the price."""
        try:
            with _our_errors():
                cents = self._client.v1.invoices.create_preview({"subscription": facts.stripe_id}).total
        except BillingRefused:
            return None
        return cents if cents < facts.price_cents else None

    def _needs_confirmation(self, invoice_id: str) -> bool:
        made = self._client.v1.invoice_payments.list({"invoice": invoice_id, "status": "open", "limit": 1})
        payment_id = _id(made.data[0].to_dict()["payment"].get("payment_intent")) if made.data else ""
        return bool(payment_id) and self._client.v1.payment_intents.retrieve(payment_id).status == "requires_action"

    def subscriptions_of(self, customer_id: str) -> list[SubscriptionFacts]:
        """All subscriptions a customer ever had, newest first."""
        return [self._facts(one) for page in self._subscriptions({"customer": customer_id}) for one in page]

    def every_subscription(self, *, starting_after: str = "") -> Iterator[list[SubscriptionFacts]]:
        """All subscriptions there are, newest first, 100 at a time; `starting_after` is the last one seen before."""
        pages = self._subscriptions({"starting_after": starting_after} if starting_after else {})
        return ([_subscription_facts(one) for one in page] for page in pages)

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

    def cancel_at_period_end(self, stripe_id: str) -> SubscriptionFacts:
        """End a subscription with what is paid (or free) of it; nothing more is charged."""
        return self._update(stripe_id, {"cancel_at_period_end": True})

    def keep(self, stripe_id: str) -> SubscriptionFacts:
        """Take a cancellation back, whether it was set here (the flag) or in the portal (the date)."""
        if self.subscription(stripe_id).status == "canceled":
            raise BillingRefused("This subscription has already ended.")
        return self._update(stripe_id, {"cancel_at_period_end": False, "cancel_at": ""})

    def pause(self, stripe_id: str, *, starts_at: datetime, ends_at: datetime) -> SubscriptionFacts:
        """Charge nothing from the end of the paid period, `starts_at`, until `ends_at`. Doing it twice changes nothing.

        Raises BillingRefused unless the present period ends then and is paid: what is still open would be void, too.
        """
        with _our_errors():
            found = self._client.v1.subscriptions.retrieve(stripe_id, {"expand": SUBSCRIPTION_EXPAND}).to_dict()
            customer = self._client.v1.customers.retrieve(_id(found["customer"])).to_dict()
        facts, invoice = _subscription_facts(found), found.get("latest_invoice") or {}
        if (facts.status, facts.period_ends_at, facts.ends_at) != ("active", starts_at, None):
            raise BillingRefused("Your subscription has changed meanwhile. Please open your account and look again.")
        if invoice.get("status") != "paid":
            raise BillingRefused("The payment of the present period is still under way. Please pause after it.")
        if customer.get("balance", 0) < 0:
            raise BillingRefused("You have paid for more than the present period. Please write to us and we pause it.")
        dates = {"paused_from": f"{starts_at.timestamp():.0f}", "paused_until": f"{ends_at.timestamp():.0f}"}
        return self._update(stripe_id, {"pause_collection": {"behavior": "void"}, "metadata": dates})

    def resume(self, stripe_id: str, *, at: datetime, key: str) -> SubscriptionFacts:
        """End a pause: before it began nothing has happened; afterwards a new period is charged and begins at once.

        Without a pause nothing changes. Raises BillingUnavailable while Stripe is about to begin a period by itself.
        """
        with _our_errors():
            found = self._client.v1.subscriptions.retrieve(stripe_id, {"expand": SUBSCRIPTION_EXPAND}).to_dict()
        facts = _subscription_facts(found)
        subscriptions = self._client.v1.subscriptions
        if facts.status == "paused":
            with _our_errors():
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

    def preview_switch(self, stripe_id: str, price_id: str) -> SwitchFacts:
        """What changing to another price would cost, by Stripe's own calculation."""
        with _our_errors():
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
            return SwitchFacts(0, price["unit_amount"], _moment(now["trial_end"]))
        credit = max(-(preview["starting_balance"] + preview["total"]), 0)
        return SwitchFacts(
            due_now_cents=max(preview["amount_due"], 0),
            next_charge_cents=max(price["unit_amount"] - credit, 0),
            next_charge_at=_moment(_new_period_end(preview, price_id)),
            credit_cents=credit,
        )

    def switch(self, stripe_id: str, price_id: str, *, key: str) -> SubscriptionFacts:
        """Change to another price. A trial goes on and nothing is charged; later the unused rest is set off."""
        with _our_errors():
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
            with _our_errors():
                ended = self._client.v1.subscriptions.cancel(
                    stripe_id, {"invoice_now": False, "prorate": False, "expand": SUBSCRIPTION_EXPAND}
                )
        except BillingRefused:
            # Deleting knows no keys: where the answer was lost, the repetition finds nothing left to end.
            facts = self.subscription(stripe_id)
            if facts.status in ENDED_STATUSES:
                return facts
            raise
        return _subscription_facts(ended.to_dict())

    def payments_of(self, stripe_id: str) -> list[PaymentFacts]:
        """What was paid for a subscription and what of it was given back, newest first."""
        with _our_errors():
            found = self._client.v1.invoices.list(
                {"subscription": stripe_id, "status": "paid", "limit": 100, "expand": ["data.payments"]}
            )
            invoices = [one.to_dict() for one in found.auto_paging_iter() if one.amount_paid]
            intents = self._intents_of(_id(invoices[0].get("customer"))) if invoices else {}
        return [
            _payment_facts(intents[payment_id], invoice)
            for invoice in invoices
            for payment_id in _payment_ids(invoice)
            if payment_id in intents
        ]

    def _intents_of(self, customer_id: str) -> dict[str, dict[str, Any]]:
        """All payments of a customer with what became of them: one call where asking for each would be dozens."""
        page = self._client.v1.payment_intents.list(
            {"customer": customer_id, "limit": 100, "expand": ["data.latest_charge"]}
        )
        return {one.id: one.to_dict() for one in page.auto_paging_iter()}

    def refund(self, payment_id: str, cents: int, *, key: str) -> RefundFacts:
        """Give back `cents` of a payment, once for each key. Raises BillingRefused where it is too much."""
        wish: Any = {"payment_intent": payment_id, "amount": cents, "metadata": {"key": key}}
        return self._once(
            f"refund-{key}",
            lambda options: _refund_facts(self._client.v1.refunds.create(wish, options)),
            or_find=lambda: self._refund_of(payment_id, key),
        )

    def _refund_of(self, payment_id: str, key: str) -> RefundFacts | None:
        return next((one for one in self.refunds_of(payment_id) if one.key == key), None)

    def refunds_of(self, payment_id: str) -> list[RefundFacts]:
        """Every refund of a payment, whoever made it, newest first."""
        with _our_errors():
            page = self._client.v1.refunds.list({"payment_intent": payment_id, "limit": 100})
            return [_refund_facts(one) for one in page.auto_paging_iter()]

    def disputes_of(self, payment_id: str) -> list[DisputeFacts]:
        """Every dispute about a payment, newest first."""
        with _our_errors():
            page = self._client.v1.disputes.list({"payment_intent": payment_id, "limit": 100})
            return [_dispute_facts(one.to_dict()) for one in page.auto_paging_iter()]

    def payment_of_charge(self, charge_id: str) -> str:
        """The payment that a charge belongs to; empty for a charge without one."""
        with _our_errors():
            return _id(self._client.v1.charges.retrieve(charge_id).to_dict().get("payment_intent"))

    def subscription_of_payment(self, payment_id: str) -> str:
        """The subscription that a payment was for, found through its invoice; empty where it was for none."""
        with _our_errors():
            wanted: Any = {"type": "payment_intent", "payment_intent": payment_id}
            made = self._client.v1.invoice_payments.list({"payment": wanted, "limit": 1, "expand": ["data.invoice"]})
        invoice = made.data[0].to_dict()["invoice"] if made.data else {}
        return _id(((invoice.get("parent") or {}).get("subscription_details") or {}).get("subscription"))

    def payments_touched_since(self, since: datetime) -> list[str]:
        """The payments of which something was given back, or which were disputed, since that moment."""
        wish: Any = {"created": {"gte": int(since.timestamp())}, "limit": 100}
        with _our_errors():
            pages = (self._client.v1.refunds.list(wish), self._client.v1.disputes.list(wish))
            found = [_id(one.payment_intent) for page in pages for one in page.auto_paging_iter()]
        return [payment_id for payment_id in dict.fromkeys(found) if payment_id]

    def open_invoice_page(self, stripe_id: str) -> str:
        """Stripe's page where an open invoice is paid at once, with any card; empty where none is open."""
        with _our_errors():
            found = self._client.v1.invoices.list({"subscription": stripe_id, "status": "open", "limit": 1})
        return _web_address(found.data[0].hosted_invoice_url) if found.data else ""

    def void_open_invoices(self, stripe_id: str) -> None:
        """Let nobody pay any more for a subscription that has ended."""
        with _our_errors():
            found = self._client.v1.invoices.list({"subscription": stripe_id, "status": "open", "limit": 100})
            for invoice in found.auto_paging_iter():
                self._client.v1.invoices.void_invoice(invoice.id)

    def invoices(self, customer_id: str, *, limit: int = 24) -> list[InvoiceFacts]:
        """A customer's finished invoices, newest first."""
        with _our_errors():
            page = self._client.v1.invoices.list({"customer": customer_id, "limit": limit})
            return [_invoice_facts(one.to_dict()) for one in page.data if one.status != "draft"]

    def card_page(self, customer_id: str, *, return_url: str) -> str:
        """The address of Stripe's page where this customer changes the card, and comes back from by itself."""
        after: Any = {"type": "redirect", "redirect": {"return_url": return_url}}
        return self._portal_session(
            {
                "customer": customer_id,
                "return_url": return_url,
                "flow_data": {"type": "payment_method_update", "after_completion": after},
            }
        )

    def portal_page(self, customer_id: str, *, return_url: str) -> str:
        """The address of Stripe's page with a customer's card and invoices."""
        return self._portal_session({"customer": customer_id, "return_url": return_url})

    def _portal_session(self, wish: dict[str, Any]) -> str:
        given: Any = wish | {"configuration": self.portal()}
        with _our_errors():
            return self._client.v1.billing_portal.sessions.create(given).url

    def portal(self) -> str:
        """What readers may do on Stripe's own pages: the default saved at Stripe, else ours, made where it is missing.

        Without a saved one Stripe opens no portal. Plans are switched on our pages, which show the cost first.
        """
        configurations = self._client.v1.billing_portal.configurations
        with _our_errors():
            page = configurations.list({"active": True, "limit": 100})
            found = sorted(page.auto_paging_iter(), key=lambda one: not one.is_default)
            usable = [one.id for one in found if one.is_default or _says(one.metadata, "made_by", PORTAL_MARK)]
            return usable[0] if usable else configurations.create(_portal_params()).id

    def verified_event(self, body: bytes, signature: str) -> EventFacts:
        """The event in a delivery. Raises NotFromStripe for everything that Stripe did not sign for this site.

        The SDK lets a dozen kinds of exception through for hostile bodies (`null`, deep nesting, broken UTF-8).
        """
        for secret in settings.STRIPE_WEBHOOK_SECRETS:
            try:
                stripe.Webhook.construct_event(body, signature, secret)
                _must_not_be_of_tomorrow(signature)
                # As it was sent: the SDK's object holds decimals, which no JSON column takes.
                payload = json.loads(body)
                _must_be_storable(payload)
            except stripe.SignatureVerificationError:
                continue
            except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
                raise NotFromStripe(f"unreadable: {type(error).__name__}") from error
            return _event_facts(payload, is_live=self._is_live)
        raise NotFromStripe("the signature is not Stripe's")

    def _once(self, key: str, make: Callable[[Any], Made], *, or_find: Callable[[], Made | None]) -> Made:
        """Let `make(options)` do something at Stripe exactly once for each `key`.

        Stripe keeps an error under the key as it keeps an answer, and such an error does not say whether the thing
        was done: then `or_find` looks, and what is not there is asked for under the next key.
        """
        for number in range(1, KEYS_PER_INTENTION):
            try:
                return self._made(key, number, make)
            except _Undecided:
                if (found := or_find()) is not None:
                    return found
        return self._made(key, KEYS_PER_INTENTION, make)

    def _made(self, key: str, number: int, make: Callable[[Any], Made]) -> Made:
        with _our_errors():
            return make({"idempotency_key": key if number == 1 else f"{key}-{number}"})

    def _read(self, path: str, **params: Any) -> dict[str, Any]:
        """An answer as plain hashes: for what is read most, since the package's own objects take far longer to make."""
        with _our_errors():
            return self._client.raw_request("get", path, **params).data

    def _update(self, stripe_id: str, params: dict[str, Any]) -> SubscriptionFacts:
        with _our_errors():
            wish: Any = {**params, "expand": SUBSCRIPTION_EXPAND}
            changed = self._client.v1.subscriptions.update(stripe_id, wish)
        return self._facts(changed.to_dict())


class _Connection(stripe.HTTPClient):
    """HTTP with our patience instead of the SDK's: one request, one key, however often it has to be repeated."""

    name = "requests"

    def __init__(self) -> None:
        super().__init__()
        self._of_thread = threading.local()

    def request_with_retries(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        post_data: Any = None,
        max_network_retries: int | None = None,
        *,
        _usage: list[str] | None = None,
    ) -> calls.Answer:
        client, session = self._own()

        def ask(seconds: float) -> calls.Answer:
            session.seconds = seconds
            return calls.Answer(*client.request(method, url, headers, post_data))

        return calls.patiently(ask, no_answer=stripe.APIConnectionError)

    def close(self) -> None:
        """Let go of this thread's connections."""
        self._own()[1].close()

    def _own(self) -> "tuple[stripe.RequestsClient, _Session]":
        """What this thread asks with: a session is not made for several."""
        if not hasattr(self._of_thread, "pair"):
            session = _Session()
            self._of_thread.pair = stripe.RequestsClient(session=session), session
        return self._of_thread.pair


class _Session(requests.Session):
    """Connections whose requests take `seconds` at most: a quarter to connect, the rest for the answer."""

    seconds = 8.0

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        return super().request(*args, **kwargs | {"timeout": (self.seconds / 4, self.seconds * 3 / 4)})


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError, calls.OutOfTime) as error:
        raise BillingUnavailable(str(error)) from error
    except stripe.StripeError as error:
        if isinstance(error, stripe.IdempotencyError) or _was_kept(error):
            raise _Undecided(str(error)) from error
        if error.code == "resource_missing" and error.http_status == 404:
            raise BillingUnknown(error.user_message or str(error)) from error
        status = error.http_status or 0
        # An answer that is no error and cannot be read says nothing; it may have been done.
        if not 400 <= status < 500 or status in (401, 409):
            raise BillingUnavailable(str(error)) from error
        raise BillingRefused(error.user_message or str(error)) from error


def _was_kept(error: stripe.StripeError) -> bool:
    return (error.http_status or 0) >= 500 and calls.was_kept(error.headers or {})


def _subscription_facts(given: dict[str, Any]) -> SubscriptionFacts:
    items = given["items"]["data"]
    period_end = max(item["current_period_end"] for item in items)
    ends_at = given.get("ended_at") or given.get("cancel_at") or (period_end if given["cancel_at_period_end"] else None)
    invoice = given.get("latest_invoice")
    unpaid = invoice if isinstance(invoice, dict) and invoice.get("status") == "open" else {}
    card = _card(given.get("default_payment_method"))
    return SubscriptionFacts(
        stripe_id=given["id"],
        customer_id=_id(given["customer"]),
        status=given["status"],
        price_id=items[0]["price"]["id"],
        price_cents=items[0]["price"].get("unit_amount") or 0,
        interval=(items[0]["price"].get("recurring") or {}).get("interval") or "month",
        started_at=_moment(given["start_date"]),
        period_starts_at=_moment(min(item["current_period_start"] for item in items)),
        period_ends_at=_moment(period_end),
        trial_ends_at=_moment_or_none(given.get("trial_end")),
        ends_at=_moment_or_none(ends_at),
        cancelled_at=_moment_or_none(given.get("canceled_at")),
        unpaid_since=_moment_or_none(unpaid.get("created")),
        unpaid_cents=unpaid.get("amount_remaining", 0),
        card_brand=card.get("brand", ""),
        card_last4=card.get("last4", ""),
        fingerprint=card.get("fingerprint", ""),
        card_expires_on=_last_day_of(card),
        invoiced_cents=invoice.get("total") if isinstance(invoice, dict) else None,
        payment_pending=given["status"] == "active" and _is_under_way(unpaid),
        ended_unpaid=given["status"] == "canceled" and _has_failed(given),
        first_payment_failed=_has_failed(given) and _is_first_and_unpaid(invoice),
        is_discounted=bool(given.get("discounts")) and given["status"] in ("trialing", "active") and ends_at is None,
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


def _pause_of(given: dict[str, Any]) -> dict[str, Any]:
    """From when until when it is paused by us. A pause of Stripe's that has no dates of ours changes nothing here."""
    about = given.get("metadata") or {}
    dates = [about.get(name, "") for name in ("paused_from", "paused_until")]
    if not given.get("pause_collection") or not all(one.isdecimal() and len(one) < 12 for one in dates):
        return {}
    starts_at, ends_at = (_moment(int(one)) for one in dates)
    return {"pause_starts_at": starts_at, "pause_ends_at": ends_at} if starts_at < ends_at else {}


def _portal_params() -> Any:
    """What readers may do on Stripe's own pages, in Stripe's words."""
    return {
        "features": {
            "customer_update": {"enabled": True, "allowed_updates": ["address", "name", "tax_id"]},
            "invoice_history": {"enabled": True},
            "payment_method_update": {"enabled": True},
            "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
            "subscription_update": {"enabled": False},
        },
        "metadata": {"made_by": PORTAL_MARK},
    }


def _checkout_params(order: Order) -> Any:
    """A payment page for an order, in Stripe's words."""
    return {
        "mode": "subscription",
        "ui_mode": "hosted_page",
        "customer": order.customer_id,
        "client_reference_id": order.attempt_id,
        "line_items": [{"price": order.price_id, "quantity": 1}],
        "payment_method_collection": "always",
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
        "locale": "auto",
        "subscription_data": {
            "metadata": {"attempt": order.attempt_id, "terms": order.terms_version},
            **(
                {
                    "trial_period_days": order.trial_days,
                    "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
                }
                if order.trial_days
                else {}
            ),
        },
        "metadata": {"attempt": order.attempt_id},
        **({"allow_promotion_codes": True} if settings.STRIPE_PROMOTION_CODES else {}),
        **(TAX_PARAMS if settings.STRIPE_TAX else {}),
    }


def _checkout_facts(given: dict[str, Any]) -> CheckoutFacts:
    return CheckoutFacts(
        session_id=given["id"],
        status=given.get("status") or "",
        url=given.get("url") or "",
        expires_at=_moment(given["expires_at"]),
        customer_id=_id(given.get("customer")),
        attempt_id=given.get("client_reference_id") or "",
        subscription_id=_id(given.get("subscription")),
    )


def _refund_facts(made: stripe.Refund) -> RefundFacts:
    given = made.to_dict()
    return RefundFacts(
        stripe_id=given["id"],
        status=given.get("status") or "pending",
        cents=given["amount"],
        key=(given.get("metadata") or {}).get("key", ""),
        made_at=_moment(given["created"]),
        why_failed=given.get("failure_reason") or "",
    )


def _dispute_facts(given: dict[str, Any]) -> DisputeFacts:
    return DisputeFacts(
        stripe_id=given["id"],
        status=given["status"],
        cents=given["amount"],
        reason=given["reason"],
        opened_at=_moment(given["created"]),
        answer_by=_moment_or_none((given.get("evidence_details") or {}).get("due_by")),
    )


def _payment_ids(invoice: dict[str, Any]) -> list[str]:
    """The payments that paid an invoice."""
    made = [one for one in invoice["payments"]["data"] if one["status"] == "paid"]
    return [payment_id for one in made if (payment_id := _id(one["payment"].get("payment_intent")))]


def _payment_facts(intent: dict[str, Any], invoice: dict[str, Any]) -> PaymentFacts:
    charge = intent.get("latest_charge")
    charge = charge if isinstance(charge, dict) else {}
    card = _card(charge.get("payment_method_details"))
    starts, ends = _period_of(invoice)
    return PaymentFacts(
        stripe_id=intent["id"],
        invoice_id=invoice["id"],
        paid_cents=intent["amount_received"],
        refunded_cents=charge.get("amount_refunded", 0),
        paid_at=_moment(charge.get("created") or intent["created"]),
        period_starts_at=starts,
        period_ends_at=ends,
        card_brand=card.get("brand", ""),
        card_last4=card.get("last4", ""),
    )


def _period_of(invoice: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    """What an invoice bought: of all that it charges for, the period that ends last; credits do not count."""
    bought = [line["period"] for line in invoice["lines"]["data"] if line["amount"] > 0]
    if not bought:
        return None, None
    last = max(bought, key=lambda period: period["end"])
    return _moment(last["start"]), _moment(last["end"])


def _invoice_facts(given: dict[str, Any]) -> InvoiceFacts:
    lines = given["lines"]["data"]
    return InvoiceFacts(
        number=given.get("number") or "",
        made_at=_moment(given["created"]),
        total_cents=given["total"],
        status=given.get("status") or "",
        description=(lines[0].get("description") or "") if lines else "",
        pdf_url=_web_address(given.get("invoice_pdf")),
        page_url=_web_address(given.get("hosted_invoice_url")),
    )


def event_from_receipt(payload: dict[str, Any]) -> EventFacts:
    """The event of a stored receipt, which was verified when it came. Raises NotFromStripe where it cannot be read."""
    return _event_facts(payload, is_live=payload.get("livemode") is True)


def _must_be_storable(payload: Any) -> None:
    """No database keeps a NUL in a text, and no number of Stripe's is longer than our column."""
    if isinstance(payload, dict) and (
        "\\u0000" in json.dumps(payload) or len(str(payload.get("id"))) > LONGEST_EVENT_ID
    ):
        raise NotFromStripe("the event holds what Stripe never sends")


def _must_not_be_of_tomorrow(signature: str) -> None:
    """The SDK refuses signatures that are too old and takes those from the future; we take neither."""
    stamps = [int(part[2:]) for part in signature.split(",") if part.startswith("t=")]
    if max(stamps) > time.time() + stripe.Webhook.DEFAULT_TOLERANCE:
        raise NotFromStripe("the signature is of a time to come")


def _event_facts(payload: dict[str, Any], *, is_live: bool) -> EventFacts:
    try:
        kind, object_ = payload["type"], payload["data"]["object"]
        if payload["livemode"] is not is_live:
            raise NotFromStripe("the event is of the other mode, live or test")
        if payload.get("account"):
            raise NotFromStripe("the event is of another account")
        of = object_["object"]
        parent = (object_.get("parent") or {}).get("subscription_details") or {}
        return EventFacts(
            stripe_id=payload["id"],
            kind=kind,
            customer_id=object_["id"] if of == "customer" else _id(object_.get("customer")),
            subscription_id=object_["id"]
            if of == "subscription"
            else _id(object_.get("subscription") or parent.get("subscription")),
            session_id=object_["id"] if of == "checkout.session" else "",
            payload=payload,
            payment_id=_id(object_.get("payment_intent")),
            charge_id=object_["id"] if of == "charge" else _id(object_.get("charge")),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise NotFromStripe(f"unreadable: {type(error).__name__}") from error


def _new_period_end(preview: dict[str, Any], price_id: str) -> int:
    """When the first period of the new price ends: its own line, not the credit for the old one."""
    lines = preview["lines"]["data"]
    of_price = [line for line in lines if _price_of(line) == price_id] or lines
    return max(line["period"]["end"] for line in of_price)


def _price_of(line: dict[str, Any]) -> str:
    return _id(((line.get("pricing") or {}).get("price_details") or {}).get("price"))


def _proration(subscription: dict[str, Any]) -> str:
    return "none" if subscription["status"] == "trialing" else "always_invoice"


def _last_day_of(card: dict[str, Any]) -> date | None:
    """The last day on which a card works: that of its month."""
    if not card.get("exp_year") or not card.get("exp_month"):
        return None
    return date(card["exp_year"], card["exp_month"], monthrange(card["exp_year"], card["exp_month"])[1])


def _card(method: Any) -> dict[str, Any]:
    """What is told of a card or account: brand, last four digits, fingerprint, month of expiry."""
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
    }


def _says(metadata: Any, name: str, value: str) -> bool:
    return bool(metadata) and metadata.to_dict().get(name) == value


def _id(value: Any) -> str:
    return (value.get("id", "") if isinstance(value, dict) else value) or ""


def _web_address(value: str | None) -> str:
    return value if value and urlsplit(value).scheme in ("https", "http") else ""


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _moment_or_none(seconds: int | None) -> datetime | None:
    return None if seconds is None else _moment(seconds)
