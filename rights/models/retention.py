"""When each rule of the retention was last carried out, and what it came to."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F


class RetentionRunQuerySet(models.QuerySet["RetentionRun"]):
    """Many rules."""

    def note(self, rule: str, count: int, *, at: datetime) -> None:
        """It was carried out and let go of so many rows."""
        self.get_or_create(rule=rule, defaults={"ran_at": at})
        self.filter(rule=rule).update(ran_at=at, count=count, total=F("total") + count)


class RetentionRun(models.Model):
    """The last run of one rule. The rules themselves stand at the models (`edge.personal_data`)."""

    personal_data = None

    rule = models.CharField(max_length=120, unique=True)
    ran_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0, help_text="Rows let go of in the last run.")
    total = models.PositiveBigIntegerField(default=0, help_text="In all runs.")

    objects: ClassVar[RetentionRunQuerySet] = RetentionRunQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["rule"]
        default_permissions = ("view",)
        verbose_name = "retention rule"

    def __str__(self) -> str:
        return self.rule
