"""Agency copy: IPTC ninjs 2 and 3, and what agencies still send of 1.

A file holds one item, or an array of them, or one in each line; a folder holds files. Names of properties are read
without regard to case, since 3 writes `versionCreated` what 2 wrote `versioncreated`.
"""

import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from .story import Broken, Illustration, LeftOut, Name, Note, Story, moment

Item = dict[str, Any]
# More is no agency copy, in bytes.
LARGEST = 50_000_000
_BY = re.compile(r"^(?:by|von|par|door|av|di|por)\s+", re.IGNORECASE)
_AND = re.compile(r"\s+(?:and|und|et|en|og|och)\s+|\s*[,;&]\s*")
_UP_TO_THE_BODY = re.compile(r"\A.*?<body\b[^<>]*>", re.DOTALL | re.IGNORECASE)
_AFTER_THE_BODY = re.compile(r"</body\s*>.*\Z", re.DOTALL | re.IGNORECASE)
_FIRST_HEADING = re.compile(r"<h1\b[^<>]*>(?:(?!<h1\b).)*?</h1>", re.DOTALL | re.IGNORECASE)
_HTML = ("text/html", "application/xhtml+xml")


class Agency:
    """Items of ninjs. They come in as drafts: whether one goes out is for an editor to say."""

    hosts: frozenset[str] = frozenset()
    source = "ninjs"

    def __init__(self, path: Path) -> None:
        self._files = sorted(path.rglob("*.json*")) if path.is_dir() else [path]
        self.size, self.position = sum(file.stat().st_size for file in self._files), 0

    def picture(self, key: str) -> Illustration | None:
        """The pictures of an item come with it."""
        return None

    def close(self) -> None:
        """There is nothing to forget."""

    def __iter__(self) -> Iterator[Story | LeftOut]:
        broken = ""
        for file in self._files:
            size = file.stat().st_size
            try:
                for item in _items(file, size):
                    yield _story(item)
            except Broken as error:
                broken = broken or f"{file.name}: {error}"
            self.position += size
        if broken:
            raise Broken(broken)


def _items(file: Path, size: int) -> Iterator[Item]:
    if size > LARGEST:
        raise Broken("The file is larger than any agency copy.")
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        yield from _lines(text)
        return
    for item in found if isinstance(found, list) else [found]:
        if isinstance(item, dict):
            yield _in_lower_case(item)


def _lines(text: str) -> Iterator[Item]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Broken(f"Line {number:,} is cut off or damaged.") from error
        if isinstance(item, dict):
            yield _in_lower_case(item)


def _in_lower_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {key.lower(): _in_lower_case(one) for key, one in value.items()}
    return [_in_lower_case(one) for one in value] if isinstance(value, list) else value


def _story(item: Item) -> Story | LeftOut:
    key, headline = str(item.get("uri") or ""), _main(item.get("headlines")) or str(item.get("headline") or "")
    if why := _why_not(item, key):
        return LeftOut(key, headline, why)
    pictures = [one for one in _associated(item) if str(one.get("type")) in ("picture", "graphic")]
    return Story(
        source_id=key,
        headline=headline or str(item.get("title") or item.get("slugline") or ""),
        html=_body(item),
        slug="",
        standfirst=_standfirst(item),
        names=tuple(_names(item)),
        categories=tuple(_about(item, "subjects", "genres")),
        topics=tuple(_about(item, "places", "organisations", "events")),
        language=str(item.get("language") or "")[:2].lower(),
        published_at=moment(item.get("versioncreated") or item.get("firstcreated")),
        changed_at=moment(item.get("versioncreated")),
        embargo_until=moment(item.get("embargoed")),
        hero=_picture(pictures[0]) if pictures else None,
        notes=tuple(_notes(item, pictures)),
    )


def _why_not(item: Item, key: str) -> str:
    kind, state = str(item.get("type") or "text"), str(item.get("pubstatus") or "usable")
    if not key:
        return "It has no uri: without one it would come in again each time."
    if kind not in ("text", "composite"):
        return f"Of the kind “{kind}”; only text is taken in."
    if state == "canceled":
        return "The agency has cancelled it."
    return "" if _body(item) else "There is no text in it."


def _main(values: Any) -> str:
    """The value with the role “main”, else the first one."""
    found = [one for one in values or [] if isinstance(one, dict) and one.get("value")]
    main = next((one for one in found if one.get("role") == "main"), found[0] if found else {})
    return str(main.get("value") or "").strip()


def _body(item: Item) -> str:
    """The text as HTML: HTML where there is any, else plain text with its lines as paragraphs."""
    bodies = [one for one in item.get("bodies") or [] if isinstance(one, dict) and one.get("value")]
    for one in bodies:
        if one.get("contenttype") in _HTML or (not one.get("contenttype") and "<p" in str(one["value"])):
            return _inside(str(one["value"]))
    if html := item.get("body_xhtml") or item.get("body_html"):
        return _inside(str(html))
    plain = next((one["value"] for one in bodies if "xml" not in str(one.get("contenttype"))), item.get("body_text"))
    lines = (line.strip() for line in str(plain or "").splitlines())
    return "".join(f"<p>{escape(line, quote=False)}</p>" for line in lines if line)


def _inside(html: str) -> str:
    """What stands in the body, without the headline that many repeat on top."""
    inside = _AFTER_THE_BODY.sub("", _UP_TO_THE_BODY.sub("", html))
    return _FIRST_HEADING.sub("", inside, count=1)


def _standfirst(item: Item) -> str:
    plain = [
        one for one in item.get("descriptions") or [] if isinstance(one, dict) and one.get("contenttype") not in _HTML
    ]
    return _main(plain) or _main(item.get("subheadlines")) or str(item.get("description_text") or "")


def _names(item: Item) -> Iterator[Name]:
    """Those who wrote it, without "By"; the agency where it names nobody."""
    said = _main(item.get("bylines")) or str(item.get("by") or item.get("byline") or "")
    agency = _agency(item)
    found = [name for name in _AND.split(_BY.sub("", said.strip())) if name.strip()]
    for name in found or [agency]:
        if name:
            yield Name(name.strip(), is_guest=True)


def _agency(item: Item) -> str:
    sources = (one.get("name") for one in item.get("infosources") or [] if isinstance(one, dict))
    return next(filter(None, sources), "") or str(item.get("copyrightholder") or item.get("source") or "")


def _about(item: Item, *kinds: str) -> Iterator[str]:
    for kind in kinds:
        for one in item.get(kind) or item.get(kind.removesuffix("s")) or []:
            if isinstance(one, dict) and one.get("name"):
                yield str(one["name"])


def _associated(item: Item) -> list[Item]:
    """What comes with it: an array since 2, names with items in 1."""
    said = item.get("associations") or []
    found = said.values() if isinstance(said, dict) else said
    return [one for one in found if isinstance(one, dict)]


def _picture(item: Item) -> Illustration | None:
    said = item.get("renditions") or []
    renditions = [one for one in (said.values() if isinstance(said, dict) else said) if isinstance(one, dict)]
    shown = [one for one in renditions if one.get("href") and "video" not in str(one.get("contenttype"))]
    if not shown:
        return None
    largest = max(shown, key=lambda one: int(one.get("width") or 0) if "watermark" not in str(one).lower() else 0)
    caption = _standfirst(item) or _main(item.get("headlines"))
    credit = str(item.get("by") or item.get("creditline") or _main(item.get("bylines")) or _agency(item))
    return Illustration(str(largest["href"]), alt=_main(item.get("headlines")), caption=caption, credit=credit)


def _notes(item: Item, pictures: list[Item]) -> Iterator[Note]:
    if embargo := item.get("embargoed") or item.get("embargoedreason"):
        yield Note("Under embargo: hold it until then.", str(embargo))
    if item.get("pubstatus") == "withheld":
        yield Note("The agency withholds it for now.")
    if until := item.get("expires"):
        yield Note("May be shown for a limited time.", str(until))
    if terms := item.get("usageterms"):
        yield Note("Comes with terms of use.", str(terms))
    if len(pictures) > 1:
        yield Note("Came with further pictures; the first is taken.", f"{len(pictures) - 1}")
    if others := [one for one in _associated(item) if str(one.get("type")) not in ("picture", "graphic")]:
        kinds = sorted({str(one.get("type") or "something") for one in others})
        yield Note("Came with something that is no picture.", ", ".join(kinds))
