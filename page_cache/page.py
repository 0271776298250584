"""A ready page: its bytes as they go out, plain and compressed, and who may have which."""

import gzip
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import brotli

Headers = list[tuple[str, str]]
# Smaller ones do not get smaller.
WORTH_COMPRESSING = 500
_COMPRESSIBLE = re.compile(r"text/|application/(?:json|.*\+json|.*xml|javascript|manifest)|image/svg")
_SHARED = re.compile(r"\bs-maxage=(\d+)")
_WHILE_STALE = re.compile(r",\s*stale-while-revalidate=\d+")
# Set anew for each answer.
_OURS = frozenset({"content-length", "etag", "content-encoding", "connection", "date", "transfer-encoding"})


@dataclass(frozen=True)
class Body:
    """One encoding of a page."""

    content: bytes
    etag: str
    headers: Headers
    not_modified: Headers


@dataclass(frozen=True)
class Page:
    """What a view answered once, with the tables it was made of and the moments (UTC) between which it is right."""

    status: str
    bodies: dict[str, Body]
    tables: frozenset[str]
    # The look (`changes.Changes.number`) at which its making began.
    begun_at_number: int
    # How far its database had come then (`changes.Notes.position`).
    position: str
    made_at: datetime
    right_until: datetime
    size: int = field(default=0)
    # What it counts as that it is opened (edge.caching.counts_as).
    counts_as: str = ""
    # For how long a cache in front may keep it, unless it changes by itself before; None: its own policy.
    shared_seconds: int | None = None

    def body_for(self, accepted: str) -> Body:
        """The smallest encoding that the visitor takes; `accepted` is the Accept-Encoding header."""
        bodies = self.bodies
        if "br" in bodies and takes(accepted, "br"):
            return bodies["br"]
        if "gzip" in bodies and takes(accepted, "gzip"):
            return bodies["gzip"]
        return bodies[""]

    def until_it_changes(self, headers: Headers, now: datetime) -> Headers:
        """Headers of it, with a policy that ends when it changes by itself: nothing stale after that moment."""
        left = int((self.right_until - now).total_seconds())
        if self.shared_seconds is None or left >= self.shared_seconds:
            return headers
        return [
            (name, _WHILE_STALE.sub("", _SHARED.sub(f"s-maxage={left}", value)))
            if name.lower() == "cache-control"
            else (name, value)
            for name, value in headers
        ]


def make(
    status: str,
    headers: Headers,
    content: bytes,
    *,
    tables: frozenset[str],
    begun_at_number: int,
    position: str,
    made_at: datetime,
    right_until: datetime,
    counts_as: str = "",
) -> Page:
    """The page of that answer, compressed where that helps."""
    kept = [(name, value) for name, value in headers if name.lower() not in _OURS]
    digest = hashlib.sha256(content).hexdigest()[:20]
    bodies = {"": _body(content, digest, "", kept)}
    if len(content) >= WORTH_COMPRESSING and _COMPRESSIBLE.match(_value(kept, "content-type")):
        kept = _vary_on_encoding(kept)
        bodies[""] = _body(content, digest, "", kept)
        bodies["gzip"] = _body(gzip.compress(content, 6, mtime=0), digest, "gzip", kept)
        bodies["br"] = _body(brotli.compress(content, quality=6), digest, "br", kept)
    size = sum(len(body.content) for body in bodies.values())
    shared = _SHARED.search(_value(kept, "cache-control"))
    return Page(
        *(status, bodies, tables, begun_at_number, position, made_at, right_until, size, counts_as),
        shared_seconds=int(shared[1]) if shared else None,
    )


def matches(etag: str, if_none_match: str) -> bool:
    """Whether the visitor has it already (RFC 9110, 13.1.2: compared weakly)."""
    if if_none_match.strip() == "*":
        return True
    return etag in (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))


def _body(content: bytes, digest: str, encoding: str, headers: Sequence[tuple[str, str]]) -> Body:
    etag = f'"{digest}-{encoding}"' if encoding else f'"{digest}"'
    not_modified = [*(each for each in headers if not each[0].lower().startswith("content-t")), ("ETag", etag)]
    full = [*headers, ("ETag", etag), ("Content-Length", str(len(content)))]
    if encoding:
        full.append(("Content-Encoding", encoding))
    return Body(content, etag, full, not_modified)


def takes(accepted: str, encoding: str) -> bool:
    """Whether a header such as "gzip, br;q=0.5" allows that encoding."""
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() == encoding:
            return weight.strip().replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _vary_on_encoding(headers: Headers) -> Headers:
    vary = ", ".join(filter(None, [_value(headers, "vary"), "Accept-Encoding"]))
    return [each for each in headers if each[0].lower() != "vary"] + [("Vary", vary)]


def _value(headers: Headers, wanted: str) -> str:
    return ", ".join(value for name, value in headers if name.lower() == wanted)
