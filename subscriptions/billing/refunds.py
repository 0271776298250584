"""Money that goes back: refunds, which we make, and disputes, which the payer's bank makes."""

from typing import Any

import stripe

from .connection import Line, our_errors
from .facts import DisputeFacts, RefundFacts
from .values import moment, moment_or_none


class Refunds(Line):
    """Gives back, and tells what was given or called back."""

    def refund(self, payment_id: str, cents: int, *, key: str) -> RefundFacts:
        """Give back `cents` of a payment, once for each key. Raises BillingRefused where it is too much."""
        wish: Any = {"payment_intent": payment_id, "amount": cents, "metadata": {"key": key}}
        return self._once(
            f"refund-{key}",
            lambda options: _refund_facts(self._client.v1.refunds.create(wish, options)),
            or_find=lambda: self._refund_of(payment_id, key),
        )

    def _refund_of(self, payment_id: str, key: str) -> RefundFacts | None:
        return next((one for one in self.refunds_of(payment_id) if one.key == key), None)

    def refunds_of(self, payment_id: str) -> list[RefundFacts]:
        """Every refund of a payment, whoever made it, newest first."""
        with our_errors():
            page = self._client.v1.refunds.list({"payment_intent": payment_id, "limit": 100})
            return [_refund_facts(one) for one in page.auto_paging_iter()]

    def disputes_of(self, payment_id: str) -> list[DisputeFacts]:
        """Every dispute about a payment, newest first."""
        with our_errors():
            page = self._client.v1.disputes.list({"payment_intent": payment_id, "limit": 100})
            return [_dispute_facts(one.to_dict()) for one in page.auto_paging_iter()]


def _refund_facts(made: stripe.Refund) -> RefundFacts:
    given = made.to_dict()
    return RefundFacts(
        stripe_id=given["id"],
        status=given.get("status") or "pending",
        cents=given["amount"],
        key=(given.get("metadata") or {}).get("key", ""),
        made_at=moment(given["created"]),
        why_failed=given.get("failure_reason") or "",
    )


def _dispute_facts(given: dict[str, Any]) -> DisputeFacts:
    return DisputeFacts(
        stripe_id=given["id"],
        status=given["status"],
        cents=given["amount"],
        reason=given["reason"],
        opened_at=moment(given["created"]),
        answer_by=moment_or_none((given.get("evidence_details") or {}).get("due_by")),
    )
