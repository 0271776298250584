"""WordPress: an export of the whole site, WXR 1.0 to 1.2 (RSS 2.0 with elements of its own).

Read twice: first for the pictures and people, which may stand anywhere in the file, then for the articles. No type of
document and no entity is ever declared in such a file; one that declares any is refused.
"""

import codecs
import json
import re
from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler, feature_external_ges

from defusedxml import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from .index import Index
from .story import Broken, Illustration, LeftOut, Name, Note, Story, moment

AT_ONCE = 1 << 18
# One article with all that hangs on it may have so many characters.
LONGEST_ITEM = 24_000_000
# XML 1.0 has no place for these, and WordPress writes them all the same.
_NOT_XML = {code: None for code in range(32) if code not in (9, 10, 13)} | {0xFFFE: None, 0xFFFF: None}
# Kept apart from the article, or nothing but machinery.
_TYPES = {
    "page": "A page, not an article: standing pages are kept under Pages.",
    "nav_menu_item": "An entry of a menu.",
    "revision": "An older version of an article.",
}
_NOT_TAKEN = {
    "trash": "It was in the bin.",
    "auto-draft": "WordPress had begun it, and nobody had written anything.",
    "inherit": "It belongs to something else.",
}
_NO_LONGER = {
    "pending": Note("Was waiting for review; is a draft here."),
    "private": Note("Was private; is a draft here."),
}
# Each looks no further than the next beginning of its kind, so that many without an end take no longer.
_BLOCK = re.compile(r"<!--\s*/?wp:(?:(?!<!--).)*?-->", re.DOTALL)
_MORE = re.compile(r"<!--\s*more\b(?:(?!<!--).)*?-->", re.DOTALL)
_NEXT_PAGE = re.compile(r"<!--\s*nextpage\s*-->")
_STARTS_A_BLOCK = re.compile(
    r"<(?:/?(?:p|h[1-6]|ul|ol|li|dl|blockquote|figure|table|div|pre|aside|hr|section|iframe|form|script|style)\b|!--)",
    re.IGNORECASE,
)
_CAPTION = re.compile(r"\[caption\b([^\]\[]*)\]((?:(?!\[caption\b).)*?)\[/caption\]", re.DOTALL)
_CAPTIONED = re.compile(r"((?:<a\b[^<>]*>\s*)?<img\b[^<>]*>(?:\s*</a>)?)(.*)", re.DOTALL)
_EMBED = re.compile(r"\[embed\b[^\]\[]*\]((?:(?!\[embed\b).)*?)\[/embed\]", re.DOTALL)
_GALLERY = re.compile(r"\[gallery\b([^\]\[]*)\]")
_NUMBERS = re.compile(r"ids=[\"']?([\d,\s]+)")
_SHORTCODE = re.compile(r"\[([a-z][a-z0-9_-]*)(?:\s+[^\]\[<>]*=[^\]\[]*)\]|\[/([a-z][a-z0-9_-]*)\]", re.IGNORECASE)


class Wordpress:
    """A WXR file. `zone` is the site's own, for the few moments that are given in no other."""

    def __init__(self, path: Path, *, zone: tzinfo, types: frozenset[str] = frozenset({"post"})) -> None:
        self._path, self._zone, self._types = path, zone, types
        self._index = Index()
        self.size, self._read_bytes = 2 * path.stat().st_size, 0
        self.language = ""
        self.hosts: frozenset[str] = frozenset()
        self._look_ahead()
        self.source = min(self.hosts, default="wordpress")

    @property
    def position(self) -> int:
        """How many bytes are read, of two readings."""
        return self._read_bytes

    def picture(self, key: str) -> Illustration | None:
        """An attachment by its number."""
        found = self._index.one("picture", key)
        return Illustration(**found) if found else None

    def close(self) -> None:
        """Forget what was looked up ahead."""
        self._index.close()

    def _look_ahead(self) -> None:
        seen = _Items()
        try:
            for item in self._items(seen):
                if item.one("wp:post_type") == "attachment":
                    self._remember(item)
        except Broken:
            # Said at the second reading, after all that came before it.
            self._read_bytes = self._path.stat().st_size
        for login, author in seen.authors.items():
            self._index.keep("author", login, author)
        self.language = seen.channel.get("language", "")[:2]
        links = (seen.channel.get(name, "") for name in ("wp:base_blog_url", "wp:base_site_url", "link"))
        self.hosts = frozenset(host for link in links if (host := urlsplit(link.strip()).hostname))

    def _remember(self, item: "_Item") -> None:
        picture = {
            "address": item.one("wp:attachment_url") or item.one("guid"),
            "alt": item.meta.get("_wp_attachment_image_alt", "").strip(),
            "caption": item.one("excerpt:encoded").strip(),
        }
        self._index.keep("picture", item.one("wp:post_id"), picture)

    def __iter__(self) -> Iterator[Story | LeftOut]:
        for item in self._items(_Items()):
            kind = item.one("wp:post_type") or "post"
            if kind == "attachment":
                continue
            yield self._story(item) if kind in self._types and not item.is_too_long else self._left_out(item, kind)

    def _left_out(self, item: "_Item", kind: str) -> LeftOut:
        why = "It is longer than any article." if item.is_too_long else _TYPES.get(kind, f"Of the kind “{kind}”.")
        return LeftOut(item.one("wp:post_id"), item.one("title"), why)

    def _story(self, item: "_Item") -> Story | LeftOut:
        number, status = item.one("wp:post_id"), item.one("wp:status")
        if status in _NOT_TAKEN:
            return LeftOut(number, item.one("title"), _NOT_TAKEN[status])
        is_published = status in ("publish", "future") and not item.one("wp:post_password").strip()
        text, notes = self._text(item)
        if status in _NO_LONGER:
            notes.append(_NO_LONGER[status])
        if item.one("wp:post_password").strip():
            notes.append(Note("Was behind a password; is a draft here."))
        if item.comments:
            notes.append(Note("Readers’ comments stay behind.", f"{item.comments}"))
        return Story(
            source_id=number or item.one("guid"),
            headline=item.one("title").strip(),
            html=text,
            slug=unquote(item.one("wp:post_name")),
            standfirst=item.one("excerpt:encoded") or item.meta.get("_yoast_wpseo_metadesc", ""),
            names=tuple(self._names(item)),
            categories=tuple(name for domain, _, name in item.terms if domain == "category"),
            topics=tuple(name for domain, _, name in item.terms if domain == "post_tag"),
            language=self.language,
            is_published=is_published,
            published_at=self._moment(item, "wp:post_date", "pubDate"),
            changed_at=self._moment(item, "wp:post_modified"),
            hero=self.picture(item.meta["_thumbnail_id"]) if "_thumbnail_id" in item.meta else None,
            old_addresses=tuple(self._addresses(item)),
            footnotes=_footnotes(item.meta.get("footnotes", "")),
            notes=tuple(notes),
        )

    def _moment(self, item: "_Item", name: str, otherwise: str = "") -> Any:
        said = moment(item.one(f"{name}_gmt")) or (moment(item.one(otherwise)) if otherwise else None)
        return said or moment(item.one(name), zone=self._zone)

    def _names(self, item: "_Item") -> Iterator[Name]:
        """Several where the site had several (the plug-in Co-Authors Plus keeps them as terms), else the one."""
        several = [
            Name(name, nicename.removeprefix("cap-")) for domain, nicename, name in item.terms if domain == "author"
        ]
        if several:
            yield from several
        elif login := item.one("dc:creator").strip():
            yield Name(self._index.one("author", login) or login)

    def _addresses(self, item: "_Item") -> Iterator[str]:
        link = item.one("link").strip()
        if urlsplit(link).path.strip("/"):
            yield link
        for slug in item.every_meta.get("_wp_old_slug", []):
            if item.one("wp:post_name") and item.one("wp:post_name") in link:
                yield link.replace(item.one("wp:post_name"), slug)

    def _text(self, item: "_Item") -> tuple[str, list[Note]]:
        html, notes = item.one("content:encoded"), []
        if _NEXT_PAGE.search(html):
            notes.append(Note("Was cut into several pages; is one here."))
        html = _NEXT_PAGE.sub("\n\n", _MORE.sub("\n\n<!--more-->\n\n", html))
        html = _CAPTION.sub(_figure, html)
        html = _EMBED.sub(r"\n\n<figure>\1</figure>\n\n", html)
        html = _GALLERY.sub(self._gallery, html)
        is_in_blocks = bool(_BLOCK.search(html))
        html = _BLOCK.sub("", html)
        html = _without_shortcodes(html, notes)
        return html if is_in_blocks else paragraphs(html), notes

    def _gallery(self, found: re.Match[str]) -> str:
        numbers = _NUMBERS.search(found[1])
        keys = re.findall(r"\d+", numbers[1]) if numbers else []
        return "\n\n" + "".join(f'<figure><img class="wp-image-{key}"></figure>' for key in keys) + "\n\n"

    def _items(self, seen: "_Items") -> Iterator["_Item"]:
        """The items one by one. Raises Broken where the file is cut off, is no XML, or declares entities."""
        parser = DefusedExpatParser(forbid_dtd=True, forbid_entities=True, forbid_external=True)
        parser.setFeature(feature_external_ges, False)
        parser.setContentHandler(seen)
        try:
            for piece in self._pieces():
                parser.feed(piece)
                yield from seen.finished()
            parser.close()
            yield from seen.finished()
        except DefusedXmlException as refused:
            yield from seen.finished()
            raise Broken("The file declares entities, which no export does; the rest is not read.") from refused
        except SAXParseException as error:
            yield from seen.finished()
            where = f"line {error.getLineNumber():,}, column {error.getColumnNumber():,}"
            raise Broken(f"The file is cut off or damaged at {where}: {error.getMessage()}.") from error

    def _pieces(self) -> Iterator[str]:
        """The file as text that XML can hold: what is no UTF-8 and what XML forbids is left out."""
        decode = codecs.getincrementaldecoder("utf-8-sig")(errors="replace").decode
        with self._path.open("rb") as file:
            while content := file.read(AT_ONCE):
                self._read_bytes += len(content)
                yield decode(content).translate(_NOT_XML)
            yield decode(b"", final=True)


class _Item:
    """One item of the channel."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.terms: list[tuple[str, str, str]] = []
        self.every_meta: dict[str, list[str]] = {}
        self.comments = 0
        self.is_too_long = False

    def one(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def meta(self) -> dict[str, str]:
        return {key: values[-1] for key, values in self.every_meta.items()}


class _Items(ContentHandler):
    """Collects the text of the elements that we read, and of one item at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.channel: dict[str, str] = {}
        self.authors: dict[str, str] = {}
        self._path: list[str] = []
        self._text: list[str] = []
        self._length = 0
        self._item: _Item | None = None
        self._term: tuple[str, str] = ("", "")
        self._part: dict[str, str] = {}
        self._finished: list[_Item] = []

    def finished(self) -> Iterator[_Item]:
        """The items that are complete, each once."""
        found, self._finished = self._finished, []
        yield from found

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - SAX's name
        self._path.append(name)
        self._text = []
        if name == "item":
            self._item, self._length = _Item(), 0
        elif name == "category":
            self._term = attrs.get("domain", ""), attrs.get("nicename", "")
        elif name in ("wp:postmeta", "wp:author"):
            self._part = {}

    def characters(self, content: str) -> None:
        self._length += len(content)
        if self._length < LONGEST_ITEM and "wp:comment" not in self._path:
            self._text.append(content)

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX's name
        self._path.pop()
        text, self._text = "".join(self._text), []
        around = self._path[-1] if self._path else ""
        if self._item is None:
            self._of_the_channel(around, name, text)
        else:
            self._of_an_item(self._item, around, name, text)

    def _of_the_channel(self, around: str, name: str, text: str) -> None:
        if around == "channel":
            self.channel.setdefault(name, text)
            self._length = 0
            if name == "wp:author":
                login = self._part.get("wp:author_login", "")
                self.authors[login] = self._part.get("wp:author_display_name", "").strip() or login
        elif around == "wp:author":
            self._part[name] = text

    def _of_an_item(self, item: _Item, around: str, name: str, text: str) -> None:
        if name == "item":
            item.is_too_long = self._length >= LONGEST_ITEM
            self._finished.append(item)
            self._item = None
        elif around == "wp:postmeta":
            self._part[name] = text
        elif around == "item":
            self._keep(item, name, text)

    def _keep(self, item: _Item, name: str, text: str) -> None:
        if name == "category":
            item.terms.append((*self._term, text.strip()))
        elif name == "wp:postmeta":
            said = item.every_meta.setdefault(self._part.get("wp:meta_key", ""), [])
            said.append(self._part.get("wp:meta_value", ""))
        elif name == "wp:comment":
            item.comments += 1
        else:
            item.values[name] = text


def paragraphs(text: str) -> str:
    """Text of the classic editor, where an empty line ends a paragraph, with its paragraphs marked."""
    pieces = (piece.strip() for piece in re.split(r"\n\s*\n", text.replace("\r", "")))
    return "\n".join(
        piece if _STARTS_A_BLOCK.match(piece) else "<p>" + piece.replace("\n", "<br>") + "</p>"
        for piece in pieces
        if piece
    )


def _figure(found: re.Match[str]) -> str:
    inside = _CAPTIONED.search(found[2])
    if not inside:
        return found[2]
    return f"\n\n<figure>{inside[1]}<figcaption>{inside[2].strip()}</figcaption></figure>\n\n"


def _without_shortcodes(html: str, notes: list[Note]) -> str:
    """What plug-ins would have replaced is taken out; only what has attributes or an end is certainly one."""
    ended = {found[2].lower() for found in _SHORTCODE.finditer(html) if found[2]}
    names = []

    def gone(found: re.Match[str]) -> str:
        if found[1]:
            names.append(found[1].lower())
        return ""

    html = _SHORTCODE.sub(gone, html)
    for name in ended:
        html, count = re.subn(rf"\[{re.escape(name)}\]", "", html)
        names.extend([name] * count)
    notes.extend(Note("A shortcode of a plug-in was taken out.", name) for name in names)
    return html


def _footnotes(said: str) -> tuple[tuple[str, str], ...]:
    try:
        found = json.loads(said) if said else []
        return tuple((str(one["id"]), str(one["content"])) for one in cast(list[dict[str, Any]], found))
    except (ValueError, KeyError, TypeError):
        return ()
