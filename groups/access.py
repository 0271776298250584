"""May a reader read because of a group? One question to the database, by the reader's own key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from subscriptions.access import Entitlement, Source
from subscriptions.ways import Row, Way

from . import addresses
from .models import Term


def _terms(user: Any, at: datetime) -> QuerySet[Term]:
    """The terms that let this reader read because of a seat.

    A seat that was taken by the organisation's domain counts while the account still has that address.
    """
    theirs = Q(group__seats__domain=None) | Q(group__seats__address=addresses.canonical(user.email))
    return Term.objects.giving_access(at=at).filter(theirs, group__seats__reader=user, group__seats__ended_at=None)


def _by_seat(rows: Sequence[Row], at: datetime) -> Entitlement:
    row = max(rows, key=lambda one: one["ends_on"])
    until = Term(ends_on=row["ends_on"]).last_moment
    return Entitlement(Source.SEAT, until=until, through=row["group__organisation"], group_id=row["group_id"])


# By a seat, for as long as the term runs. Of several groups the one that lasts longest.
by_seat = Way(
    rows=_terms,
    columns=("ends_on", "group_id", "group__organisation"),
    read=_by_seat,
    of_reader=(lambda reader: reader.pk, lambda reader: addresses.canonical(reader.email)),
)
