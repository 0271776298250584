"""When a job is due: every so often, or at a time of day in Brussels."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django_tasks.base import Task

from edge.clock import BRUSSELS

ONE_DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNITS = ((3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class Job:
    """A task that comes back: `every` so often, counted from midnight UTC, or once a day at `daily_at` in Brussels.

    Raises ValueError unless exactly one of the two is given.
    """

    task: Task
    every: timedelta | None = None
    daily_at: time | None = None

    def __post_init__(self) -> None:
        if (self.every is None) == (self.daily_at is None):
            raise ValueError(f"{self.name} needs either `every` or `daily_at`.")
        if self.every is not None and self.every <= timedelta(0):
            raise ValueError(f"{self.name} cannot come back in no time.")

    @property
    def name(self) -> str:
        """The name of its function, which is also the name of its row."""
        return self.task.name

    @property
    def path(self) -> str:
        """Where its function is; the queue knows it by that."""
        return self.task.module_path

    @property
    def does(self) -> str:
        """What it does, in a sentence: the first line of its function's words."""
        return (self.task.func.__doc__ or "").strip().partition("\n")[0]

    @property
    def in_words(self) -> str:
        """ "every minute", "every 6 hours", "daily at 03:40"."""
        if self.daily_at:
            return f"daily at {self.daily_at:%H:%M}"
        seconds = int(self.every.total_seconds()) if self.every else 0
        length, unit = next(each for each in UNITS if seconds % each[0] == 0)
        return f"every {unit}" if seconds == length else f"every {seconds // length} {unit}s"

    def first_due(self, *, at: datetime) -> datetime:
        """When it runs for the first time (UTC): at once, or at its time of day."""
        return at if self.every else self.next_after(at)

    def next_after(self, moment: datetime) -> datetime:
        """The next moment it is due (UTC), always later than `moment`; once per day of the calendar for `daily_at`.

        Moments are the same for everyone who asks, so that workers agree; what was missed is not made up for.
        """
        if self.every:
            return EPOCH + ((moment - EPOCH) // self.every + 1) * self.every
        today = moment.astimezone(BRUSSELS).date()
        # Compared in UTC: within one zone Python compares what the clocks on the wall say.
        candidates = (self._on(today + days * ONE_DAY) for days in range(3))
        return next(due for due in candidates if due > moment)

    def is_lost(self, due_at: datetime, *, at: datetime) -> bool:
        """Whether that due time lies too far ahead: the clock was moved back, or the job now comes more often."""
        return due_at > self.next_after(self.next_after(at))

    def _on(self, day: object) -> datetime:
        """Its time on that day. An hour that is skipped counts from before the change, a doubled one the first time."""
        assert self.daily_at is not None
        return datetime.combine(day, self.daily_at, tzinfo=BRUSSELS).astimezone(UTC)  # type: ignore[arg-type]
