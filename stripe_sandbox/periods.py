"""Billing periods: steps of days, weeks, months or years from an anchor, in UTC."""

import calendar
from datetime import UTC, datetime, timedelta

DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "year": 12}


def stepped(anchor: int, interval: str, count: int, steps: int) -> int:
    """The moment `steps` intervals after the anchor. A month without that day ends on its last one."""
    start = datetime.fromtimestamp(anchor, UTC)
    if interval in DAYS:
        return int((start + timedelta(days=DAYS[interval] * count * steps)).timestamp())
    months = start.year * 12 + start.month - 1 + MONTHS[interval] * count * steps
    year, month = divmod(months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def next_boundary(anchor: int, interval: str, count: int, after: int) -> int:
    """The first end of a period later than `after`, counted from the anchor."""
    steps = 1
    if after > anchor:
        length = stepped(anchor, interval, count, 1) - anchor
        steps = max(1, (after - anchor) // (length + 4 * 86400))
    while (moment := stepped(anchor, interval, count, steps)) <= after:
        steps += 1
    return moment


def prorated(cents: int, at: int, start: int, end: int) -> int:
    """The part of an amount that falls on the rest of a period, to the nearest cent, on integers."""
    whole, rest = end - start, max(0, end - at)
    return (2 * cents * rest + whole) // (2 * whole) if whole > 0 else 0
