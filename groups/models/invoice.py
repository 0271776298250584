"""What an organisation owes for a term, and the money that came."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData

from .group_account import GroupAccount
from .term import Term


class GroupInvoiceQuerySet(models.QuerySet["GroupInvoice"]):
    """Many invoices."""

    def open(self) -> "GroupInvoiceQuerySet":
        """Sent, and neither paid nor made void."""
        return self.filter(sent_at__isnull=False, paid_at=None, void_at=None)


class GroupInvoice(models.Model):
    """One invoice for one term, or for seats added to it. Its id is the key at Stripe: asked twice, made once."""

    personal_data = None

    class How(models.TextChoices):
        STRIPE = "stripe", "Through Stripe"
        TRANSFER = "transfer", "Bank transfer, recorded here"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.ForeignKey(GroupAccount, on_delete=models.PROTECT, related_name="invoices")
    term = models.ForeignKey(Term, on_delete=models.PROTECT, related_name="invoices")
    how = models.CharField(max_length=10, choices=How.choices)
    number = models.CharField(max_length=60, blank=True, help_text="Stripe's, or our own for a bank transfer.")
    what = models.CharField(max_length=200, help_text="The line on the invoice.")
    seats = models.PositiveIntegerField(help_text="The quantity; 1 where the number is unlimited.")
    cents = models.PositiveIntegerField(help_text="To be paid, with VAT where there is any.")
    net_cents = models.PositiveIntegerField(help_text="Without VAT.")
    purchase_order = models.CharField(max_length=80, blank=True)
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(help_text="The last day to pay, in Brussels.")
    paid_at = models.DateTimeField(null=True, blank=True, help_text="When it was paid in full.")
    void_at = models.DateTimeField(null=True, blank=True)
    stripe_id = models.CharField("number at Stripe", max_length=60, blank=True)
    stripe_status = models.CharField(max_length=20, blank=True, help_text="Stripe's own word.")
    hosted_url = models.URLField(max_length=2000, blank=True, help_text="Stripe's page to see and pay it.")

    objects: ClassVar[GroupInvoiceQuerySet] = GroupInvoiceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-made_at"]
        verbose_name = "invoice"
        indexes = [models.Index(fields=["due_on"], condition=Q(paid_at=None, void_at=None), name="open_group_invoices")]
        constraints = [
            models.UniqueConstraint(fields=["stripe_id"], condition=~Q(stripe_id=""), name="one_group_invoice_per_id"),
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="one_group_invoice_per_number"),
            models.CheckConstraint(condition=Q(cents__gte=F("net_cents")), name="group_invoice_vat_not_negative"),
            models.CheckConstraint(
                condition=Q(paid_at=None) | Q(void_at=None), name="group_invoice_not_both_paid_and_void"
            ),
        ]

    def __str__(self) -> str:
        return self.number or str(self.id)


class GroupPayment(models.Model):
    """Money that came: said by Stripe, or found on the bank statement and recorded by staff."""

    personal_data = PersonalData(
        what=_("Payments of organisations"),
        purpose=_("To know what was paid, and to keep the books."),
        basis=Basis.LAW,
        colleagues=("recorded_by",),
        mentions=("payer", "remark"),
        on_deletion=Keep(why=_("Bookkeeping law asks us to keep it.")),
    )

    group = models.ForeignKey(GroupAccount, on_delete=models.PROTECT, related_name="payments")
    invoice = models.ForeignKey(
        GroupInvoice,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="payments",
        help_text="Empty: nobody knows yet what it is for.",
    )
    cents = models.IntegerField(help_text="What came; less than nothing where it was sent back.")
    received_on = models.DateField(help_text="The day on the bank statement.")
    bank_reference = models.CharField(max_length=140, blank=True, help_text="The bank's number of the transfer.")
    payer = models.CharField(max_length=150, blank=True, help_text="As the statement names them.")
    remark = models.CharField(max_length=300, blank=True)
    stripe_id = models.CharField("number at Stripe", max_length=80, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Empty: Stripe said so.",
    )
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-received_on", "-pk"]
        verbose_name = "payment"
        constraints = [
            models.CheckConstraint(condition=~Q(cents=0), name="group_payment_of_something"),
            models.UniqueConstraint(
                fields=["stripe_id"], condition=~Q(stripe_id=""), name="one_group_payment_per_stripe_id"
            ),
            models.UniqueConstraint(
                fields=["bank_reference"],
                condition=~Q(bank_reference=""),
                name="one_group_payment_per_bank_reference",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cents} cents of {self.group}"
