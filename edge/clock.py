"""The moment it is: asked once at the edge of the site, and handed down as a value.

With CLOCK_OFFSET_FILE (development only) the site follows the clock of the local Stripe, so that a person can
move to the end of a trial and look at every page there.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

# The newsroom's days begin and end here; moments are kept in UTC.
BRUSSELS = ZoneInfo(settings.TIME_ZONE)


def now() -> datetime:
    """The present moment in UTC, moved by the offset of the local Stripe where there is one."""
    moment = timezone.now()
    if settings.CLOCK_OFFSET_FILE:
        with suppress(OSError, ValueError):
            moment += timedelta(seconds=float(Path(settings.CLOCK_OFFSET_FILE).read_text()))
    return moment
