"""How a reader stands with us, in words: the card at the top of the account, and the answer to "why can't I read?"."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from .access import Entitlement, Source, entitlement_for
from .models import Subscription


class State(StrEnum):
    """The states of an account (design, section 5)."""

    NEVER = "never"
    TRIAL = "trial"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    GRANTED = "granted"
    STAFF = "staff"


@dataclass(frozen=True)
class Standing:
    """One state, the subscription behind it and the reason to read, where there are any."""

    state: State
    subscription: Subscription | None = None
    entitlement: Entitlement | None = None

    @property
    def can_cancel(self) -> bool:
        """Whether there is something to cancel."""
        return self.subscription is not None and self.subscription.is_live and not self.subscription.is_cancelled

    @property
    def can_keep(self) -> bool:
        """Whether a cancellation can be taken back."""
        return self.state is State.CANCELLED

    @property
    def can_switch(self) -> bool:
        """Whether the other plan can be had instead."""
        return self.state in (State.TRIAL, State.ACTIVE)


def standing_of(reader: Any, *, at: datetime) -> Standing:
    """How this reader stands at that moment."""
    entitlement = entitlement_for(reader, at=at)
    subscription = (
        Subscription.objects.live().filter(reader=reader).select_related("plan").first()
        or Subscription.objects.filter(reader=reader).select_related("plan").first()
    )
    return Standing(_state(subscription, entitlement, at), subscription, entitlement)


def _state(subscription: Subscription | None, entitlement: Entitlement | None, at: datetime) -> State:
    if subscription and subscription.is_live and subscription.status not in ("incomplete", "paused"):
        if subscription.is_cancelled:
            return State.CANCELLED if subscription.gives_access(at=at) else State.LAPSED
        return {"trialing": State.TRIAL, "active": State.ACTIVE}.get(subscription.status, State.PAST_DUE)
    if entitlement and entitlement.source is Source.GRANT:
        return State.GRANTED
    if entitlement and entitlement.source is Source.STAFF:
        return State.STAFF
    return State.LAPSED if subscription else State.NEVER
