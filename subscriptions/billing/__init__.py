"""Stripe, and the only place that knows it: a handful of calls, our own frozen facts out, our own errors out.

One file for each subject; what the pinned API is like stands where it shapes the code, and in docs/billing.md.
The site writes `from subscriptions import billing` and asks `billing.gateway()`.
"""

from functools import cache

from django.conf import settings

from .changes import Changes
from .credits import Credits
from .customers import Customers
from .errors import BillingError, BillingRefused, BillingUnavailable, BillingUnknown, NotFromStripe
from .events import Events, event_from_receipt
from .facts import (
    CheckoutFacts,
    DisputeFacts,
    EventFacts,
    InvoiceFacts,
    Order,
    Payment,
    PaymentFacts,
    RefundFacts,
    SubscriptionFacts,
    SwitchFacts,
)
from .invoices import Invoices
from .next_charge import NextCharge
from .organisations import InvoiceOrder, MoneyIn, Organisation, Organisations, SentInvoiceFacts
from .pauses import Pauses
from .payment_pages import PaymentPages
from .payments import MoneyBack, Payments
from .portal import Portal
from .prices import Prices
from .provider import Billing
from .refunds import Refunds

__all__ = [
    "Billing",
    "BillingError",
    "BillingRefused",
    "BillingUnavailable",
    "BillingUnknown",
    "CheckoutFacts",
    "DisputeFacts",
    "EventFacts",
    "InvoiceFacts",
    "InvoiceOrder",
    "MoneyBack",
    "MoneyIn",
    "NotFromStripe",
    "Order",
    "Organisation",
    "Payment",
    "PaymentFacts",
    "RefundFacts",
    "SentInvoiceFacts",
    "StripeBilling",
    "SubscriptionFacts",
    "SwitchFacts",
    "event_from_receipt",
    "gateway",
]


class StripeBilling(
    Customers,
    Prices,
    PaymentPages,
    Changes,
    Pauses,
    NextCharge,
    Payments,
    Refunds,
    Credits,
    Invoices,
    Organisations,
    Portal,
    Events,
):
    """Stripe: every part of it on one line."""


@cache
def gateway() -> Billing:
    """The provider this site was set up with."""
    return StripeBilling(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)
