"""May a reader read because of a group? One question to the database, by the reader's own key."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from subscriptions.access import Entitlement, Source

from . import addresses
from .models import Term


def by_seat(user: Any, at: datetime) -> Entitlement | None:
    """By a seat, for as long as the term runs. Of several groups the one that lasts longest.

    A seat that was taken by the organisation's domain counts while the account still has that address.
    """
    theirs = Q(group__seats__domain=None) | Q(group__seats__address=addresses.canonical(user.email))
    held = Term.objects.giving_access(at=at).filter(theirs, group__seats__reader=user, group__seats__ended_at=None)
    term = held.select_related("group").order_by("-ends_on").first()
    if term is None:
        return None
    # A moment of its last day, since pages print the day.
    until = term.access_ends_at - timedelta(seconds=1)
    return Entitlement(Source.SEAT, until=until, through=term.group.organisation, group_id=term.group_id)
