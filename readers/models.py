"""Who is reading: the account, whose name is an e-mail address, and the letters sent to it."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models


class UserManager(BaseUserManager["User"]):
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

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=150, blank=True, help_text="As the reader wants to be addressed.")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = "reader"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=models.functions.Lower("email")), name="reader_email_is_lower_case"
            )
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name or self.email


class Letter(models.Model):
    """One e-mail of ours: written once per reader, kind and occasion, sent once, kept as proof.

    The unique key is what makes sending twice impossible, whatever is delivered or restarted twice.
    """

    reader = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="letters")
    to = models.EmailField()
    kind = models.CharField(max_length=40)
    occasion = models.CharField(max_length=120, help_text="What makes this one different from others of its kind.")
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField()
    written_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["to", "kind", "occasion"], name="one_letter_per_occasion")]
        indexes = [models.Index(fields=["written_at"], condition=models.Q(sent_at=None), name="letter_unsent")]
        ordering = ["-written_at"]

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}"
