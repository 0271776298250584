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
    PAUSED = "paused"
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
    pause_has_begun: bool = False

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
        """Whether the other plan can be had instead. What is not paid yet could not be set off."""
        return self.state in (State.TRIAL, State.ACTIVE) and not self._is_pending

    @property
    def can_pause(self) -> bool:
        """Whether a pause can begin with the end of what is paid."""
        return self.state is State.ACTIVE and not self._is_pending

    @property
    def can_resume(self) -> bool:
        """Whether there is a pause to end or to take back."""
        return self.state is State.PAUSED

    @property
    def _is_pending(self) -> bool:
        return self.subscription is not None and self.subscription.payment_pending


def standing_of(reader: Any, *, at: datetime) -> Standing:
    """How this reader stands at that moment."""
    entitlement = entitlement_for(reader, at=at)
    subscription = (
        Subscription.objects.live().filter(reader=reader).select_related("plan").first()
        or Subscription.objects.filter(reader=reader).select_related("plan").first()
    )
    has_begun = subscription is not None and subscription.pause_has_begun(at=at)
    return Standing(_state(subscription, entitlement, at), subscription, entitlement, has_begun)


def _state(subscription: Subscription | None, entitlement: Entitlement | None, at: datetime) -> State:
    if subscription and subscription.is_live and subscription.status != "incomplete":
        if subscription.is_cancelled:
            return State.CANCELLED if subscription.gives_access(at=at) else State.LAPSED
        if subscription.is_pausing:
            return State.PAUSED
        return {"trialing": State.TRIAL, "active": State.ACTIVE}.get(subscription.status, State.PAST_DUE)
    if entitlement and entitlement.source is Source.GRANT:
        return State.GRANTED
    if entitlement and entitlement.source is Source.STAFF:
        return State.STAFF
    return State.LAPSED if subscription else State.NEVER
