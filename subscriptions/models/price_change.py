"""Another price for those who subscribe already: announced, and only then true for each of them."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData, Rule, years

from .plan import Plan
from .subscription import Subscription


class PriceChange(models.Model):
    """The price of an interval becomes that of `plan`, for charges from `from_at` on."""

    personal_data = None

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="price_changes")
    from_at = models.DateTimeField("from", help_text="No charge before this moment is at the new price.")
    announced_at = models.DateTimeField()
    is_complete = models.BooleanField(default=False, help_text="Every subscription of that time has its row.")

    class Meta:
        ordering = ["-announced_at"]
        constraints = [models.UniqueConstraint(fields=["plan", "from_at"], name="a_price_change_is_announced_once")]

    def __str__(self) -> str:
        return f"{self.plan} from {self.from_at:%Y-%m-%d}"


class RepricingQuerySet(models.QuerySet["Repricing"]):
    """What a price change means for many subscriptions."""

    def to_do(self) -> "RepricingQuerySet":
        """Those that are neither done nor dropped."""
        return self.filter(changed_at=None, left_at=None)


class Repricing(models.Model):
    """What a price change means for one subscription: its first charge at the new price, and what came of it."""

    personal_data = PersonalData(
        what=_("Changes of your price"),
        purpose=_("To change a price for you only after you were told, and with a way out."),
        basis=Basis.CONTRACT,
        whose="subscription__reader",
        recipients=("STRIPE",),
        on_deletion=Keep(why=_("It belongs to the contract.")),
        retention=(
            Rule(
                term=years("KEEP_CONTRACTS_YEARS"),
                counted_from="first_charge_at",
                since=_("after the new price was due for the first time"),
                why=_("Until then either side can go to court over the contract."),
            ),
        ),
    )

    change = models.ForeignKey(PriceChange, on_delete=models.PROTECT, related_name="repricings")
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="repricings")
    old_plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    first_charge_at = models.DateTimeField(help_text="The first charge at the new price; later where nobody was told.")
    changed_at = models.DateTimeField(null=True, blank=True, help_text="When the new price was set at Stripe.")
    left_at = models.DateTimeField(null=True, blank=True, help_text="When it ended, or went over to another plan.")

    objects: ClassVar[RepricingQuerySet] = RepricingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["change", "subscription"], name="one_repricing_per_subscription"),
            models.UniqueConstraint(
                fields=["subscription"],
                condition=Q(changed_at=None, left_at=None),
                name="one_price_change_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription.reader}: {self.change}"

    def was_changed(self, *, at: datetime) -> None:
        """Stripe charges the new price from the next period on."""
        self.changed_at = at
        self.save(update_fields=["changed_at"])

    def has_left(self, *, at: datetime) -> None:
        """It does not concern this subscription any more."""
        self.left_at = at
        self.save(update_fields=["left_at"])
