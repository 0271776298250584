"""Access that staff gave: the reader is told that it is there, and its owner that it ends."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from readers.letters import about_grants
from readers.models import User

from .models import Grant

# How long before its end the owner of a present is told.
OWNER_TOLD_BEFORE = timedelta(days=14)
# So many letters to readers are written in one go; the next go is a minute later.
LETTERS_AT_ONCE = 200
# A letter to an owner names so many, and the desk all of them.
NAMED = 30


def tell_readers(*, at: datetime) -> int:
    """Write to those whose access waits for its letter. How many were told."""
    waiting = Grant.objects.filter(reader_waits_for_letter=True).select_related("reader").order_by("pk")
    told = 0
    for grant in waiting[:LETTERS_AT_ONCE]:
        with transaction.atomic():
            if not Grant.objects.filter(pk=grant.pk, reader_waits_for_letter=True).update(
                reader_waits_for_letter=False
            ):
                continue
            if grant.ends_at > at:
                about_grants.access_given(
                    grant.reader, kind=grant.kind, ends_at=grant.ends_at, occasion=str(grant.pk), at=at
                )
                told += 1
    return told


def tell_owners(*, at: datetime) -> int:
    """Tell who answers for a present that it ends soon: one letter for all of a day. How many letters were written."""
    ending = Grant.objects.given().filter(owner_told_at=None, ends_at__gt=at, ends_at__lte=at + OWNER_TOLD_BEFORE)
    of_owner: dict[User | None, list[Grant]] = defaultdict(list)
    for grant in ending.select_related("reader", "owner", "granted_by").order_by("ends_at", "pk"):
        of_owner[_who_is_told(grant)].append(grant)
    for owner, grants in of_owner.items():
        with transaction.atomic():
            Grant.objects.filter(pk__in=[grant.pk for grant in grants]).update(owner_told_at=at)
            about_grants.grants_end(
                owner,
                grants=[(one.reader.email, one.get_kind_display(), one.reason, one.ends_at) for one in grants[:NAMED]],
                more=max(len(grants) - NAMED, 0),
                desk_path=reverse("admin:subscriptions_grant_changelist") + "?ends=soon",
                occasion=f"{at:%Y-%m-%d %H:%M}",
                at=at,
            )
    return len(of_owner)


def _who_is_told(grant: Grant) -> User | None:
    """The owner while they work here; None for whoever runs the site."""
    owner = grant.answers_for_it
    return owner if owner and owner.is_active and owner.is_staff else None
