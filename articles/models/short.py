"""The short things on the page: briefs, the agenda of the day."""

from datetime import datetime
from typing import ClassVar

from django.db import models


class BriefQuerySet(models.QuerySet["Brief"]):
    """Many briefs."""

    def published(self, *, at: datetime) -> "BriefQuerySet":
        """Those whose moment has come."""
        return self.filter(published_at__lte=at)


class Brief(models.Model):
    """News in a sentence or two; free to read."""

    personal_data = None

    headline = models.CharField(max_length=120)
    text = models.TextField(blank=True)
    published_at = models.DateTimeField(db_index=True)

    objects: ClassVar[BriefQuerySet] = BriefQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-published_at", "-pk"]
        verbose_name_plural = "news in brief"

    def __str__(self) -> str:
        return self.headline


class AgendaItem(models.Model):
    """Something that happens in Brussels at a time."""

    personal_data = None

    starts_at = models.DateTimeField(db_index=True)
    title = models.CharField(max_length=120)
    place = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["starts_at"]

    def __str__(self) -> str:
        return self.title
