"""What readers are told before something happens to them, and the charges that waited until they had been told."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData, Rule, years
from readers.models import Letter

from .subscription import Subscription


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Many notices."""

    def open(self) -> "NoticeQuerySet":
        """Written, and neither taken by the mail server nor given up."""
        return self.filter(result="")

    def take_note_of_what_was_sent(self) -> int:
        """Write down which of the open ones the mail server has taken since, and when. Returns how many."""
        sent_at = Letter.objects.filter(pk=OuterRef("letter_id")).values("sent_at")
        sent = self.open().filter(letter__sent_at__isnull=False)
        return sent.update(sent_at=Subquery(sent_at), result=Notice.Result.SENT)


class Notice(models.Model):
    """One thing that one reader is told once: what about, when it was due, and when the mail server took it.

    `about_at` is the key: the charge (the end of the period before it), the end of a pause, the card's end.
    """

    personal_data = PersonalData(
        what=_("What we told you before it happened"),
        purpose=_("To charge nothing of which you were not told in time, to tell you once, and to prove it."),
        basis=Basis.LAW,
        whose="subscription__reader",
        mentions=("said",),
        on_deletion=Keep(why=_("It proves that you were told before you were charged.")),
        retention=(
            Rule(
                term=years("KEEP_CONTRACTS_YEARS"),
                counted_from="due_at",
                since=_("after it was due"),
                why=_("Until then either side can go to court over the contract."),
            ),
        ),
    )

    class Kind(models.TextChoices):
        TERMS_AT_ZERO = "terms_at_zero", "Terms of a free trial"
        TRIAL_FIRST = "trial_first", "Trial ends, first reminder"
        TRIAL_LAST = "trial_last", "Trial ends, last reminder"
        RENEWAL_FIRST = "renewal_first", "Year is renewed, first notice"
        RENEWAL_LAST = "renewal_last", "Year is renewed, last notice"
        MONTH = "month", "Month is renewed"
        PRICE_CHANGE = "price_change", "Another price"
        CARD_FIRST = "card_first", "Card expires, first warning"
        CARD_LAST = "card_last", "Card expires, last warning"
        PAUSE_ENDS = "pause_ends", "Pause ends"

    class Result(models.TextChoices):
        SENT = "sent", "Sent"
        NOT_NEEDED = "not_needed", "Not needed any more"
        NOT_SENT = "not_sent", "Could not be sent in time"
        REPLACED = "replaced", "Replaced by a later one"

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    about_at = models.DateTimeField("about", help_text="The charge, or what else it is about.")
    due_at = models.DateTimeField("due")
    said = models.JSONField(default=dict, help_text="The facts in its words.")
    letter = models.ForeignKey(Letter, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    # How often its words had to be written anew before it could leave.
    revision = models.PositiveSmallIntegerField(default=0)
    written_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When the mail server took it.")
    result = models.CharField(max_length=10, choices=Result.choices, blank=True, help_text="Empty: on its way.")

    objects: ClassVar[NoticeQuerySet] = NoticeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-due_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["subscription", "kind", "about_at"], name="one_notice_of_a_kind"),
            models.CheckConstraint(
                condition=(Q(sent_at=None) & ~Q(result="sent")) | Q(sent_at__isnull=False, result="sent"),
                name="a_notice_is_sent_when_it_was_taken",
            ),
        ]
        indexes = [models.Index(fields=["subscription"], condition=Q(result=""), name="notice_open")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.about_at:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        """Whether it is written and on its way."""
        return not self.result

    def look_at_letter(self) -> None:
        """Note that the mail server has taken it, where it has."""
        if self.is_open and self.letter and self.letter.sent_at:
            self.sent_at, self.result = self.letter.sent_at, self.Result.SENT
            self.save(update_fields=["sent_at", "result"])

    def take_back(self, *, at: datetime) -> bool:
        """Let its letter stay where it is. False where somebody is sending it at this moment."""
        if self.letter is None or self.letter.withdrawn:
            return True
        return Letter.objects.unsent(at=at).filter(pk=self.letter.pk).update(withdrawn=True) == 1

    def close(self, result: str) -> None:
        """It will not be sent any more, and why."""
        self.result = result
        self.save(update_fields=["result"])


class PutOffQuerySet(models.QuerySet["PutOff"]):
    """Many charges that were put off."""

    def to_do(self) -> "PutOffQuerySet":
        """Decided, and not yet confirmed by Stripe."""
        return self.filter(done_at=None, result="")

    def waiting(self) -> "PutOffQuerySet":
        """Those whose charge has still to come: it is the next one of a subscription that goes on."""
        pause = Q(subscription__pause_ends_at=F("moved_to"))
        goes_on = Q(subscription__status__in=["trialing", "active"], subscription__ends_at=None)
        return self.filter(goes_on, pause | Q(subscription__period_ends_at=F("moved_to")), result="")

    def to_decide(self, *, due_before: datetime) -> "PutOffQuerySet":
        """Those of them that were due so long ago that a person has to find another way."""
        return self.waiting().filter(first_due_at__lte=due_before)


class PutOff(models.Model):
    """A charge that waits since its notice was not sent in time. Written down first, then done at Stripe."""

    personal_data = PersonalData(
        what=_("Charges we put off"),
        purpose=_("To charge nothing of which you could not be told in time."),
        basis=Basis.LAW,
        whose="subscription__reader",
        on_deletion=Keep(why=_("It proves that you were not charged before you were told.")),
        retention=(
            Rule(
                term=years("KEEP_CONTRACTS_YEARS"),
                counted_from="decided_at",
                since=_("after it was put off"),
                why=_("Until then either side can go to court over the contract."),
            ),
        ),
    )

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="put_offs")
    was_due_at = models.DateTimeField("was due")
    moved_to = models.DateTimeField("now due")
    first_due_at = models.DateTimeField("due at first", help_text="Before it was put off for the first time.")
    decided_at = models.DateTimeField("put off")
    done_at = models.DateTimeField("confirmed by Stripe", null=True, blank=True)
    result = models.CharField(
        max_length=10,
        blank=True,
        choices=[("not_needed", "Not needed any more")],
        help_text="Why nothing was done at Stripe.",
    )

    objects: ClassVar[PutOffQuerySet] = PutOffQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-decided_at", "-pk"]
        verbose_name = "charge put off"
        verbose_name_plural = "charges put off"
        constraints = [
            models.UniqueConstraint(fields=["subscription", "was_due_at"], name="a_charge_is_put_off_once"),
            models.CheckConstraint(condition=Q(moved_to__gt=F("was_due_at")), name="put_off_to_a_later_day"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription.reader}: {self.was_due_at:%Y-%m-%d} to {self.moved_to:%Y-%m-%d}"

    def was_done(self, *, at: datetime) -> None:
        """Stripe has moved the charge."""
        self.done_at = at
        self.save(update_fields=["done_at", "moved_to"])

    def is_not_needed(self) -> None:
        """The charge it is about will not come: the reader cancelled, or changed the plan."""
        self.result = "not_needed"
        self.save(update_fields=["result"])

    def is_needed_after_all(self) -> None:
        """It will come: the reader keeps what was cancelled."""
        if self.result:
            self.result = ""
            self.save(update_fields=["result"])
