"""Letters to organisations about what was agreed, owed and paid; and to the desk about both."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings

from ..models import Letter, User
from .post import write, write_to_address, write_to_operator


def quote(
    address: str,
    *,
    organisation: str,
    name: str,
    terms: Mapping[str, Any],
    valid_until: date,
    link: str,
    language: str,
    occasion: str,
    at: datetime,
) -> Letter | None:
    """Our quote; `terms` says `starts_on`, `ends_on`, `seats` (None: no limit) and `price_cents` without VAT.

    The link opens the page on which somebody says yes for the organisation; it signs nobody in.
    """
    context = dict(terms) | {"organisation": organisation, "name": name, "valid_until": valid_until, "link": link}
    return write_to_address(address, None, "group_quote", occasion, context, language=language, at=at)


def agreement_confirmed(
    address: str,
    *,
    organisation: str,
    name: str,
    number: str,
    terms: Mapping[str, Any],
    terms_version: str,
    terms_language: str,
    terms_html: str,
    terms_text: str,
    language: str,
    occasion: str,
    at: datetime,
) -> Letter | None:
    """You said yes: the contract with its number, and the terms of use that were accepted, word for word."""
    context = dict(terms) | {
        "organisation": organisation,
        "name": name,
        "number": number,
        "terms_version": terms_version,
        "terms_language": terms_language,
        "terms_html": terms_html,
        "terms_text": terms_text,
    }
    return write_to_address(address, None, "group_confirmed", occasion, context, language=language, at=at)


def invoice_by_transfer(
    address: str,
    *,
    organisation: str,
    number: str,
    what: str,
    cents: int,
    due_on: date,
    reference: str,
    link: str,
    language: str,
    occasion: str,
    at: datetime,
) -> Letter | None:
    """An invoice of our own, to be paid by bank transfer; the link opens it to be printed."""
    context = {
        "organisation": organisation,
        "number": number,
        "what": what,
        "cents": cents,
        "due_on": due_on,
        "reference": reference,
        "iban": settings.SELLER_IBAN,
        "link": link,
    }
    return write_to_address(address, None, "group_invoice", occasion, context, language=language, at=at)


def invoice_overdue(
    address: str,
    *,
    organisation: str,
    number: str,
    left_cents: int,
    due_on: date,
    suspends_on: date,
    link: str,
    language: str,
    occasion: str,
    at: datetime,
) -> Letter | None:
    """It should have been paid by `due_on`; on `suspends_on` reading stops."""
    context = {
        "organisation": organisation,
        "number": number,
        "left_cents": left_cents,
        "due_on": due_on,
        "suspends_on": suspends_on,
        "link": link,
    }
    return write_to_address(address, None, "group_overdue", occasion, context, language=language, at=at)


def agreement_suspended(
    address: str, *, organisation: str, because_unpaid: bool, language: str, occasion: str, at: datetime
) -> Letter | None:
    """Nobody of the organisation reads until it is settled."""
    context = {"organisation": organisation, "because_unpaid": because_unpaid}
    return write_to_address(address, None, "group_suspended", occasion, context, language=language, at=at)


def agreement_restored(address: str, *, organisation: str, language: str, occasion: str, at: datetime) -> Letter | None:
    """Everybody reads again."""
    context = {"organisation": organisation}
    return write_to_address(address, None, "group_restored", occasion, context, language=language, at=at)


def agreement_ends(
    address: str, *, organisation: str, ends_on: date, language: str, occasion: str, at: datetime
) -> Letter | None:
    """It ends by itself on that day; a quote for the next term comes for the asking."""
    context = {"organisation": organisation, "ends_on": ends_on}
    return write_to_address(address, None, "group_ends", occasion, context, language=language, at=at)


def quote_accepted(
    colleague: User | None, *, organisation: str, number: str, desk_path: str, occasion: str, at: datetime
) -> Letter | None:
    """To who sent the quote: they said yes, and an invoice is next."""
    context = {"organisation": organisation, "number": number, "desk": settings.SITE_URL + desk_path}
    if colleague is None or not colleague.is_active:
        return write_to_operator("operator_quote_accepted", occasion, context, at=at)
    return write(colleague, "operator_quote_accepted", occasion, context, at=at)


def agreements_end(*, ending: Sequence[tuple[str, date]], desk_path: str, occasion: str, at: datetime) -> Letter | None:
    """To the desk, once a week: which agreements end soon, and when."""
    context = {"ending": ending, "desk": settings.SITE_URL + desk_path}
    return write_to_operator("operator_agreements_end", occasion, context, at=at)
