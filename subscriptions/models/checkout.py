"""A reader goes to pay: what was offered, what was shown, and who has had a free trial."""

import uuid

from django.conf import settings
from django.db import models

from .plan import Plan


class CheckoutAttempt(models.Model):
    """One press of the order button, with exactly what stood above it (law.md L1b, L2).

    Its id is the idempotency key at Stripe: however often the button is pressed, there is one payment page.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="checkout_attempts")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT)
    with_trial = models.BooleanField()
    price_cents = models.PositiveIntegerField()
    first_charge_at = models.DateTimeField()
    terms_version = models.CharField(max_length=20)
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

    mailbox = models.CharField(max_length=254, unique=True, help_text="The address in its normal form.")
    fingerprint = models.CharField(
        max_length=60, blank=True, db_index=True, help_text="Stripe's mark of the card or account it was taken with."
    )
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    used_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.mailbox
