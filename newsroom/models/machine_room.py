"""The machine room: which jobs come back, who works on them, and how each run went; and when pages were checked."""

from datetime import datetime, timedelta
from traceback import format_exception
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult, get_date_max

from edge.personal_data import Anonymise, Basis, PersonalData, Persons

# How long after a failure a run is tried again; after the last of them it is given up, and a person sees it.
RETRIES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
MOST_ATTEMPTS = len(RETRIES) + 1
# A worker that has not been heard of for this long is gone, and others take over what it ran.
LEASE = timedelta(minutes=2)
LOST_WORKERS_KEPT_FOR = timedelta(days=1)


class WorkerLost(Exception):
    """The worker that ran this was not heard of again."""


class PeriodicJob(models.Model):
    """A job that comes back. How often, says the code (newsroom/jobs.py); here stands when next, and how it went."""

    personal_data = None

    name = models.CharField(max_length=80, unique=True)
    next_due_at = models.DateTimeField()
    last_started_at = models.DateTimeField(null=True, blank=True)
    last_finished_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True, help_text="Empty since it last went well.")
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")

    class Meta:
        ordering = ["name"]
        verbose_name = "job"

    def __str__(self) -> str:
        return self.name

    def move_on(self, *, next_due_at: datetime) -> bool:
        """Set its next due time. True for exactly one of all those who saw the same one pass."""
        as_seen = type(self).objects.filter(pk=self.pk, next_due_at=self.next_due_at)
        return as_seen.update(next_due_at=next_due_at) == 1


class PageReview(models.Model):
    """A standing page that somebody has to look at once a year, and who last did. Which ones: newsroom/reviews.py."""

    personal_data = PersonalData(
        what=_("Who on the staff checked which standing page"),
        purpose=_("To know that the page is looked at every year."),
        basis=Basis.LAW,
        persons=Persons.STAFF,
        colleagues=("reviewed_by",),
        on_deletion=Anonymise(("reviewed_by",), why=_("The date on the page stays true.")),
    )

    page = models.CharField(max_length=40, unique=True)
    reviewed_at = models.DateTimeField("last checked", null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["page"]
        verbose_name = "check of a standing page"
        verbose_name_plural = "checks of standing pages"

    def __str__(self) -> str:
        return self.page

    def review(self, *, by: Any, at: datetime) -> None:
        """Somebody has looked at it, and every word is true."""
        self.reviewed_at, self.reviewed_by = at, by
        self.save(update_fields=["reviewed_at", "reviewed_by"])


class WorkerQuerySet(models.QuerySet["Worker"]):
    """Many workers."""

    def alive(self, *, at: datetime) -> "WorkerQuerySet":
        """Those heard of lately. Heard of in the future does not count: the clock was moved back since."""
        return self.filter(seen_at__gt=at - LEASE, seen_at__lt=at + LEASE)

    def long_gone(self, *, at: datetime) -> "WorkerQuerySet":
        """Those of whom nobody needs to know any more."""
        return self.filter(seen_at__lt=at - LOST_WORKERS_KEPT_FOR)

    def beat(self, name: str, *, at: datetime) -> None:
        """The worker of this name is there."""
        self.update_or_create(name=name, defaults={"seen_at": at}, create_defaults={"seen_at": at, "started_at": at})


class Worker(models.Model):
    """A process that runs jobs, for as long as it does."""

    personal_data = None

    name = models.CharField(max_length=64, unique=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    objects: ClassVar[WorkerQuerySet] = WorkerQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["started_at"]

    def __str__(self) -> str:
        return self.name


class RunQuerySet(models.QuerySet["Run"]):
    """Many runs."""

    def due(self, *, at: datetime) -> "RunQuerySet":
        """Those a worker may begin: waiting, and not put off to a later moment."""
        now = models.Q(run_after=get_date_max()) | models.Q(run_after__lte=at)
        return self.filter(now, status=TaskResultStatus.READY).order_by("-priority", "run_after", "enqueued_at")

    def unfinished(self) -> "RunQuerySet":
        """Those that wait or run."""
        return self.filter(status__in=[TaskResultStatus.READY, TaskResultStatus.RUNNING])


class Run(DBTaskResult):
    """One entry of the queue, from asking for it to its end. The table is the library's; the verbs are ours.

    Each verb says whether it was still ours to do: it changes nothing where another worker has taken over.
    """

    objects: ClassVar[RunQuerySet] = RunQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        proxy = True
        ordering = ["-enqueued_at"]

    def __str__(self) -> str:
        return f"{self.job_name}, {self.status.lower()}"

    @property
    def job_name(self) -> str:
        """The name of its function, also where that is no longer in the code."""
        return self.task_path.rpartition(".")[2]

    @property
    def attempts(self) -> int:
        """How often it was begun since somebody last asked for it."""
        return len(self.worker_ids)

    @property
    def worker(self) -> str:
        """Who began it last, or nobody."""
        return self.worker_ids[-1] if self.worker_ids else ""

    @property
    def error(self) -> str:
        """Class and message of the last failure, or nothing."""
        return self.traceback.strip().rpartition("\n")[2]

    def begin(self, worker: str, *, at: datetime) -> bool:
        """Take it in hand. True for exactly one worker, however many try."""
        started = {"status": TaskResultStatus.RUNNING, "started_at": at, "worker_ids": [*self.worker_ids, worker]}
        if not type(self).objects.due(at=at).filter(pk=self.pk).update(**started):
            return False
        self._now(**started)
        return True

    def succeed(self, answer: Any, *, at: datetime) -> bool:
        """It is done; `answer` is what its function returned, and must be JSON."""
        cleared = {"exception_class_path": "", "traceback": ""}
        return self._leave(status=TaskResultStatus.SUCCESSFUL, finished_at=at, return_value=answer, **cleared)

    def fail(self, error: BaseException, *, at: datetime) -> bool:
        """It has failed: it waits for its next try, or is given up after the last one. The error is kept."""
        kind = type(error)
        kept = {
            "exception_class_path": f"{kind.__module__}.{kind.__qualname__}",
            "traceback": "".join(format_exception(error)).replace("\x00", ""),
        }
        if self.attempts >= MOST_ATTEMPTS:
            return self._leave(status=TaskResultStatus.FAILED, finished_at=at, **kept)
        # What a lost worker left lying has waited long enough.
        wait = timedelta(0) if isinstance(error, WorkerLost) else RETRIES[self.attempts - 1]
        return self._leave(status=TaskResultStatus.READY, run_after=at + wait, **kept)

    def again(self, *, at: datetime) -> bool:
        """Begin anew at once with all tries before it, where it was given up or waits for its next one."""
        waiting = type(self).objects.filter(pk=self.pk, status__in=[TaskResultStatus.READY, TaskResultStatus.FAILED])
        anew = {"status": TaskResultStatus.READY, "run_after": at, "worker_ids": [], "finished_at": None}
        return waiting.update(**anew) == 1

    def _leave(self, **values: Any) -> bool:
        """Let go of it in this state, unless it is no longer in our hands."""
        ours = type(self).objects.filter(pk=self.pk, status=TaskResultStatus.RUNNING, worker_ids=self.worker_ids)
        if not ours.update(**values):
            return False
        self._now(**values)
        return True

    def _now(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)
