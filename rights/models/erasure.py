"""That an account was deleted: a receipt with a number, and nobody's name on it."""

from datetime import datetime
from secrets import token_hex
from typing import ClassVar

from django.conf import settings
from django.db import models


class ErasureQuerySet(models.QuerySet["Erasure"]):
    """Many receipts."""

    def note(self, *, at: datetime, by_staff: bool, kept: dict[str, int]) -> "Erasure":
        """A new one; `kept` says how many rows of each model stay."""
        return self.create(number=token_hex(5).upper(), erased_at=at, by_staff=by_staff, kept=kept)


class Erasure(models.Model):
    """One account that is no more. Where the law keeps orders and invoices, `reader` is what they are tied to."""

    personal_data = None

    number = models.CharField(max_length=20, unique=True, help_text="As it stands on the reader's receipt.")
    reader = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="erasure",
        help_text="The empty account that holds what the law keeps; empty where nothing is kept.",
    )
    erased_at = models.DateTimeField()
    by_staff = models.BooleanField(default=False, help_text="On request, by an administrator.")
    kept = models.JSONField(default=dict, help_text="How many rows of each kind stay.")

    objects: ClassVar[ErasureQuerySet] = ErasureQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-erased_at"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.number
