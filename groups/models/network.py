"""From where an organisation's people read without an account, and the passes with which they read elsewhere."""

import hashlib
import ipaddress
import secrets
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from edge.address import Address, network_in
from edge.address import Network as Range
from edge.personal_data import ERASE, Basis, PersonalData, Rule, days

from .domain import Domain
from .group_account import GroupAccount

# Nothing wider is taken: a whole provider, or a typing mistake.
WIDEST = {4: 8, 6: 19}
# Wider than this is rarely one organisation, and asked back.
RARELY_WIDER = {4: 16, 6: 32}
_WITHIN_HOUSES = [
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7")
]
# How many browsers one pass opens in: the telephone, the computer at home, one more.
OPENS_AT_MOST = 3
# For so long the link in the mail can be followed.
LINK_LASTS = timedelta(days=1)


def widening(network: Range | Address) -> list[str]:
    """The network and every one around it, down to the widest that is taken, as they are stored.

    Ranges in CIDR lie within each other or apart, so those that hold an address are these and no others: some dozens
    of exact questions to an index answer for any number of stored ranges.
    """
    network = network_in(str(network))
    narrowest, widest = network.prefixlen, min(WIDEST[network.version], network.prefixlen)
    return [str(network.supernet(new_prefix=length)) for length in range(narrowest, widest - 1, -1)]


def in_line(address: Address) -> str:
    """An address as 32 signs that sort as addresses do, of IPv4 in its place within IPv6."""
    number = int(address) + (0xFFFF << 32 if address.version == 4 else 0)
    return f"{number:032x}"


class NetworkQuerySet(models.QuerySet["Network"]):
    """Many networks."""

    def kept(self) -> "NetworkQuerySet":
        """Those that were not given up."""
        return self.filter(ended_at=None)

    def holding(self, address: Address) -> "NetworkQuerySet":
        """Those that this address belongs to."""
        return self.kept().filter(cidr__in=widening(address))

    def overlapping(self, network: Range) -> "NetworkQuerySet":
        """Those that share addresses with it: around it, the same, or inside."""
        inside = Q(first__gte=in_line(network[0]), first__lte=in_line(network[-1]))
        return self.kept().filter(Q(cidr__in=widening(network)) | inside)


class Network(models.Model):
    """A range of addresses of one organisation. Who reads from there needs no account, while the agreement runs."""

    personal_data = PersonalData(
        what=_("Networks of organisations"),
        purpose=_("To let people read on the premises of their organisation."),
        basis=Basis.CONTRACT,
        colleagues=("added_by", "ended_by"),
        on_deletion=ERASE,
    )

    group = models.ForeignKey(GroupAccount, on_delete=models.PROTECT, related_name="networks")
    cidr = models.CharField("range", max_length=43, help_text="192.0.2.0/24 or 2001:db8::/48.")
    first = models.CharField(max_length=32, editable=False)
    note = models.CharField(max_length=200, blank=True, help_text="Where it is: “Main library, guests”.")
    added_at = models.DateTimeField(editable=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )

    objects: ClassVar[NetworkQuerySet] = NetworkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["group", "first"]
        constraints = [
            models.UniqueConstraint(fields=["group", "cidr"], condition=Q(ended_at=None), name="one_network_per_group"),
            models.CheckConstraint(condition=Q(cidr__contains="/"), name="network_has_a_prefix"),
        ]
        indexes = [
            models.Index(fields=["cidr"], condition=Q(ended_at=None), name="networks_by_range"),
            models.Index(fields=["first"], condition=Q(ended_at=None), name="networks_in_line"),
        ]

    def __str__(self) -> str:
        return self.cidr

    @property
    def range(self) -> Range:
        """The addresses."""
        return network_in(self.cidr)

    def clean(self) -> None:
        """Bring the range into its one form. Raises ValidationError for what is none, or opens too much."""
        try:
            network = network_in(self.cidr or "")
        except ValueError as error:
            raise ValidationError({"cidr": "This is not a range. It looks like 192.0.2.0/24."}) from error
        if network.prefixlen < WIDEST[network.version]:
            raise ValidationError({"cidr": f"This is wider than /{WIDEST[network.version]}: it opens half the world."})
        if is_nobodys(network):
            raise ValidationError({"cidr": "Nobody comes from there: these addresses do not leave a building."})
        self.cidr, self.first = str(network), in_line(network[0])

    def end(self, *, by: Any, at: datetime) -> bool:
        """Nobody reads from there any more, from now on. True for the one call that did it."""
        return bool(type(self).objects.kept().filter(pk=self.pk).update(ended_at=at, ended_by=by))


def is_nobodys(network: Range) -> bool:
    """Whether its addresses are never seen from outside: those of a house, of one machine, of a group of machines.

    Behind a proxy that the settings do not name, every visitor would seem to come from such an address. The ranges
    kept for documentation are let through, for examples.
    """
    first, same = network[0], [one for one in _WITHIN_HOUSES if one.version == network.version]
    alone = first.is_loopback or first.is_multicast or first.is_unspecified or first.is_link_local
    return alone or any(network.overlaps(one) for one in same)


class OffSitePassQuerySet(models.QuerySet["OffSitePass"]):
    """Many passes."""

    def valid(self, *, at: datetime) -> "OffSitePassQuerySet":
        """The same rule as `OffSitePass.is_valid`, for the database."""
        return self.filter(ended_at=None, opened_times__gt=0, valid_until__gt=at, domain__ended_at=None)


class OffSitePass(models.Model):
    """Somebody asked on the premises to read elsewhere, and proved an address of the organisation.

    It ends by itself; each day on which its browser is seen on the premises begins its time anew. No account, and no
    trace of what was read.
    """

    personal_data = PersonalData(
        what=_("Passes to read away from your organisation"),
        purpose=_("To let you read at home what your organisation pays for."),
        basis=Basis.CONTRACT,
        address="email",
        secret=("token_hash",),
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_OFF_SITE_PASSES_DAYS"),
                counted_from="valid_until",
                since=_("after it ran out"),
                why=_("By then nobody asks any more why it stopped."),
            ),
        ),
    )

    group = models.ForeignKey(GroupAccount, on_delete=models.PROTECT, related_name="off_site_passes")
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="+")
    email = models.EmailField("e-mail address")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    asked_at = models.DateTimeField()
    opened_times = models.PositiveSmallIntegerField(default=0)
    valid_until = models.DateTimeField(help_text="Moved on by each day on the premises.")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[OffSitePassQuerySet] = OffSitePassQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-asked_at"]
        verbose_name = "off-site pass"
        verbose_name_plural = "off-site passes"
        constraints = [
            models.UniqueConstraint(
                fields=["group", "email"],
                condition=Q(ended_at=None, opened_times__gt=0),
                name="one_off_site_pass_per_address",
            ),
            models.UniqueConstraint(
                fields=["group", "email"],
                condition=Q(ended_at=None, opened_times=0),
                name="one_off_site_link_per_address",
            ),
            models.CheckConstraint(condition=Q(opened_times__lte=OPENS_AT_MOST), name="off_site_pass_in_few_browsers"),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("asked_at")), name="off_site_pass_ends_after_it_began"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}, {self.group}"

    @staticmethod
    def new_token() -> str:
        """The secret of a link."""
        return secrets.token_urlsafe(32)

    @staticmethod
    def hash_of(token: str) -> str:
        """What is kept of it."""
        return hashlib.sha256(token.encode()).hexdigest()

    def may_be_opened(self, *, at: datetime) -> bool:
        """Whether the link of the mail still opens it in one more browser."""
        fresh = self.asked_at <= at < self.asked_at + LINK_LASTS
        return fresh and self.ended_at is None and self.opened_times < OPENS_AT_MOST and self.domain.ended_at is None

    def is_valid(self, *, at: datetime) -> bool:
        """Whether it lets its browsers read at that moment, while the agreement does."""
        is_kept = self.ended_at is None and self.domain.ended_at is None
        return is_kept and self.opened_times > 0 and self.valid_until > at
