"""How a letter is written once and sent once.

A letter is a row first. It is sent after the transaction that wrote it, and where that failed, or where very many
were written at once, by the next round (`rounds`). No letter holds a link that signs anybody in, a picture, or a way
to see whether it was read.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from email.utils import parseaddr
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from edge import colours, languages

from ..models import Letter, User
from .plain import set_in_lines

log = logging.getLogger(__name__)
ONE_DAY = timedelta(days=1)
# Nobody needs more letters of ours in a day; whatever would write more is a loop gone mad.
A_DAY_AT_MOST = 12
# Of many letters that one job writes so many leave one by one; a round sends the rest over one connection.
ONE_BY_ONE = 50
_leaving: ContextVar[Iterator[int] | None] = ContextVar("leaving", default=None)


@contextmanager
def many() -> Iterator[None]:
    """Inside, where a job may write to everybody, only the first fifty letters leave at once; the rest wait."""
    token = _leaving.set(iter(range(ONE_BY_ONE)))
    try:
        yield
    finally:
        _leaving.reset(token)


def write(reader: User, kind: str, occasion: str, context: dict[str, Any], *, at: datetime) -> Letter | None:
    """Write the letter `kind` to the reader, and send it after commit. None where it was written before.

    One letter exists per address, kind and occasion, whoever asks for it at the same moment. The words are in
    `templates/emails/<kind>.txt`, whose first line is the subject, and `<kind>.html`, in the reader's language.
    """
    if reader.is_deleted:
        return None
    return _write(reader.email, reader, kind, occasion, context, at=at)


def write_to_operator(kind: str, occasion: str, context: dict[str, Any], *, at: datetime) -> Letter | None:
    """The same to who runs the site (SERVER_EMAIL): what a person has to look at, once for each occasion."""
    return _write(parseaddr(settings.SERVER_EMAIL)[1], None, kind, occasion, context, at=at)


def write_to_address(
    address: str,
    reader: User | None,
    kind: str,
    occasion: str,
    context: dict[str, Any],
    *,
    language: str,
    at: datetime,
) -> Letter | None:
    """The same to an address that somebody typed, and that may be nobody's; `reader` is whose it is, where we know.

    The language is the reader's choice, else the given one (`en`, `fr`, `nl`, `de`): what the page spoke.
    """
    return _write(address, reader, kind, occasion, context, language=language, at=at)


def _write(
    to: str,
    reader: User | None,
    kind: str,
    occasion: str,
    context: dict[str, Any],
    *,
    at: datetime,
    language: str = "",
) -> Letter | None:
    if Letter.objects.filter(to=to, kind=kind, occasion=occasion).exists():
        return None
    with translation.override(languages.code_of(getattr(reader, "language", "") or language)):
        subject, text, html = _in_words(kind, context)
    letter, is_new = Letter.objects.get_or_create(
        to=to,
        kind=kind,
        occasion=occasion,
        defaults={"reader": reader, "subject": subject, "text": text, "html": html, "written_at": at},
    )
    if not is_new:
        return None
    transaction.on_commit(partial(_send_unless_many, letter, at=at), robust=True)
    return letter


def _send_unless_many(letter: Letter, *, at: datetime) -> None:
    leaving = _leaving.get()
    if leaving is None or next(leaving, None) is not None:
        send(letter, at=at)


def withdraw(reader: User, *, kinds: Iterable[str]) -> None:
    """Let letters of these kinds that were not sent yet stay unsent: what they say is no longer so."""
    Letter.objects.filter(reader=reader, kind__in=kinds, sent_at=None, withdrawn=False).update(withdrawn=True)


def send(letter: Letter, *, at: datetime) -> bool:
    """Send it, unless somebody else is doing so or has done so. True if this call sent it. Never raises."""
    if not letter.claim(at=at):
        return False
    sent_lately = Letter.objects.filter(to=letter.to, sent_at__gt=at - ONE_DAY).count()
    return deliver(letter, sent_lately=sent_lately, at=at) is None


def deliver(
    letter: Letter, *, sent_lately: int, at: datetime, line: BaseEmailBackend | None = None
) -> Exception | None:
    """Hand a letter that this process has claimed to the mail server; over an open `line`, where there is one.

    Returns what went wrong, if anything did: then it waits for its next try. `sent_lately` letters went to the same
    address within the last day.
    """
    if sent_lately >= A_DAY_AT_MOST:
        log.error("Letter %s waits: %s letters went to %s within a day", letter.pk, A_DAY_AT_MOST, letter.to)
        letter.could_not_be_sent(f"It waits: {A_DAY_AT_MOST} letters went to this address within a day.", at=at)
        return TooManyLetters(letter.to)
    try:
        if line:
            line.open()
        _as_message(letter, line).send()
    except Exception as error:  # A mail server, a proxy, an address: whatever it is must not reach the page.
        log.warning("Letter %s was not sent: %s", letter.pk, error)
        letter.could_not_be_sent(f"{type(error).__name__}: {error}", at=at)
        return error
    letter.was_sent(at=at)
    return None


class TooManyLetters(Exception):
    """So many went to one address within a day that something must have gone wrong."""


def _in_words(kind: str, context: dict[str, Any]) -> tuple[str, str, str]:
    """Subject, text and HTML."""
    everything = _addresses() | context
    text = render_to_string(f"emails/{kind}.txt", everything).strip()
    subject, _, rest = text.partition("\n")
    subject = " ".join(subject.split())[: Letter._meta.get_field("subject").max_length]
    text = f"{subject}\n{'=' * len(subject)}\n\n{set_in_lines(rest.strip())}\n"
    html = render_to_string(f"emails/{kind}.html", everything | {"subject": subject})
    return subject, text, colours.dressed(html, settings.SITE_COLOURS)


def _addresses() -> dict[str, Any]:
    """Brand and full addresses: a letter has no request to take them from."""
    pages = {
        name: settings.SITE_URL + reverse(name)
        for name in ("account", "cancel", "withdraw", "terms", "front", "plans", "pay", "invoices")
    }
    brand = {name: getattr(settings, name) for name in ("SITE_NAME", "SITE_PUBLISHER", "CONTACT_EMAIL")}
    return {"address_of": pages} | brand


def _as_message(letter: Letter, line: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    # Always the same id: a mailbox that gets a letter twice, after a crash between two lines, shows it once.
    headers = {
        "Message-ID": f"<letter-{letter.pk}@{urlsplit(settings.SITE_URL).hostname}>",
        "Auto-Submitted": "auto-generated",
    }
    message = EmailMultiAlternatives(
        letter.subject,
        letter.text,
        to=[letter.to],
        reply_to=[settings.CONTACT_EMAIL],
        headers=headers,
        connection=line,
    )
    message.attach_alternative(letter.html, "text/html")
    return message
