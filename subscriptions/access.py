"""May this reader read, why, and until when? The one place that answers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from edge.visitor import StandIn, Visitor

from . import trial
from .models import Grant, Plan, Subscription
from .ways import Row, Way, ask

# Stripe's words for a contract that runs and waits for money.
UNPAID_STATUSES = ("past_due", "unpaid")


class Source(StrEnum):
    """Why a reader is entitled."""

    STAFF = "staff"
    SUBSCRIPTION = "subscription"
    TRIAL = "trial"
    GRACE = "grace"
    SEAT = "seat"
    GRANT = "grant"
    NETWORK = "network"
    OFF_SITE = "off_site"


@dataclass(frozen=True)
class Entitlement:
    """Why this reader may read, and until when (UTC; None means as long as the reason lasts)."""

    source: Source
    until: datetime | None = None
    # Who or what gives it, in words a reader understands: "student access".
    through: str = ""
    # A debit for it is under way; the bank has some days to say no.
    payment_pending: bool = False
    # The number of the agreement it is through, where it is through one.
    group_id: int | None = None

    @property
    def is_of_a_place(self) -> bool:
        """Whether it comes from where somebody is, and gives nothing that could be passed on or taken away."""
        return self.source in (Source.NETWORK, Source.OFF_SITE)


def entitlement_for(asker: Any, *, at: datetime) -> Entitlement | None:
    """The first reason why they may read the full text at that moment, or None.

    `asker` is an edge.visitor.Visitor, or a mere reader or AnonymousUser where it is about no request.
    """
    return next(_reasons(Visitor.of(asker), at), None)


def all_entitlements_for(asker: Any, *, at: datetime) -> list[Entitlement]:
    """Every reason, for the account page and for staff who are asked why."""
    return list(_reasons(Visitor.of(asker), at))


def _reasons(visitor: Visitor, at: datetime) -> Iterator[Entitlement]:
    """What the account gives, then what the place gives; each is asked only when the ones before were not enough."""
    if isinstance(visitor.user, StandIn):
        yield visitor.user.entitlement
        return
    if visitor.user.is_authenticated and not visitor.user.is_active:
        return
    if visitor.user.is_authenticated:
        yield from _reasons_of_account(visitor.user, at)
    if visitor.address is not None or visitor.off_site_pass is not None:
        yield from (found for source in place_sources() if (found := source(visitor, at)))


def _reasons_of_account(user: Any, at: datetime) -> Iterator[Entitlement]:
    """In the order of the sources; those that are a question to the database are asked together, once one is needed."""
    said: dict[Way, Entitlement] | None = None
    for source in sources():
        if not isinstance(source, Way):
            found = source(user, at)
        else:
            said = ask(_ways(), user, at) if said is None else said
            found = said.get(source)
        if found is not None:
            yield found


def as_staff(user: Any, at: datetime) -> Entitlement | None:
    """Whoever works here reads everything."""
    return Entitlement(Source.STAFF, through=_("our own newsroom")) if user.is_staff else None


def _by_subscription(rows: Sequence[Row], at: datetime) -> Entitlement:
    giving = [Subscription(**row) for row in rows]
    best = max(giving, key=lambda one: one.access_ends_at or at)
    source = Source.TRIAL if best.is_trial else Source.SUBSCRIPTION
    if best.status == "past_due":
        source = Source.GRACE
    until = best.access_ends_at if source is Source.GRACE else best.ends_at or best.period_ends_at
    return Entitlement(source, until=until, payment_pending=best.payment_pending)


# By what the reader pays for.
by_subscription = Way(
    rows=lambda user, at: Subscription.objects.filter(reader=user).giving_access(at=at),
    columns=(
        *("status", "period_ends_at", "ends_at", "unpaid_since", "pause_starts_at", "put_off_from"),
        "payment_pending",
    ),
    read=_by_subscription,
)


def _by_grant(rows: Sequence[Row], at: datetime) -> Entitlement:
    grant = max((Grant(**row) for row in rows), key=lambda one: one.ends_at)
    return Entitlement(Source.GRANT, until=grant.ends_at, through=grant.in_words())


# By what staff gave the reader.
by_grant = Way(
    rows=lambda user, at: Grant.objects.filter(reader=user).in_force(at=at), columns=("kind", "ends_at"), read=_by_grant
)


@cache
def sources() -> tuple[Callable[[Any, datetime], Entitlement | None], ...]:
    """Everyone who may answer, in the order of ENTITLEMENT_SOURCES; a new way of being entitled is one line there."""
    return tuple(import_string(name) for name in settings.ENTITLEMENT_SOURCES)


@cache
def _ways() -> tuple[Way, ...]:
    return tuple(source for source in sources() if isinstance(source, Way))


@cache
def place_sources() -> tuple[Callable[[Visitor, datetime], Entitlement | None], ...]:
    """The same for those who may read without an account, because of where they are (ENTITLEMENT_PLACES)."""
    return tuple(import_string(name) for name in settings.ENTITLEMENT_PLACES)


@dataclass(frozen=True)
class Offer:
    """A plan on sale, as the wall shows it. Money in cents, VAT inside."""

    interval: str
    price_cents: int
    monthly_cents: int
    yearly_cents: int
    trial_days: int

    @property
    def is_yearly(self) -> bool:
        """Whether the period is a year."""
        return self.interval == Plan.Interval.YEAR


@dataclass(frozen=True)
class Invitation:
    """What the wall says to somebody who may not read on: the plans, and whether free days come first."""

    plans: tuple[Offer, ...]
    with_trial: bool
    trial_days: int
    # When the first money would be taken by a reader who subscribes at this moment (UTC).
    first_charge_at: datetime
    # A contract is running at Stripe but waits for money: a new card is needed, not a new contract.
    awaits_payment: bool = False
    # The subscription is paused, and one button ends that.
    is_paused: bool = False


def plans_on_sale() -> tuple[Offer, ...]:
    """Every plan a new reader may choose, yearly first."""
    return tuple(
        Offer(plan.interval, plan.price_cents, plan.monthly_cents, plan.yearly_cents, plan.trial_days)
        for plan in Plan.objects.on_sale()
    )


def invitation_to(user: Any, *, at: datetime) -> Invitation:
    """What the wall offers this reader (or AnonymousUser) at that moment."""
    plans = plans_on_sale()
    days = plans[0].trial_days if plans else 0
    with_trial = days > 0 and trial.is_offered_to(user)
    running = Subscription.objects.live().filter(reader=user).first() if user.is_authenticated else None
    return Invitation(
        plans=plans,
        with_trial=with_trial,
        trial_days=days,
        first_charge_at=at + timedelta(days=days) if with_trial else at,
        awaits_payment=running is not None and running.status in UNPAID_STATUSES,
        is_paused=running is not None and running.pause_has_begun(at=at),
    )
