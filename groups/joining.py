"""Joining without an invitation: by the address of the organisation, alone or with the link that was passed around."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from readers.letters import about_groups
from readers.models import User

from . import addresses, seating
from .models import Domain, GroupAccount, GroupEvent, JoinLink, Manager, Seat
from .models.domain import LINK_LASTS


class NotYours(Exception):
    """The reader has no proved address of the organisation."""


class AskTheManager(Exception):
    """Somebody removed this reader: whoever looks after the seats has to invite them again."""


class Refused(Exception):
    """This domain cannot be opened; the words say why."""

    def __init__(self, problem: addresses.Problem | None) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True)
class Offer:
    """A seat that one proved address opens."""

    group: GroupAccount
    domain: Domain
    address: str


def offers_to(reader: User, *, at: datetime) -> list[Offer]:
    """The groups that are open to this reader by an address they have proved, and where they do not sit."""
    found = {}
    for address in sorted(seating.proved_addresses(reader)):
        fitting = Domain.objects.fitting(address).filter(is_open=True).select_related("group")
        for domain in fitting.exclude(group__seats__in=Seat.objects.held().filter(reader=reader)):
            if domain.group_id in found or not domain.group.gives_access(at=at):
                continue
            if not seating.was_removed(domain.group_id, reader, address):
                found[domain.group_id] = Offer(domain.group, domain, address)
    return list(found.values())


def offer_of_link(link: JoinLink, reader: User) -> Offer | None:
    """What the link offers to this reader; None where none of their proved addresses is the organisation's."""
    for address in sorted(seating.proved_addresses(reader)):
        domain = Domain.objects.fitting(address).filter(group=link.group).first()
        if domain is not None:
            return Offer(link.group, domain, address)
    return None


def join(offer: Offer, reader: User, *, how: Seat.How, proved_at: datetime, at: datetime) -> Seat:
    """Take the seat that is offered, with an address that was proved at `proved_at`.

    Where none is left its managers hear of it, once a week at most. Raises NotYours where the address is no longer
    proved or the domain no longer kept, AskTheManager, and what `seating.take` raises.
    """
    with transaction.atomic():
        group = seating.locked(offer.group)
        kept = Domain.objects.kept().filter(pk=offer.domain.pk, group=group).first()
        if kept is None or not kept.fits(offer.address) or offer.address not in seating.proved_addresses(reader):
            raise NotYours
        if seating.was_removed(group.pk, reader, offer.address):
            raise AskTheManager
        try:
            return seating.take(group, reader, address=offer.address, how=how, domain=kept, proved_at=proved_at, at=at)
        except seating.NoSeatsLeft:
            is_full = True
    if is_full:
        tell_managers_it_is_full(offer.group, at=at)
    raise seating.NoSeatsLeft


def tell_managers_it_is_full(group: GroupAccount, *, at: datetime) -> None:
    """A letter to each manager, the first time in each week of the calendar."""
    year, week, _ = timezone.localdate(at).isocalendar()
    for manager in Manager.objects.present().filter(group=group).select_related("reader"):
        about_groups.seats_all_taken(
            manager.reader,
            organisation=group.organisation,
            group_id=group.pk,
            occasion=f"{group.pk} {year}-{week:02}",
            at=at,
        )


# --- What managers open and close ----------------------------------------------------------------------


@transaction.atomic
def add_domain(group: GroupAccount, typed: str, *, by: User, at: datetime) -> Domain:
    """Add the domain of an address that the manager has proved, open to nobody yet. Twice gives the same one.

    Raises Refused: for mail providers and the like with the problem, for somebody else's domain without one.
    """
    group = seating.locked(group)
    name = addresses.clean_domain(typed)
    if isinstance(name, addresses.Problem):
        raise Refused(name)
    if name not in {addresses.domain_of(address) for address in seating.proved_addresses(by)}:
        raise Refused(None)
    domain, is_new = Domain.objects.get_or_create(group=group, name=name, ended_at=None, defaults={"added_at": at})
    if is_new:
        GroupEvent.note(group, by, "added a domain", at=at, domain=name)
    return domain


@transaction.atomic
def set_open(domain: Domain, is_open: bool, *, by: Any, at: datetime) -> bool:
    """Let everybody with an address there take a seat, or no longer. True where that changed something."""
    group = seating.locked(domain.group)
    if not Domain.objects.kept().filter(pk=domain.pk, is_open=not is_open).update(is_open=is_open):
        return False
    verb = "opened a domain" if is_open else "closed a domain"
    GroupEvent.note(group, by, verb, at=at, domain=domain.name)
    return True


@transaction.atomic
def make_link(group: GroupAccount, *, by: Any, at: datetime) -> JoinLink:
    """A new link to join; the one before it no longer works."""
    group = seating.locked(group)
    JoinLink.objects.filter(group=group, closed_at=None).update(closed_at=at)
    link = JoinLink.objects.create(group=group, made_at=at, expires_at=at + LINK_LASTS)
    GroupEvent.note(group, by, "made a link to join", at=at, link=link.pk)
    return link


@transaction.atomic
def close_link(group: GroupAccount, *, by: Any, at: datetime) -> bool:
    """The link no longer works. False where there was none."""
    group = seating.locked(group)
    if not JoinLink.objects.filter(group=group, closed_at=None).update(closed_at=at):
        return False
    GroupEvent.note(group, by, "closed the link to join", at=at)
    return True
