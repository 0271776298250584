"""A reader as Stripe knows them."""

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData, Rule, years


class CustomerQuerySet(models.QuerySet["Customer"]):
    """Many customers."""

    def of(self, reader: Any) -> "Customer | None":
        """The one this reader pays as; None before the first order, and after Stripe has deleted it."""
        return self.filter(reader=reader, deleted_at=None).first()


class Customer(models.Model):
    """One Stripe customer for one reader, kept for good: two readers never share one.

    A customer deleted at Stripe stays as history, and the reader's next order makes another one.
    """

    personal_data = PersonalData(
        what=_("Your number at Stripe"),
        purpose=_("To find your payments at Stripe."),
        basis=Basis.CONTRACT,
        whose="reader",
        recipients=("STRIPE",),
        on_deletion=Keep(
            why=_("Your invoices at Stripe are under this number; bookkeeping law asks us to keep them."),
        ),
        retention=(
            Rule(
                term=years("KEEP_CONTRACTS_YEARS"),
                counted_from="reader__erasure__erased_at",
                since=_("after the account was deleted"),
                why=_("Until then it must be possible to find an invoice."),
            ),
        ),
    )

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="customers")
    stripe_id = models.CharField(max_length=60, unique=True)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="When Stripe was found to have deleted it.")

    objects: ClassVar[CustomerQuerySet] = CustomerQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["reader"], condition=models.Q(deleted_at=None), name="one_customer_per_reader"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reader} ({self.stripe_id})"

    def was_deleted(self, *, at: datetime) -> None:
        """Stripe has deleted it. Noting it twice changes nothing."""
        if self.deleted_at is None:
            self.deleted_at = at
            self.save(update_fields=["deleted_at"])
