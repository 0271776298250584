"""Staff let one person in: student, complimentary, press."""

from datetime import datetime
from typing import Any, ClassVar

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

    def given(self) -> "GrantQuerySet":
        """Those that are presents, which somebody on the staff answers for."""
        return self.filter(kind__in=Grant.GIVEN)


class Grant(models.Model):
    """Access with a reason, an end and a name under it. Ending one sets its end; the row stays."""

    personal_data = PersonalData(
        what=_("Access we gave you"),
        purpose=_("To let students, the press and guests read without paying."),
        basis=Basis.CONTRACT,
        whose="reader",
        colleagues=("granted_by", "ended_by", "owner"),
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
        PARTNER = "partner", "Partner"
        SUPPORT = "support", "Support (something went wrong)"

    # Presents: somebody on the staff answers for each, and is told before it ends.
    GIVEN = (Kind.COMPLIMENTARY, Kind.PRESS, Kind.PARTNER)

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="grants")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    reason = models.CharField(max_length=300, help_text="Why; the next colleague will want to know.")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="Brussels time. Access ends by itself.")
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        help_text="Empty: the site, since the reader has proved what it asks for.",
    )
    granted_at = models.DateTimeField(editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who on the staff answers for it, and is told before it ends. Empty: whoever gives it.",
    )
    owner_told_at = models.DateTimeField(null=True, editable=False, help_text="When the owner was told of the end.")
    reader_waits_for_letter = models.BooleanField(
        "write to the reader", default=False, help_text="A letter says what was given, and until when."
    )

    objects: ClassVar[GrantQuerySet] = GrantQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-ends_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gte=models.F("starts_at")), name="grant_ends_after_it_starts"
            )
        ]
        indexes = [
            models.Index(fields=["reader", "ends_at"]),
            models.Index(fields=["-ends_at", "-id"], name="grant_last_end_first"),
            models.Index(fields=["ends_at"], condition=models.Q(owner_told_at=None), name="grant_owner_not_told"),
            models.Index(fields=["id"], condition=models.Q(reader_waits_for_letter=True), name="grant_letter_to_write"),
        ]

    def in_words(self) -> str:
        """What lets the reader in, for the reader: "student access"."""
        words = {
            self.Kind.COMPLIMENTARY: gettext("complimentary access"),
            self.Kind.STUDENT: gettext("student access"),
            self.Kind.PRESS: gettext("press access"),
            self.Kind.PARTNER: gettext("partner access"),
            self.Kind.SUPPORT: gettext("support access"),
        }
        return words[self.Kind(self.kind)]

    def __str__(self) -> str:
        return f"{self.reader}: {self.get_kind_display()}"

    def clean(self) -> None:
        """Raise ValidationError where the end lies before the start."""
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": "The end must be after the start."})

    @property
    def answers_for_it(self) -> Any:
        """Who on the staff is told before it ends: its owner, else whoever gave it."""
        return self.owner or self.granted_by

    def is_in_force(self, *, at: datetime) -> bool:
        """Whether it lets its reader in at that moment."""
        return self.starts_at <= at < self.ends_at

    def end(self, *, by: models.Model, at: datetime) -> None:
        """End it now, or before it began. The row stays as history; ending twice changes nothing."""
        if self.ends_at > at:
            self.ends_at, self.ended_by = max(at, self.starts_at), by  # type: ignore[assignment]
            self.save(update_fields=["ends_at", "ended_by"])
