"""A reader wants another address: what both mailboxes have said to it so far."""

from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from edge.personal_data import ERASE, Basis, PersonalData, Rule, days

# How long both mailboxes have to answer, how long one code works, and how often it may be guessed.
CHANGE_LASTS = timedelta(days=3)
CODE_LASTS = timedelta(minutes=15)
MOST_WRONG_CODES = 5


class AddressChangeQuerySet(models.QuerySet["AddressChange"]):
    """Many changes."""

    def open(self, *, at: datetime) -> "AddressChangeQuerySet":
        """Those that both mailboxes may still answer."""
        return self.filter(done_at=None, stopped_at=None, asked_at__gt=at - CHANGE_LASTS)

    def of_token(self, token: str, *, at: datetime) -> "AddressChange | None":
        """The open change whose letter to the old mailbox holds this token."""
        return self.open(at=at).select_related("reader").filter(token_hash=AddressChange.hash_of(token)).first()

    def to_follow(self) -> "AddressChangeQuerySet":
        """Those that are done, and of which whoever takes payments has not heard."""
        return self.exclude(done_at=None).filter(followed_at=None)


class AddressChange(models.Model):
    """From one address to another. Nothing changes before both mailboxes have agreed, in whichever order.

    The new one is proved by a code that is typed, the old one by a button behind a link. The row keeps neither.
    """

    personal_data = PersonalData(
        what=_("Changes of your email address"),
        purpose=_("To change it only with the consent of both mailboxes, and to see later how it was changed."),
        basis=Basis.CONTRACT,
        whose="reader",
        secret=("asked_in", "code_hash", "token_hash"),
        mentions=("old_email", "new_email"),
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_ADDRESS_CHANGES_DAYS"),
                counted_from="asked_at",
                since=_("after it was asked for"),
                why=_("By then whoever lost an account in this way has told us."),
            ),
        ),
    )

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="address_changes")
    old_email = models.EmailField()
    new_email = models.EmailField()
    asked_at = models.DateTimeField()
    asked_in = models.CharField(max_length=40, blank=True, help_text="The session that asked, which stays signed in.")
    code_hash = models.CharField(max_length=64, blank=True, help_text="Empty where the address is somebody else's.")
    code_sent_at = models.DateTimeField()
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    token_hash = models.CharField(max_length=64, unique=True)
    new_agreed_at = models.DateTimeField(null=True, blank=True)
    old_agreed_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    followed_at = models.DateTimeField(null=True, blank=True, help_text="When Stripe was told, where it had to be.")

    objects: ClassVar[AddressChangeQuerySet] = AddressChangeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-asked_at"]
        verbose_name = "change of address"
        verbose_name_plural = "changes of address"
        constraints = [
            models.UniqueConstraint(
                fields=["reader"],
                condition=models.Q(done_at=None, stopped_at=None),
                name="one_change_of_address_at_a_time",
            )
        ]
        indexes = [
            models.Index(
                fields=["done_at"],
                condition=models.Q(done_at__isnull=False, followed_at=None),
                name="address_change_to_follow",
            )
        ]

    def __str__(self) -> str:
        return f"{self.old_email} to {self.new_email}"

    @staticmethod
    def hash_of(token: str) -> str:
        """What the row keeps of a token."""
        return sha256(token.encode()).hexdigest()

    @staticmethod
    def new_token() -> str:
        """What the letter to the old mailbox holds."""
        return token_urlsafe(32)

    def sealed(self, code: str) -> str:
        """What the row keeps of a code."""
        return salted_hmac("readers.address_change", f"{self.token_hash} {code}", algorithm="sha256").hexdigest()

    def is_open(self, *, at: datetime) -> bool:
        """The same rule as `open`."""
        return self.done_at is None and self.stopped_at is None and self.asked_at > at - CHANGE_LASTS

    def takes_codes(self, *, at: datetime) -> bool:
        """Whether a code may still be typed for it."""
        fresh = self.code_sent_at > at - CODE_LASTS and self.wrong_codes < MOST_WRONG_CODES
        return self.is_open(at=at) and self.new_agreed_at is None and fresh

    def guess(self, code: str, *, at: datetime) -> bool:
        """Whether this is the code. A wrong one is counted first, so that guesses at once cannot outrun the count."""
        counted = type(self).objects.filter(pk=self.pk, wrong_codes__lt=MOST_WRONG_CODES)
        if not self.takes_codes(at=at) or not counted.update(wrong_codes=F("wrong_codes") + 1):
            return False
        self.refresh_from_db(fields=["wrong_codes"])
        if not self.code_hash or not compare_digest(self.code_hash, self.sealed(code)):
            return False
        type(self).objects.filter(pk=self.pk).update(new_agreed_at=at, code_hash="")
        self.new_agreed_at = at
        return True

    def new_code(self, code: str, *, at: datetime) -> None:
        """Let this code take the place of the one before, with all tries before it."""
        self.code_hash = self.sealed(code) if code else ""
        self.code_sent_at, self.wrong_codes = at, 0
        self.save(update_fields=["code_hash", "code_sent_at", "wrong_codes"])

    def agree_as_old(self, *, at: datetime) -> None:
        """The old mailbox says yes."""
        type(self).objects.open(at=at).filter(pk=self.pk, old_agreed_at=None).update(old_agreed_at=at)
        self.old_agreed_at = self.old_agreed_at or at

    def stop(self, *, at: datetime) -> bool:
        """Let nothing come of it. False where it is too late for that."""
        open_one = type(self).objects.filter(pk=self.pk, done_at=None, stopped_at=None)
        return open_one.update(stopped_at=at, code_hash="") == 1
