"""What a reader may choose, in which words it is offered, and what follows from a yes or a no.

Nothing here is chosen for anybody: every yes is a `Consent` with the words that were on the page.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from edge import languages

from .models import Consent, Newsletter, User

SITE_NEWS = "site_news"
READING_HISTORY = "reading_history"
# In the session of a visitor who has chosen newsletters and still has to prove the address.
WANTED = "wanted_choices"
MOST_WANTED = 50
_SALT = "readers.choices.stop"


@dataclass(frozen=True)
class Choice:
    """One box: what for, how it is called, and what it means. `is_ticked`: the reader has said yes."""

    purpose: str
    name: str
    rhythm: str
    about: str
    is_ticked: bool = False

    @property
    def slug(self) -> str:
        """The newsletter's own name in an address."""
        return self.purpose.partition(":")[2]

    @property
    def wording(self) -> str:
        """What the page says, as the consent keeps it."""
        return " ".join(part for part in (f"{self.name}.", self.rhythm, self.about) if part)


@dataclass(frozen=True)
class Choices:
    """Everything a reader may say yes or no to, in the order of the page."""

    newsletters: tuple[Choice, ...]
    notices: tuple[Choice, ...]
    reading: tuple[Choice, ...]

    @property
    def all(self) -> tuple[Choice, ...]:
        """All boxes of the page."""
        return self.newsletters + self.notices + self.reading


def newsletters(ticked: Collection[str] = ()) -> tuple[Choice, ...]:
    """The newsletters that are offered; also one that no longer is, for who still gets it."""
    return tuple(
        Choice(one.purpose, one.name, one.rhythm, one.about, one.purpose in ticked)
        for one in Newsletter.objects.all()
        if one.is_offered or one.purpose in ticked
    )


def choices_of(reader: User) -> Choices:
    """What this reader may choose, with what they have chosen."""
    ticked = Consent.objects.purposes_of(reader)
    news = Choice(
        SITE_NEWS,
        _("What is new on the site"),
        _("A few times a year."),
        _("New features, and now and then a question about what you would like to have."),
        SITE_NEWS in ticked,
    )
    history = Choice(
        READING_HISTORY,
        _("Keep a list of the articles I open"),
        "",
        _("Only you see it. You can remove single articles or all of them, and switch it off, at any time."),
        READING_HISTORY in ticked,
    )
    return Choices(newsletters(ticked), (news,), (history,))


def required_letters() -> tuple[tuple[str, str], ...]:
    """The letters that nobody can switch off, each with the reason."""
    return (
        (
            _("The confirmation of an order, with the terms"),
            _("The law gives you the right to have your contract in writing."),
        ),
        (
            _("Reminders before a free trial or a year ends"),
            _("Without them we may not charge you. So that you can cancel in time."),
        ),
        (
            _("Changes of a price or of the terms"),
            _("They never reach a running contract in silence."),
        ),
        (
            _("Receipts of a cancellation, a withdrawal or a refund"),
            _("They prove when your message reached us."),
        ),
        (
            _("What concerns a payment: a refused one, a card that expires"),
            _("Otherwise your access would end without a word."),
        ),
        (
            _("Codes to log in, and word of a change to your account"),
            _("So that you notice if it was not you."),
        ),
    )


def choose(reader: User, offered: Iterable[Choice], wanted: Collection[str], *, at: datetime) -> None:
    """Keep a yes for each offered box in `wanted`, and a no for the others. Saying the same again changes nothing."""
    refused = []
    for choice in offered:
        if choice.purpose not in wanted:
            refused.append(choice.purpose)
        elif not choice.is_ticked:
            language = languages.chosen()
            Consent.objects.give(reader, choice.purpose, wording=choice.wording, language=language, at=at)
    Consent.objects.withdraw(reader.pk, refused, at=at)


def remember(session: SessionBase, email: str, wanted: Collection[str]) -> None:
    """Keep what a visitor wants for that address until it is proved."""
    session[WANTED] = {"email": email.strip().lower(), "purposes": sorted(wanted)[:MOST_WANTED]}


def take_up(session: SessionBase, reader: User, *, at: datetime) -> int:
    """The address is proved: keep what the visitor wanted. How many newsletters."""
    kept = session.pop(WANTED, None)
    if kept is None or kept["email"] != reader.email:
        return 0
    wanted = kept["purposes"]
    offered = [one for one in newsletters(Consent.objects.purposes_of(reader)) if one.purpose in wanted]
    choose(reader, offered, wanted, at=at)
    return len(offered)


def stop_address(reader: User, purpose: str) -> str:
    """The address that takes a choice back without logging in, for the foot and the header of a newsletter."""
    token = signing.dumps([reader.pk, purpose], salt=_SALT)
    with translation.override(languages.of_reader(reader)):
        return settings.SITE_URL + reverse("stop_choice", args=[token])


def stop_headers(reader: User, purpose: str) -> dict[str, str]:
    """The headers with which a mail program shows its own button to stop (RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{stop_address(reader, purpose)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def read_stop(token: str) -> tuple[int, str] | None:
    """The reader's number and the purpose of such an address; None where it is not ours."""
    try:
        reader_id, purpose = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    return int(reader_id), str(purpose)


def name_of(purpose: str) -> str:
    """What a purpose is called in a sentence."""
    found: Any = next((one for one in Newsletter.objects.all() if one.purpose == purpose), None)
    if found is not None:
        return found.name
    return _("What is new on the site") if purpose == SITE_NEWS else purpose
