"""A paid subscription, mirrored from Stripe: facts are stored, access is derived."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData, Rule, years

from .plan import Plan

# Stripe's own words (subscription.status); those that mean the contract is still running.
LIVE_STATUSES = ("trialing", "active", "past_due", "unpaid", "paused", "incomplete")
# Those of them that nobody may have two of. An incomplete one is only the attempt to pay.
HELD_STATUSES = tuple(status for status in LIVE_STATUSES if status != "incomplete")
# How long a reader keeps reading while the bank refuses: dunning works best on people who still see the paper.
PAYMENT_GRACE = timedelta(days=14)
# Renewal invoices are drafts for an hour and webhooks may be late for a day: nobody is locked out meanwhile.
RENEWAL_SLACK = timedelta(hours=48)


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Many subscriptions."""

    def live(self) -> "SubscriptionQuerySet":
        """Those whose contract is running at Stripe, whether or not they give access."""
        return self.filter(status__in=LIVE_STATUSES, surplus="")

    def running(self) -> "SubscriptionQuerySet":
        """Those that Stripe has not ended, surplus ones included."""
        return self.filter(status__in=LIVE_STATUSES)

    def surplus_to_settle(self) -> "SubscriptionQuerySet":
        """Second subscriptions that are still to be ended and given back."""
        return self.exclude(surplus="").filter(settled_at=None)

    def overdue(self, *, at: datetime) -> "SubscriptionQuerySet":
        """Those whose days of grace are over and whose contract Stripe still keeps."""
        over = Q(unpaid_since__lte=at - PAYMENT_GRACE) | Q(first_payment_failed=True)
        return self.live().filter(over, status__in=["past_due", "unpaid"])

    def ended_and_payable(self) -> "SubscriptionQuerySet":
        """Those that have ended and left an invoice open, which somebody could still pay."""
        return self.filter(status="canceled", unpaid_since__isnull=False)

    def pausing(self) -> "SubscriptionQuerySet":
        """Those whose pause is agreed, begun or not, and that go on afterwards."""
        return self.live().filter(status="active", pause_starts_at__isnull=False, ends_at=None)

    def giving_access(self, *, at: datetime) -> "SubscriptionQuerySet":
        """The same rule as `Subscription.access_ends_at`, for the database."""
        paid = Q(status__in=["trialing", "active"], period_ends_at__gt=at - RENEWAL_SLACK)
        in_grace = Q(status="past_due", unpaid_since__gt=at - PAYMENT_GRACE, first_payment_failed=False)
        goes_on = Q(ends_at=None) | Q(ends_at__gt=at)
        is_open = Q(pause_starts_at=None) | Q(pause_starts_at__gt=at)
        return self.filter(paid | in_grace, goes_on, is_open, surplus="")


class Subscription(models.Model):
    """What Stripe says of one subscription, as last asked. Written by `webhooks.record` and by nothing else."""

    personal_data = PersonalData(
        what=_("Subscriptions"),
        purpose=_("To know from when until when you may read, and what was paid for it."),
        basis=Basis.CONTRACT,
        whose="reader",
        recipients=("STRIPE",),
        on_deletion=Keep(why=_("It belongs to the books, and to the contract.")),
        retention=(
            Rule(
                term=years("KEEP_CONTRACTS_YEARS"),
                counted_from="ends_at",
                since=_("after it ended"),
                why=_("Until then either side can go to court over the contract, and the books must show it."),
                only=Q(status__in=["canceled", "incomplete_expired"]),
            ),
        ),
    )

    class Surplus(models.TextChoices):
        ORDER = "order", "A second one of the same reader"
        TRIAL = "trial", "A second free trial with the same card or account"

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="subscriptions")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions")
    stripe_id = models.CharField(max_length=60, unique=True)
    status = models.CharField(max_length=20, help_text="Stripe's own word.")
    started_at = models.DateTimeField()
    trial_ends_at = models.DateTimeField(null=True, blank=True)
    period_starts_at = models.DateTimeField()
    period_ends_at = models.DateTimeField(help_text="Until when it is paid (or free); the next charge.")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Set when it is cancelled: the last moment.")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    unpaid_since = models.DateTimeField(null=True, blank=True, help_text="When the invoice that failed was made.")
    payment_pending = models.BooleanField(default=False, help_text="A debit is under way; the bank needs some days.")
    first_payment_failed = models.BooleanField(default=False, help_text="Nothing was ever paid, so there is no grace.")
    needs_confirmation = models.BooleanField(default=False, help_text="The bank wants its customer to confirm.")
    discounted_cents = models.PositiveIntegerField(
        null=True, blank=True, help_text="The next charge by Stripe's preview, where a promotion code lowers it."
    )
    pause_starts_at = models.DateTimeField(null=True, blank=True, help_text="From when on nothing is paid nor read.")
    pause_ends_at = models.DateTimeField(null=True, blank=True, help_text="When it goes on, and is charged.")
    put_off_from = models.DateTimeField(
        null=True, blank=True, help_text="When the renewal was due that was put off, since its notice was not sent."
    )
    card_brand = models.CharField(max_length=20, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    card_expires_on = models.DateField(null=True, blank=True, help_text="The last day on which the card works.")
    surplus = models.CharField(
        max_length=10,
        choices=Surplus.choices,
        blank=True,
        default="",
        help_text="Why it should not exist: it is then ended and given back by itself.",
    )
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When the surplus was ended and given back.")
    recorded_at = models.DateTimeField(help_text="When Stripe was last asked.")

    objects: ClassVar[SubscriptionQuerySet] = SubscriptionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["reader", "status"])]
        constraints = [
            models.UniqueConstraint(
                fields=["reader"],
                condition=Q(status__in=HELD_STATUSES, surplus=""),
                name="one_live_subscription_per_reader",
            ),
            models.CheckConstraint(
                condition=Q(pause_starts_at=None, pause_ends_at=None)
                | Q(pause_ends_at__gt=models.F("pause_starts_at")),
                name="pause_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reader}: {self.status}"

    @property
    def is_surplus(self) -> bool:
        """Whether it should not exist, and is being ended and given back."""
        return bool(self.surplus)

    @property
    def is_live(self) -> bool:
        """Whether the contract is running at Stripe."""
        return self.status in LIVE_STATUSES

    @property
    def is_trial(self) -> bool:
        """Whether nothing has been charged yet because the free days are running."""
        return self.status == "trialing" and self.put_off_from is None

    @property
    def is_put_off(self) -> bool:
        """Whether it has been paid before, and its renewal waits until a notice could be sent."""
        return self.status == "trialing" and self.put_off_from is not None

    @property
    def is_cancelled(self) -> bool:
        """Whether the reader has ended it and only the paid rest remains."""
        return self.is_live and self.ends_at is not None

    @property
    def access_ends_at(self) -> datetime | None:
        """Until when it lets its reader read (UTC), or None where it does not.

        Paid or free time, with slack for a renewal still on its way; a cancelled one ends on the day it says;
        a failed payment leaves 14 days from the invoice that failed, unless it was the very first; a pause begins
        on its day; a surplus one gives none.
        """
        if self.is_surplus:
            return None
        if self.status in ("trialing", "active"):
            last = self.period_ends_at + RENEWAL_SLACK
        elif self.status == "past_due" and self.unpaid_since and not self.first_payment_failed:
            last = self.unpaid_since + PAYMENT_GRACE
        else:
            return None
        return min(filter(None, (last, self.ends_at, self.pause_starts_at)))

    def gives_access(self, *, at: datetime) -> bool:
        """Whether its reader may read at that moment."""
        ends = self.access_ends_at
        return ends is not None and at < ends

    @property
    def next_charge_at(self) -> datetime | None:
        """When the next money is taken (UTC), or None where nothing will be."""
        if self.status not in ("trialing", "active") or self.ends_at is not None:
            return None
        return self.pause_ends_at or self.period_ends_at

    @property
    def next_charge_cents(self) -> int:
        """What the next charge comes to, in cents: the price, or less where a promotion code lowers it."""
        return self.plan.price_cents if self.discounted_cents is None else self.discounted_cents

    @property
    def is_pausing(self) -> bool:
        """Whether a pause is agreed, begun or not; or Stripe itself has paused it."""
        return self.status == "paused" or (self.status == "active" and self.pause_starts_at is not None)

    def pause_has_begun(self, *, at: datetime) -> bool:
        """Whether it is paused at that moment."""
        return self.status == "paused" or (
            self.is_pausing and self.pause_starts_at is not None and self.pause_starts_at <= at
        )
