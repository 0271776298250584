"""Letters about money: what the bank refused, gave back or will refuse."""

from datetime import date, datetime

from django.conf import settings

from ..models import Letter, User
from .post import write, write_to_operator


def payment_failed(
    reader: User, *, amount_cents: int, grace_ends_at: datetime, occasion: str, at: datetime
) -> Letter | None:
    """The bank refused `amount_cents`; reading goes on until `grace_ends_at`."""
    context = {"amount_cents": amount_cents, "grace_ends_at": grace_ends_at}
    return write(reader, "payment_failed", occasion, context, at=at)


def payment_confirm(
    reader: User, *, amount_cents: int, grace_ends_at: datetime, occasion: str, at: datetime
) -> Letter | None:
    """The bank wants its customer to confirm the payment of `amount_cents` (law.md L9)."""
    context = {"amount_cents": amount_cents, "grace_ends_at": grace_ends_at}
    return write(reader, "payment_confirm", occasion, context, at=at)


def payment_last_call(reader: User, *, grace_ends_at: datetime, occasion: str, at: datetime) -> Letter | None:
    """The payment is still missing, and reading ends at `grace_ends_at`."""
    return write(reader, "payment_last_call", occasion, {"grace_ends_at": grace_ends_at}, at=at)


def ended_unpaid(reader: User, *, occasion: str, at: datetime) -> Letter | None:
    """The grace is over: the subscription has ended and nothing will be charged for it."""
    return write(reader, "ended_unpaid", occasion, {}, at=at)


def debit_returned(reader: User, *, amount_cents: int, occasion: str, at: datetime) -> Letter | None:
    """The bank sent the very first debit back: nothing was paid, and the subscription ends."""
    return write(reader, "debit_returned", occasion, {"amount_cents": amount_cents}, at=at)


def card_expires(
    reader: User, *, last4: str, expires_on: date, next_charge_at: datetime, occasion: str, at: datetime
) -> Letter | None:
    """The card stops working on `expires_on`, before the charge at `next_charge_at`."""
    context = {"last4": last4, "expires_on": expires_on, "next_charge_at": next_charge_at}
    return write(reader, "card_expires", occasion, context, at=at)


def refund_on_its_way(
    reader: User, *, cents: int, card_brand: str, card_last4: str, has_ended: bool, occasion: str, at: datetime
) -> Letter | None:
    """`cents` go back to the card or account that paid; `has_ended`: the subscription ended with it."""
    context = {"cents": cents, "card_brand": card_brand, "card_last4": card_last4, "has_ended": has_ended}
    return write(reader, "refund_on_its_way", occasion, context, at=at)


def dispute_lost(reader: User, *, cents: int, occasion: str, at: datetime) -> Letter | None:
    """The bank has given back a payment that its customer called wrong, and the subscription has ended with it."""
    return write(reader, "dispute_lost", occasion, {"cents": cents}, at=at)


def operator_refund_failed(
    *, about: str, desk_path: str, cents: int, why: str, reason: str, occasion: str, at: datetime
) -> Letter | None:
    """To the operator: a refund for the reader `about` did not arrive; `desk_path` leads to the reader's page."""
    context = {"about": about, "desk": settings.SITE_URL + desk_path, "cents": cents, "why": why, "reason": reason}
    return write_to_operator("operator_refund_failed", occasion, context, at=at)


def operator_dispute(
    *, about: str, desk_path: str, cents: int, status: str, answer_by: datetime | None, occasion: str, at: datetime
) -> Letter | None:
    """To the operator: a payment of the reader `about` is disputed; `status` is open, won, lost or closed."""
    context = {"about": about, "desk": settings.SITE_URL + desk_path, "cents": cents, "status": status}
    return write_to_operator("operator_dispute", occasion, context | {"answer_by": answer_by}, at=at)
