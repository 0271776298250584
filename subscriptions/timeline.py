"""What happens when, from the first day of a free trial to the first charge."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# We write so long before the first charge, at the latest (law.md L6).
REMINDED_BEFORE = timedelta(days=7)


@dataclass(frozen=True)
class Timeline:
    """The moments of a free trial (UTC). There is no reminder on the way where the trial is shorter than its notice."""

    starts_at: datetime
    first_charge_at: datetime

    @property
    def reminder_at(self) -> datetime | None:
        """When we write before the first charge."""
        reminder = self.first_charge_at - REMINDED_BEFORE
        return reminder if reminder > self.starts_at else None
