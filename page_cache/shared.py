"""A page that all readers of a kind share, with holes; and how a reader's own page is put together from it.

The parts between the holes are compressed beforehand, each for itself, and the holes go in between as they are: gzip
allows both (RFC 1951, blocks without compression; RFC 1952).
"""

import os
import re
import secrets
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.middleware.csrf import CSRF_ALLOWED_CHARS

from .page import Headers
from .standing import Standing

_TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=")[A-Za-z0-9]{64}"')
TOKEN = "csrf"  # noqa: S105 - the name of a hole
_LARGEST_BLOCK = 0xFFFF
# The length of what is sent tells nothing of what stands in it (BREACH): so many bytes more, at random.
_PADDING = 128
_PLACES = {sign: place for place, sign in enumerate(CSRF_ALLOWED_CHARS)}


@dataclass(frozen=True)
class Hole:
    """A place that each reader fills; one with `fillings` is filled by the first or the second of them."""

    name: str
    key: int = 0
    fillings: tuple[str, str] | None = None


class Holes(list[Hole]):
    """The holes of a page that is being made; their marks cannot be guessed by whoever wrote its text."""

    def __init__(self) -> None:
        super().__init__()
        self.mark = secrets.token_hex(12)

    def add(self, hole: Hole) -> str:
        """Take note of a hole and return what stands in the page for it."""
        self.append(hole)
        return f"<!--{self.mark}:{len(self) - 1}-->"


@dataclass(frozen=True)
class Piece:
    """What stands between two holes."""

    plain: bytes
    deflated: bytes


@dataclass(frozen=True)
class Choice:
    """A hole with two fillings, each of them cut up in turn."""

    name: str
    key: int
    fillings: tuple["Parts", "Parts"]


Parts = tuple[Piece | Hole | Choice, ...]


@dataclass(frozen=True)
class SharedPage:
    """The pieces and holes of a page, with what `page.Page` says of its making."""

    status: str
    headers: Headers
    parts: Parts
    tables: frozenset[str]
    begun_at_number: int
    position: str
    made_at: datetime
    right_until: datetime
    size: int
    counts_as: str = ""

    def for_reader(self, standing: Standing, csrf_secret: str, *, as_gzip: bool) -> bytes:
        """The reader's own page. Raises KeyError where it has a hole that nothing of theirs fills."""
        token = _masked(csrf_secret)
        pieces = self._filled(self.parts, standing, token)
        return _gzip(pieces) if as_gzip else b"".join(one.plain if isinstance(one, Piece) else one for one in pieces)

    def _filled(self, parts: Parts, standing: Standing, token: bytes) -> Iterator[Piece | bytes]:
        for part in parts:
            if isinstance(part, Piece):
                yield part
            elif isinstance(part, Choice):
                is_chosen = part.key in standing.chosen[part.name]
                yield from self._filled(part.fillings[is_chosen], standing, token)
            elif part.name == TOKEN:
                yield token
            else:
                yield standing.parts[part.name]


def make(status: str, headers: Headers, content: bytes, holes: Holes, **facts: Any) -> SharedPage:
    """Cut the page at its holes and compress what lies between. `facts` are what SharedPage says of its making."""
    parts = _cut(content, holes)
    return SharedPage(status, headers, parts, size=_size(parts), **facts)


def _size(parts: Parts) -> int:
    size = 0
    for part in parts:
        if isinstance(part, Piece):
            size += len(part.plain) + len(part.deflated)
        elif isinstance(part, Choice):
            size += sum(map(_size, part.fillings))
    return size


def _cut(content: bytes, holes: Holes) -> Parts:
    content = _TOKEN.sub(rb"\g<1><!--" + holes.mark.encode() + rb':csrf-->"', content)
    found = re.split(rb"<!--" + holes.mark.encode() + rb":(\d+|csrf)-->", content)
    parts: list[Piece | Hole | Choice] = []
    for place, text in enumerate(found):
        if place % 2:
            parts.append(Hole(TOKEN) if text == b"csrf" else _of(holes[int(text)], holes))
        elif text:
            parts.append(Piece(text, _deflated(text)))
    return tuple(parts)


def _of(hole: Hole, holes: Holes) -> Hole | Choice:
    if hole.fillings is None:
        return hole
    no, yes = (_cut(filling.encode(), holes) for filling in hole.fillings)
    return Choice(hole.name, hole.key, (no, yes))


def _deflated(text: bytes) -> bytes:
    compressor = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(text) + compressor.flush(zlib.Z_FULL_FLUSH)


def _gzip(pieces: Iterator[Piece | bytes]) -> bytes:
    padding = os.urandom(1)[0] % _PADDING
    out = [b"\x1f\x8b\x08\x08\0\0\0\0\0\xff", b"x" * padding, b"\0"]
    check = length = 0
    for piece in pieces:
        if isinstance(piece, Piece):
            plain = piece.plain
            out.append(piece.deflated)
        else:
            plain = piece
            for start in range(0, len(plain), _LARGEST_BLOCK):
                block = plain[start : start + _LARGEST_BLOCK]
                out += [struct.pack("<BHH", 0, len(block), len(block) ^ 0xFFFF), block]
        check = zlib.crc32(plain, check)
        length += len(plain)
    out.append(b"\x01\0\0\xff\xff" + struct.pack("<II", check, length & 0xFFFFFFFF))
    return b"".join(out)


def _masked(secret: str) -> bytes:
    """The secret as Django masks it for a form (BREACH), with one throw of the dice instead of one for each sign."""
    signs = len(CSRF_ALLOWED_CHARS)
    thrown, mask, masked = secrets.randbelow(signs ** len(secret)), "", ""
    for sign in secret:
        thrown, by = divmod(thrown, signs)
        mask += CSRF_ALLOWED_CHARS[by]
        masked += CSRF_ALLOWED_CHARS[(_PLACES[sign] + by) % signs]
    return (mask + masked).encode()
