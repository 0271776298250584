"""What a comparison with Stripe found, and what it mended."""

import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from edge.personal_data import ERASE, Basis, PersonalData, Rule, days

from .subscription import Subscription

# How long a run belongs to the process that works on it, counted from its last sign of life.
HELD_FOR = timedelta(minutes=5)
# An interrupted run is taken up where it stopped; an older one begins anew, since what it saw is out of date.
TAKEN_UP_WITHIN = timedelta(hours=20)


class AlreadyRunning(Exception):
    """Another process is comparing with Stripe at this moment."""


class ReconciliationQuerySet(models.QuerySet["Reconciliation"]):
    """Many runs."""

    def take(self, *, at: datetime) -> "Reconciliation":
        """The run that is to be finished, or a new one, for the caller alone. Raises AlreadyRunning."""
        if not self.filter(finished_at=None).exists():
            with suppress(IntegrityError), transaction.atomic():
                self.create(started_at=at)
        holder = uuid.uuid4()
        free = Q(held_until=None) | Q(held_until__lte=at)
        if not self.filter(free, finished_at=None).update(holder=holder, held_until=at + HELD_FOR, remark=""):
            raise AlreadyRunning("Another reconciliation is running.")
        run = self.get(holder=holder)
        if run.started_at <= at - TAKEN_UP_WITHIN:
            run.note(started_at=at, last_seen="", seen=0)
            run.sightings.all().delete()
        return run


class Reconciliation(models.Model):
    """One walk through everything at Stripe. There is at most one unfinished, and at most one process works on it."""

    personal_data = None

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True, help_text="Empty: it is running, or waits to go on.")
    last_seen = models.CharField(max_length=80, blank=True, help_text="Stripe's number of the last one looked at.")
    seen = models.PositiveIntegerField(default=0, help_text="Subscriptions at Stripe.")
    repaired = models.PositiveIntegerField(default=0, help_text="Rows of ours that said something else.")
    missing = models.PositiveIntegerField(default=0, help_text="Subscriptions of our readers that we had no row of.")
    unknown = models.PositiveIntegerField(default=0, help_text="Rows of ours that Stripe does not know.")
    strangers = models.PositiveIntegerField(default=0, help_text="Subscriptions of customers who are no readers.")
    failed = models.PositiveIntegerField(default=0, help_text="What could not be recorded.")
    holder = models.UUIDField(null=True, unique=True, editable=False)
    held_until = models.DateTimeField(null=True, editable=False)
    remark = models.CharField(max_length=300, blank=True, help_text="Why it stopped, where it did.")

    objects: ClassVar[ReconciliationQuerySet] = ReconciliationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                models.ExpressionWrapper(Q(finished_at=None), output_field=models.BooleanField()),
                condition=Q(finished_at=None),
                name="one_unfinished_reconciliation",
            )
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"

    @property
    def changed_nothing(self) -> bool:
        """Whether our rows said what Stripe says."""
        return not (self.repaired or self.missing)

    def note(self, **fields: Any) -> None:
        """Write these fields. Raises AlreadyRunning where another process has taken the run over meanwhile."""
        if not type(self).objects.filter(pk=self.pk, holder=self.holder, finished_at=None).update(**fields):
            raise AlreadyRunning("Another process has taken this reconciliation over.")
        for name, value in fields.items():
            setattr(self, name, value)

    def hold(self, *, at: datetime) -> None:
        """Give a sign of life. Raises AlreadyRunning where it came too late."""
        self.note(held_until=at + HELD_FOR)

    def put_down(self, why: str) -> None:
        """Leave it unfinished, for anybody to go on with at once."""
        with suppress(AlreadyRunning):
            self.note(held_until=None, remark=why[:300], **self._counted())

    def finish(self, *, at: datetime, remark: str = "") -> None:
        """It has been through everything."""
        self.note(finished_at=at, held_until=None, remark=remark[:300], **self._counted())

    def _counted(self) -> dict[str, int]:
        counts = dict(self.findings.values_list("kind").annotate(models.Count("pk")).order_by())
        return {field: counts.get(kind, 0) for kind, field in Finding.COUNTED.items()}


class Finding(models.Model):
    """One thing that a reconciliation found: what it repaired, and what a person should look at."""

    personal_data = PersonalData(
        what=_("Where our list and Stripe's differed"),
        purpose=_("To find and mend mistakes in subscriptions."),
        basis=Basis.CONTRACT,
        whose="reader",
        mentions=("changes", "why"),
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_FINDINGS_DAYS"),
                counted_from="found_at",
                since=_("after it was found"),
                why=_("It is mended, or somebody has looked at it."),
            ),
        ),
    )

    class Kind(models.TextChoices):
        REPAIRED = "repaired", "Repaired"
        MISSING = "missing", "Was missing, recorded"
        UNKNOWN = "unknown", "Unknown to Stripe"
        STRANGER = "stranger", "No reader of ours"
        FAILED = "failed", "Could not be recorded"

    # The field of the run that counts each kind.
    COUNTED: ClassVar[dict[str, str]] = {
        Kind.REPAIRED: "repaired",
        Kind.MISSING: "missing",
        Kind.UNKNOWN: "unknown",
        Kind.STRANGER: "strangers",
        Kind.FAILED: "failed",
    }
    # Nothing was changed; the row says so once and is found again by every run until a person has seen to it.
    STANDING: ClassVar[tuple[str, ...]] = (Kind.UNKNOWN, Kind.STRANGER, Kind.FAILED)

    reconciliation = models.ForeignKey(
        Reconciliation, on_delete=models.CASCADE, related_name="findings", help_text="The last one that found it."
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    stripe_id = models.CharField("number at Stripe", max_length=80)
    changes = models.JSONField(default=dict, encoder=DjangoJSONEncoder, help_text="Each field: before, after.")
    why = models.CharField(max_length=300)
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["-found_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "stripe_id"],
                condition=Q(kind__in=["unknown", "stranger", "failed"]),
                name="one_standing_finding",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.stripe_id}"


class Sighting(models.Model):
    """That a run met a row of ours at Stripe; what it has not met it asks about."""

    personal_data = PersonalData(
        what=_("That a subscription was met at Stripe last night"),
        purpose=_("To find subscriptions that Stripe does not know."),
        basis=Basis.CONTRACT,
        whose="subscription__reader",
        on_deletion=ERASE,
    )

    subscription = models.OneToOneField(
        Subscription, primary_key=True, on_delete=models.CASCADE, related_name="sighting"
    )
    reconciliation = models.ForeignKey(Reconciliation, on_delete=models.CASCADE, related_name="sightings")

    def __str__(self) -> str:
        return f"{self.subscription_id} in {self.reconciliation}"
