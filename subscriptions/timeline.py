"""What happens when, from the first day of a free trial to the first charge."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from .notice_dates import last_reminder_at


@dataclass(frozen=True)
class Timeline:
    """The moments of a free trial (UTC). There is no reminder on the way where the trial is shorter than its notice."""

    starts_at: datetime
    first_charge_at: datetime

    @property
    def reminder_days(self) -> int:
        """How many days that is before the charge."""
        return settings.TRIAL_LAST_REMINDER_DAYS

    @property
    def reminder_at(self) -> datetime | None:
        """When we write before the first charge (law.md L6)."""
        reminder = last_reminder_at(self.starts_at, self.first_charge_at)
        return reminder if reminder > self.starts_at else None
