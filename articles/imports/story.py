"""What every reader of a file gives: an article as its source had it, or a record that is left out, and why."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Protocol

_NO_LETTERS = re.compile(r"[\x00\ud800-\udfff]")


class Broken(Exception):
    """The file ends or makes no sense from here on; the message says where. What came before it is good."""


class Wall(StrEnum):
    """What the source lets everybody read."""

    NOTHING_SAID = "nothing said"
    FREE = "free"
    # Up to the mark where there is one; else nothing of the text.
    PAID = "paid"


@dataclass(frozen=True)
class Name:
    """A name under an article."""

    name: str
    slug: str = ""
    bio: str = ""
    is_guest: bool = False


@dataclass(frozen=True)
class Illustration:
    """A picture, by its address at the source."""

    address: str
    alt: str = ""
    caption: str = ""
    credit: str = ""


@dataclass(frozen=True)
class Note:
    """Something that could not be carried over as it was: what, in words that many articles share, and which one."""

    what: str
    detail: str = ""


@dataclass(frozen=True)
class Story:
    """An article as its source has it. Moments are in UTC; `html` is the source's own, of any kind."""

    source_id: str
    headline: str
    html: str
    slug: str = ""
    standfirst: str = ""
    names: tuple[Name, ...] = ()
    # The first that is a section here becomes the section; the others become topics.
    categories: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    language: str = ""
    is_published: bool = False
    published_at: datetime | None = None
    changed_at: datetime | None = None
    embargo_until: datetime | None = None
    wall: Wall = Wall.NOTHING_SAID
    hero: Illustration | None = None
    old_addresses: tuple[str, ...] = ()
    # The notes of the source, in the order of their numbers, where it keeps them apart from the text.
    footnotes: tuple[tuple[str, str], ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def digest(self) -> str:
        """A hash of everything the source says."""
        return hashlib.sha256(json.dumps(asdict(self), default=str, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class LeftOut:
    """A record that is no article, or none that we can take."""

    source_id: str
    headline: str
    why: str


class Reader(Protocol):
    """Reads one file or folder from its beginning, in little memory however large it is. Raises Broken."""

    # What the source is called where the command does not say.
    source: str
    # Hosts whose addresses are the source's own.
    hosts: frozenset[str]
    # In bytes, for the bar.
    size: int

    @property
    def position(self) -> int:
        """How many bytes are read."""

    def __iter__(self) -> Iterator[Story | LeftOut]:
        """The records in the order of the file."""

    def picture(self, key: str) -> Illustration | None:
        """The picture that the source knows under that key."""

    def close(self) -> None:
        """Forget what was looked up ahead."""


def storable(value: Any) -> Any:
    """The same with a mark in the place of letters that no database takes: NUL, and halves of letters."""
    if isinstance(value, str):
        # Untouched where it can be: a Wall is a string, and stays one of its own kind.
        return _NO_LETTERS.sub("\ufffd", value) if _NO_LETTERS.search(value) else value
    if isinstance(value, dict):
        return {key: storable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(storable(one) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: storable(getattr(value, each.name)) for each in fields(value)})
    return value


def moment(said: object, *, zone: tzinfo = UTC) -> datetime | None:
    """A moment in UTC from any of the ways files write one; without a zone it is taken as that of `zone`.

    None for what is no moment: WordPress writes zeroes, others leave it empty.
    """
    found = _read_moment(said)
    if found is None or not 1600 < found.year < 9000:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def _read_moment(said: object) -> datetime | None:
    if isinstance(said, bool) or not said:
        return None
    try:
        if isinstance(said, int | float) or (isinstance(said, str) and said.isdigit() and len(said) > 8):
            seconds = float(said)
            return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, tz=UTC)
        text = str(said).strip()
        return datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
    except (ValueError, OverflowError, OSError, TypeError):
        return None
