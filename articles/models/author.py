"""Who wrote it."""

from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData, Persons

from .picture import Picture

FINGERPRINT = RegexValidator(r"^[0-9A-F]{40}\Z", "A fingerprint is 40 digits and letters from A to F.")
_PUBLIC_KEY = RegexValidator(
    r"^-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]+-----END PGP PUBLIC KEY BLOCK-----\s*\Z",
    "Paste the public key as it was exported, from its first line with dashes to its last.",
)


class Author(models.Model):
    """A name under a headline, with a page of its own."""

    personal_data = PersonalData(
        what=_("Authors"),
        purpose=_("To say who wrote an article, and how to reach them."),
        basis=Basis.INTEREST,
        persons=Persons.AUTHORS,
        colleagues=("account",),
        on_deletion=Keep(why=_("Whoever wrote an article stands under it.")),
    )

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100, unique=True)
    role = models.CharField(max_length=120, blank=True, help_text="Such as: Climate correspondent.")
    bio = models.TextField(blank=True)
    email = models.EmailField(blank=True, help_text="Shown on the author's page.")
    picture = models.ForeignKey(Picture, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    signal = models.CharField("Signal", max_length=60, blank=True, help_text="The user name or number on Signal.")
    pgp_fingerprint = models.CharField(
        "PGP fingerprint", max_length=40, blank=True, validators=[FINGERPRINT], help_text="With or without spaces."
    )
    pgp_key = models.TextField(
        "PGP public key",
        blank=True,
        validators=[_PUBLIC_KEY],
        help_text="Readers can download it from the author's page.",
    )
    languages = models.CharField(
        "reads and speaks", max_length=200, blank=True, help_text="Such as: Polish, English, German."
    )
    interests = models.TextField(
        "interests declared",
        max_length=1000,
        blank=True,
        help_text="Offices, shares, funding, family: what readers should know. Shown on the author's page.",
    )
    is_guest = models.BooleanField(
        "guest", default=False, help_text="Writes for us now and then; the page says that they are not on the staff."
    )

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="author",
        help_text="Who signs in to write under this name.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def of(cls, user: Any) -> "Author | None":
        """The name under which this account writes, if it has one."""
        return cls.objects.filter(account=user.pk).first() if user.pk else None

    def get_absolute_url(self) -> str:
        return reverse("author", args=[self.slug])

    @property
    def fingerprint_in_groups(self) -> str:
        """The fingerprint as people compare it: ten groups of four."""
        return " ".join(self.pgp_fingerprint[place : place + 4] for place in range(0, 40, 4)).strip()
