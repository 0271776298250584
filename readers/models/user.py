"""The account, whose name is an e-mail address."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from edge import languages
from edge.personal_data import ERASE, Basis, PersonalData

# Whoever has deleted their account has an address here, where no mail can go (RFC 2606).
NOWHERE = "deleted.invalid"


class UserQuerySet(models.QuerySet["User"]):
    """Many readers."""

    def who_never_came(self, *, since: datetime) -> "UserQuerySet":
        """Addresses that somebody typed before `since`, and that nobody ever proved: no sign-in, nothing attached."""
        never = self.filter(last_login=None, date_joined__lt=since, is_staff=False, is_superuser=False)
        never = never.exclude(emailaddress__verified=True).filter(groups=None, user_permissions=None)
        for relation in self.model._meta.related_objects:
            if relation.name != "emailaddress":
                attached = relation.related_model._base_manager.filter(**{relation.field.name: models.OuterRef("pk")})
                never = never.exclude(models.Exists(attached))
        return never


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes readers; the address is kept in lower case, since mailboxes are."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A reader, without a password unless one is given. Raises ValueError without an address."""
        if not email:
            raise ValueError("A reader needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An administrator: may do everything in the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        """The reader of this address, however it is capitalised."""
        return self.get(email=(email or "").strip().lower())


class User(AbstractUser):
    """A reader, editor or member of staff. Nobody has a user name; the address says who it is."""

    personal_data = PersonalData(
        what=_("Your account"),
        purpose=_("To let you in, and to write to you about your account."),
        basis=Basis.CONTRACT,
        whose="pk",
        secret=("password",),
        on_deletion=ERASE,
    )

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=150, blank=True, help_text="As the reader wants to be addressed.")
    language = models.CharField(
        max_length=2, blank=True, choices=languages.CHOICES, help_text="Of the pages and letters; empty for English."
    )
    session_seal = models.CharField(
        max_length=32, blank=True, editable=False, help_text="Changed to end every session at once."
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()  # type: ignore[misc]

    class Meta:
        verbose_name = "reader"
        # Wherever staff choose among staff: a handful of a million.
        indexes = [models.Index(fields=["email"], condition=models.Q(is_staff=True), name="reader_on_the_staff")]
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="reader_email_is_lower_case")
        ]

    def __str__(self) -> str:
        return self.email

    def get_session_auth_hash(self) -> str:
        """What every session is checked against: the password, and the seal where one was set."""
        return self._with_seal(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same with the secret keys of before, while one is being rotated."""
        return map(self._with_seal, super().get_session_auth_fallback_hash())

    def _with_seal(self, session_hash: str) -> str:
        return sha256(f"{session_hash}{self.session_seal}".encode()).hexdigest() if self.session_seal else session_hash

    @property
    def is_deleted(self) -> bool:
        """Whether this is only what is left of an account that its reader has deleted."""
        return self.email.endswith(f"@{NOWHERE}")

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name or self.email
