"""After a year has been renewed its reader may end it at any time, and the unused days are given back (law.md L3).

The amount is shown before the button and is what is given back, to the cent; if a day has passed in between, it is
shown anew. It is given back once for each payment, however often and wherever the button is pressed: the refund's id
is made of the payment's. While Stripe is away the promise is kept by the worker.
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from readers.letters import about_notices

from . import billing, refunds
from .billing import PaymentFacts
from .models import Refund, Subscription

log = logging.getLogger(__name__)
OURS = uuid.UUID("6d6a2d3e-52f5-4f0a-9a39-3d0c6a1f7b55")
REASON = "Ended by the reader, unused days given back"
# A paid period that lasted for longer is a year.
NEARLY_A_YEAR = timedelta(days=300)


@dataclass(frozen=True)
class Rest:
    """What ending now gives back. Money in cents; days by the calendar of Brussels, today not counted."""

    subscription: Subscription
    payment: PaymentFacts
    cents: int
    unused_days: int


class Changed(Exception):
    """It is no longer what was shown."""


def may_be_offered(subscription: Subscription, *, at: datetime) -> bool:
    """Whether it is worth asking Stripe: a year that runs and is paid, and is not the first."""
    runs = subscription.status in ("active", "trialing") and not subscription.is_surplus
    old_enough = settings.END_EARLY_IN_FIRST_YEAR or at - subscription.started_at > NEARLY_A_YEAR
    return runs and subscription.plan.is_yearly and not subscription.is_trial and old_enough


def rest_of(subscription: Subscription, *, at: datetime) -> Rest | None:
    """What its reader would get back now, or None where nothing is. Raises BillingError."""
    if not may_be_offered(subscription, at=at) or _refund_of(subscription):
        return None
    offers = [one for one in refunds.offers_to(subscription.reader, at=at) if one.subscription.pk == subscription.pk]
    offer = next((one for one in offers if one.is_current and one.is_possible and one.rest_cents > 0), None)
    if offer is None or offer.payment.period_ends_at is None:
        return None
    if not (settings.END_EARLY_IN_FIRST_YEAR or is_renewed(offer.payment, [one.payment for one in offers])):
        return None
    days = (timezone.localdate(offer.payment.period_ends_at) - timezone.localdate(at)).days - 1
    return Rest(subscription, offer.payment, offer.rest_cents, max(days, 0))


def is_renewed(current: PaymentFacts, payments: Sequence[PaymentFacts]) -> bool:
    """Whether a whole year was paid for before the one that runs."""
    begins = current.period_starts_at
    return begins is not None and any(
        one.paid_cents > 0
        and one.period_starts_at is not None
        and one.period_ends_at is not None
        and one.period_ends_at <= begins
        and one.period_ends_at - one.period_starts_at > NEARLY_A_YEAR
        for one in payments
    )


def end(subscription: Subscription, *, shown_cents: int, at: datetime) -> Refund:
    """End it now and give the rest back, as shown. Pressed twice it is done once.

    Raises Changed where it is not what was shown any more, RefundRefused where Stripe gives nothing back, BillingError
    where Stripe cannot be asked; then nothing has happened. If Stripe goes away after that, the refund that is
    returned has no answer yet, and the worker keeps the promise.
    """
    refund = _refund_of(subscription) or _promise(subscription, shown_cents=shown_cents, at=at)
    try:
        refund = refunds.give(refund, at=at)
    except refunds.RefundRefused:
        refunds.forget(refund)
        raise
    except billing.BillingError as error:
        log.warning("The end of %s is promised, and Stripe is away: %s", subscription.stripe_id, error)
    if not refund.has_failed:
        _confirm(refund)
    return refund


def _refund_of(subscription: Subscription) -> Refund | None:
    """What was promised for the period that runs, if the button was pressed before."""
    pressed = subscription.refunds.filter(kind=Refund.Kind.REST, reason=REASON, failed_at=None)
    return pressed.filter(asked_at__gte=subscription.period_starts_at).first()


def _promise(subscription: Subscription, *, shown_cents: int, at: datetime) -> Refund:
    rest = rest_of(subscription, at=at)
    if rest is None or rest.cents != shown_cents:
        raise Changed
    try:
        refund, _ = refunds.ask(
            subscription,
            rest.payment.stripe_id,
            rest.cents,
            intention=uuid.uuid5(OURS, rest.payment.stripe_id),
            kind=Refund.Kind.REST,
            reason=REASON,
            ends_subscription=True,
            asked_by=None,
            at=at,
        )
    except refunds.TooMuch as error:
        raise Changed from error
    return refund


def _confirm(refund: Refund) -> None:
    """The receipt of the button: when it was pressed, and what goes back."""
    about_notices.ended_early(
        refund.subscription.reader, cents=refund.cents, occasion=str(refund.pk), at=refund.asked_at
    )
