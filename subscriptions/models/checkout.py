"""A reader goes to pay: what was offered, what was shown, and who has had a free trial."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData, Rule, days, years

from .plan import Plan


class CheckoutAttempt(models.Model):
    """One press of the order button, with exactly what stood above it (law.md L1b, L2).

    Its id is the idempotency key at Stripe: however often the button is pressed, there is one payment page.
    """

    personal_data = PersonalData(
        what=_("Orders"),
        purpose=_("To prove what you were shown before you pressed the order button."),
        basis=Basis.CONTRACT,
        whose="reader",
        recipients=("STRIPE",),
        on_deletion=Keep(
            why=_("It proves what was agreed, for as long as either side can go to court over it."),
            empties=("return_to", "payment_url"),
            only=models.Q(completed_at__isnull=False),
        ),
        retention=(
            Rule(
                term=days("KEEP_UNFINISHED_ORDERS_DAYS"),
                counted_from="started_at",
                since=_("after an order that was not completed"),
                why=_("Nothing came of it."),
                only=models.Q(completed_at=None),
            ),
            Rule(
                term=years("KEEP_CONTRACTS_YEARS"),
                counted_from="completed_at",
                since=_("after the order, and never before its contract has ended"),
                why=_("Until then either side can go to court over the contract."),
            ),
        ),
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="checkout_attempts")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT)
    with_trial = models.BooleanField()
    price_cents = models.PositiveIntegerField()
    first_charge_at = models.DateTimeField()
    terms_version = models.CharField(max_length=20)
    language = models.CharField(max_length=2, default="en", help_text="In which it was shown.")
    shown_html = models.TextField(help_text="The order summary, word for word as the reader saw it.")
    shown_hash = models.CharField(max_length=64, help_text="SHA-256 of it.")
    return_to = models.CharField(max_length=500, blank=True, help_text="The page the reader came from.")
    started_at = models.DateTimeField()
    stripe_session_id = models.CharField(max_length=80, blank=True, db_index=True)
    payment_url = models.URLField(max_length=2000, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["stripe_session_id"], condition=~models.Q(stripe_session_id=""), name="one_attempt_per_session"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reader}, {self.plan}"


class TrialUse(models.Model):
    """A mailbox that has had its free trial. One trial per person; staff may delete the row to allow another."""

    personal_data = PersonalData(
        what=_("That you have had a free trial"),
        purpose=_("To give everybody one free trial, and not two."),
        basis=Basis.INTEREST,
        whose="reader",
        mentions=(),
        on_deletion=Keep(
            why=_(
                "So that nobody has a second free trial. In place of your address stands a mark that does not say it."
            ),
        ),
        retention=(
            Rule(
                term=days("KEEP_TRIALS_DAYS"),
                counted_from="used_at",
                since=_("after the trial began, once its account is deleted"),
                why=_("After that you are as good as new to us."),
                only=models.Q(reader=None),
            ),
        ),
    )

    mailbox = models.CharField(max_length=254, unique=True, help_text="The address in its normal form.")
    fingerprint = models.CharField(
        max_length=60, blank=True, db_index=True, help_text="Stripe's mark of the card or account it was taken with."
    )
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    used_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.mailbox
