"""An article that a subscriber gives away, and a feed that only its subscriber may read."""

from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from edge.personal_data import ERASE, Basis, PersonalData, Rule, days

from .article import Article


def new_token() -> str:
    """A token for an address; it stands in that address and nowhere else."""
    return token_urlsafe(24)


def hash_of(token: str) -> str:
    """What a row keeps of a token."""
    return sha256(token.encode()).hexdigest()


class GiftLinkQuerySet(models.QuerySet["GiftLink"]):
    """Many gifts."""

    def open(self, *, at: datetime) -> "GiftLinkQuerySet":
        """Those that still open their article, as long as it is published."""
        return self.filter(revoked_at=None, expires_at__gt=at, giver__is_active=True)

    def of_token(self, token: str) -> "GiftLink | None":
        """The gift with that token, open or not."""
        return self.select_related("article__section").filter(token_hash=hash_of(token)).first()


class GiftLink(models.Model):
    """An address that opens one article for whoever has it, for some days."""

    personal_data = PersonalData(
        what=_("Articles you gave away"),
        purpose=_("To count your gifts, and let you end one."),
        basis=Basis.CONTRACT,
        whose="giver",
        secret=("token_hash",),
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_GIFTS_DAYS"),
                counted_from="expires_at",
                since=_("after it stopped working"),
                why=_("By then it no longer counts, and nobody asks about it."),
            ),
        ),
    )

    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="gifts")
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="gifts")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    times_opened = models.PositiveIntegerField(default=0, help_text="How often; never by whom.")

    objects: ClassVar[GiftLinkQuerySet] = GiftLinkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["giver", "-made_at"])]

    def __str__(self) -> str:
        return f"{self.article} until {self.expires_at}"

    def is_open(self, *, at: datetime) -> bool:
        """Whether it still opens its article: the same rule as `open`."""
        return self.revoked_at is None and at < self.expires_at and self.giver.is_active

    def was_opened(self) -> None:
        """Count one more."""
        type(self).objects.filter(pk=self.pk).update(times_opened=F("times_opened") + 1)

    def revoke(self, *, at: datetime) -> None:
        """Let it open nothing any more; a second time changes nothing."""
        type(self).objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=at)


class PrivateFeedQuerySet(models.QuerySet["PrivateFeed"]):
    """Many feeds."""

    def find(self, token: str) -> "PrivateFeed | None":
        """The one with that token."""
        return self.select_related("reader").filter(token_hash=hash_of(token)).first()


class PrivateFeed(models.Model):
    """The address of a feed with full texts, for one reader; there is one at a time."""

    personal_data = PersonalData(
        what=_("The address of your private feed"),
        purpose=_("To send full articles to your feed reader."),
        basis=Basis.CONTRACT,
        whose="reader",
        secret=("token_hash",),
        on_deletion=ERASE,
    )

    reader = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="private_feed")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()

    objects: ClassVar[PrivateFeedQuerySet] = PrivateFeedQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"for {self.reader}"
