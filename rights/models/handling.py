"""What became of a statement: whose contract it is about, what was done, when, and by whom."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData, Rule, years
from subscriptions.models import Subscription

from .statement import Statement

# How long one try has before another process may begin the next.
A_TRY_LASTS = timedelta(minutes=2)
TRIED_AGAIN_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=1))
# After so many tries in vain (about a day) a person is told; the tries go on.
A_PERSON_AFTER_TRIES = 24


class HandlingQuerySet(models.QuerySet["Handling"]):
    """Many handlings."""

    def to_do(self, *, at: datetime) -> "HandlingQuerySet":
        """Matched, not done, and due for a try."""
        due = Q(next_try_at=None) | Q(next_try_at__lte=at)
        return self.filter(due, outcome__in=UNDECIDED, subscription__isnull=False)

    def need_a_person(self) -> "HandlingQuerySet":
        """Those that staff have to look at."""
        return self.exclude(why_a_person="").filter(seen_to_at=None)

    def waiting_for_staff(self) -> "HandlingQuerySet":
        """The oldest of them, for the first page of the desk."""
        return self.need_a_person().select_related("statement").order_by("statement__sent_at")[:20]


class Handling(models.Model):
    """Our side of one statement. It may change; the statement does not."""

    personal_data = PersonalData(
        what=_("What became of your withdrawals and cancellations"),
        purpose=_("To carry out what you declared."),
        basis=Basis.LAW,
        whose="reader",
        colleagues=("seen_to_by",),
        mentions=("note", "last_error"),
        on_deletion=Keep(why=_("It proves that we did what was declared, and goes with the declaration.")),
        retention=(
            Rule(
                term=years("KEEP_CONTRACTS_YEARS"),
                counted_from="statement__sent_at",
                since=_("after the declaration was sent"),
                why=_("Until then either side can go to court over it."),
            ),
        ),
    )

    class Outcome(models.TextChoices):
        OPEN = "", "Not done yet"
        WAITS = "waits", "Waits for the day that was wished"
        WITHDRAWN = "withdrawn", "Withdrawn: ended, and everything given back"
        TOO_LATE = "too_late", "Too late to withdraw"
        CANCELLED = "cancelled", "Cancelled"
        CANCELLED_BEFORE = "cancelled_before", "Had been cancelled before"
        ENDED_BEFORE = "ended_before", "Had ended before"
        CLOSED = "closed", "Closed by staff without effect"

    class MatchedBy(models.TextChoices):
        NOBODY = "", "Not matched"
        SESSION = "session", "The reader was signed in"
        ADDRESS = "address", "The e-mail address"
        NUMBER = "number", "The e-mail address and the number"
        STAFF = "staff", "Staff"

    statement = models.OneToOneField(Statement, primary_key=True, on_delete=models.CASCADE, related_name="handling")
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="handlings"
    )
    subscription = models.ForeignKey(
        Subscription, null=True, blank=True, on_delete=models.PROTECT, related_name="handlings"
    )
    matched_by = models.CharField(max_length=10, choices=MatchedBy.choices, blank=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True, db_index=True)
    done_at = models.DateTimeField(null=True, blank=True)
    cents = models.PositiveIntegerField("given back", null=True, blank=True, help_text="In cents.")
    awaits_payment = models.BooleanField(default=False, help_text="A debit was under way: it goes back once it is in.")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="The end of the contract.")
    deadline = models.DateTimeField(null=True, blank=True, help_text="From when on it was too late.")
    although_late = models.BooleanField(default=False, help_text="Staff accept a withdrawal that came too late.")
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    why_a_person = models.CharField("why staff", max_length=300, blank=True)
    disputed_at = models.DateTimeField(null=True, blank=True, help_text="The reader says that it was somebody else.")
    seen_to_at = models.DateTimeField(null=True, blank=True)
    seen_to_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.TextField(max_length=2000, blank=True, help_text="What staff did and why.")

    objects: ClassVar[HandlingQuerySet] = HandlingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.get_outcome_display()

    @property
    def is_matched(self) -> bool:
        """Whether we know whose contract it is about."""
        return self.subscription_id is not None

    @property
    def is_done(self) -> bool:
        """Whether it has had its effect, or can have none."""
        return self.outcome not in UNDECIDED

    @property
    def needs_a_person(self) -> bool:
        """Whether staff have to look at it."""
        return bool(self.why_a_person) and self.seen_to_at is None

    def claim(self, *, at: datetime) -> bool:
        """Take it in hand for one try. True for one process only."""
        free = type(self).objects.to_do(at=at).filter(pk=self.pk)
        return free.update(next_try_at=at + A_TRY_LASTS) == 1

    def has_a_debit_under_way(self) -> None:
        """Money was on its way when it was carried out; it goes back once it is in."""
        self._change(awaits_payment=True)

    def waits(self, *, until: datetime) -> None:
        """The day that was wished is further away; it is looked at again then."""
        self._change(outcome=self.Outcome.WAITS, tries=0, last_error="", next_try_at=until)

    def was_done(self, outcome: str, *, at: datetime, **facts: object) -> None:
        """It has had its effect, or can have none."""
        self._change(outcome=outcome, done_at=at, tries=0, last_error="", next_try_at=None, **facts)

    def could_not_be_done(self, error: str, *, at: datetime) -> None:
        """Stripe was away: it is tried again, and after a day in vain a person is told."""
        wait = TRIED_AGAIN_AFTER[min(self.tries, len(TRIED_AGAIN_AFTER) - 1)]
        self._change(tries=self.tries + 1, next_try_at=at + wait, last_error=error[:500])
        if self.tries == A_PERSON_AFTER_TRIES:
            self.needs(f"Stripe could not be asked {self.tries} times.")

    def was_matched(self, subscription: Subscription, by: str) -> None:
        """It is about this contract."""
        self._change(reader=subscription.reader, subscription=subscription, matched_by=by, next_try_at=None)

    def accept_although_late(self) -> bool:
        """Staff undo the contract although the days were over. False where it did not come too late."""
        if self.outcome != self.Outcome.TOO_LATE:
            return False
        self._change(although_late=True, outcome=self.Outcome.OPEN, done_at=None, deadline=None, next_try_at=None)
        return True

    def is_due(self) -> None:
        """Try it now, whatever was planned."""
        self._change(next_try_at=None)

    def needs(self, why: str) -> None:
        """Put it before staff, anew where they had seen to it."""
        self._change(why_a_person=why[:300], seen_to_at=None, seen_to_by=None)

    def was_disputed(self, *, at: datetime) -> None:
        """The reader says that the statement was not theirs."""
        self._change(disputed_at=self.disputed_at or at)
        self.needs("The reader says that it was somebody else.")

    def was_seen_to(self, by: object, note: str, *, at: datetime) -> None:
        """A person has looked at it. What could not be matched by then ends without effect."""
        note = "\n\n".join(filter(None, (self.note, note.strip())))
        self._change(seen_to_at=at, seen_to_by=by, note=note)
        if not self.is_matched and not self.is_done:
            self._change(outcome=self.Outcome.CLOSED, done_at=at)

    def _change(self, **facts: object) -> None:
        for name, value in facts.items():
            setattr(self, name, value)
        self.save(update_fields=list(facts))


UNDECIDED = (Handling.Outcome.OPEN, Handling.Outcome.WAITS)
