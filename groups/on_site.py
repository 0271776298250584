"""May somebody read because of where they are, or because they were there the other day? No account is needed.

On the premises the network is asked anew at every request, so that reading ends with the agreement, with the range,
and at the door. A pass carries it home for some weeks, and every day on the premises begins its time again.
"""

from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from edge.address import Address
from edge.visitor import Visitor
from subscriptions.access import Entitlement, Source

from .models import Domain, GroupAccount, OffSitePass, Term
from .models.network import widening


class NotTheirAddress(Exception):
    """The address belongs to none of the organisation's domains."""


def by_network(visitor: Visitor, at: datetime) -> Entitlement | None:
    """By the network that they come from. Of several agreements the one whose range is the narrowest."""
    if visitor.address is None:
        return None
    ranges = widening(visitor.address)
    here = Term.objects.giving_access(at=at).filter(group__networks__cidr__in=ranges, group__networks__ended_at=None)
    found = here.annotate(cidr=F("group__networks__cidr")).select_related("group")
    term = min(found, key=lambda one: (ranges.index(one.cidr), one.group_id), default=None)
    return _through(term, Source.NETWORK)


def by_off_site_pass(visitor: Visitor, at: datetime) -> Entitlement | None:
    """By a pass that this browser opened, until it runs out or the agreement does."""
    if visitor.off_site_pass is None:
        return None
    valid = OffSitePass.objects.valid(at=at).filter(pk=visitor.off_site_pass)
    term = (
        Term.objects.giving_access(at=at)
        .filter(group__off_site_passes__in=valid)
        .annotate(pass_until=F("group__off_site_passes__valid_until"))
        .select_related("group")
        .order_by("-ends_on")
        .first()
    )
    return _through(term, Source.OFF_SITE)


def _through(term: Any, source: Source) -> Entitlement | None:
    if term is None:
        return None
    until = min(term.last_moment, getattr(term, "pass_until", term.last_moment))
    return Entitlement(source, until=until, through=term.group.organisation, group_id=term.group_id)


# --- Passes --------------------------------------------------------------------------------------------


def gives_passes(group_id: int | None) -> bool:
    """Whether this agreement has domains, without which nobody could prove to belong to it."""
    return Domain.objects.kept().filter(group=group_id).exists()


def send_pass(group_id: int, email: str, *, language: str, at: datetime) -> None:
    """Mail a link to a pass to somebody who is on the premises.

    An earlier link that nobody opened works no more. An earlier pass goes on until this one is opened: anybody on the
    premises can type the address of a colleague.

    `email` as `addresses.clean` gives it. Raises NotTheirAddress, or what the mail server raises.
    """
    domain = Domain.objects.fitting(email).filter(group=group_id).first()
    if domain is None:
        raise NotTheirAddress
    token = OffSitePass.new_token()
    with transaction.atomic():
        group = GroupAccount.objects.select_for_update(of=("self",)).get(pk=group_id)
        theirs = OffSitePass.objects.filter(group=group, email=email, ended_at=None)
        theirs.filter(opened_times=0).update(ended_at=at)
        OffSitePass.objects.create(
            group=group,
            domain=domain,
            email=email,
            token_hash=OffSitePass.hash_of(token),
            asked_at=at,
            valid_until=at + _lasts(),
        )
        # A mail with a secret in it is sent at once and kept nowhere, unlike a letter.
        link = settings.SITE_URL + reverse("off_site_pass", args=[token])
        context = {"organisation": group.organisation, "link": link, "days": settings.OFF_SITE_PASS_DAYS}
        get_adapter().send_mail("account/email/off_site_pass", email, context)


def pass_of(token: str) -> OffSitePass | None:
    """The pass of a link, open or not."""
    found = OffSitePass.objects.select_related("group", "domain")
    return found.filter(token_hash=OffSitePass.hash_of(token)).first()


def open_pass(token: str, *, at: datetime) -> OffSitePass | None:
    """Let one more browser in; an earlier pass of the address ends. None where the link is old, used up, or of an
    agreement that is over.
    """
    with transaction.atomic():
        found = (
            OffSitePass.objects.select_for_update(of=("self",))
            .select_related("group", "domain")
            .filter(token_hash=OffSitePass.hash_of(token))
            .first()
        )
        if found is None or not found.may_be_opened(at=at) or found.group.term_at(at=at) is None:
            return None
        earlier = OffSitePass.objects.filter(group=found.group_id, email=found.email, ended_at=None, pk__lt=found.pk)
        earlier.update(ended_at=at)
        found.opened_times += 1
        found.save(update_fields=["opened_times"])
        return found


def renew_pass(visitor: Visitor, entitlement: Entitlement, *, at: datetime) -> None:
    """Begin the time of a pass anew, once a day, since its browser is on the premises."""
    if visitor.off_site_pass is None or entitlement.source != Source.NETWORK:
        return
    stale = OffSitePass.objects.valid(at=at).filter(pk=visitor.off_site_pass, group=entitlement.group_id)
    stale.filter(valid_until__lt=at + _lasts() - timedelta(days=1)).update(valid_until=at + _lasts())


def recognised(address: Address | None, *, user: Any, at: datetime) -> Entitlement | None:
    """What the network of this address gives; asked before a session is opened for it."""
    return by_network(Visitor(user, address=address), at)


def _lasts() -> timedelta:
    return timedelta(days=settings.OFF_SITE_PASS_DAYS)
