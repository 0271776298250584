"""Payers who tell their bank that a charge was wrong."""

from typing import Any

from .agenda import duty
from .clock import DAY
from .errors import invalid
from .events import changing, record
from .ids import new_id
from .parameters import FLAG, METADATA, RANGE, TEXT, listed_by, merged_metadata
from .store import Thing
from .view import page
from .world import World

ANSWER_WITHIN = 7 * DAY
OPEN = ("needs_response", "under_review")


@duty("open_dispute")
def open_by_itself(world: World, charge: str) -> None:
    """A card whose payments are always disputed."""
    begin(world, world.fetch("charge", charge), "fraudulent")


def begin(world: World, charge: Thing, reason: str) -> Thing:
    """Open a dispute: the money is withdrawn at once. Raises `ApiError` (400) when that cannot be."""
    if charge["disputed"] or charge["status"] != "succeeded":
        raise invalid("Only a charge that succeeded and is not disputed yet can be disputed.")
    dispute: Thing = {
        "id": new_id("du"),
        "object": "dispute",
        "amount": charge["amount"] - charge["amount_refunded"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": world.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": world.now + ANSWER_WITHIN,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "needs_response",
    }
    with changing(world, charge, "charge.updated"):
        charge["disputed"] = True
    world.store.save(dispute)
    record(world, "charge.dispute.created", dispute)
    record(world, "charge.dispute.funds_withdrawn", dispute)
    world.agenda.put("miss_dispute", dispute["id"], world.now + ANSWER_WITHIN)
    return dispute


@duty("miss_dispute")
def miss(world: World, wanted: str) -> None:
    """Nobody answered in time."""
    dispute = world.store.get(wanted)
    if dispute and dispute["status"] == "needs_response":
        decide(world, dispute, "lost")


def decide(world: World, dispute: Thing, status: str) -> None:
    """Close a dispute: `won` brings the money back, `lost` does not."""
    if dispute["status"] not in OPEN:
        raise invalid(f"This dispute is already {dispute['status']}.")
    world.agenda.drop("miss_dispute", dispute["id"])
    with changing(world, dispute, "charge.dispute.updated"):
        dispute["status"] = status
    record(world, "charge.dispute.closed", dispute)
    if status == "won":
        record(world, "charge.dispute.funds_reinstated", dispute)


def update(world: World, given: dict[str, Any], dispute: str) -> Thing:
    """POST /v1/disputes/{id}: evidence, submitted or kept."""
    found = world.fetch("dispute", dispute)
    if found["status"] not in OPEN:
        raise invalid(f"This dispute is already {found['status']}.")
    with changing(world, found, "charge.dispute.updated"):
        found["evidence"] = found["evidence"] | given.get("evidence", {})
        found["metadata"] = merged_metadata(found["metadata"], given.get("metadata", {}))
        details = found["evidence_details"]
        details["has_evidence"] = len(found["evidence"]) > 1
        if given.get("submit", True) and details["has_evidence"]:
            details |= {"submission_count": details["submission_count"] + 1, "submission_method": "manual"}
            found["status"] = "under_review"
    return found


def close(world: World, given: dict[str, Any], dispute: str) -> Thing:
    """POST /v1/disputes/{id}/close: give in."""
    found = world.fetch("dispute", dispute)
    decide(world, found, "lost")
    return found


def show(world: World, given: dict[str, Any], dispute: str) -> Thing:
    """GET /v1/disputes/{id}"""
    return world.fetch("dispute", dispute)


def list_all(world: World, given: dict[str, Any]) -> Thing:
    """GET /v1/disputes"""
    where = {name: given.get(name) for name in ("charge", "payment_intent")}
    return page(world, "dispute", "/v1/disputes", given, where)


EVIDENCE_TEXTS = (
    "access_activity_log",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "uncategorized_text",
)
EVIDENCE = dict.fromkeys(EVIDENCE_TEXTS, TEXT)
ROUTES = [
    ("GET", "/v1/disputes", list_all, listed_by(charge=TEXT, payment_intent=TEXT, created=RANGE)),
    ("GET", "/v1/disputes/{dispute}", show, {}),
    ("POST", "/v1/disputes/{dispute}", update, {"evidence": EVIDENCE, "metadata": METADATA, "submit": FLAG}),
    ("POST", "/v1/disputes/{dispute}/close", close, {}),
]
