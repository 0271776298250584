"""The receipts of what Stripe sent."""

from django.db import models


class StripeEvent(models.Model):
    """One delivered event, kept before it is answered. The payload is a hint; Stripe is asked anew."""

    stripe_id = models.CharField(max_length=80, unique=True)
    kind = models.CharField("type", max_length=80)
    payload = models.JSONField()
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)
    remark = models.CharField(max_length=300, blank=True, help_text="Why nothing came of it, where nothing did.")

    class Meta:
        ordering = ["-received_at"]

    def __str__(self) -> str:
        return f"{self.kind} {self.stripe_id}"
