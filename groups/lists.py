"""A list of people to invite: kept line by line, carried out at once or by a job, and told as far as it has got."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count
from django_tasks import task

from edge import clock
from readers.letters import about_groups

from . import addresses, inviting, seating
from .address_lists import Entry
from .models import GroupAccount, InvitationList, ListLine

Outcome = ListLine.Outcome
# So many are asked while the manager waits for the page; more are a job's.
AT_ONCE = 25


@dataclass(frozen=True)
class Progress:
    """How far a list has got."""

    total: int
    done: int
    outcomes: tuple[tuple[str, int], ...]

    @property
    def invited(self) -> int:
        """How many were invited."""
        return dict(self.outcomes).get(Outcome.INVITED, 0)

    @property
    def in_words(self) -> list[tuple[str, int]]:
        """Each outcome in words, with how often it came about."""
        return [(str(Outcome(value).label), count) for value, count in self.outcomes]


def keep(
    group: GroupAccount, entries: Iterable[Entry], *, by: Any, at: datetime, language: str, file_name: str = ""
) -> InvitationList:
    """Keep the list. Short ones are carried out before this returns, long ones by a job after the commit."""
    with transaction.atomic():
        kept = InvitationList.objects.create(
            group=group, file_name=file_name[:200], language=language, made_at=at, made_by=by
        )
        lines = ListLine.objects.bulk_create(_lines(kept, entries), batch_size=500)
        if len(lines) > AT_ONCE:
            transaction.on_commit(lambda: carry_out_list.enqueue(kept.pk))
    if len(lines) <= AT_ONCE:
        carry_on(kept, at=at)
    return kept


def progress_of(kept: InvitationList) -> Progress:
    """How far it has got. One query."""
    counted = dict(kept.lines.order_by().values_list("outcome").annotate(Count("pk")))
    waiting = counted.pop("", 0)
    in_order = tuple((one.value, counted[one.value]) for one in Outcome if one.value in counted)
    done = sum(counted.values())
    return Progress(total=done + waiting, done=done, outcomes=in_order)


def carry_on(kept: InvitationList, *, at: datetime) -> None:
    """Ask everybody on it who was not asked yet. Begun again after a crash it goes on where it was."""
    for pk in list(kept.lines.filter(outcome="").order_by("pk").values_list("pk", flat=True)):
        _carry_out(kept, pk, at=at)
    finished = InvitationList.objects.filter(pk=kept.pk, finished_at=None).update(finished_at=at)
    progress = progress_of(kept)
    if finished and progress.total > AT_ONCE and kept.made_by is not None:
        about_groups.list_done(
            kept.made_by,
            organisation=kept.group.organisation,
            invited=progress.invited,
            not_invited=progress.total - progress.invited,
            group_id=kept.group_id,
            list_id=kept.pk,
            occasion=str(kept.pk),
            at=at,
        )


@task
def carry_out_list(list_id: int) -> str:
    """Invite everybody on a list."""
    kept = InvitationList.objects.select_related("group", "made_by").get(pk=list_id)
    carry_on(kept, at=clock.now())
    progress = progress_of(kept)
    return f"{progress.invited} of {progress.total} invited."


@transaction.atomic
def _carry_out(kept: InvitationList, pk: int, *, at: datetime) -> None:
    """One line, invited and marked in one transaction: never twice, and never marked without being invited."""
    seating.locked(kept.group)
    line = ListLine.objects.get(pk=pk)
    if line.outcome:
        return
    line.outcome = inviting.invite(
        kept.group, line.address, name=line.name, by=kept.made_by, language=kept.language, at=at
    )
    line.save(update_fields=["outcome"])


def _lines(kept: InvitationList, entries: Iterable[Entry]) -> Iterable[ListLine]:
    seen: set[str] = set()
    for entry in entries:
        line = ListLine(list=kept, number=entry.number, said=entry.said, name=entry.name)
        address = addresses.clean(entry.address)
        if isinstance(address, addresses.Problem):
            is_fake = address is addresses.Problem.LOOK_ALIKE
            line.outcome = Outcome.LOOK_ALIKE if is_fake else Outcome.NO_ADDRESS
        else:
            mailbox = addresses.mailbox_of(address)
            line.address, line.outcome = address, Outcome.TWICE if mailbox in seen else ""
            seen.add(mailbox)
        yield line
