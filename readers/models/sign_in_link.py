"""An address that signs somebody in once."""

from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from edge.personal_data import ERASE, Basis, PersonalData, Rule, days

from .user import User


class SignInLinkQuerySet(models.QuerySet["SignInLink"]):
    """Many links."""

    def make(self, reader: User, *, at: datetime, lasts: timedelta) -> str:
        """A new link for this reader. Returns its token, which is nowhere else: the row keeps a hash."""
        token = token_urlsafe(32)
        self.create(reader=reader, token_hash=SignInLink.hash_of(token), made_at=at, expires_at=at + lasts)
        return token

    def usable(self, *, at: datetime) -> "SignInLinkQuerySet":
        """Those that would sign somebody in at that moment."""
        return self.filter(used_at=None, expires_at__gt=at, reader__is_active=True)

    def find(self, token: str, *, at: datetime) -> "SignInLink | None":
        """The usable link of this token."""
        return self.usable(at=at).select_related("reader").filter(token_hash=SignInLink.hash_of(token)).first()


class SignInLink(models.Model):
    """An address that signs one reader in, once: made by the operator or by support, never sent by mail."""

    personal_data = PersonalData(
        what=_("One-time links to sign in"),
        purpose=_("To let you in when you ask our staff for help."),
        basis=Basis.CONTRACT,
        whose="reader",
        secret=("token_hash",),
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_SIGN_IN_LINKS_DAYS"),
                counted_from="expires_at",
                since=_("after it stopped working"),
                why=_("By then nobody asks any more who came in."),
            ),
        ),
    )

    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_in_links")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[SignInLinkQuerySet] = SignInLinkQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"for {self.reader} until {self.expires_at}"

    @staticmethod
    def hash_of(token: str) -> str:
        """What the row keeps of a token."""
        return sha256(token.encode()).hexdigest()

    def use(self, *, at: datetime) -> bool:
        """Take the link out of the world. True for exactly one caller, however many try at once."""
        return type(self).objects.usable(at=at).filter(pk=self.pk).update(used_at=at) == 1
