"""Agreements that run and that nobody looks after any more: the last manager has left, or deleted the account."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from readers.letters import about_groups

from . import seating
from .models import GroupAccount, GroupEvent, Manager

MADE, LOST = "made a manager", "was left without a manager"


def without_manager(*, at: datetime) -> QuerySet[GroupAccount]:
    """Those that run, had a manager and have none, and of which that is not written down yet."""
    events = GroupEvent.objects.filter(group=OuterRef("pk"))
    later = GroupEvent.objects.filter(group=OuterRef("group"), pk__gt=OuterRef("pk"), verb__in=(MADE, LOST))
    last_was_made = events.filter(~Exists(later), verb=MADE)
    present = Manager.objects.present().filter(group=OuterRef("pk"))
    return GroupAccount.objects.giving_access(at=at).filter(Exists(last_was_made), ~Exists(present))


def tell(*, at: datetime) -> int:
    """Write it into their history, and to the desk, once each time. How many."""
    found = list(without_manager(at=at))
    for group in found:
        _tell_of(group, at=at)
    return len(found)


@transaction.atomic
def _tell_of(group: GroupAccount, *, at: datetime) -> None:
    group = seating.locked(group)
    if Manager.objects.present().filter(group=group).exists():
        return
    event = GroupEvent.note(group, None, LOST, at=at)
    about_groups.operator_no_manager(
        organisation=group.organisation,
        desk_path=reverse("admin:groups_groupaccount_change", args=[group.pk]),
        occasion=str(event.pk),
        at=at,
    )
