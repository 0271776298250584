"""How an organisation's people log in with what they have at work."""

from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from edge.personal_data import Basis, Keep, PersonalData

from .domain import Domain
from .group_account import GroupAccount
from .term import day_of

_ADDRESS = URLValidator(schemes=["https"])


class SignOnQuerySet(models.QuerySet["SignOn"]):
    """Many."""

    def in_use(self) -> "SignOnQuerySet":
        """Those that are switched on."""
        return self.filter(is_on=True)


class SignOn(models.Model):
    """One organisation's identity provider, as its IT has told us. It speaks for the domains of its agreement only."""

    personal_data = PersonalData(
        what=_("Single sign-on of organisations"),
        purpose=_("To let people log in with their account at work."),
        basis=Basis.CONTRACT,
        colleagues=("changed_by",),
        on_deletion=Keep(why=_("It is about an organisation.")),
    )

    class Kind(models.TextChoices):
        OIDC = "openid_connect", "OpenID Connect"
        SAML = "saml", "SAML"

    group = models.ForeignKey(GroupAccount, on_delete=models.PROTECT, related_name="sign_ons")
    kind = models.CharField(max_length=14, choices=Kind.choices)
    slug = models.SlugField(
        "name in addresses", max_length=60, unique=True, help_text="“harbour-vale”. Once their IT has it, it stays."
    )
    is_on = models.BooleanField("switched on", default=False)
    issuer = models.CharField(
        max_length=500,
        blank=True,
        help_text="OpenID Connect: the address of the provider, of their tenant and no other. SAML: its entity ID.",
    )
    client_id = models.CharField("client ID", max_length=191, blank=True, help_text="OpenID Connect.")
    secret = models.CharField("client secret", max_length=500, blank=True, help_text="OpenID Connect.")
    sso_url = models.CharField("log-in address", max_length=500, blank=True, help_text="SAML.")
    certificate = models.TextField(blank=True, help_text="SAML: the certificate that the provider signs with (X.509).")
    email_attribute = models.CharField(
        max_length=200, blank=True, help_text="SAML: which attribute holds the address, where it is not a usual one."
    )
    vouches_for_addresses = models.BooleanField(
        "vouches for its addresses",
        default=False,
        help_text="OpenID Connect: the provider does not say whether an address is verified (Microsoft Entra ID), but "
        "gives addresses of its own domains only to whom they belong. Ask their IT.",
    )
    domains = models.ManyToManyField(
        Domain,
        through="SignOnDomain",
        help_text="Those that staff have seen to be theirs: whom the provider names there is let into that account.",
    )
    changed_at = models.DateTimeField(editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    last_used_on = models.DateField(null=True, editable=False)

    objects: ClassVar[SignOnQuerySet] = SignOnQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["group", "slug"]
        verbose_name = "single sign-on"
        verbose_name_plural = "single sign-on"
        constraints = [
            models.CheckConstraint(
                condition=Q(is_on=False)
                | Q(kind="openid_connect") & ~Q(issuer="") & ~Q(client_id="")
                | Q(kind="saml") & ~Q(issuer="") & ~Q(sso_url="") & ~Q(certificate=""),
                name="sign_on_is_complete_when_on",
            )
        ]

    def __str__(self) -> str:
        return f"{self.group}: {self.get_kind_display()}"

    @property
    def is_saml(self) -> bool:
        """Whether it is SAML."""
        return self.kind == self.Kind.SAML

    def clean(self) -> None:
        """Raises ValidationError for what cannot work, or would trust too many."""
        wrong: dict[str, Any] = {}
        for name in ("sso_url",) if self.is_saml else ("issuer",):
            if value := getattr(self, name):
                try:
                    _ADDRESS(value)
                except ValidationError:
                    wrong[name] = "This has to be an address that begins with https://."
        if not self.is_saml and _is_for_everybody(self.issuer):
            wrong["issuer"] = "Everybody can log in there, not only their people. Ask for the address of their tenant."
        if self.is_on:
            needed = ("issuer", "sso_url", "certificate") if self.is_saml else ("issuer", "client_id")
            wrong |= {
                name: "This is needed before it can be switched on." for name in needed if not getattr(self, name)
            }
        if wrong:
            raise ValidationError(wrong)

    def note_use(self, *, at: datetime) -> None:
        """Remember the day on which it was used last."""
        today = day_of(at)
        type(self).objects.filter(pk=self.pk).exclude(last_used_on=today).update(last_used_on=today)


class SignOnDomain(models.Model):
    """A domain that a provider speaks for. Managers may add domains to their group; here only staff do."""

    personal_data = None

    sign_on = models.ForeignKey(SignOn, on_delete=models.CASCADE, related_name="spoken_for")
    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="spoken_for_by")

    class Meta:
        default_permissions = ()
        verbose_name = "domain that it speaks for"
        verbose_name_plural = "domains that it speaks for"
        constraints = [models.UniqueConstraint(fields=["sign_on", "domain"], name="sign_on_speaks_once_for_a_domain")]

    def __str__(self) -> str:
        return str(self.domain)

    def clean(self) -> None:
        """Raises ValidationError for a domain of another organisation, or one that is given up."""
        domain = Domain.objects.filter(pk=self.domain_id).first()
        if domain is None or domain.group_id != self.sign_on.group_id or domain.ended_at is not None:
            raise ValidationError({"domain": "This is no domain of this agreement."})


def _is_for_everybody(issuer: str) -> bool:
    """Whether the issuer of Microsoft that lets anybody in is meant, and not the one of a tenant."""
    parts = urlsplit(issuer)
    first = parts.path.strip("/").partition("/")[0]
    return parts.hostname == "login.microsoftonline.com" and first in ("common", "organizations", "consumers")
