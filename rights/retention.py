"""Nothing is kept longer than it is needed: the rules, made from what the models say, and how they are carried out.

Each rule can be asked what it would let go of (`due`), and does so in batches (`carry_out`). Twice does no harm.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import PROTECT, RESTRICT, Exists, Model, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Rule, Term, Words, days
from readers.letters import about_deletion
from readers.models import NOWHERE, User

from . import erasure, sessions
from .inventory import Entry, entries
from .models import RetentionRun

log = logging.getLogger(__name__)
BATCH = 500
# The job of newsroom/jobs.py that carries them out.
JOB = "keep_no_longer"


@dataclass(frozen=True)
class Duty:
    """One rule in force: what goes, when, why, and the rows that are due at a moment.

    `counted_from` is the field by which the oldest row is found. `let_go` takes some primary keys of due rows and
    returns how many rows it has let go of.
    """

    name: str
    what: Words
    term: Term | None
    since: Words
    why: Words
    counted_from: str
    due: Callable[[datetime], QuerySet[Any]]
    let_go: Callable[[QuerySet[Any]], int]
    empties: bool = False

    @property
    def term_in_words(self) -> str:
        """ "90 days"; "At once" where it does not wait."""
        return self.term.in_words if self.term else str(_("At once"))

    def oldest(self, *, at: datetime) -> datetime | None:
        """The moment from which the oldest due row counts."""
        found: datetime | None = (
            self.due(at).order_by(self.counted_from).values_list(self.counted_from, flat=True).first()
        )
        return found

    def carry_out(self, *, at: datetime) -> int:
        """Let go of everything that is due, some hundred rows in a transaction. How many that were."""
        gone = 0
        for pks in self._batches(at):
            with transaction.atomic():
                gone += self.let_go(self.due(at).model._base_manager.filter(pk__in=pks))
        return gone

    def _batches(self, at: datetime) -> Iterator[list[Any]]:
        """Keys of due rows, each once, also of those that are held fast and stay."""
        rows = self.due(at).order_by("pk").values_list("pk", flat=True)
        pks = list(rows[:BATCH])
        while pks:
            yield pks
            pks = list(rows.filter(pk__gt=pks[-1])[:BATCH])


@dataclass(frozen=True)
class DryRun:
    """What a rule would let go of now (None: not asked), and when it was last carried out."""

    duty: Duty
    last: RetentionRun | None
    count: int | None = None
    oldest: datetime | None = None


def carry_out(*, at: datetime) -> str:
    """Carry out every rule; one that fails does not stop the others. What came of it, in words.

    Raises the first error at the end, so that the job counts as failed.
    """
    gone, errors = 0, []
    for duty in duties():
        try:
            count = duty.carry_out(at=at)
        except Exception as error:  # The other rules have a right to their turn.
            log.exception("The rule %s could not be carried out", duty.name)
            errors.append(error)
            continue
        RetentionRun.objects.note(duty.name, count, at=at)
        gone += count
    if errors:
        raise errors[0]
    return f"{gone} forgotten under {len(duties())} rules."


def dry_run(*, at: datetime) -> list[DryRun]:
    """What every rule would do now. Changes nothing."""
    return [DryRun(one.duty, one.last, one.duty.due(at).count(), one.duty.oldest(at=at)) for one in last_runs()]


def last_runs() -> list[DryRun]:
    """Every rule and when it was last carried out."""
    last = {run.rule: run for run in RetentionRun.objects.all()}
    return [DryRun(duty, last.get(duty.name)) for duty in duties()]


@cache
def duties() -> tuple[Duty, ...]:
    """Every rule: those of the models, in an order in which nothing is in the way, and those that need more words."""
    return (*(_of_model(entry, rule) for entry in entries() for rule in entry.data.retention), *_more())


def _of_model(entry: Entry, rule: Rule) -> Duty:
    name = ".".join((entry.label, *rule.empties)) if rule.empties else f"{entry.label} by {rule.counted_from}"
    if rule.empties:
        return Duty(
            name, entry.data.what, rule.term, rule.since, rule.why, rule.counted_from, _full(entry, rule),
            _emptying(entry, rule), empties=True,
        )  # fmt: skip
    return Duty(name, entry.data.what, rule.term, rule.since, rule.why, rule.counted_from, _old(entry, rule), _delete)


def _old(entry: Entry, rule: Rule) -> Callable[[datetime], QuerySet[Any]]:
    """Rows whose term is over and that nothing kept points to."""

    def due(at: datetime) -> QuerySet[Any]:
        over = {f"{rule.counted_from}__lt": rule.term.cutoff(at=at)}
        return unneeded(entry.model._base_manager.filter(rule.only, **over))

    return due


def _full(entry: Entry, rule: Rule) -> Callable[[datetime], QuerySet[Any]]:
    """Rows whose term is over and in which something still stands."""
    fields = [entry.model._meta.get_field(name) for name in rule.empties]
    is_empty = Q(**{field.name: erasure.nothing_of(field) for field in fields if not field.null})
    is_empty &= Q(**{f"{field.name}__isnull": True for field in fields if field.null})

    def due(at: datetime) -> QuerySet[Any]:
        over = {f"{rule.counted_from}__lt": rule.term.cutoff(at=at)}
        return entry.model._base_manager.filter(rule.only, **over).exclude(is_empty)

    return due


def _emptying(entry: Entry, rule: Rule) -> Callable[[QuerySet[Any]], int]:
    fields = [entry.model._meta.get_field(name) for name in rule.empties]
    return lambda rows: rows.update(**{field.name: erasure.nothing_of(field) for field in fields})


def _delete(rows: QuerySet[Any]) -> int:
    """Delete those rows to which nothing that is kept points, and say how many."""
    rows = unneeded(rows)
    count = rows.count()
    rows.delete()
    return count


def unneeded(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those of the rows that no other row holds fast."""
    for relation in rows.model._meta.related_objects:
        if getattr(relation, "on_delete", None) in (PROTECT, RESTRICT):
            holder: type[Model] = relation.related_model
            holding = holder._base_manager.filter(**{relation.field.name: OuterRef("pk")})
            rows = rows.exclude(Exists(holding))
    return rows


# --- Rules that are more than an age ---------------------------------------------------------------------------------


def _more() -> tuple[Duty, ...]:
    return (
        Duty(
            name="unproved addresses",
            what=_("Addresses that somebody typed and nobody proved"),
            term=days("KEEP_UNPROVED_DAYS"),
            since=_("after it was typed"),
            why=_("It may be somebody else's."),
            counted_from="date_joined",
            due=lambda at: User.objects.who_never_came(since=at - timedelta(days=settings.KEEP_UNPROVED_DAYS)),
            let_go=_delete,
        ),
        Duty(
            name="expired sessions",
            what=_("Sessions that are over"),
            term=None,
            since=_("as soon as you are signed out, at the latest 90 days after you signed in"),
            why=_("Nobody can come in with them any more."),
            counted_from="expire_date",
            due=lambda at: Session.objects.filter(expire_date__lt=at),
            let_go=_delete,
        ),
        Duty(
            name="unfinished sign-ins",
            what=_("Forms and codes of visitors who did not go on"),
            term=days("KEEP_UNFINISHED_SIGN_INS_DAYS"),
            since=_("after the last step"),
            why=_("Codes work for fifteen minutes."),
            counted_from="expire_date",
            due=lambda at: sessions.left_lying(at=at),
            let_go=_delete_nobodys,
        ),
        Duty(
            name="devices",
            what=_("The list of browsers you were signed in with"),
            term=None,
            since=_("when the session is over"),
            why=_("It shows where your account is open, and it is closed there."),
            counted_from="last_seen_at",
            due=lambda at: sessions.lists_of_ended(at=at),
            let_go=_delete,
        ),
        Duty(
            name="last letters",
            what=_("The address in the receipt of a deleted account"),
            term=days("KEEP_LAST_LETTERS_DAYS"),
            since=_("after it was written, and at once when it has left"),
            why=_("The receipt must be sent; where mail cannot be delivered we try for some days."),
            counted_from="written_at",
            due=lambda at: about_deletion.last_letters_to_forget(at=at),
            let_go=erasure.forget_letters,
        ),
        Duty(
            name="empty accounts",
            what=_("What is left of a deleted account"),
            term=None,
            since=_("when the last order or invoice that is tied to it has been deleted"),
            why=_("It only holds together what the law keeps."),
            counted_from="date_joined",
            due=lambda at: unneeded(User.objects.filter(email__endswith=f"@{NOWHERE}")),
            let_go=_delete,
        ),
    )


def _delete_nobodys(rows: QuerySet[Session]) -> int:
    """Delete sessions that nobody is signed in with."""
    gone = [row.pk for row in rows if not sessions.is_signed_in(row)]
    Session.objects.filter(pk__in=gone).delete()
    return len(gone)
