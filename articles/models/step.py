"""How an article came to be what it is: each step with who took it and when."""

from datetime import datetime
from typing import Any, ClassVar

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

    def open_notes(self) -> "StepQuerySet":
        """Those that nobody has ticked off."""
        return self.notes().filter(done_at=None)

    def done_since(self, moment: datetime) -> "StepQuerySet":
        """The notes that were ticked off since then, the last one first."""
        return self.notes().filter(done_at__gte=moment).order_by("-done_at", "-pk")


class Step(models.Model):
    """Something that was done with an article, or said about it, at the desk. Never altered; a note is ticked off."""

    personal_data = PersonalData(
        what=_("Who on the staff did what with which article"),
        purpose=_("To know who wrote, read and published what, and whom to ask about it."),
        basis=Basis.INTEREST,
        persons=Persons.STAFF,
        colleagues=("by", "done_by"),
        on_deletion=Anonymise(("by", "done_by"), why=_("How an article came to be stays known.")),
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
    done_at = models.DateTimeField(null=True, blank=True, help_text="When a note was ticked off (UTC).")
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects: ClassVar[StepQuerySet] = StepQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["article", "-at"], name="steps_of_article"),
            models.Index(fields=["-at"], condition=Q(kind="note", done_at=None), name="open_notes"),
            models.Index(fields=["-done_at"], condition=Q(done_at__isnull=False), name="ticked_notes"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(kind="note", note=""), name="note_says_something"),
            models.CheckConstraint(condition=Q(done_at=None) | Q(kind="note"), name="only_notes_are_ticked_off"),
            models.CheckConstraint(condition=Q(done_by=None) | Q(done_at__isnull=False), name="who_ticked_it_off_when"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at:%Y-%m-%d %H:%M}"

    def is_newer_than(self, moment: datetime) -> bool:
        """Whether it was taken after that moment."""
        return self.at > moment

    def tick_off(self, *, by: Any, at: datetime) -> bool:
        """Say that what the note asks for is done. False where somebody else said so before; theirs stays."""
        return bool(type(self).objects.open_notes().filter(pk=self.pk).update(done_at=at, done_by=by))

    def open_again(self) -> None:
        """Take that back."""
        type(self).objects.notes().filter(pk=self.pk).update(done_at=None, done_by=None)
