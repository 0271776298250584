"""Who may look after a group: its managers, and staff who look over their shoulder and touch nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from . import seating
from .models import GroupAccount, Invitation, Manager, Seat, Term
from .models.term import day_of
from .seating import Room

SEES_EVERY_GROUP = "groups.view_groupaccount"


@dataclass(frozen=True)
class Desk:
    """A group as one person may look after it."""

    group: GroupAccount
    manager: Manager | None

    @property
    def may_change(self) -> bool:
        """Whether this person invites and removes. Staff only look: what they do, they do at their own desk."""
        return self.manager is not None


@dataclass(frozen=True)
class Glance:
    """What stands at the top of the manager's page."""

    room: Room
    term: Term | None
    next_term: Term | None
    invitations_waiting: int
    unused: int


def groups_of(user: Any) -> list[GroupAccount]:
    """The groups this reader looks after, by name."""
    return list(GroupAccount.objects.filter(managers__in=Manager.objects.present().filter(reader=user)))


def desk_of(user: Any, group_id: int) -> Desk | None:
    """The group as this user may see it; None for everybody it does not concern."""
    group = GroupAccount.objects.filter(pk=group_id).first()
    if group is None or not user.is_authenticated:
        return None
    manager = Manager.objects.present().filter(group=group, reader=user).first()
    if manager is None and not (user.is_staff and user.has_perm(SEES_EVERY_GROUP)):
        return None
    return Desk(group, manager)


def glance_at(group: GroupAccount, *, at: datetime) -> Glance:
    """How the group stands at that moment."""
    later = group.terms.binding().filter(starts_on__gt=day_of(at)).order_by("starts_on").first()
    term = group.term_at(at=at) or group.terms.binding().filter(starts_on__lte=day_of(at)).order_by("-ends_on").first()
    return Glance(
        room=seating.room_in(group, at=at),
        term=term,
        next_term=later,
        invitations_waiting=Invitation.objects.waiting(at=at).filter(group=group).count(),
        unused=Seat.objects.unused(at=at).filter(group=group).count(),
    )


def seats_of(group: GroupAccount, *, wanted: str = "") -> QuerySet[Seat]:
    """Who sits there, in order of address; those whose name or address holds the wanted words."""
    held = Seat.objects.held().filter(group=group).select_related("reader", "domain")
    if wanted:
        held = held.filter(Q(address__icontains=wanted) | Q(reader__name__icontains=wanted))
    return held.order_by("address", "pk")


def open_invitations_of(group: GroupAccount, *, wanted: str = "") -> QuerySet[Invitation]:
    """Who was asked and has not answered, those too whose time is over."""
    found = Invitation.objects.open().filter(group=group)
    if wanted:
        found = found.filter(Q(address__icontains=wanted) | Q(name__icontains=wanted))
    return found.order_by("address", "pk")
