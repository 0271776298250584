"""Letters about what somebody declared by right: a withdrawal, a cancellation (law.md L1, L4)."""

from datetime import datetime
from typing import Any

from django.conf import settings

from ..models import Letter, User
from .post import write, write_to_address, write_to_operator

# At most some of these a day go to one address (`rights.stating`).
ACKNOWLEDGEMENT = "statement_received"


def statement_received(
    address: str,
    reader: User | None,
    *,
    language: str,
    kind_of_statement: str,
    text: str,
    number: str,
    sent: str,
    sent_at: datetime,
    plan_words: str,
    link: str,
    occasion: str,
    at: datetime,
) -> Letter | None:
    """We have received a statement: its `text` word for word, and when it was `sent`, in words and as a moment.

    The address may be nobody's; `reader` is whose it is where that is known, and then the letter may say that the
    contract was found. `kind_of_statement` is withdrawal, ordinary or extraordinary; `plan_words` year or month;
    `link` the path of the page about the statement; `language` the one that was spoken on the page.
    """
    context = _links(link) | {
        "kind_of_statement": kind_of_statement,
        "statement": text,
        "number": number,
        "sent": sent,
        "sent_at": sent_at,
        "is_matched": reader is not None,
        "plan_words": plan_words,
    }
    return write_to_address(address, reader, ACKNOWLEDGEMENT, occasion, context, language=language, at=at)


def withdrawn(
    reader: User,
    *,
    cents: int,
    card_brand: str,
    card_last4: str,
    awaits_payment: bool,
    given_back_by: datetime,
    link: str,
    occasion: str,
    at: datetime,
) -> Letter | None:
    """The contract is undone: `cents` go back by `given_back_by` at the latest, 0 where nothing was paid.

    `awaits_payment`: a debit was under way, which goes back once it has arrived.
    """
    context = _links(link) | {
        "cents": cents,
        "card_brand": card_brand,
        "card_last4": card_last4,
        "awaits_payment": awaits_payment,
        "given_back_by": given_back_by,
    }
    return write(reader, "withdrawn", occasion, context, at=at)


def withdrawal_too_late(
    reader: User, *, sent_at: datetime, last_day: datetime, has_ended: bool, link: str, occasion: str, at: datetime
) -> Letter | None:
    """Withdrawing was possible until the end of `last_day`; nothing has changed, and these are the other ways."""
    context = _links(link) | {"sent_at": sent_at, "last_day": last_day, "has_ended": has_ended}
    return write(reader, "withdrawal_too_late", occasion, context, at=at)


def nothing_to_end(
    reader: User, *, ends_at: datetime | None, is_over: bool, occasion: str, at: datetime
) -> Letter | None:
    """The contract had been cancelled before: it ends at `ends_at`, or has ended."""
    return write(reader, "nothing_to_end", occasion, {"ends_at": ends_at, "is_over": is_over}, at=at)


def renewal_taken_back(
    reader: User, *, cents: int, card_brand: str, card_last4: str, sent_at: datetime, occasion: str, at: datetime
) -> Letter | None:
    """A cancellation of `sent_at` was carried out after a renewal: the contract has ended, `cents` go back."""
    context = {"cents": cents, "card_brand": card_brand, "card_last4": card_last4, "sent_at": sent_at}
    return write(reader, "renewal_taken_back", occasion, context, at=at)


def operator_statements(*, waiting: int, desk_path: str, occasion: str, at: datetime) -> Letter | None:
    """To the operator, once a day: so many statements wait for a person."""
    context = {"waiting": waiting, "desk": settings.SITE_URL + desk_path}
    return write_to_operator("operator_statements", occasion, context, at=at)


def _links(path: str) -> dict[str, Any]:
    return {"link": settings.SITE_URL + path}
