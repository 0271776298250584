"""Money given back: one row for each time, whoever asked for it."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData, Rule, years

from .subscription import Subscription

# Stripe's own words (refund.status); those that mean the money has left, and those that mean it came back to us.
GIVEN_STATUSES = ("pending", "requires_action", "succeeded")
FAILED_STATUSES = ("failed", "canceled")


def in_euros(cents: int) -> str:
    """Cents as staff read them: `€1,250.00`."""
    return f"€{cents // 100:,}.{cents % 100:02}"


class RefundQuerySet(models.QuerySet["Refund"]):
    """Many refunds."""

    def unanswered(self) -> "RefundQuerySet":
        """Asked for by staff, and not yet confirmed by Stripe: they are asked for again under the same key."""
        return self.filter(stripe_id="", failed_at=None)

    def given(self) -> "RefundQuerySet":
        """Those whose money is with the reader, or on its way."""
        return self.filter(status__in=GIVEN_STATUSES)

    def on_their_way(self) -> "RefundQuerySet":
        """Those of which the bank has not said the last word."""
        return self.filter(status__in=["pending", "requires_action"])

    def need_a_person(self) -> "RefundQuerySet":
        """Those that failed, and that nobody has seen to."""
        return self.exclude(failed_at=None).filter(seen_to_at=None)

    def told_to_readers(self) -> "RefundQuerySet":
        """Those a reader is shown: Stripe knows of them."""
        return self.exclude(stripe_id="")


class Refund(models.Model):
    """Some of a payment, given back. Its id is the key at Stripe: one row is one refund, however often it is sent."""

    personal_data = PersonalData(
        what=_("Money we gave back to you"),
        purpose=_("To give money back once and not twice, and to keep the books."),
        basis=Basis.LAW,
        whose="subscription__reader",
        colleagues=("asked_by",),
        mentions=("reason", "why_failed"),
        recipients=("STRIPE",),
        on_deletion=Keep(why=_("Bookkeeping law asks us to keep it.")),
        retention=(
            Rule(
                term=years("KEEP_BOOKS_YEARS"),
                counted_from="asked_at",
                since=_("after it was given back"),
                why=_("Bookkeeping law asks for it."),
            ),
        ),
    )

    class Kind(models.TextChoices):
        FULL = "full", "All of it"
        REST = "rest", "The rest of the period"
        PARTIAL = "partial", "An amount"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="refunds")
    payment_id = models.CharField("payment at Stripe", max_length=80, db_index=True)
    cents = models.PositiveIntegerField(help_text="In cents.")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reason = models.CharField(max_length=300)
    ends_subscription = models.BooleanField(default=False, help_text="The subscription ends at once with it.")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Empty: by the house itself, or in Stripe's Dashboard.",
    )
    asked_at = models.DateTimeField()
    stripe_id = models.CharField("number at Stripe", max_length=80, blank=True)
    status = models.CharField(max_length=20, blank=True, help_text="Stripe's own word. Empty: no answer yet.")
    why_failed = models.CharField(max_length=300, blank=True, help_text="Stripe's own words.")
    failed_at = models.DateTimeField(null=True, blank=True, help_text="When we learned that it failed.")
    seen_to_at = models.DateTimeField(null=True, blank=True, help_text="When a person had seen to the failure.")

    objects: ClassVar[RefundQuerySet] = RefundQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-asked_at"]
        default_permissions = ("view",)
        permissions = [("refund", "Can give money back")]
        indexes = [models.Index(fields=["-asked_at", "-id"], name="refund_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(cents__gt=0), name="refund_of_something"),
            models.UniqueConstraint(fields=["stripe_id"], condition=~Q(stripe_id=""), name="one_refund_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.euros} of {self.payment_id}"

    @property
    def euros(self) -> str:
        """The amount in figures: `€12.50`."""
        return in_euros(self.cents)

    @property
    def is_given(self) -> bool:
        """Whether the money is with the reader, or on its way."""
        return self.status in GIVEN_STATUSES

    @property
    def has_failed(self) -> bool:
        """Whether the money came back to us, or never left."""
        return self.failed_at is not None

    @property
    def is_unanswered(self) -> bool:
        """Whether Stripe has not confirmed it yet."""
        return not self.stripe_id and not self.has_failed

    @property
    def needs_a_person(self) -> bool:
        """Whether it failed and nobody has seen to it."""
        return self.has_failed and self.seen_to_at is None

    @property
    def in_words(self) -> str:
        """What became of it, for its reader."""
        if self.has_failed:
            return gettext("Came back to us; we are looking into it")
        return gettext("Sent") if self.status == "succeeded" else gettext("On its way")

    def was_answered(self, *, stripe_id: str, status: str, why_failed: str, at: datetime) -> None:
        """Stripe has said what became of it. A failure keeps the moment at which we first learned of it."""
        self.stripe_id, self.status, self.why_failed = stripe_id, status, why_failed[:300]
        if status in FAILED_STATUSES:
            self.failed_at = self.failed_at or at
        self.save(update_fields=["stripe_id", "status", "why_failed", "failed_at"])

    def was_refused(self, why: str, *, at: datetime) -> None:
        """Stripe said no when it was asked again: nothing was given back."""
        self.status, self.why_failed, self.failed_at = "failed", why[:300], at
        self.save(update_fields=["status", "why_failed", "failed_at"])

    def was_seen_to(self, *, at: datetime) -> bool:
        """A person has seen to the failure. True for the first one."""
        return bool(type(self).objects.need_a_person().filter(pk=self.pk).update(seen_to_at=at))
