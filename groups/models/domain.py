"""By which addresses an organisation knows its people, and the link that they may join with."""

from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from .. import addresses
from .group_account import GroupAccount

# A link to join works for so long; it may be passed around by then.
LINK_LASTS = timedelta(days=30)


class DomainQuerySet(models.QuerySet["Domain"]):
    """Many domains."""

    def kept(self) -> "DomainQuerySet":
        """Those that were not given up."""
        return self.filter(ended_at=None)

    def fitting(self, address: str) -> "DomainQuerySet":
        """The same rule as `Domain.fits`, for the database."""
        name = addresses.domain_of(address)
        parents = [name.split(".", count)[-1] for count in range(1, name.count(".") + 1)]
        return self.kept().filter(Q(name=name) | Q(name__in=parents, with_subdomains=True))


class Domain(models.Model):
    """One domain whose addresses belong to the organisation; in ASCII and lower case, as mail servers write it."""

    personal_data = None

    group = models.ForeignKey(GroupAccount, on_delete=models.PROTECT, related_name="domains")
    name = models.CharField("domain", max_length=253, help_text="What stands behind the @: harbourvale.example")
    with_subdomains = models.BooleanField(
        default=False, help_text="Also anna@brussels.harbourvale.example. Otherwise the domain itself and no other."
    )
    is_open = models.BooleanField(
        "open to everybody there",
        default=False,
        help_text="Whoever proves such an address may take a free seat without an invitation.",
    )
    added_at = models.DateTimeField(editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[DomainQuerySet] = DomainQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["group", "name"], condition=Q(ended_at=None), name="one_domain_per_group"),
            models.CheckConstraint(condition=Q(name=Lower("name")), name="domain_is_lower_case"),
            models.CheckConstraint(condition=Q(name__contains=".") & ~Q(name__contains="@"), name="domain_has_labels"),
        ]
        indexes = [models.Index(fields=["name"], condition=Q(ended_at=None), name="domains_kept")]

    def __str__(self) -> str:
        return f"@{self.name}"

    def clean(self) -> None:
        """Raise ValidationError for what is no domain of one organisation: a mail provider, a whole country."""
        name = addresses.clean_domain(self.name or "")
        if isinstance(name, addresses.Problem):
            raise ValidationError({"name": name.in_words()})
        self.name = name

    def fits(self, address: str) -> bool:
        """Whether this address belongs to it: exactly, or below it where that was said."""
        name = addresses.domain_of(address)
        return name == self.name or (self.with_subdomains and name.endswith(f".{self.name}"))


class JoinLinkQuerySet(models.QuerySet["JoinLink"]):
    """Many links."""

    def usable(self, *, at: datetime) -> "JoinLinkQuerySet":
        """Those that may be joined with at that moment."""
        return self.filter(closed_at=None, expires_at__gt=at)


class JoinLink(models.Model):
    """An address that a manager may pass around. It opens a page; a seat takes an address of the organisation, too."""

    personal_data = None

    group = models.ForeignKey(GroupAccount, on_delete=models.PROTECT, related_name="join_links")
    token = models.CharField(max_length=43, unique=True, default=token_urlsafe, editable=False)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[JoinLinkQuerySet] = JoinLinkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-made_at"]
        verbose_name = "link to join"
        verbose_name_plural = "links to join"
        constraints = [
            models.UniqueConstraint(fields=["group"], condition=Q(closed_at=None), name="one_link_to_join_at_a_time")
        ]

    def __str__(self) -> str:
        return _("Link to join %(group)s") % {"group": self.group}
