"""What a provider tells us, as small frozen values of our own, and the order that we give it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


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
    # The press of our order button that it came from; empty where it was made at Stripe by hand.
    attempt_id: str = ""
    # Evidence of where the reader is (law.md L7), ISO 3166: of the billing address, and of the card or account.
    billing_country: str = ""
    payment_country: str = ""
    # Where we put a renewal off, which Stripe then calls a trial: when it would have been.
    put_off_from: datetime | None = None


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
    # Stripe's own word: unpaid (also while a debit is under way), paid, no_payment_required.
    payment_status: str = ""
    # The payment of something that is paid once.
    payment_id: str = ""


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
    # When the bank had said yes: days after `paid_at`, when it was asked for, where an account is debited.
    arrived_at: datetime | None = None

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
    # Where it is about an invoice, that invoice.
    invoice_id: str = ""


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


@dataclass(frozen=True)
class Payment:
    """Something that is paid once and never again. `back_url` is where the payer comes back to, paid or not."""

    purchase_id: str
    customer_id: str
    price_id: str
    back_url: str
