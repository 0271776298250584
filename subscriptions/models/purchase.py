"""Something that is paid once and has an end: a student's year."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from edge import languages
from edge.personal_data import Basis, Keep, PersonalData, Rule, days, years

from .grant import Grant


class PurchaseQuerySet(models.QuerySet["Purchase"]):
    """Many purchases."""

    def unfinished(self) -> "PurchaseQuerySet":
        """Those that may still be paid: ordered, neither paid nor closed."""
        return self.filter(paid_at=None, closed_at=None)


class Purchase(models.Model):
    """One press of the order button, with exactly what stood above it (law.md L2), and what became of it.

    Its id is the key at Stripe: however often the button is pressed, there is one payment page. It never renews.
    """

    personal_data = PersonalData(
        what=_("What you paid for once"),
        purpose=_("To take the payment, and to prove what you were shown before you ordered."),
        basis=Basis.CONTRACT,
        whose="reader",
        colleagues=("given_back_by",),
        recipients=("STRIPE",),
        on_deletion=Keep(
            why=_("It proves what was agreed, for as long as either side can go to court over it."),
            empties=("payment_url",),
            only=Q(paid_at__isnull=False),
        ),
        retention=(
            Rule(
                term=days("KEEP_UNFINISHED_ORDERS_DAYS"),
                counted_from="ordered_at",
                since=_("after an order that was not completed"),
                why=_("Nothing came of it."),
                only=Q(paid_at=None),
            ),
            Rule(
                term=years("KEEP_CONTRACTS_YEARS"),
                counted_from="paid_at",
                since=_("after it was paid"),
                why=_("Until then either side can go to court over the contract."),
            ),
        ),
    )

    class Kind(models.TextChoices):
        STUDENT = "student", "Student year"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="purchases")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    cents = models.PositiveIntegerField(help_text="Gross, VAT inside, in cents.")
    reason = models.CharField(max_length=300, help_text="Why at this price: it becomes the reason of the access.")
    terms_version = models.CharField(max_length=20, blank=True)
    language = models.CharField(
        max_length=2, choices=languages.CHOICES, default="en", help_text="In which it was shown."
    )
    shown_html = models.TextField(help_text="The order summary, word for word as the reader saw it.")
    shown_hash = models.CharField(max_length=64, help_text="SHA-256 of it.")
    ordered_at = models.DateTimeField()
    stripe_session_id = models.CharField(max_length=80, blank=True, db_index=True)
    payment_url = models.URLField(max_length=2000, blank=True)
    stripe_payment_id = models.CharField(max_length=80, blank=True)
    is_pending = models.BooleanField(default=False, help_text="A debit is under way; the bank has some days to answer.")
    paid_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, help_text="Nothing came of it.")
    given_back_at = models.DateTimeField(null=True, blank=True)
    given_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    grant = models.OneToOneField(Grant, null=True, blank=True, on_delete=models.SET_NULL, related_name="purchase")

    objects: ClassVar[PurchaseQuerySet] = PurchaseQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-ordered_at"]
        default_permissions = ("view", "change")
        constraints = [
            models.UniqueConstraint(
                fields=["reader", "kind"],
                condition=Q(paid_at=None, closed_at=None),
                name="one_purchase_under_way_per_kind",
            ),
            models.UniqueConstraint(
                fields=["stripe_session_id"], condition=~Q(stripe_session_id=""), name="one_purchase_per_session"
            ),
            models.CheckConstraint(
                condition=Q(given_back_at=None) | Q(paid_at__isnull=False), name="only_what_was_paid_is_given_back"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.reader}"
