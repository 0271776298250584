"""Staff let one person in: student, complimentary, press."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData, Rule, days


class GrantQuerySet(models.QuerySet["Grant"]):
    """Many grants."""

    def in_force(self, *, at: datetime) -> "GrantQuerySet":
        """Those that let their reader in at that moment."""
        return self.filter(starts_at__lte=at, ends_at__gt=at)


class Grant(models.Model):
    """Access with a reason, an end and a name under it. Ending one sets its end; the row stays."""

    personal_data = PersonalData(
        what=_("Access we gave you"),
        purpose=_("To let students, the press and guests read without paying."),
        basis=Basis.CONTRACT,
        whose="reader",
        colleagues=("granted_by", "ended_by"),
        mentions=("reason",),
        on_deletion=Keep(
            why=_("It shows what we gave away and on whose word. The reason is erased."), empties=("reason",)
        ),
        retention=(
            Rule(
                term=days("KEEP_GRANTS_DAYS"),
                counted_from="ends_at",
                since=_("after the access ended"),
                why=_("By then no question comes any more."),
            ),
        ),
    )

    class Kind(models.TextChoices):
        COMPLIMENTARY = "complimentary", "Complimentary"
        STUDENT = "student", "Student"
        PRESS = "press", "Press"
        SUPPORT = "support", "Support (something went wrong)"

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="grants")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    reason = models.CharField(max_length=300, help_text="Why; the next colleague will want to know.")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="Brussels time. Access ends by itself.")
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False)
    granted_at = models.DateTimeField(editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects: ClassVar[GrantQuerySet] = GrantQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-ends_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gte=models.F("starts_at")), name="grant_ends_after_it_starts"
            )
        ]
        indexes = [models.Index(fields=["reader", "ends_at"])]

    def in_words(self) -> str:
        """What lets the reader in, for the reader: "student access"."""
        words = {
            self.Kind.COMPLIMENTARY: gettext("complimentary access"),
            self.Kind.STUDENT: gettext("student access"),
            self.Kind.PRESS: gettext("press access"),
            self.Kind.SUPPORT: gettext("support access"),
        }
        return words[self.Kind(self.kind)]

    def __str__(self) -> str:
        return f"{self.reader}: {self.get_kind_display()}"

    def clean(self) -> None:
        """Raise ValidationError where the end lies before the start."""
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": "The end must be after the start."})

    def is_in_force(self, *, at: datetime) -> bool:
        """Whether it lets its reader in at that moment."""
        return self.starts_at <= at < self.ends_at

    def end(self, *, by: models.Model, at: datetime) -> None:
        """End it now, or before it began. The row stays as history; ending twice changes nothing."""
        if self.ends_at > at:
            self.ends_at, self.ended_by = max(at, self.starts_at), by  # type: ignore[assignment]
            self.save(update_fields=["ends_at", "ended_by"])
