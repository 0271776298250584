"""What happens when, from the first day of a free trial to the first charge."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings


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
        """When we write before the first charge at the latest (law.md L6)."""
        reminder = self.first_charge_at - timedelta(days=self.reminder_days)
        return reminder if reminder > self.starts_at else None
