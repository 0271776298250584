"""What somebody declared by right: a withdrawal or a cancellation, word for word and never altered."""

import json
import uuid
from datetime import date, datetime
from hashlib import sha256
from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData, Rule, years


class Unalterable(Exception):
    """Somebody tried to change what was declared."""


class StatementQuerySet(models.QuerySet["Statement"]):
    """Many statements."""

    def update(self, **changes: Any) -> NoReturn:
        """Refused: what was declared stays as it was. Raises Unalterable."""
        raise Unalterable("A statement is kept as it was sent.")

    def bulk_update(self, *args: Any, **options: Any) -> NoReturn:
        """Refused likewise. Raises Unalterable."""
        raise Unalterable("A statement is kept as it was sent.")


class Statement(models.Model):
    """One declaration as it was sent. What became of it is its `Handling`; no network address is kept."""

    personal_data = PersonalData(
        what=_("Withdrawals and cancellations you sent"),
        purpose=_("To carry out what you declared, and to prove what you declared and when."),
        basis=Basis.LAW,
        whose="handling__reader",
        address="email",
        on_deletion=Keep(
            why=_("It proves what was declared and when, so it is kept word for word."),
            still_says=("name", "email", "reason", "text"),
        ),
        retention=(
            Rule(
                term=years("KEEP_CONTRACTS_YEARS"),
                counted_from="sent_at",
                since=_("after it was sent"),
                why=_("Until then either side can go to court over it."),
            ),
        ),
    )

    class Kind(models.TextChoices):
        WITHDRAWAL = "withdrawal", "Withdrawal"
        ORDINARY = "ordinary", "Cancellation"
        EXTRAORDINARY = "extraordinary", "Extraordinary cancellation"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    name = models.CharField(max_length=150, blank=True)
    email = models.EmailField("e-mail for the acknowledgement", max_length=254)
    contract = models.CharField(max_length=200, blank=True, help_text="As it was typed or chosen.")
    wished_on = models.DateField(null=True, blank=True, help_text="Empty: as early as possible.")
    reason = models.TextField(max_length=2000, blank=True, help_text="Of an extraordinary cancellation only.")
    language = models.CharField(max_length=8)
    sent_at = models.DateTimeField()
    text = models.TextField(help_text="What was declared, as it was acknowledged.")
    digest = models.CharField("SHA-256", max_length=64, editable=False)

    objects: ClassVar[StatementQuerySet] = StatementQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-sent_at"]
        default_permissions = ("view", "change")
        indexes = [models.Index(fields=["-sent_at"], name="statement_newest")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="extraordinary") | models.Q(reason=""), name="reason_of_extraordinary_only"
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="withdrawal") | models.Q(wished_on=None), name="withdrawal_has_no_date"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.name or self.email}"

    def save(self, *args: Any, **options: Any) -> None:
        """Write it down, once. Raises Unalterable the second time."""
        if not self._state.adding:
            raise Unalterable("A statement is kept as it was sent.")
        self.digest = self.count_digest()
        super().save(*args, **options | {"force_insert": True})

    @property
    def is_withdrawal(self) -> bool:
        """Whether it undoes the contract."""
        return self.kind == self.Kind.WITHDRAWAL

    @property
    def is_extraordinary(self) -> bool:
        """Whether it ends the contract for cause."""
        return self.kind == self.Kind.EXTRAORDINARY

    @property
    def number(self) -> str:
        """What to quote: the first twelve digits of its id."""
        return str(self.pk).replace("-", "")[:12].upper()

    @property
    def is_unaltered(self) -> bool:
        """Whether every word is the one that was sent, by the digest taken then."""
        return self.digest == self.count_digest()

    def count_digest(self) -> str:
        """SHA-256 over everything that was declared."""
        said = (
            str(self.pk),
            self.kind,
            self.name,
            self.email,
            self.contract,
            _day(self.wished_on),
            self.reason,
            self.language,
            _moment(self.sent_at),
            self.text,
        )
        return sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def _day(value: date | None) -> str:
    return value.isoformat() if value else ""


def _moment(value: datetime) -> str:
    return f"{value.timestamp():.6f}"
