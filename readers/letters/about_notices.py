"""Letters that the law, or fairness, wants written before something happens: a first charge, a renewal, another price.

The words about the operator's own charges that were put off are here, too.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from ..models import Letter, User
from .post import write, write_to_operator


@dataclass(frozen=True)
class Charge:
    """A charge to come: when (UTC), how much in cents, and what it pays for."""

    at: datetime
    cents: int
    is_yearly: bool
    card_last4: str
    # When it was due before it had to wait for its notice.
    was_put_off_from: datetime | None = None


def trial_reminder(
    reader: User, *, charge: Charge, began_at: datetime, other_cents: int | None, occasion: str, at: datetime
) -> Letter | None:
    """The free trial ends with the first charge. `other_cents`: the price of the other plan, where there is one."""
    today = timezone.localdate(at)
    context = {
        "charge": charge,
        "days_read": (today - timezone.localdate(began_at)).days,
        "days_left": (timezone.localdate(charge.at) - today).days,
        "other_cents": other_cents,
    }
    return write(reader, "trial_reminder", occasion, context, at=at)


def renewal_notice(reader: User, *, charge: Charge, occasion: str, at: datetime) -> Letter | None:
    """The subscription is renewed, and charged; how to end it before, and after."""
    days_left = (timezone.localdate(charge.at) - timezone.localdate(at)).days
    return write(reader, "renewal_notice", occasion, {"charge": charge, "days_left": days_left}, at=at)


def price_change(
    reader: User, *, charge: Charge, old_cents: int, new_cents: int, occasion: str, at: datetime
) -> Letter | None:
    """Another price from that charge on, unless the reader cancels before."""
    context = {"charge": charge, "old_cents": old_cents, "new_cents": new_cents}
    return write(reader, "price_change", occasion, context, at=at)


def ended_early(reader: User, *, cents: int, occasion: str, at: datetime) -> Letter | None:
    """The reader has ended a renewed year at this moment, and `cents` for the unused days go back."""
    return write(reader, "ended_early", occasion, {"cents": cents, "asked_at": at}, at=at)


def operator_charges_put_off(*, count: int, desk_path: str, occasion: str, at: datetime) -> Letter | None:
    """To the operator: so many charges wait since their notices could not be sent."""
    context = {"count": count, "desk": settings.SITE_URL + desk_path, "put_off_at": at}
    return write_to_operator("operator_charges_put_off", occasion, context, at=at)


def operator_charge_at_risk(
    *, about: str, desk_path: str, charge_at: datetime, occasion: str, at: datetime
) -> Letter | None:
    """To the operator: a charge must be put off, and Stripe has not been told although little time is left."""
    context = {"about": about, "desk": settings.SITE_URL + desk_path, "charge_at": charge_at}
    return write_to_operator("operator_charge_at_risk", occasion, context, at=at)


def operator_cannot_be_told(
    *, about: str, desk_path: str, first_due_at: datetime, occasion: str, at: datetime
) -> Letter | None:
    """To the operator: a reader has not been reached for so long that a person has to decide."""
    context = {"about": about, "desk": settings.SITE_URL + desk_path, "first_due_at": first_due_at}
    return write_to_operator("operator_cannot_be_told", occasion, context, at=at)
