"""The short things on the page: briefs, partner items, the agenda of the day."""

from datetime import datetime
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q


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


class PartnerItemQuerySet(models.QuerySet["PartnerItem"]):
    """Many partner items."""

    def running(self, *, at: datetime) -> "PartnerItemQuerySet":
        """Those whose time it is."""
        return self.filter(Q(starts_at__lte=at) & (Q(ends_at=None) | Q(ends_at__gt=at)))


class PartnerItem(models.Model):
    """A line somebody pays for, always shown with its label and its payer (law.md L15, L16)."""

    personal_data = None

    organisation = models.CharField(max_length=120, help_text="Who pays for it.")
    headline = models.CharField(max_length=140)
    url = models.URLField(max_length=500)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    is_political = models.BooleanField(
        "political advertisement",
        default=False,
        help_text="Does it try to influence a vote or a legislative process? Then the notice below is needed.",
    )
    notice = models.TextField(
        blank=True,
        help_text="Political advertisements only: sponsor, who controls it, amount, period, the process it is about, "
        "targeting.",
    )

    objects: ClassVar[PartnerItemQuerySet] = PartnerItemQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_political=False) | ~Q(notice=""), name="political_partner_item_has_its_notice"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation}: {self.headline}"

    def clean(self) -> None:
        """Raise ValidationError where a political item lacks its notice (law.md L16)."""
        if self.is_political and not self.notice.strip():
            raise ValidationError({"notice": "A political advertisement cannot be published without its notice."})


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
