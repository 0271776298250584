"""Logging in with the account at work: what an organisation's identity provider may say, and what follows from it.

A provider speaks for the domains of its agreement and for nothing else. What identifies a reader is the address, as
everywhere on this site: no link is kept between an account and what the provider calls it, so that nobody can come
back through one after the reader has taken the account elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialApp
from django.db import transaction
from django.utils.translation import gettext as _

from readers import devices, sign_in
from readers.models import User

from . import addresses, seating
from .models import Domain, GroupAccount, Seat, SignOn
from .models.sign_on import SignOnQuerySet

# Where a SAML provider usually puts the address: Shibboleth, Microsoft, and what people type by hand.
EMAIL_ATTRIBUTES = (
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "email",
    "mail",
    "Email",
    "EmailAddress",
)
NAME_ATTRIBUTES = ("urn:oid:2.16.840.1.113730.3.1.241", "displayName", "name")


class Refusal(StrEnum):
    """Why somebody whom their provider knows is not let in."""

    NO_ADDRESS = "no_address"
    NOT_VERIFIED = "not_verified"
    FOREIGN = "foreign"
    STAFF = "staff"
    CLOSED = "closed"
    NOT_RUNNING = "not_running"

    def in_words(self) -> str:
        """For the reader."""
        words = {
            self.NO_ADDRESS: _("Your organisation’s log-in did not tell us your email address."),
            self.NOT_VERIFIED: _("Your organisation’s log-in does not say that this address is yours."),
            self.FOREIGN: _("This address does not belong to your organisation’s domains here."),
            self.STAFF: _("People of our own newsroom log in with a code."),
            self.CLOSED: _("This account is closed."),
            self.NOT_RUNNING: _("Your organisation’s agreement is not running at present."),
        }
        return words[self]


class Refused(Exception):
    """Whoever came is not let in."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Said:
    """What a provider said of somebody. `is_verified` None: it said nothing about that."""

    email: str
    is_verified: bool | None = None
    name: str = ""


@dataclass(frozen=True)
class Welcome:
    """Who it is, and whether they have a seat. `ended_because` (Seat.Why): they had one, and get none by logging in."""

    reader: User
    has_seat: bool
    ended_because: str = ""


def app_of(sign_on: SignOn) -> SocialApp:
    """What allauth wants to know of it; never stored."""
    return SocialApp(
        provider=sign_on.kind,
        provider_id=sign_on.slug,
        name=sign_on.group.organisation[:40],
        client_id=sign_on.slug if sign_on.is_saml else sign_on.client_id,
        secret=sign_on.secret,
        settings=_saml(sign_on) if sign_on.is_saml else _oidc(sign_on),
    )


def apps(*, provider: str, client_id: str | None, at: datetime) -> Sequence[SocialApp]:
    """Those that are switched on, in agreements that run. allauth asks for a kind and a name, or for a name alone."""
    found = in_use(at=at)
    if provider == SignOn.Kind.SAML:
        found = found.filter(kind=SignOn.Kind.SAML, slug=client_id or "")
    else:
        found = found.filter(kind=SignOn.Kind.OIDC, slug=provider)
    return [app_of(one) for one in found]


def in_use(*, at: datetime) -> SignOnQuerySet:
    """Those that are switched on, in agreements that run."""
    running = GroupAccount.objects.giving_access(at=at)
    return SignOn.objects.in_use().filter(group__in=running).select_related("group")


def of_address(email: str, *, at: datetime) -> SignOn | None:
    """The one that speaks for the domain of this address."""
    return in_use(at=at).filter(spoken_for__domain__in=Domain.objects.fitting(email)).order_by("pk").first()


def _oidc(sign_on: SignOn) -> dict[str, Any]:
    return {"server_url": sign_on.issuer, "oauth_pkce_enabled": True}


def _saml(sign_on: SignOn) -> dict[str, Any]:
    emails = [sign_on.email_attribute] if sign_on.email_attribute else list(EMAIL_ATTRIBUTES)
    return {
        "idp": {"entity_id": sign_on.issuer, "sso_url": sign_on.sso_url, "x509cert": sign_on.certificate},
        "attribute_mapping": {"uid": [], "email": emails},
        # Whoever begins must be us, the answer must be meant for us, once, and signed with nothing outdated.
        "advanced": {"strict": True, "reject_idp_initiated_sso": True, "reject_deprecated_algorithm": True},
    }


def told_by_saml(email: str, attributes: dict[str, list[str]]) -> Said:
    """What a signed assertion says: the provider that signs for an organisation vouches for its addresses."""
    name = next((attributes[name][0] for name in NAME_ATTRIBUTES if attributes.get(name)), "")
    return Said(email=email, is_verified=True, name=name)


def told_by_claims(sign_on: SignOn, claims: dict[str, Any]) -> Said:
    """What an ID token says. A provider that says nothing of verification is believed where staff have said so."""
    verified = claims.get("email_verified")
    if isinstance(verified, str):
        verified = verified.lower() == "true"
    if verified is None and sign_on.vouches_for_addresses:
        verified = True
    return Said(email=str(claims.get("email") or ""), is_verified=verified, name=str(claims.get("name") or ""))


@transaction.atomic
def welcome(sign_on: SignOn, said: Said, *, language: str, at: datetime) -> Welcome:
    """The reader whom the provider means, with a seat where one is free. Raises Refused, and has done nothing then.

    Whoever was removed, or left, is given no seat again by the mere log-in.
    """
    email = addresses.clean(said.email) if said.email else addresses.Problem.NO_ADDRESS
    if isinstance(email, addresses.Problem):
        raise Refused(Refusal.NO_ADDRESS)
    if said.is_verified is not True:
        raise Refused(Refusal.NOT_VERIFIED)
    domain = Domain.objects.fitting(email).filter(group=sign_on.group_id, spoken_for_by__sign_on=sign_on).first()
    if domain is None:
        raise Refused(Refusal.FOREIGN)
    reader = sign_in.reader_at(email, at=at, language=language)
    if reader is None:
        raise Refused(Refusal.CLOSED)
    if reader.is_staff or reader.is_superuser:
        raise Refused(Refusal.STAFF)
    _prove(reader, email, said.name)
    sign_on.note_use(at=at)
    group = seating.locked(sign_on.group)
    if not Seat.objects.held().filter(group=group, reader=reader).exists():
        ended = seating.last_ended_because(group.pk, reader, email)
        if ended in (*seating.TAKEN_AWAY, Seat.Why.LEFT):
            return Welcome(reader, has_seat=False, ended_because=ended)
    try:
        seat = seating.take(group, reader, address=email, how=Seat.How.SIGN_ON, domain=domain, proved_at=at, at=at)
    except seating.NotRunning as error:
        raise Refused(Refusal.NOT_RUNNING) from error
    except (seating.NoSeatsLeft, seating.SitsThereAlready):
        return Welcome(reader, has_seat=False)
    Seat.objects.filter(pk=seat.pk, proved_at__lt=at).update(proved_at=at, proof_asked_at=None, proof_token_hash="")
    return Welcome(reader, has_seat=True)


def _prove(reader: User, email: str, name: str) -> None:
    """The provider has proved the address. Whatever somebody else did with it before it was proved is undone."""
    proved = EmailAddress.objects.filter(user=reader, email__iexact=email, verified=True)
    if not proved.exists():
        if reader.has_usable_password():
            reader.set_unusable_password()
            reader.save(update_fields=["password"])
        devices.end_all(reader)
        EmailAddress.objects.update_or_create(user=reader, email=email, defaults={"verified": True, "primary": True})
    if name and not reader.name:
        reader.name = name[:150]
        reader.save(update_fields=["name"])
