"""How a reader stands with us, in words: the card at the top of the account, and the answer to "why can't I read?"."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from .access import Entitlement, Source, entitlement_for
from .models import Grant, Subscription
from .timeline import Timeline

# Students are asked for a new proof when so much of their year is left.
PROOF_BEFORE = timedelta(days=60)


class State(StrEnum):
    """The states of an account (design, section 5)."""

    NEVER = "never"
    TRIAL = "trial"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    SEATED = "seated"
    GRANTED = "granted"
    STAFF = "staff"


class Step(StrEnum):
    """The one thing to do next, which the account offers first."""

    SUBSCRIBE = "subscribe"
    READ = "read"
    PAY = "pay"
    CONFIRM_PAYMENT = "confirm_payment"
    KEEP = "keep"
    RESUME = "resume"
    TAKE_PAUSE_BACK = "take_pause_back"
    SUBSCRIBE_AGAIN = "subscribe_again"
    PROVE_AGAIN = "prove_again"


# Where nothing is to be mended, reading is what it is all for.
STEPS = {
    State.NEVER: Step.SUBSCRIBE,
    State.TRIAL: Step.READ,
    State.ACTIVE: Step.READ,
    State.PAST_DUE: Step.PAY,
    State.CANCELLED: Step.KEEP,
    State.LAPSED: Step.SUBSCRIBE_AGAIN,
    State.SEATED: Step.READ,
    State.GRANTED: Step.READ,
    State.STAFF: Step.READ,
}


@dataclass(frozen=True)
class Standing:
    """One state, the subscription or grant behind it and the reason to read, where there are any."""

    state: State
    subscription: Subscription | None = None
    entitlement: Entitlement | None = None
    pause_has_begun: bool = False
    grant: Grant | None = None
    proof_is_due: bool = False

    @property
    def next_step(self) -> Step:
        """The one thing to do next."""
        if self.state is State.PAUSED:
            return Step.RESUME if self.pause_has_begun else Step.TAKE_PAUSE_BACK
        if self.needs_confirmation:
            return Step.CONFIRM_PAYMENT
        if self.proof_is_due:
            return Step.PROVE_AGAIN
        return STEPS[self.state]

    @property
    def needs_confirmation(self) -> bool:
        """Whether the bank waits for a word of its customer, rather than having said no."""
        is_due = self.state is State.PAST_DUE and self.subscription is not None
        return is_due and self.subscription.needs_confirmation  # type: ignore[union-attr]

    @property
    def is_trial(self) -> bool:
        """Whether nothing has been charged yet, cancelled or not."""
        return self.subscription is not None and self.subscription.is_trial

    @property
    def is_student(self) -> bool:
        """Whether it is a student whom staff have let in."""
        return self.grant is not None and self.grant.kind == Grant.Kind.STUDENT

    @property
    def timeline(self) -> Timeline | None:
        """What happens when, in a free trial that goes on."""
        subscription = self.subscription
        if self.state is not State.TRIAL or subscription is None or subscription.next_charge_at is None:
            return None
        return Timeline(subscription.started_at, subscription.next_charge_at)

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
        return self.state is State.ACTIVE and not self._is_pending and not self._is_put_off

    @property
    def can_resume(self) -> bool:
        """Whether there is a pause to end or to take back."""
        return self.state is State.PAUSED

    @property
    def _is_put_off(self) -> bool:
        return self.subscription is not None and self.subscription.is_put_off

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
    state = _state(subscription, entitlement, at)
    grant = _grant_of(reader, at=at) if state is State.GRANTED else None
    return Standing(state, subscription, entitlement, has_begun, grant, _is_proof_due(grant, at))


def _is_proof_due(grant: Grant | None, at: datetime) -> bool:
    """Whether a student's year ends soon, and the next is not there yet."""
    if grant is None or grant.kind != Grant.Kind.STUDENT or grant.ends_at - at > PROOF_BEFORE:
        return False
    return not Grant.objects.filter(reader=grant.reader_id, kind=grant.kind, ends_at__gt=grant.ends_at).exists()


def _grant_of(reader: Any, *, at: datetime) -> Grant | None:
    return Grant.objects.filter(reader=reader).in_force(at=at).order_by("-ends_at").first()


def _state(subscription: Subscription | None, entitlement: Entitlement | None, at: datetime) -> State:
    if subscription and subscription.is_live and subscription.status != "incomplete":
        if subscription.is_cancelled:
            return State.CANCELLED if subscription.gives_access(at=at) else State.LAPSED
        if subscription.is_pausing:
            return State.PAUSED
        if subscription.is_trial:
            return State.TRIAL
        return State.ACTIVE if subscription.status in ("trialing", "active") else State.PAST_DUE
    if entitlement and entitlement.source is Source.SEAT:
        return State.SEATED
    if entitlement and entitlement.source is Source.GRANT:
        return State.GRANTED
    if entitlement and entitlement.source is Source.STAFF:
        return State.STAFF
    return State.LAPSED if subscription else State.NEVER
