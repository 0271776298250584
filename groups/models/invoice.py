"""What an organisation owes for a term, and the money that came."""

import uuid
from datetime import date, datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from edge import languages
from edge.personal_data import Basis, Keep, PersonalData

from .group_account import GroupAccount
from .term import Term, day_of


class GroupInvoiceQuerySet(models.QuerySet["GroupInvoice"]):
    """Many invoices."""

    def open(self) -> "GroupInvoiceQuerySet":
        """Sent, and neither paid nor made void."""
        return self.filter(sent_at__isnull=False, paid_at=None, void_at=None)

    def overdue(self, *, at: datetime) -> "GroupInvoiceQuerySet":
        """The same rule as `GroupInvoice.is_overdue`, for the database."""
        return self.open().filter(due_on__lt=day_of(at))

    def suspending(self, *, at: datetime) -> "GroupInvoiceQuerySet":
        """Those that have been overdue for so long that they suspend their agreement: `suspends_on` has come.

        Until its term begins, people read by the one before.
        """
        today = day_of(at)
        late = self.open().filter(
            due_on__lt=today - timedelta(days=settings.GROUP_OVERDUE_DAYS), term__starts_on__lte=today
        )
        return late.filter(Q(wait_until=None) | Q(wait_until__lt=today))


class GroupInvoice(models.Model):
    """One invoice for one term, or for seats added to it. Its id is the key at Stripe: asked twice, made once."""

    personal_data = None

    class About(models.TextChoices):
        TERM = "term", "A whole term"
        SEATS = "seats", "Seats added to it"

    class How(models.TextChoices):
        STRIPE = "stripe", "Through Stripe"
        TRANSFER = "transfer", "Bank transfer, recorded here"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.ForeignKey(GroupAccount, on_delete=models.PROTECT, related_name="invoices")
    term = models.ForeignKey(Term, on_delete=models.PROTECT, related_name="invoices")
    about = models.CharField(max_length=5, choices=About.choices, default=About.TERM)
    how = models.CharField(max_length=10, choices=How.choices)
    number = models.CharField(max_length=60, blank=True, help_text="Stripe's, or our own for a bank transfer.")
    what = models.CharField(max_length=200, help_text="The line on the invoice.")
    seats = models.PositiveIntegerField(help_text="The quantity; 1 where the number is unlimited.")
    cents = models.PositiveIntegerField(help_text="To be paid, with VAT where there is any.")
    net_cents = models.PositiveIntegerField(help_text="Without VAT.")
    vat_percent = models.DecimalField(max_digits=4, decimal_places=2, default=0)
    vat_note = models.CharField(max_length=200, blank=True, help_text="Why there is no VAT on it.")
    forgiven_cents = models.PositiveIntegerField(default=0, help_text="What we let go of: too little came.")
    purchase_order = models.CharField(max_length=80, blank=True)
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(help_text="The last day to pay, in Brussels.")
    wait_until = models.DateField(null=True, blank=True, help_text="Until this day it suspends nothing.")
    paid_at = models.DateTimeField(null=True, blank=True, help_text="When it was paid in full.")
    void_at = models.DateTimeField(null=True, blank=True)
    billed_to = models.TextField(blank=True, help_text="Name, address and VAT number, as on the invoice.")
    language = models.CharField(max_length=2, choices=languages.CHOICES, default="en")
    stripe_id = models.CharField("number at Stripe", max_length=60, blank=True)
    stripe_status = models.CharField(max_length=20, blank=True, help_text="Stripe's own word.")
    last_error = models.CharField(max_length=300, blank=True, help_text="Why Stripe has not sent it yet.")
    hosted_url = models.URLField(max_length=2000, blank=True, help_text="Stripe's page to see and pay it.")

    objects: ClassVar[GroupInvoiceQuerySet] = GroupInvoiceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-made_at"]
        verbose_name = "invoice"
        indexes = [models.Index(fields=["due_on"], condition=Q(paid_at=None, void_at=None), name="open_group_invoices")]
        constraints = [
            models.UniqueConstraint(fields=["stripe_id"], condition=~Q(stripe_id=""), name="one_group_invoice_per_id"),
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="one_group_invoice_per_number"),
            models.CheckConstraint(
                condition=Q(forgiven_cents__lte=F("cents")), name="group_invoice_forgives_no_more_than_it_asks"
            ),
            models.CheckConstraint(condition=Q(cents__gte=F("net_cents")), name="group_invoice_vat_not_negative"),
            models.CheckConstraint(
                condition=Q(paid_at=None) | Q(void_at=None), name="group_invoice_not_both_paid_and_void"
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"{self.group}, {self.what}"

    @property
    def vat_cents(self) -> int:
        """The VAT on it."""
        return self.cents - self.net_cents

    @property
    def came_cents(self) -> int:
        """What came for it so far, less what was sent back. Asks once, unless the payments were fetched before."""
        return sum(payment.cents for payment in self.payments.all())

    @property
    def left_cents(self) -> int:
        """What is still owed; below 0 where too much came."""
        return self.cents - self.forgiven_cents - self.came_cents

    @property
    def is_open(self) -> bool:
        """Whether money is still waited for."""
        return self.sent_at is not None and self.paid_at is None and self.void_at is None

    def is_overdue(self, *, at: datetime) -> bool:
        """Whether its last day to pay is over and money is still owed."""
        return self.is_open and day_of(at) > self.due_on

    @property
    def suspends_on(self) -> date:
        """The day on which it suspends its agreement, unless it is paid before; never before its term begins."""
        by_rule = max(self.due_on + timedelta(days=settings.GROUP_OVERDUE_DAYS + 1), self.term.starts_on)
        return max(by_rule, self.wait_until + timedelta(days=1)) if self.wait_until else by_rule

    @property
    def too_much_cents(self) -> int:
        """What came and was not owed: twice, too much, or for an invoice that is void."""
        owed = 0 if self.void_at else self.cents - self.forgiven_cents
        return max(self.came_cents - owed, 0)

    @property
    def reference(self) -> str:
        """The structured reference that a transfer quotes, in the Belgian form: `+++090/9337/55493+++`.

        Ten digits of the number and two that check them (modulo 97, 97 instead of 0).
        """
        digits = "".join(sign for sign in self.number if sign.isdigit())[-10:].rjust(10, "0")
        checked = f"{digits}{int(digits) % 97 or 97:02}"
        return f"+++{checked[:3]}/{checked[3:7]}/{checked[7:]}+++"


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


class InvoiceYear(models.Model):
    """How many invoices of our own a year has: its row is the lock under which the next number is taken."""

    personal_data = None

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"

    @classmethod
    def next_number(cls, year: int) -> str:
        """The next number without a gap: `F2026-00012`. Call it in the transaction that makes the invoice."""
        cls.objects.get_or_create(year=year)
        cls.objects.filter(year=year).update(last=F("last") + 1)
        running = cls.objects.values_list("last", flat=True).get(year=year)
        return f"{settings.INVOICE_PREFIX}{year}-{running:05}"
