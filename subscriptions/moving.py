"""A reader has another address: Stripe, which writes to them too, has to hear of it."""

import logging
from datetime import datetime

from readers.models import AddressChange

from . import billing
from .models import Customer

log = logging.getLogger(__name__)


def follow_all(*, at: datetime) -> int:
    """Tell Stripe of every change it has not heard of. How many; what fails is left for the next time."""
    waiting = AddressChange.objects.to_follow().select_related("reader").order_by("done_at")
    return sum(_try_to_follow(change, at=at) for change in waiting)


def _try_to_follow(change: AddressChange, *, at: datetime) -> bool:
    try:
        follow(change, at=at)
    except billing.BillingError as error:
        log.warning("Stripe has not heard of the address change %s yet: %s", change.pk, error)
        return False
    return True


def follow(change: AddressChange, *, at: datetime) -> None:
    """Give the customer at Stripe the address the reader has at this moment. Raises BillingError; safe to repeat."""
    customer = Customer.objects.of(change.reader)
    if customer is not None:
        try:
            billing.gateway().change_email(customer.stripe_id, email=change.reader.email)
        except billing.BillingUnknown:
            log.warning("Stripe no longer knows the customer of the address change %s", change.pk)
    AddressChange.objects.filter(pk=change.pk).update(followed_at=at)
