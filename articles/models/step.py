"""How an article came to be what it is: each step with who took it and when."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Anonymise, Basis, PersonalData, Persons

from .article import Article


class StepQuerySet(models.QuerySet["Step"]):
    """Many steps."""

    def notes(self) -> "StepQuerySet":
        """What colleagues wrote to each other."""
        return self.filter(kind=Step.Kind.NOTE)


class Step(models.Model):
    """Something that was done with an article, or said about it, at the desk. Never altered."""

    personal_data = PersonalData(
        what=_("Who on the staff did what with which article"),
        purpose=_("To know who wrote, read and published what, and whom to ask about it."),
        basis=Basis.INTEREST,
        persons=Persons.STAFF,
        colleagues=("by",),
        on_deletion=Anonymise(("by",), why=_("How an article came to be stays known.")),
    )

    class Kind(models.TextChoices):
        BEGUN = "begun", "Begun"
        REVIEW = "review", "Sent for review"
        READY = "ready", "Ready"
        SENT_BACK = "sent back", "Sent back"
        SCHEDULED = "scheduled", "Scheduled"
        PUBLISHED = "published", "Published"
        UPDATED = "updated", "Updated"
        TAKEN_BACK = "taken back", "Taken back"
        WITHDRAWN = "withdrawn", "Withdrawn"
        PUT_BACK = "put back", "Put back"
        RESTORED = "restored", "An earlier version brought back"
        ASSIGNED = "assigned", "Assigned"
        TAKEN_OVER = "taken over", "Writing taken over"
        NOTE = "note", "Note"

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    note = models.CharField(max_length=1000, blank=True)
    at = models.DateTimeField(help_text="When it was done: a publication may be set for later.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects: ClassVar[StepQuerySet] = StepQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["article", "-at"], name="steps_of_article"),
            models.Index(fields=["-at"], condition=Q(kind="note"), name="newest_notes"),
        ]
        constraints = [models.CheckConstraint(condition=~Q(kind="note", note=""), name="note_says_something")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at:%Y-%m-%d %H:%M}"

    def is_newer_than(self, moment: datetime) -> bool:
        """Whether it was taken after that moment."""
        return self.at > moment
