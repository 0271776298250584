"""Somebody is asked to sit in a group, and says yes: what keeps a seat for whom, and who may take it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from readers.letters import about_groups
from readers.models import User

from . import addresses, seating
from .models import Domain, GroupAccount, GroupEvent, Invitation, ListLine, Seat
from .models.invitation import INVITATION_LASTS

Outcome = ListLine.Outcome


class NotForYou(Exception):
    """The reader has not proved the address that was invited."""


class Fate(StrEnum):
    """What became of an invitation, for whoever opens its link."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Gone(Exception):
    """The invitation cannot be accepted any more."""

    def __init__(self, fate: Fate) -> None:
        super().__init__(fate)
        self.fate = fate


def fate_of(invitation: Invitation, *, at: datetime) -> Fate:
    """What became of it by that moment."""
    if invitation.accepted_at is not None:
        return Fate.ACCEPTED
    if invitation.withdrawn_at is not None:
        return Fate.WITHDRAWN
    return Fate.WAITING if invitation.expires_at > at else Fate.EXPIRED


@transaction.atomic
def invite(
    group: GroupAccount,
    typed: str,
    *,
    by: Any,
    at: datetime,
    language: str,
    name: str = "",
    to_manage: bool = False,
    with_seat: bool = True,
) -> Outcome:
    """Ask the owner of this address, as it was typed, and write to them. Says what became of it; raises nothing."""
    group = seating.locked(group)
    address = addresses.clean(typed)
    if isinstance(address, addresses.Problem):
        return Outcome.LOOK_ALIKE if address is addresses.Problem.LOOK_ALIKE else Outcome.NO_ADDRESS
    domain = addresses.domain_of(address)
    if any(addresses.looks_like(domain, known) for known in _domains_of(group)):
        return Outcome.LOOK_ALIKE
    # Who sits there needs no second seat to look after the others.
    with_seat = with_seat and not (to_manage and _sitting(group, address).exists())
    if (known := _known(group, address, to_manage=to_manage, with_seat=with_seat, at=at)) is not None:
        return known
    mailbox, waiting = addresses.mailbox_of(address), _waiting(group, address, at=at)
    to_manage = to_manage or waiting.filter(to_manage=True).exists()
    room = seating.room_in(group, at=at)
    if with_seat and not room.is_running:
        return Outcome.OVER
    if with_seat and room.is_full and not waiting.filter(with_seat=True).exists():
        return Outcome.NO_SEAT
    token = Invitation.new_token()
    # One that gave less, or was not answered in time, gives way to the new one.
    Invitation.objects.open().filter(group=group, mailbox=mailbox).update(withdrawn_at=at, withdrawn_by=by)
    invitation = Invitation.objects.create(
        group=group,
        address=address,
        mailbox=mailbox,
        name=name[:150],
        language=language,
        to_manage=to_manage,
        with_seat=with_seat,
        token_hash=Invitation.hash_of(token),
        invited_at=at,
        invited_by=by,
        expires_at=at + INVITATION_LASTS,
    )
    GroupEvent.note(group, by, "invited somebody", at=at, invitation=invitation.pk, to_manage=to_manage)
    _write(invitation, token, by=by, at=at)
    return Outcome.INVITED


@transaction.atomic
def send_again(invitation: Invitation, *, by: Any, at: datetime) -> Outcome:
    """A new letter with a new link, and fourteen new days; the link before it no longer works."""
    group = seating.locked(invitation.group)
    invitation = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    if invitation.accepted_at is not None or invitation.withdrawn_at is not None:
        return Outcome.SEATED
    room = seating.room_in(group, at=at)
    if invitation.with_seat and not room.is_running:
        return Outcome.OVER
    if invitation.with_seat and not invitation.is_waiting(at=at) and room.is_full:
        return Outcome.NO_SEAT
    token = Invitation.new_token()
    invitation.token_hash, invitation.expires_at = Invitation.hash_of(token), at + INVITATION_LASTS
    invitation.times_sent += 1
    invitation.save(update_fields=["token_hash", "expires_at", "times_sent"])
    GroupEvent.note(group, by, "sent an invitation again", at=at, invitation=invitation.pk)
    _write(invitation, token, by=by, at=at)
    return Outcome.INVITED


@transaction.atomic
def withdraw(invitation: Invitation, *, by: Any, at: datetime) -> bool:
    """Keep the seat for nobody any more. False where it was accepted or withdrawn before."""
    group = seating.locked(invitation.group)
    if not Invitation.objects.open().filter(pk=invitation.pk).update(withdrawn_at=at, withdrawn_by=by):
        return False
    GroupEvent.note(group, by, "withdrew an invitation", at=at, invitation=invitation.pk)
    return True


def is_for(invitation: Invitation, reader: Any) -> bool:
    """Whether this reader has proved the address that was invited, and not only typed it."""
    return reader.is_authenticated and invitation.address in seating.proved_addresses(reader)


@transaction.atomic
def accept(invitation: Invitation, reader: User, *, at: datetime) -> Seat | None:
    """The owner of the address says yes. None where it was to manage, without a seat. Twice gives the same.

    Raises NotForYou, Gone, or what `seating.take` raises; nothing has happened then.
    """
    group = seating.locked(invitation.group)
    invitation = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    if not is_for(invitation, reader):
        raise NotForYou
    fate = fate_of(invitation, at=at)
    mine = Seat.objects.held().filter(group=group, reader=reader).first()
    if fate is Fate.ACCEPTED and (mine or not invitation.with_seat):
        return mine
    if fate is not Fate.WAITING:
        raise Gone(fate)
    seat = mine
    if invitation.with_seat and seat is None:
        seat = seating.take(
            group,
            reader,
            address=invitation.address,
            how=Seat.How.INVITATION,
            at=at,
            given_by=invitation.invited_by,
            is_promised=True,
        )
    invitation.accepted_at, invitation.seat = at, None if _is_of_another(seat) else seat
    invitation.save(update_fields=["accepted_at", "seat"])
    if invitation.to_manage:
        seating.make_manager(group, reader, address=invitation.address, by=reader, at=at)
    return seat


def pass_on(seat: Seat, typed: str, *, by: Any, at: datetime, language: str) -> Outcome:
    """Free a seat and offer it to somebody else, in one step: nobody can slip in between."""
    with transaction.atomic():
        group = seating.locked(seat.group)
        checked = addresses.clean(typed)
        if isinstance(checked, addresses.Problem):
            return Outcome.LOOK_ALIKE if checked is addresses.Problem.LOOK_ALIKE else Outcome.NO_ADDRESS
        if (known := _known(group, checked, to_manage=False, with_seat=True, at=at)) is not None:
            return known
        seating.remove(seat, by=by, at=at, why=Seat.Why.TRANSFERRED)
        outcome = invite(group, checked, by=by, at=at, language=language)
        if outcome is not Outcome.INVITED:
            transaction.set_rollback(True)
        return outcome


def _known(group: GroupAccount, address: str, *, to_manage: bool, with_seat: bool, at: datetime) -> Outcome | None:
    """Where this mailbox has what is offered, or is being offered it."""
    waiting = _waiting(group, address, at=at)
    # One that gives at least as much: a list of readers does not take away what makes somebody a manager.
    waiting = waiting.filter(to_manage=True) if to_manage else waiting
    waiting = waiting.filter(with_seat=True) if with_seat else waiting
    if waiting.exists():
        return Outcome.WAITING
    sits = _sitting(group, address)
    if not to_manage:
        return Outcome.SEATED if sits.exists() else None
    manages = group.managers.present().filter(address=address).exists()
    return Outcome.SEATED if manages and (sits.exists() or not with_seat) else None


def _sitting(group: GroupAccount, address: str) -> QuerySet[Seat]:
    of_mailbox = Q(mailbox=addresses.mailbox_of(address)) | Q(address=address)
    return Seat.objects.held().filter(of_mailbox, group=group)


def _waiting(group: GroupAccount, address: str, *, at: datetime) -> QuerySet[Invitation]:
    return Invitation.objects.waiting(at=at).filter(group=group, mailbox=addresses.mailbox_of(address))


def _domains_of(group: GroupAccount) -> list[str]:
    return list(Domain.objects.kept().filter(group=group).values_list("name", flat=True))


def _is_of_another(seat: Seat | None) -> bool:
    return seat is not None and Invitation.objects.filter(seat=seat).exists()


def _write(invitation: Invitation, token: str, *, by: Any, at: datetime) -> None:
    about_groups.group_invitation(
        invitation.address,
        User.objects.filter(email=invitation.address, is_active=True).first(),
        organisation=invitation.group.organisation,
        invited_by=_name_of(by),
        to_manage=invitation.to_manage,
        with_seat=invitation.with_seat,
        token=token,
        expires_at=invitation.expires_at,
        language=invitation.language,
        occasion=f"{invitation.pk} {invitation.times_sent}",
        at=at,
    )


def _name_of(person: Any) -> str:
    """Who invites, as the letter says it; nothing for staff and for people without a name."""
    return "" if person is None or person.is_staff else person.name
