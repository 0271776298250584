"""The page of a live coverage: what is new on top, what is pinned above it, and what a reader may see of each entry."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString

from subscriptions.access import Entitlement, Invitation, invitation_to

from . import structured_data
from .models import LiveCoverage, LiveEntry
from .models.live import LiveEntryQuerySet
from .paywall import LiveReading, readings_of_live
from .river import Stretch, place_of, since, stretch_of

ENTRIES, PINNED = 20, 3
# More are not counted: the page says "more than".
MOST_NEW = 50
# The wall stands below so many entries whose words are paid for.
LOCKED_ABOVE_WALL = 3


@dataclass(frozen=True)
class Locked:
    """What the wall says of the entries on this page that are paid for."""

    words_behind_wall: int
    is_locked: bool = True


@dataclass(frozen=True)
class LivePage:
    """A stretch of a coverage as one reader sees it. `newest` is the place of the newest entry that is out."""

    coverage: LiveCoverage
    is_running: bool
    river: Stretch[LiveEntry]
    pinned: tuple[LiveReading, ...]
    above: tuple[LiveReading, ...]
    below: tuple[LiveReading, ...]
    newest: str
    invitation: Invitation | None = None

    @property
    def readings(self) -> tuple[LiveReading, ...]:
        """Everything on the page, from top to bottom."""
        return self.pinned + self.above + self.below

    @property
    def wall(self) -> Locked | None:
        """The wall, where something on the page is paid for and this reader may not read it."""
        words = sum(reading.entry.words for reading in self.readings if reading.is_locked)
        return Locked(words) if any(reading.is_locked for reading in self.readings) else None

    @property
    def structured_data(self) -> SafeString:
        """JSON-LD, from what everyone sees alone."""
        return structured_data.live_blog(self.coverage, self.readings, has_wall_on_page=self.wall is not None)


def live_page(
    coverage: LiveCoverage, entitlement: Entitlement | None, *, before: str, reader: Any, at: datetime
) -> LivePage:
    """The newest entries, or those before a place in the river. Raises NoSuchPlace."""
    entries = entries_of(coverage, at=at)
    river = stretch_of(entries, before, length=ENTRIES)
    pinned = list(entries.filter(pinned_at__isnull=False).order_by("-pinned_at")[:PINNED]) if river.is_first else []
    keys = {entry.pk for entry in pinned}
    rows = [entry for entry in river.rows if entry.pk not in keys]
    readings = readings_of_live(coverage, [*pinned, *rows], entitlement)
    of_pinned, of_rows = readings[: len(pinned)], readings[len(pinned) :]
    cut = _below_the_first_locked(of_rows)
    is_locked = any(reading.is_locked for reading in readings)
    return LivePage(
        coverage=coverage,
        is_running=coverage.is_running(at=at),
        river=river,
        pinned=tuple(of_pinned),
        above=tuple(of_rows[:cut]),
        below=tuple(of_rows[cut:]),
        newest=place_of(river.rows[0]) if river.is_first and river.rows else "",
        invitation=invitation_to(reader, at=at) if is_locked else None,
    )


def how_many_new(coverage: LiveCoverage, after: str, *, at: datetime) -> int:
    """How many entries came after that place, up to MOST_NEW. Raises NoSuchPlace."""
    entries = LiveEntry.objects.filter(coverage=coverage).published(at=at)
    return len((since(entries, after) if after else entries).values_list("pk")[:MOST_NEW])


def entries_of(coverage: LiveCoverage, *, at: datetime) -> LiveEntryQuerySet:
    """What of a coverage is out, with who wrote it."""
    return LiveEntry.objects.filter(coverage=coverage).published(at=at).select_related("author")


def _below_the_first_locked(readings: list[LiveReading]) -> int:
    seen = 0
    for place, reading in enumerate(readings, start=1):
        seen += reading.is_locked
        if seen == LOCKED_ABOVE_WALL:
            return place
    return len(readings)
