"""What was agreed for how long: the dates, the seats, the price, and how far it has come."""

from datetime import date, datetime, time, timedelta
from typing import ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData
from subscriptions.models import Contract


class State(models.TextChoices):
    """Where an agreement, or one of its terms, stands. Derived from facts, never stored."""

    DRAFT = "draft", "Draft"
    QUOTED = "quoted", "Quote sent"
    ACCEPTED = "accepted", "Accepted"
    INVOICED = "invoiced", "Invoiced"
    PAID = "paid", "Paid"
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    ENDED = "ended", "Ended"

    def rank(self) -> int:
        """How far it has come; of several terms the one with the highest rank speaks for the agreement."""
        order = ("ended", "draft", "quoted", "accepted", "invoiced", "paid", "active", "suspended")
        return order.index(self.value)


def begins(day: date) -> datetime:
    """The first moment of that day in Brussels."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())


def day_of(at: datetime) -> date:
    """The day in Brussels."""
    return at.astimezone(timezone.get_default_timezone()).date()


class TermQuerySet(models.QuerySet["Term"]):
    """Many terms."""

    def binding(self) -> "TermQuerySet":
        """Those that were accepted."""
        return self.exclude(accepted_at=None)

    def giving_access(self, *, at: datetime) -> "TermQuerySet":
        """The same rule as `Term.gives_access` in an agreement that stands, for the database."""
        day = day_of(at)
        return self.filter(
            Q(paid_at__isnull=False) | Q(begun_unpaid_at__isnull=False),
            Q(group__ended_at=None) | Q(group__ended_at__gt=at),
            group__suspended_at=None,
            accepted_at__isnull=False,
            starts_on__lte=day,
            ends_on__gte=day,
        )


class Term(models.Model):
    """One term of an agreement, usually a year. Renewing an agreement adds a term.

    Days are days in Brussels, and both ends are part of it. It binds once accepted, and gives access between its days
    once it is paid, or once somebody decided that it may begin before.
    """

    personal_data = PersonalData(
        what=_("Terms of agreements with organisations"),
        purpose=_("To know what was agreed, and who accepted it."),
        basis=Basis.CONTRACT,
        colleagues=("quoted_by", "acceptance_noted_by", "begun_unpaid_by"),
        mentions=("accepted_name", "accepted_email", "begun_unpaid_because"),
        on_deletion=Keep(why=_("It is about an organisation; the address of who accepted is struck out.")),
    )

    group = models.ForeignKey("groups.GroupAccount", on_delete=models.PROTECT, related_name="terms")
    starts_on = models.DateField(help_text="The first day, in Brussels.")
    ends_on = models.DateField(help_text="The last day, in Brussels.")
    seats = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as many as they like, on site.")
    price_cents = models.PositiveIntegerField(help_text="For the whole term, without VAT.")
    seats_in_price = models.PositiveIntegerField(
        null=True,
        editable=False,
        help_text="How many seats the price was agreed for, where their number was changed since. Empty: all of them.",
    )
    vat_percent = models.DecimalField(
        "VAT, in percent",
        max_digits=4,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Empty: by the rule for their country (docs/groups.md).",
    )
    purchase_order = models.CharField(max_length=80, blank=True, help_text="As their invoices must quote it.")
    quoted_at = models.DateTimeField(null=True, blank=True, editable=False)
    quoted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    quote_valid_until = models.DateField(null=True, blank=True, help_text="The last day on which it can be accepted.")
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    accepted_name = models.CharField(max_length=150, blank=True, editable=False, help_text="Who said yes for them.")
    accepted_email = models.EmailField(blank=True, editable=False)
    acceptance_noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
        help_text="Empty: they pressed the button themselves.",
    )
    contract = models.OneToOneField(
        Contract, null=True, on_delete=models.SET_NULL, related_name="group_term", editable=False
    )
    invoiced_at = models.DateTimeField(null=True, blank=True, editable=False)
    paid_at = models.DateTimeField(null=True, blank=True, editable=False)
    begun_unpaid_at = models.DateTimeField(null=True, blank=True, editable=False)
    begun_unpaid_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    begun_unpaid_because = models.CharField(max_length=300, blank=True, editable=False)

    objects: ClassVar[TermQuerySet] = TermQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["group", "-starts_on"]
        indexes = [models.Index(fields=["ends_on"])]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="term_ends_after_it_starts"),
            models.UniqueConstraint(fields=["group", "starts_on"], name="one_term_per_first_day"),
            models.CheckConstraint(
                condition=Q(begun_unpaid_at=None) | ~Q(begun_unpaid_because=""), name="unpaid_start_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=False) | Q(invoiced_at=None, paid_at=None, begun_unpaid_at=None),
                name="nothing_follows_before_acceptance",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group}, {self.starts_on} to {self.ends_on}"

    @property
    def access_ends_at(self) -> datetime:
        """The moment at which its last day is over (Brussels midnight)."""
        return begins(self.ends_on + timedelta(days=1))

    @property
    def last_moment(self) -> datetime:
        """A moment of its last day, for pages that print the day."""
        return self.access_ends_at - timedelta(seconds=1)

    @property
    def priced_seats(self) -> int | None:
        """How many seats the price was agreed for, whatever was added or taken away since; None where unlimited."""
        return self.seats if self.seats_in_price is None else self.seats_in_price

    @property
    def may_begin(self) -> bool:
        """Whether it was accepted, and paid or allowed to begin before."""
        return self.accepted_at is not None and (self.paid_at is not None or self.begun_unpaid_at is not None)

    @property
    def begins_unpaid(self) -> bool:
        """Whether it runs, or will, on a decision and not on a payment."""
        return self.begun_unpaid_at is not None and self.paid_at is None

    def runs(self, *, at: datetime) -> bool:
        """Whether that moment lies between its days."""
        return self.starts_on <= day_of(at) <= self.ends_on

    def gives_access(self, *, at: datetime) -> bool:
        """Whether it lets people read at that moment, in an agreement that stands."""
        return self.may_begin and self.runs(at=at)

    def counts_seats(self, *, at: datetime) -> bool:
        """Whether its number of seats binds at that moment: it was accepted and is not over."""
        return self.accepted_at is not None and day_of(at) <= self.ends_on

    def state(self, *, at: datetime) -> State:
        """How far it has come at that moment; of a suspension it does not know."""
        if self.ends_on < day_of(at):
            return State.ENDED
        if self.gives_access(at=at):
            return State.ACTIVE
        facts = (
            (self.paid_at, State.PAID),
            (self.invoiced_at, State.INVOICED),
            (self.accepted_at, State.ACCEPTED),
            (self.quoted_at, State.QUOTED),
        )
        return next((state for moment, state in facts if moment is not None), State.DRAFT)
