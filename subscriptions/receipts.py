"""What Stripe said and we could not handle at once: every receipt is tried again until it is handled or given up."""

import logging
from dataclasses import dataclass
from datetime import datetime

from . import billing, webhooks
from .models import StripeEvent

log = logging.getLogger(__name__)
# So many calls in a row that do not reach Stripe mean that it is away; the rest is left for the next minute.
AWAY_AFTER = 5
# One run ends after so many receipts, so that a worker can be stopped; the next one goes on.
MOST_PER_RUN = 500


@dataclass(frozen=True)
class Summary:
    """What one round came to, in receipts. `left` are those that were not tried since Stripe is away."""

    handled: int = 0
    failed: int = 0
    given_up: int = 0
    left: int = 0

    @property
    def in_words(self) -> str:
        """ "3 handled, 1 failed." and what else is worth knowing."""
        words = f"{self.handled} handled, {self.failed} failed"
        words += f", {self.given_up} given up" if self.given_up else ""
        return words + (f", {self.left} left: Stripe is away." if self.left else ".")


def retry_unhandled(*, at: datetime) -> Summary:
    """Handle what is older than two minutes and not handled, oldest first, each once. Never raises BillingError.

    One that fails does not stop the others; its next try is put off, further each time, and after three days of
    tries a person has to look (`StripeEvent.objects.given_up()`).
    """
    waiting = list(StripeEvent.objects.to_retry(at=at).values_list("pk", flat=True)[:MOST_PER_RUN])
    handled = failed = given_up = unreached = 0
    for done, pk in enumerate(waiting):
        if unreached == AWAY_AFTER:
            return Summary(handled, failed, given_up, left=len(waiting) - done)
        receipt = StripeEvent.objects.get(pk=pk)
        error = handle(receipt, at=at)
        unreached = unreached + 1 if isinstance(error, billing.BillingUnavailable) else 0
        handled += error is None
        failed += error is not None
        given_up += error is not None and receipt.needs_a_person
    return Summary(handled, failed, given_up)


def handle(receipt: StripeEvent, *, at: datetime) -> Exception | None:
    """Try one receipt. Returns what went wrong, which also stands on the receipt, or None."""
    try:
        webhooks.handle(billing.event_from_receipt(receipt.payload), at=at)
    except Exception as error:  # Whatever one of them holds, the others have a right to their turn.
        log.warning("Receipt %s: try %d failed: %s", receipt.stripe_id, receipt.attempts + 1, error)
        receipt.failed(f"{type(error).__name__}: {error}", at=at)
        return error
    return None


def handle_again(receipt: StripeEvent, *, at: datetime) -> Exception | None:
    """Handle it as if it had come this moment, whatever came of it before: what staff's button does."""
    receipt.forget_the_outcome()
    return handle(receipt, at=at)
