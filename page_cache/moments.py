"""Until when is a page right if nobody writes anything? Scheduled things appear, and days end."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from .sources import sources

# Days begin at a full hour: today's, and across a change of the clocks also that of a charge in thirty days.
FULL = timedelta(hours=1)


def right_until(tables: Iterable[str], *, at: datetime, said: Iterable[datetime] = ()) -> datetime:
    """The first moment after `at` (UTC) at which a page of these tables may change by itself.

    `said` are moments that the view named (`edge.caching.changes_at`). It is `at` where the database cannot be asked.
    """
    coming = [moment for moment in said if moment > at]
    try:
        coming += [moment for table in tables if (moment := _next_in(table, at))]
    except (DatabaseError, InterfaceError):
        # It went away since the page was made: that may be handed out, and not a second time.
        connection.close()
        return at
    return min([at.replace(minute=0, second=0, microsecond=0) + FULL, *coming])


def _next_in(table: str, at: datetime) -> datetime | None:
    source = sources()[table]
    if not source.moments:
        return None
    narrowed = f" AND {source.moments_when}" if source.moments_when else ""
    each = " UNION ALL ".join(
        f"SELECT min({column}) AS moment FROM {table} WHERE {column} > %s{narrowed}"  # noqa: S608 - names of ours
        for column in source.moments
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(moment) FROM ({each}) AS coming", [_as_stored(at)] * len(source.moments))  # noqa: S608
        return _as_moment(cursor.fetchone()[0])


def _as_stored(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def _as_moment(found: Any) -> datetime | None:
    if isinstance(found, str):
        found = datetime.fromisoformat(found)
    return timezone.make_aware(found, timezone.get_fixed_timezone(0)) if found and timezone.is_naive(found) else found
