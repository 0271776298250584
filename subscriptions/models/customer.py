"""A reader as Stripe knows them."""

from django.conf import settings
from django.db import models


class Customer(models.Model):
    """One Stripe customer for one reader, kept for good: two readers never share one."""

    reader = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="customer")
    stripe_id = models.CharField(max_length=60, unique=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.reader} ({self.stripe_id})"
