"""A payment that its payer has called wrong at the bank."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData, Rule, years

from .subscription import Subscription

# Stripe's own words (dispute.status). The first want an answer of ours by a date; after the last it is over.
TO_ANSWER_STATUSES = ("needs_response", "warning_needs_response", "appeal_needs_response")
CLOSED_STATUSES = ("won", "lost", "warning_closed", "prevented")


class DisputeQuerySet(models.QuerySet["Dispute"]):
    """Many disputes."""

    def open(self) -> "DisputeQuerySet":
        """Those that the bank has not decided."""
        return self.exclude(status__in=CLOSED_STATUSES)

    def to_answer(self) -> "DisputeQuerySet":
        """Those that wait for our answer, the most urgent first."""
        return self.filter(status__in=TO_ANSWER_STATUSES).order_by("answer_by", "opened_at")

    def lost(self) -> "DisputeQuerySet":
        """Those in which the payer was right, for the bank."""
        return self.filter(status="lost")


class Dispute(models.Model):
    """What Stripe says of one dispute. Opened and won it changes nothing; lost it ends the subscription."""

    personal_data = PersonalData(
        what=_("Payments that you called wrong at your bank"),
        purpose=_("To answer your bank, and to keep the books."),
        basis=Basis.CONTRACT,
        whose="subscription__reader",
        recipients=("STRIPE",),
        on_deletion=Keep(why=_("Bookkeeping law asks us to keep it.")),
        retention=(
            Rule(
                term=years("KEEP_BOOKS_YEARS"),
                counted_from="opened_at",
                since=_("after it was opened"),
                why=_("Bookkeeping law asks for it."),
            ),
        ),
    )

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="disputes")
    stripe_id = models.CharField("number at Stripe", max_length=80, unique=True)
    payment_id = models.CharField("payment at Stripe", max_length=80, db_index=True)
    cents = models.PositiveIntegerField(help_text="In cents.")
    reason = models.CharField(max_length=60, help_text="Stripe's own word.")
    status = models.CharField(max_length=30, help_text="Stripe's own word.")
    opened_at = models.DateTimeField()
    answer_by = models.DateTimeField(null=True, blank=True, help_text="Until when Stripe takes our answer.")
    closed_at = models.DateTimeField(null=True, blank=True, help_text="When we learned that it is decided.")

    objects: ClassVar[DisputeQuerySet] = DisputeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-opened_at"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.stripe_id}: {self.status}"

    @property
    def is_open(self) -> bool:
        """Whether the bank has not decided."""
        return self.status not in CLOSED_STATUSES

    @property
    def is_lost(self) -> bool:
        """Whether the payer was right, for the bank."""
        return self.status == "lost"

    @property
    def keeps_the_money(self) -> bool:
        """Whether the bank has taken the money, so that it cannot be given back a second time. A warning takes none."""
        return (self.is_open and not self.status.startswith("warning")) or self.is_lost

    def closes(self, *, at: datetime) -> None:
        """Keep the moment at which we learned of the decision; none while it is open."""
        self.closed_at = None if self.is_open else self.closed_at or at
