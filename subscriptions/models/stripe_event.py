"""The receipts of what Stripe sent, and how often we tried where the first time did not do."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Anonymise, Basis, PersonalData, Rule, days

# A delivery has this long to be handled by the page that took it.
FIRST_HANDLING = timedelta(minutes=2)
# How long we wait after the first, second, ... try of our own; the last of these from then on.
RETRIES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
# Three days of tries: two and a half hours for the first four waits, then twelve of six hours.
MOST_ATTEMPTS = 17
NO_READER = "No reader of ours."


class StripeEventQuerySet(models.QuerySet["StripeEvent"]):
    """Many receipts."""

    def waiting(self) -> "StripeEventQuerySet":
        """Not handled, and still tried."""
        return self.filter(handled_at=None, attempts__lt=MOST_ATTEMPTS)

    def given_up(self) -> "StripeEventQuerySet":
        """Not handled after three days of tries: they need a person."""
        return self.filter(handled_at=None, attempts__gte=MOST_ATTEMPTS)

    def handled(self) -> "StripeEventQuerySet":
        """Those of which something came, or of which nothing had to."""
        return self.exclude(handled_at=None).exclude(remark=NO_READER)

    def without_reader(self) -> "StripeEventQuerySet":
        """About a customer who is no reader of ours. Whose it is, is never guessed by e-mail."""
        return self.exclude(handled_at=None).filter(remark=NO_READER)

    def to_retry(self, *, at: datetime) -> "StripeEventQuerySet":
        """Those whose next try has come, oldest first."""
        is_due = Q(next_try_at=None) | Q(next_try_at__lte=at)
        return self.waiting().filter(is_due, received_at__lt=at - FIRST_HANDLING).order_by("received_at", "pk")


class StripeEvent(models.Model):
    """One delivered event, kept before it is answered. The payload is a hint; Stripe is asked anew."""

    personal_data = PersonalData(
        what=_("What Stripe told us"),
        purpose=_("To act on every payment once and not twice, and to find faults."),
        basis=Basis.CONTRACT,
        mentions=("payload", "last_error", "remark"),
        recipients=("STRIPE",),
        on_deletion=Anonymise(("payload",), why=_("What was in it is erased; that something came is kept.")),
        retention=(
            Rule(
                term=days("KEEP_STRIPE_EVENT_CONTENTS_DAYS"),
                counted_from="handled_at",
                since=_("after it was handled"),
                why=_("It is only a hint: what counts is asked of Stripe."),
                empties=("payload",),
            ),
            Rule(
                term=days("KEEP_STRIPE_EVENTS_DAYS"),
                counted_from="handled_at",
                since=_("after it was handled"),
                why=_("Stripe sends nothing twice after so long."),
            ),
        ),
    )

    stripe_id = models.CharField(max_length=80, unique=True)
    kind = models.CharField("type", max_length=80)
    payload = models.JSONField()
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)
    remark = models.CharField(max_length=300, blank=True, help_text="Why nothing came of it, where nothing did.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Tries of our own after the delivery.")
    next_try_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    objects: ClassVar[StripeEventQuerySet] = StripeEventQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["received_at"], condition=Q(handled_at=None), name="stripe_event_unhandled")]

    def __str__(self) -> str:
        return f"{self.kind} {self.stripe_id}"

    @property
    def needs_a_person(self) -> bool:
        """Whether it is not handled and no longer tried."""
        return self.handled_at is None and self.attempts >= MOST_ATTEMPTS

    def failed(self, error: str, *, at: datetime) -> None:
        """A try of our own did not do: the next one is put off, further each time. Unless it was handled since."""
        wait = RETRIES[min(self.attempts, len(RETRIES) - 1)]
        self.attempts, self.next_try_at, self.last_error = (
            self.attempts + 1,
            at + wait,
            error.replace("\x00", "")[:2000],
        )
        unhandled = type(self).objects.filter(pk=self.pk, handled_at=None)
        unhandled.update(attempts=self.attempts, next_try_at=self.next_try_at, last_error=self.last_error)

    def forget_the_outcome(self) -> None:
        """Be as on the day it came: not handled, not tried."""
        self.handled_at, self.remark, self.attempts, self.next_try_at, self.last_error = None, "", 0, None, ""
        self.save(update_fields=["handled_at", "remark", "attempts", "next_try_at", "last_error"])
