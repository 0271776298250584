"""Who is reading: the account, whose name is an e-mail address, how it is opened, and the letters sent to it."""

from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from edge import languages


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

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=150, blank=True, help_text="As the reader wants to be addressed.")
    language = models.CharField(
        max_length=2, blank=True, choices=languages.CHOICES, help_text="Of the pages and letters; empty for English."
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()  # type: ignore[misc]

    class Meta:
        verbose_name = "reader"
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="reader_email_is_lower_case")
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name or self.email


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
