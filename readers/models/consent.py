"""What a reader said yes to: for what, in which words, from when until when (GDPR Art. 7)."""

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from edge.personal_data import ERASE, Basis, PersonalData, Rule, days

from .user import User


class ConsentQuerySet(models.QuerySet["Consent"]):
    """Many consents."""

    def in_force(self) -> "ConsentQuerySet":
        """Those not taken back."""
        return self.filter(withdrawn_at=None)

    def purposes_of(self, reader: User) -> set[str]:
        """What this reader has said yes to and not taken back."""
        return set(self.in_force().filter(reader=reader).values_list("purpose", flat=True))

    def give(self, reader: User, purpose: str, *, wording: str, language: str, at: datetime) -> None:
        """Say yes, to what `wording` said on the page. Saying it twice changes nothing."""
        if self.in_force().filter(reader=reader, purpose=purpose).exists():
            return
        try:
            with transaction.atomic():
                self.create(reader=reader, purpose=purpose, wording=wording, language=language, given_at=at)
        except IntegrityError:  # Two pages at once: one row says it.
            return

    def withdraw(self, reader_id: int, purposes: Collection[str], *, at: datetime) -> int:
        """Take it back. How many were; twice changes nothing."""
        return self.in_force().filter(reader_id=reader_id, purpose__in=purposes).update(withdrawn_at=at)


class Consent(models.Model):
    """One yes, and the moment it was taken back. Never edited, so that it proves what was agreed and when."""

    personal_data = PersonalData(
        what=_("What you agreed to: newsletters, notices, whether to keep what you read"),
        purpose=_("To do what you chose and nothing else, and to be able to show that you chose it."),
        basis=Basis.LAW,
        whose="reader",
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_CONSENTS_DAYS"),
                counted_from="withdrawn_at",
                since=_("after you took it back"),
                why=_("So long we may have to show that we had your consent."),
            ),
        ),
    )

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=80, help_text="For example newsletter:keystone, or reading_history.")
    wording = models.TextField(help_text="What stood on the page, word for word.")
    language = models.CharField(max_length=10)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ConsentQuerySet] = ConsentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-given_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["reader", "purpose"], condition=models.Q(withdrawn_at=None), name="one_consent_per_purpose"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reader}: {self.purpose}"
