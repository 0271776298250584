"""Letters about the seats of a group: asked to sit there, seated no longer, still there, looking after them."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from ..models import Letter, User
from .post import write, write_to_address, write_to_operator


def group_invitation(
    address: str,
    reader: User | None,
    *,
    organisation: str,
    invited_by: str,
    to_manage: bool,
    with_seat: bool,
    token: str,
    expires_at: datetime,
    language: str,
    occasion: str,
    at: datetime,
) -> Letter | None:
    """A seat is kept for this address until `expires_at`. The link opens a page; it lets nobody in."""
    context = {
        "organisation": organisation,
        "invited_by": invited_by,
        "to_manage": to_manage,
        "with_seat": with_seat,
        "expires_at": expires_at,
        "link": _link("group_invitation", token),
    }
    return write_to_address(address, reader, "group_invitation", occasion, context, language=language, at=at)


def seat_ended(reader: User, *, organisation: str, why: str, occasion: str, at: datetime) -> Letter | None:
    """The organisation pays no longer; `why` is one of `groups.models.Seat.Why`."""
    return write(reader, "seat_ended", occasion, {"organisation": organisation, "why": why}, at=at)


def seat_proof(
    reader: User, *, organisation: str, address: str, token: str, answer_by: datetime, occasion: str, at: datetime
) -> Letter | None:
    """Once a year: do you still have this address? To `address`, which may not be the account's."""
    context = {
        "organisation": organisation,
        "address": address,
        "answer_by": answer_by,
        "link": _link("group_still_there", token),
    }
    return write_to_address(address, reader, "seat_proof", occasion, context, language=reader.language, at=at)


def manager_made(reader: User, *, organisation: str, group_id: int, occasion: str, at: datetime) -> Letter | None:
    """They may invite and remove from now on."""
    context = {"organisation": organisation, "link": _link("group", group_id)}
    return write(reader, "manager_made", occasion, context, at=at)


def seats_all_taken(manager: User, *, organisation: str, group_id: int, occasion: str, at: datetime) -> Letter | None:
    """To a manager: somebody wanted to join and found no seat."""
    context = {"organisation": organisation, "link": _link("group", group_id)}
    return write(manager, "seats_all_taken", occasion, context, at=at)


def operator_no_manager(*, organisation: str, desk_path: str, occasion: str, at: datetime) -> Letter | None:
    """To the desk: the last manager of a running agreement is gone."""
    context = {"organisation": organisation, "desk": settings.SITE_URL + desk_path}
    return write_to_operator("operator_no_manager", occasion, context, at=at)


def list_done(
    manager: User,
    *,
    organisation: str,
    invited: int,
    not_invited: int,
    group_id: int,
    list_id: int,
    occasion: str,
    at: datetime,
) -> Letter | None:
    """To whoever sent a long list: everybody on it was looked at."""
    context = {
        "organisation": organisation,
        "invited": invited,
        "not_invited": not_invited,
        "link": _link("group_list", group_id, list_id),
    }
    return write(manager, "list_done", occasion, context, at=at)


def _link(name: str, *arguments: Any) -> str:
    return settings.SITE_URL + reverse(name, args=arguments)
