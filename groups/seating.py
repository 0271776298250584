"""Who sits in a group: seats are taken, left and passed on here and nowhere else, counted under a lock.

Whoever counts locks the row of the group first. What is taken and what is promised by an invitation that waits never
exceeds what was agreed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import F, Q

from readers.letters import about_groups
from readers.models import User

from . import addresses
from .models import Domain, GroupAccount, GroupEvent, Invitation, Manager, Seat

# Somebody else decided that this reader should sit there no longer.
TAKEN_AWAY = (Seat.Why.REMOVED, Seat.Why.TRANSFERRED)


class NoSeatsLeft(Exception):
    """Every seat is taken, or promised by an invitation."""


class SitsThereAlready(Exception):
    """Another account of the same mailbox has a seat."""


class NotRunning(Exception):
    """The agreement lets nobody read at present: not begun, suspended or over."""


class LastManager(Exception):
    """Somebody has to look after the seats: name another manager first."""


@dataclass(frozen=True)
class Room:
    """How full a group is. `limit` None: as many as they like."""

    limit: int | None
    used: int
    promised: int
    is_running: bool

    @property
    def free(self) -> int | None:
        """How many more may be promised or taken; None for as many as they like."""
        return None if self.limit is None else max(self.limit - self.used - self.promised, 0)

    @property
    def is_full(self) -> bool:
        """Whether nobody more can be asked."""
        return self.free == 0

    @property
    def is_over_full(self) -> bool:
        """Whether more sit there than was agreed: seats were lowered."""
        return self.is_running and self.limit is not None and self.used > self.limit


def locked(group: GroupAccount) -> GroupAccount:
    """The row of the group, held until the end of the transaction; nobody else counts its seats meanwhile."""
    return GroupAccount.objects.select_for_update(of=("self",)).get(pk=group.pk)


def room_in(group: GroupAccount, *, at: datetime) -> Room:
    """How full it is at that moment."""
    limit = group.seat_limit(at=at)
    promised = Invitation.objects.waiting(at=at).filter(group=group, with_seat=True).count()
    is_running = limit is None or limit > 0 or group.gives_access(at=at)
    return Room(limit, Seat.objects.held().filter(group=group).count(), promised, is_running)


def proved_addresses(reader: User) -> frozenset[str]:
    """The addresses that this reader has proved to be theirs, in one form each."""
    found = EmailAddress.objects.filter(user=reader, verified=True).values_list("email", flat=True)
    return frozenset(map(addresses.canonical, found))


@transaction.atomic
def take(
    group: GroupAccount,
    reader: User,
    *,
    address: str,
    how: Seat.How,
    at: datetime,
    given_by: Any = None,
    domain: Domain | None = None,
    proved_at: datetime | None = None,
    is_promised: bool = False,
) -> Seat:
    """Seat a reader who has proved `address`, now or at `proved_at`. Twice gives the same seat.

    `is_promised`: an invitation that waits keeps this seat; it must be closed in the same transaction, under the same
    lock. Raises NotRunning, NoSeatsLeft or SitsThereAlready.
    """
    group = locked(group)
    address = addresses.canonical(address)
    mailbox = addresses.mailbox_of(address)
    known = Seat.objects.held().filter(Q(reader=reader) | Q(mailbox=mailbox), group=group)
    if seat := known.filter(reader=reader).first():
        return seat
    room = room_in(group, at=at)
    if not room.is_running:
        raise NotRunning
    if known.exists():
        raise SitsThereAlready
    # Since seats were lowered there may be more promises than seats: whoever was invited and comes first takes them.
    if room.limit is not None and room.used + (0 if is_promised else room.promised) >= room.limit:
        raise NoSeatsLeft
    seat = Seat.objects.create(
        group=group,
        reader=reader,
        address=address,
        mailbox=mailbox,
        how=how,
        domain=domain,
        given_at=at,
        given_by=given_by,
        proved_at=proved_at or at,
    )
    GroupEvent.note(group, reader, "took a seat", at=at, seat=seat.pk, how=str(how))
    return seat


@transaction.atomic
def leave(seat: Seat, *, at: datetime) -> bool:
    """The reader gives the seat up. Nobody is asked."""
    group = locked(seat.group)
    if not seat.end(Seat.Why.LEFT, by=seat.reader, at=at):
        return False
    GroupEvent.note(group, seat.reader, "left the group", at=at, seat=seat.pk)
    return True


@transaction.atomic
def remove(seat: Seat, *, by: Any, at: datetime, why: Seat.Why = Seat.Why.REMOVED) -> bool:
    """Take the seat from its reader, who gets a letter. False where it was free already."""
    group = locked(seat.group)
    if not seat.end(why, by=by, at=at):
        return False
    GroupEvent.note(group, by, f"ended a seat ({seat.get_ended_because_display()})", at=at, seat=seat.pk)
    if seat.reader.is_active:
        about_groups.seat_ended(
            seat.reader, organisation=group.organisation, why=why.value, occasion=str(seat.pk), at=at
        )
    return True


@transaction.atomic
def free_unused(group: GroupAccount, pks: Collection[int], *, by: Any, at: datetime) -> int:
    """Free those of these seats that nobody used for 60 days, at this very moment. How many that were."""
    locked(group)
    unused = Seat.objects.unused(at=at).filter(group=group, pk__in=pks).select_related("group", "reader")
    return sum(remove(seat, by=by, at=at, why=Seat.Why.UNUSED) for seat in unused)


def last_ended_because(group_id: int, reader: User, address: str) -> str:
    """Why this reader, or another account of the mailbox of `address`, sits there no longer; empty: never did."""
    theirs = Q(reader=reader) | Q(mailbox=addresses.mailbox_of(addresses.canonical(address)))
    ended = Seat.objects.filter(theirs, group=group_id).exclude(ended_at=None).order_by("-ended_at", "-pk").first()
    return ended.ended_because if ended else ""


def was_removed(group_id: int, reader: User, address: str) -> bool:
    """Whether somebody else said that they should sit there no longer: only an invitation brings them back."""
    return last_ended_because(group_id, reader, address) in TAKEN_AWAY


# --- Those who look after it ---------------------------------------------------------------------------


@transaction.atomic
def make_manager(group: GroupAccount, reader: User, *, address: str, by: Any, at: datetime) -> Manager:
    """Let this reader invite and remove. Twice changes nothing; they get a letter the first time."""
    group = locked(group)
    if manager := Manager.objects.filter(group=group, reader=reader, ended_at=None).first():
        return manager
    manager = Manager.objects.create(
        group=group, reader=reader, address=addresses.canonical(address), made_at=at, made_by=by
    )
    GroupEvent.note(group, by, "made a manager", at=at, manager=manager.pk)
    if by != reader:
        about_groups.manager_made(
            reader, organisation=group.organisation, group_id=group.pk, occasion=str(manager.pk), at=at
        )
    return manager


@transaction.atomic
def unmake_manager(manager: Manager, *, by: Any, at: datetime) -> bool:
    """They look after it no longer; a seat they have stays theirs. Raises LastManager unless staff do it."""
    group = locked(manager.group)
    others = Manager.objects.present().filter(group=group).exclude(pk=manager.pk)
    if not others.exists() and not getattr(by, "is_staff", False):
        raise LastManager
    if not Manager.objects.filter(pk=manager.pk, ended_at=None).update(ended_at=at, ended_by=by):
        return False
    GroupEvent.note(group, by, "ended a manager", at=at, manager=manager.pk)
    return True


# --- Those who moved on --------------------------------------------------------------------------------


def end_moved(*, at: datetime) -> int:
    """Free the seats whose readers no longer have the address of the organisation. How many that were.

    Reading ended with the address itself (`groups.access`); this lets somebody else sit there.
    """
    moved = (
        Seat.objects.held().exclude(domain=None).exclude(address=F("reader__email")).select_related("group", "reader")
    )
    return sum(
        remove(seat, by=None, at=at, why=Seat.Why.MOVED)
        for seat in moved
        if addresses.canonical(seat.reader.email) != seat.address
    )
