"""A reader goes, or Stripe has deleted them: what is running at Stripe ends first, and history stays."""

import logging
from datetime import datetime

from allauth.usersessions.models import UserSession

from readers.models import User

from . import billing, checkout, purchases, webhooks
from .models import Customer, Subscription

log = logging.getLogger(__name__)


def leave(reader: User, *, at: datetime) -> int:
    """End everything this reader has at Stripe, and say how many subscriptions that were.

    Raises BillingError; then the account must not be deleted or closed, since somebody would go on being charged.
    Safe to repeat. The customer stays at Stripe for the sake of its invoices. Nothing is given back by itself but a
    debit that was under way and arrives later (`refunds.promise_what_came_too_late`).
    """
    customer = Customer.objects.of(reader)
    if customer is None or is_gone(customer, at=at):
        return 0
    checkout.close_pages(reader, customer, at=at)
    purchases.close_pages(reader, at=at)
    webhooks.refresh(reader, at=at)
    running = Subscription.objects.running().filter(reader=reader)
    for one in running:
        if one.unpaid_since or one.payment_pending:
            billing.gateway().void_open_invoices(one.stripe_id)
        webhooks.change(one, lambda gateway, stripe_id=one.stripe_id: gateway.end_now(stripe_id), at=at)
    return len(running)


def close_account(reader: User, *, at: datetime) -> int:
    """Let nobody sign in to this account any more, and nothing be charged for it; the row stays.

    Returns how many subscriptions ended with it. Raises BillingError, and then the account stays as it is.
    """
    ended = leave(reader, at=at)
    reader.is_active = False
    reader.save(update_fields=["is_active"])
    for session in UserSession.objects.filter(user=reader):
        session.end()
    return ended


def is_gone(customer: Customer, *, at: datetime) -> bool:
    """Whether Stripe has deleted this customer; if so, what they had ends here, too. Raises BillingUnavailable."""
    with webhooks.locked(customer.reader_id) as reader:
        if not billing.gateway().is_deleted(customer.stripe_id):
            return False
        for one in Subscription.objects.running().filter(reader=reader):
            _ask_for_the_last_time(reader, one, at=at)
        customer.was_deleted(at=at)
    return True


def _ask_for_the_last_time(reader: User, subscription: Subscription, *, at: datetime) -> None:
    """Record what Stripe says; what it no longer knows has ended with its customer."""
    try:
        webhooks.record(reader, billing.gateway().subscription(subscription.stripe_id), at=at)
    except billing.BillingUnknown:
        ends_at = min(subscription.ends_at or at, at)
        Subscription.objects.filter(pk=subscription.pk).update(status="canceled", ends_at=ends_at, recorded_at=at)
