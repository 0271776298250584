"""The letters: each written once, sent once, kept as proof."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData, Rule, days, years

from .user import User

# How long a letter belongs to the process that is sending it; after that another one may try.
SENDING_LASTS = timedelta(minutes=10)
TRIED_AGAIN_AFTER = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))


class LetterQuerySet(models.QuerySet["Letter"]):
    """Many letters."""

    def waiting(self, *, at: datetime) -> "LetterQuerySet":
        """Written, not sent, in nobody's hands, and due for a try."""
        due = models.Q(next_try_at=None) | models.Q(next_try_at__lte=at)
        return self.unsent(at=at).filter(due)

    def unsent(self, *, at: datetime) -> "LetterQuerySet":
        """Those, and the ones that were put off after a failure."""
        free = models.Q(claimed_at=None) | models.Q(claimed_at__lt=at - SENDING_LASTS)
        return self.filter(free, sent_at=None, withdrawn=False)


class Letter(models.Model):
    """One e-mail of ours: written once per reader, kind and occasion, sent once, kept as proof.

    The unique key is what makes sending twice impossible, whatever is delivered or restarted twice.
    """

    personal_data = PersonalData(
        what=_("Letters we sent you"),
        purpose=_("To write to you about your contract once and not twice, and to prove that we did."),
        basis=Basis.CONTRACT,
        whose="reader",
        address="to",
        mentions=("subject", "text", "html", "last_error", "occasion"),
        recipients=("MAIL_PROVIDER",),
        on_deletion=Keep(
            why=_("It proves that you were told what the law says you must be told. Words and address are erased."),
            empties=("to", "subject", "text", "html", "last_error"),
            only=models.Q(sent_at__isnull=False),
        ),
        retention=(
            Rule(
                term=days("KEEP_LETTERS_DAYS"),
                counted_from="written_at",
                since=_("after it was written"),
                why=_("You have the letter; we only keep that it was sent."),
                empties=("text", "html", "last_error"),
            ),
            Rule(
                term=years("KEEP_CONTRACTS_YEARS"),
                counted_from="written_at",
                since=_("after it was written"),
                why=_("It proves that you were told in time what a contract asks for."),
            ),
        ),
    )

    reader = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="letters")
    to = models.EmailField()
    kind = models.CharField(max_length=40)
    occasion = models.CharField(max_length=120, help_text="What makes this one different from others of its kind.")
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField()
    written_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="Since when somebody is sending it.")
    sent_at = models.DateTimeField(null=True, blank=True)
    withdrawn = models.BooleanField(default=False, help_text="No longer true before it could be sent; never sent.")
    failures = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True, help_text="After a failure: not before.")
    last_error = models.TextField(blank=True)

    objects: ClassVar[LetterQuerySet] = LetterQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["to", "kind", "occasion"], name="one_letter_per_occasion")]
        indexes = [models.Index(fields=["written_at"], condition=models.Q(sent_at=None), name="letter_unsent")]
        ordering = ["-written_at"]

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}"

    def claim(self, *, at: datetime) -> bool:
        """Take the letter in hand for sending. True for one process only."""
        return type(self).objects.unsent(at=at).filter(pk=self.pk).update(claimed_at=at) == 1

    def was_sent(self, *, at: datetime) -> None:
        """The mail server took it."""
        type(self).objects.filter(pk=self.pk).update(sent_at=at, claimed_at=None, last_error="")

    def could_not_be_sent(self, error: str, *, at: datetime) -> None:
        """Keep it for the next try, with the reason; each time it waits longer, and never for more than six hours."""
        wait = TRIED_AGAIN_AFTER[min(self.failures, len(TRIED_AGAIN_AFTER) - 1)]
        self.failures += 1
        type(self).objects.filter(pk=self.pk).update(
            claimed_at=None, failures=self.failures, next_try_at=at + wait, last_error=error[:2000]
        )
