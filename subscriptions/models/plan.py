"""What is sold: the yearly and the monthly plan."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class PlanQuerySet(models.QuerySet["Plan"]):
    """Many plans."""

    def on_sale(self) -> "PlanQuerySet":
        """Those a new reader may choose, yearly first."""
        return self.filter(is_on_sale=True)


class Plan(models.Model):
    """A price for a period. Once sold its price never changes: a new price is a new plan."""

    personal_data = None

    class Interval(models.TextChoices):
        YEAR = "year", _("Yearly")
        MONTH = "month", _("Monthly")

    interval = models.CharField(max_length=5, choices=Interval.choices)
    price_cents = models.PositiveIntegerField(help_text="Gross, VAT inside, in cents.")
    currency = models.CharField(max_length=3, default="eur")
    trial_days = models.PositiveSmallIntegerField(default=30)
    is_on_sale = models.BooleanField(default=True, help_text="Shown to new readers. Old readers keep what they have.")
    lookup_key = models.SlugField(unique=True, help_text="How the price is found at Stripe.")
    stripe_price_id = models.CharField(max_length=60, blank=True, db_index=True)

    objects: ClassVar[PlanQuerySet] = PlanQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-interval", "price_cents"]
        constraints = [
            models.UniqueConstraint(
                fields=["interval"], condition=models.Q(is_on_sale=True), name="one_plan_on_sale_per_interval"
            ),
            models.UniqueConstraint(
                fields=["stripe_price_id"], condition=~models.Q(stripe_price_id=""), name="one_plan_per_stripe_price"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_interval_display()}, {self.price_cents / 100:.2f} {self.currency.upper()}"

    @property
    def is_yearly(self) -> bool:
        """Whether the period is a year."""
        return self.interval == self.Interval.YEAR

    @property
    def yearly_cents(self) -> int:
        """What twelve months cost, in cents."""
        return self.price_cents if self.is_yearly else self.price_cents * 12

    @property
    def monthly_cents(self) -> int:
        """What a month comes to, in cents, rounded down."""
        return self.price_cents // 12 if self.is_yearly else self.price_cents

    def first_charge_at(self, *, at: datetime, with_trial: bool) -> datetime:
        """When the first money is taken (UTC) by a reader who subscribes at `at`."""
        return at + timedelta(days=self.trial_days) if with_trial else at
