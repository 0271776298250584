"""The state of the site: what waits, what failed, and what needs a person. One list for the admin and for metrics."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, QuerySet
from django.urls import reverse
from django.utils.timezone import localdate
from django_tasks.base import TaskResultStatus

from edge.unavailable import closed_since
from groups.models import Enquiry, StudentApplication
from readers.models import Letter
from rights.models import Handling
from subscriptions import putting_off
from subscriptions.models import Dispute, Refund, StripeEvent

from .backups import shelf
from .models import PeriodicJob, Run, Worker


@dataclass(frozen=True)
class Concern:
    """One thing to know about: how much of it there is, since when (UTC), and where in the admin to see to it.

    `name` is what metrics call it. `needs_a_person` says that it does not mend by itself, `is_counted` that there can
    be more than one.
    """

    name: str
    words: str
    count: int
    path: str
    since: datetime | None = None
    needs_a_person: bool = False
    is_counted: bool = True

    def age(self, *, at: datetime) -> float:
        """Seconds since the oldest of them began."""
        return max((at - self.since).total_seconds(), 0.0) if self.count and self.since else 0.0


def concerns(*, at: datetime) -> list[Concern]:
    """All of them, also those of which there is nothing now. One query for each."""
    return [*_machine_room(at), *_money(at), *_people(at)]


def workers_alive(*, at: datetime) -> int:
    """How many workers have shown a sign of life lately."""
    return Worker.objects.alive(at=at).count()


def last_backup() -> datetime | None:
    """When the newest backup in BACKUP_DIR was begun (UTC); None where there is none."""
    kept = shelf.newest_first(Path(settings.BACKUP_DIR)) if settings.BACKUP_DIR else []
    return kept[0].made_at if kept else None


def _machine_room(at: datetime) -> Iterator[Concern]:
    runs, jobs = reverse("admin:newsroom_run_changelist"), reverse("admin:newsroom_periodicjob_changelist")
    nobody = 0 if workers_alive(at=at) else 1
    closed = closed_since()
    yield Concern("closed", "The site is closed to readers", int(closed is not None), jobs, closed, True, False)
    yield Concern("workers_missing", "No worker is running", nobody, jobs, None, True, False)
    given_up = Run.objects.filter(status=TaskResultStatus.FAILED)
    yield _of(given_up, "finished_at", "jobs_given_up", "Jobs given up", f"{runs}?status__exact=FAILED", True)
    yield _of(Run.objects.due(at=at), "enqueued_at", "jobs_waiting", "Jobs whose time has come", runs)
    failing = PeriodicJob.objects.exclude(failures=0)
    yield _of(failing, "last_started_at", "jobs_failing", "Jobs that failed when they last ran", jobs)
    letters = Letter.objects.unsent(at=at)
    yield _of(letters, "written_at", "letters_waiting", "Letters not sent", _list("readers_letter"))
    if settings.BACKUP_DIR:
        last = last_backup()
        is_late = last is None or at - last > timedelta(hours=settings.BACKUP_HOURS)
        yield Concern("backups_late", "No new backup was made", int(is_late), jobs, last, True, False)


def _money(at: datetime) -> Iterator[Concern]:
    said = _list("subscriptions_stripeevent")
    waiting, given_up = StripeEvent.objects.waiting(), StripeEvent.objects.given_up()
    yield _of(waiting, "received_at", "stripe_events_waiting", "Events of Stripe’s not handled yet", said)
    yield _of(given_up, "received_at", "stripe_events_given_up", "Events of Stripe’s given up", said, True)
    refunds = Refund.objects.need_a_person()
    yield _of(refunds, "asked_at", "refunds_failed", "Refunds that failed", _list("subscriptions_refund"), True)
    disputes, desk = Dispute.objects.to_answer(), reverse("admin:index")
    yield _of(disputes, "opened_at", "disputes_to_answer", "Disputes to answer, at Stripe", desk, True)
    untold = len(putting_off.needs_a_person(at=at))
    yield Concern("charges_untold", "Charges nobody could be told of", untold, desk, needs_a_person=True)


def _people(at: datetime) -> Iterator[Concern]:
    statements = Handling.objects.need_a_person()
    where = _list("rights_statement") + "?queue=waiting"
    yield _of(statements, "statement__sent_at", "statements_to_look_at", "Statements to look at", where, True)
    asked = Enquiry.objects.to_do(on=localdate(at))
    yield _of(asked, "asked_at", "enquiries_to_answer", "Enquiries to answer", _list("groups_enquiry"), True)
    proofs = StudentApplication.objects.for_staff()
    where = _list("groups_studentapplication") + "?state=review"
    yield _of(proofs, "proved_at", "student_proofs", "Proofs of students to look at", where, True)


def _of(rows: QuerySet[Any], since: str, name: str, words: str, path: str, needs_a_person: bool = False) -> Concern:
    found = rows.order_by().aggregate(count=Count("pk"), since=Min(since))
    return Concern(name, words, found["count"], path, found["since"], needs_a_person)


def _list(model: str) -> str:
    return reverse(f"admin:{model}_changelist")
