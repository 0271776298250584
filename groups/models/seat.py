"""Who sits in a group, and who looks after its seats."""

from datetime import date, datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from edge.personal_data import ERASE, Basis, PersonalData, Rule, days

from .domain import Domain
from .group_account import GroupAccount
from .usage import Opening

# A seat that nobody used for so long may be freed without asking.
UNUSED_AFTER = timedelta(days=60)


class SeatQuerySet(models.QuerySet["Seat"]):
    """Many seats."""

    def held(self) -> "SeatQuerySet":
        """Those that somebody sits in, whether or not the agreement lets them read now."""
        return self.filter(ended_at=None)

    def unused(self, *, at: datetime) -> "SeatQuerySet":
        """The same rule as `Seat.is_unused`, for the database."""
        since = at - UNUSED_AFTER
        not_used = Q(last_used_on=None) | Q(last_used_on__lt=timezone.localdate(since))
        # What was opened today is counted in the night; nobody is freed while reading.
        today = Opening.objects.filter(group=OuterRef("group"), reader=OuterRef("reader"))
        return self.held().filter(not_used, ~Exists(today), given_at__lt=since)


class Seat(models.Model):
    """One reader in one group. It has no dates of the agreement: who may read is asked of the term that runs.

    `address` is the one that was proved when the seat was taken; the organisation sees this one, and no other.
    """

    personal_data = PersonalData(
        what=_("Your seats in groups"),
        purpose=_("To let you read at the expense of your organisation, and to show it who sits in its seats."),
        basis=Basis.CONTRACT,
        whose="reader",
        colleagues=("given_by", "ended_by"),
        secret=("proof_token_hash",),
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_SEATS_DAYS"),
                counted_from="ended_at",
                since=_("after the seat was left"),
                why=_("By then the organisation asks no longer who sat there."),
            ),
        ),
    )

    class How(models.TextChoices):
        INVITATION = "invitation", "Invited"
        DOMAIN = "domain", "By the address of the organisation"
        LINK = "link", "With the link to join"
        SIGN_ON = "sign_on", "By single sign-on"
        STAFF = "staff", "Given by staff"

    class Why(models.TextChoices):
        LEFT = "left", "Left the group"
        REMOVED = "removed", "Removed"
        UNUSED = "unused", "Not used for long"
        TRANSFERRED = "transferred", "Passed on"
        MOVED = "moved", "No longer at the organisation’s address"
        NOT_PROVED = "not_proved", "Did not prove the address again"
        DOMAIN_ENDED = "domain_ended", "Sat by a domain that was given up"
        SIGNED_OFF = "signed_off", "No longer known to single sign-on"

    group = models.ForeignKey(GroupAccount, on_delete=models.PROTECT, related_name="seats")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="seats")
    address = models.EmailField("e-mail address")
    mailbox = models.CharField(max_length=254, editable=False, help_text="The address without what tags it.")
    how = models.CharField("how it was taken", max_length=12, choices=How.choices)
    domain = models.ForeignKey(
        Domain,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="seats",
        help_text="The seat lasts as long as the reader has this address.",
    )
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who invited. Empty: nobody had to.",
    )
    last_used_on = models.DateField(null=True, blank=True, help_text="The last day on which something was read.")
    proved_at = models.DateTimeField(help_text="When the address was proved for the last time.")
    proof_asked_at = models.DateTimeField(null=True, blank=True, help_text="Since when a new proof is waited for.")
    proof_token_hash = models.CharField(max_length=64, blank=True, db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    ended_because = models.CharField(max_length=12, blank=True, choices=Why.choices)

    objects: ClassVar[SeatQuerySet] = SeatQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["address", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "reader"], condition=Q(ended_at=None), name="one_seat_per_reader_and_group"
            ),
            models.UniqueConstraint(
                fields=["group", "mailbox"], condition=Q(ended_at=None), name="one_seat_per_mailbox_and_group"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_because="") | (Q(ended_at__isnull=False) & ~Q(ended_because="")),
                name="left_seat_says_why",
            ),
        ]
        indexes = [
            models.Index(fields=["reader"], condition=Q(ended_at=None), name="seat_held_by"),
            models.Index(fields=["group", "address"], condition=Q(ended_at=None), name="seats_held_in_group"),
            models.Index(fields=["proved_at"], condition=Q(ended_at=None), name="seats_by_proof"),
            # The desk: all of one group, newest first; and by the beginning of an address.
            models.Index(fields=["group", "-id"], name="seats_of_group"),
            models.Index(fields=["address"], opclasses=["varchar_pattern_ops"], name="seats_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.address} in {self.group}"

    @property
    def is_held(self) -> bool:
        """Whether somebody sits in it."""
        return self.ended_at is None

    def is_unused(self, *, at: datetime) -> bool:
        """Whether it was taken long ago and nobody used it since."""
        since = at - UNUSED_AFTER
        used = self.last_used_on is not None and self.last_used_on >= timezone.localdate(since)
        if not self.is_held or self.given_at >= since or used:
            return False
        return not Opening.objects.filter(group=self.group_id, reader=self.reader_id).exists()

    def end(self, why: Why, *, by: models.Model | None, at: datetime) -> bool:
        """Let it be free for somebody else. True for the one call that did it; the row stays as history."""
        ended = type(self).objects.held().filter(pk=self.pk)
        if not ended.update(ended_at=at, ended_by=by, ended_because=why, proof_token_hash=""):
            return False
        self.ended_at, self.ended_by, self.ended_because = at, by, why  # type: ignore[assignment]
        return True


class ManagerQuerySet(models.QuerySet["Manager"]):
    """Many managers."""

    def present(self) -> "ManagerQuerySet":
        """Those who manage, and can log in to do so."""
        return self.filter(ended_at=None, reader__is_active=True)


class Manager(models.Model):
    """Somebody of the organisation who invites and removes. A group may have several; nobody needs a seat for it."""

    personal_data = PersonalData(
        what=_("Groups you look after"),
        purpose=_("To let you give the seats of your organisation."),
        basis=Basis.CONTRACT,
        whose="reader",
        colleagues=("made_by", "ended_by"),
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_SEATS_DAYS"),
                counted_from="ended_at",
                since=_("after the task was given up"),
                why=_("By then the organisation asks no longer who looked after its seats."),
            ),
        ),
    )

    group = models.ForeignKey(GroupAccount, on_delete=models.PROTECT, related_name="managers")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="managed_groups")
    address = models.EmailField("e-mail address", help_text="Where the organisation knows them.")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects: ClassVar[ManagerQuerySet] = ManagerQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["address", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "reader"], condition=Q(ended_at=None), name="one_manager_per_reader_and_group"
            )
        ]

    def __str__(self) -> str:
        return f"{self.address} for {self.group}"


def month_of(day: date | None) -> date | None:
    """The first day of its month: a manager sees when a seat was used no more closely than that."""
    return day.replace(day=1) if day else None
