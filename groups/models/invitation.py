"""Who was asked to sit in a group, and the lists they stood on."""

from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from edge import languages
from edge.personal_data import ERASE, Basis, PersonalData, Rule, days

from .group_account import GroupAccount
from .seat import Seat

# An invitation works for so long, and keeps a seat for as long.
INVITATION_LASTS = timedelta(days=14)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Many invitations."""

    def open(self) -> "InvitationQuerySet":
        """Neither accepted nor withdrawn; some are too old to be accepted, and can be sent again."""
        return self.filter(accepted_at=None, withdrawn_at=None)

    def waiting(self, *, at: datetime) -> "InvitationQuerySet":
        """Those that can be accepted at that moment, as far as they themselves go."""
        return self.open().filter(expires_at__gt=at)

    def of_token(self, token: str) -> "Invitation | None":
        """The invitation whose letter holds this token, whatever became of it."""
        return self.select_related("group").filter(token_hash=Invitation.hash_of(token)).first()


class Invitation(models.Model):
    """A seat offered to an address. Its link opens a page; only who proves the address can take the seat."""

    personal_data = PersonalData(
        what=_("Invitations to groups"),
        purpose=_("To offer you a seat that your organisation pays for."),
        basis=Basis.INTEREST,
        address="address",
        colleagues=("invited_by", "withdrawn_by"),
        mentions=("name",),
        secret=("token_hash",),
        recipients=("MAIL_PROVIDER",),
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_INVITATIONS_DAYS"),
                counted_from="expires_at",
                since=_("after it could no longer be accepted"),
                why=_("By then nobody asks any more who was invited."),
            ),
        ),
    )

    group = models.ForeignKey(GroupAccount, on_delete=models.PROTECT, related_name="invitations")
    address = models.EmailField("e-mail address")
    mailbox = models.CharField(max_length=254, editable=False, help_text="The address without what tags it.")
    name = models.CharField(max_length=150, blank=True)
    language = models.CharField(max_length=2, choices=languages.CHOICES, default="en")
    with_seat = models.BooleanField(default=True, help_text="Off: to manage, and not to read.")
    to_manage = models.BooleanField(default=False, help_text="May invite and remove others, too.")
    token_hash = models.CharField(max_length=64, unique=True)
    invited_at = models.DateTimeField()
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    expires_at = models.DateTimeField()
    times_sent = models.PositiveSmallIntegerField(default=1)
    accepted_at = models.DateTimeField(null=True, blank=True)
    seat = models.OneToOneField(Seat, null=True, blank=True, on_delete=models.SET_NULL, related_name="invitation")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects: ClassVar[InvitationQuerySet] = InvitationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["address", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "mailbox"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="one_open_invitation_per_mailbox",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(withdrawn_at=None), name="invitation_not_both_accepted_and_withdrawn"
            ),
            models.CheckConstraint(condition=Q(with_seat=True) | Q(to_manage=True), name="invitation_gives_something"),
        ]
        indexes = [
            models.Index(
                fields=["group", "expires_at"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="open_invitations",
            )
        ]

    def __str__(self) -> str:
        return f"{self.address} to {self.group}"

    @staticmethod
    def hash_of(token: str) -> str:
        """What the row keeps of a token."""
        return sha256(token.encode()).hexdigest()

    @staticmethod
    def new_token() -> str:
        """What the letter holds."""
        return token_urlsafe(32)

    def is_waiting(self, *, at: datetime) -> bool:
        """The same rule as `waiting`."""
        return self.accepted_at is None and self.withdrawn_at is None and self.expires_at > at


class InvitationList(models.Model):
    """Many addresses at once, typed or from a file: read at once, carried out by a job, and told line by line."""

    personal_data = PersonalData(
        what=_("Lists of people to invite"),
        purpose=_("To tell whoever sent a list what became of each of its lines."),
        basis=Basis.INTEREST,
        colleagues=("made_by",),
        mentions=("file_name",),
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_INVITATION_LISTS_DAYS"),
                counted_from="made_at",
                since=_("after it was sent to us"),
                why=_("By then its sender has looked at it."),
            ),
        ),
    )

    group = models.ForeignKey(GroupAccount, on_delete=models.PROTECT, related_name="invitation_lists")
    file_name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=2, choices=languages.CHOICES, default="en")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at"]
        verbose_name = "list of people to invite"
        verbose_name_plural = "lists of people to invite"

    def __str__(self) -> str:
        return f"{self.group}: {self.file_name or self.made_at}"


class ListLine(models.Model):
    """One address of a list, and what became of it."""

    personal_data = PersonalData(
        what=_("Lines in lists of people to invite"),
        purpose=_("To tell whoever sent a list what became of each of its lines."),
        basis=Basis.INTEREST,
        address="address",
        mentions=("said", "name"),
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_INVITATION_LISTS_DAYS"),
                counted_from="list__made_at",
                since=_("after it was sent to us"),
                why=_("By then its sender has looked at it."),
            ),
        ),
    )

    class Outcome(models.TextChoices):
        INVITED = "invited", _("Invited")
        SEATED = "seated", _("Has a seat already")
        WAITING = "waiting", _("Was invited before; use “Send again”")
        TWICE = "twice", _("Stands on the list twice")
        NO_ADDRESS = "no_address", _("Not a complete email address")
        LOOK_ALIKE = "look_alike", _("Has letters that only look like those of another address")
        NO_SEAT = "no_seat", _("No seat was left")
        OVER = "over", _("The agreement does not run at present")

    list = models.ForeignKey(InvitationList, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField(help_text="Of the line in the file, counted from 1.")
    said = models.CharField(max_length=300, help_text="As it stood there.")
    address = models.EmailField("e-mail address", blank=True)
    name = models.CharField(max_length=150, blank=True)
    outcome = models.CharField(max_length=12, blank=True, choices=Outcome.choices, help_text="Empty: not yet.")

    class Meta:
        ordering = ["list", "pk"]
        indexes = [models.Index(fields=["list", "outcome"])]

    def __str__(self) -> str:
        return f"{self.number}: {self.said}"
