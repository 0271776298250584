"""A statement is made: written down as it was sent, matched, acknowledged at once. Its effect comes right after."""

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from edge import languages
from edge.clock import BRUSSELS
from readers.letters import about_rights
from readers.models import Letter
from subscriptions.models import Subscription

from . import matching
from .models import Handling, Statement

log = logging.getLogger(__name__)
Kind = Statement.Kind
# More acknowledgements than this go to nobody in a day, or anybody could fill anybody's mailbox.
ACKNOWLEDGEMENTS_A_DAY = 3
ONE_DAY = timedelta(days=1)
# Who has the link from the mailbox is shown what became of the statement; who only sent it, what was sent.
_FROM_THE_SCREEN, _FROM_THE_MAILBOX = "s", "m"
_signer = Signer(salt="rights.statement")


@dataclass(frozen=True)
class Said:
    """What was typed, and under which key: the same key is the same statement, however often it is sent."""

    key: UUID
    kind: str
    name: str
    email: str
    contract: str = ""
    wished_on: date | None = None
    reason: str = ""


def make(said: Said, user: Any, *, at: datetime) -> tuple[Statement, bool]:
    """Keep a statement with its moment, find whose contract it is about, acknowledge it. Whether this call did.

    `user` is the reader who sent it, or AnonymousUser. A second call with the same key changes nothing.
    """
    try:
        with transaction.atomic():
            statement = _written_down(said, at=at)
            match = matching.find(statement, user)
            handling = Handling.objects.create(
                statement=statement,
                reader=match.subscription.reader if match.subscription else None,
                subscription=match.subscription,
                matched_by=match.by,
                why_a_person=match.why_not or _why_a_person(statement),
            )
            acknowledge(handling, at=at)
    except IntegrityError:
        # Pressed twice: the key is in the database already, or else something is wrong indeed.
        return Statement.objects.get(pk=said.key), False
    return statement, True


def _written_down(said: Said, *, at: datetime) -> Statement:
    statement = Statement(
        pk=said.key,
        kind=said.kind,
        name=said.name,
        email=said.email.strip(),
        contract=said.contract,
        wished_on=said.wished_on,
        reason=said.reason if said.kind == Kind.EXTRAORDINARY else "",
        language=languages.chosen(),
        sent_at=at,
        text=in_words(said, at=at),
    )
    statement.save()
    return statement


def in_words(said: Said, *, at: datetime) -> str:
    """The declaration, word for word as it is kept and acknowledged, in the language that is spoken now."""
    lines = [
        declaration(said.kind, said.wished_on),
        "",
        _("Name") + f": {said.name or '–'}",
        _("Email address") + f": {said.email.strip()}",
        _("Contract") + ": " + (said.contract or _("the one of this address")),
    ]
    if said.kind == Kind.EXTRAORDINARY and said.reason:
        lines.append(_("Reason") + f": {said.reason}")
    lines.append(_("Sent") + f": {in_brussels(at)}")
    return "\n".join(lines)


def declaration(kind: str, wished_on: date | None) -> str:
    """The sentence that is declared."""
    if kind == Kind.WITHDRAWAL:
        return _("I withdraw from the contract named below.")
    if kind == Kind.EXTRAORDINARY:
        return _("I cancel the contract named below for good cause, without notice.")
    if wished_on:
        day = date_format(wished_on, "DAY")
        return _("I cancel the contract named below with effect from %(day)s.") % {"day": day}
    return _("I cancel the contract named below for the earliest possible date.")


def in_brussels(moment: datetime) -> str:
    """A moment to the second, with its zone: `17 November 2026, 13:00:00 Brussels time (UTC+01:00)`."""
    local = moment.astimezone(BRUSSELS)
    offset = f"{local:%z}"
    return _("%(day)s, %(time)s Brussels time (UTC%(offset)s)") % {
        "day": date_format(local, "DAY"),
        "time": f"{local:%H:%M:%S}",
        "offset": f"{offset[:3]}:{offset[3:]}",
    }


def acknowledge(handling: Handling, *, at: datetime) -> None:
    """Write to the address that was typed, and to the reader's own where that is another one."""
    statement, reader = handling.statement, handling.reader
    addresses = {statement.email.lower(): statement.email}
    if reader is not None:
        addresses.setdefault(reader.email, reader.email)
    for address in addresses.values():
        if acknowledged_today(address, at=at) >= ACKNOWLEDGEMENTS_A_DAY:
            log.warning("The statement %s is kept, and not acknowledged to an address once more today", statement.pk)
            continue
        is_theirs = reader is not None and _is_of(address, reader)
        about_rights.statement_received(
            address,
            reader if is_theirs else None,
            language=statement.language,
            kind_of_statement=statement.kind,
            text=statement.text,
            number=statement.number,
            sent=in_brussels(statement.sent_at),
            sent_at=statement.sent_at,
            plan_words=handling.subscription.plan.interval if is_theirs and handling.subscription else "",
            link=path_of(statement, from_mailbox=is_theirs),
            occasion=str(statement.pk),
            at=at,
        )


def acknowledged_today(address: str, *, at: datetime) -> int:
    """How many acknowledgements went to an address within a day."""
    written = Letter.objects.filter(kind=about_rights.ACKNOWLEDGEMENT, written_at__gt=at - ONE_DAY)
    return written.filter(to__iexact=address).count()


def path_of(statement: Statement, *, from_mailbox: bool) -> str:
    """The address of the page about a statement, which nobody can guess."""
    whence = _FROM_THE_MAILBOX if from_mailbox else _FROM_THE_SCREEN
    return reverse("statement", args=[_signer.sign(f"{statement.pk.hex}{whence}")])


def read_token(token: str) -> tuple[UUID, bool] | None:
    """The statement that such an address is about, and whether it came from the mailbox. None where it is not ours."""
    try:
        value = _signer.unsign(token)
        return UUID(value[:32]), value[32:] == _FROM_THE_MAILBOX
    except (BadSignature, ValueError):
        return None


def _is_of(address: str, reader: Any) -> bool:
    found = matching.reader_at(address)
    return found is not None and found.pk == reader.pk


def _why_a_person(statement: Statement) -> str:
    """Extraordinary ones have the effect of ordinary ones at once; whether for more is for a person to say."""
    return "An extraordinary cancellation: read the reason." if statement.is_extraordinary else ""


def subscription_named(typed: str) -> Subscription | None:
    """For staff: the contract of that number, or the one of the reader at that address."""
    if found := matching.by_number(typed):
        return found
    reader = matching.reader_at(typed) if "@" in typed else None
    contracts = matching.contracts_of(reader) if reader else []
    return contracts[0] if contracts else None
