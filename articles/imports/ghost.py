"""Ghost: the JSON that its settings export, tables as in its database.

Read twice: first for people, tags and what joins them to the posts, since the tables stand in any order.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .index import Index
from .json_text import JsonText
from .story import Broken, Illustration, LeftOut, Name, Note, Story, Wall, moment

Row = dict[str, Any]
# Stands in an export for the address of the site.
PLACEHOLDER = "__GHOST_URL__"
_JOINED = ("users", "tags", "posts_tags", "posts_authors", "posts_meta")
_HIDDEN = re.compile(r"<!--\s*members-only\s*-->")


class Ghost:
    """An export of Ghost, of any version with tables. `site` is its address, which the export does not know."""

    def __init__(self, path: Path, *, site: str = "") -> None:
        self._path, self._site, self._index = path, site.rstrip("/"), Index()
        host = urlsplit(self._site).hostname
        self.hosts = frozenset({host} if host else set())
        self.source = host or "ghost"
        self.size, self._before = 2 * path.stat().st_size, 0
        self._reading: JsonText | None = None
        self._look_ahead()

    @property
    def position(self) -> int:
        """How many bytes are read, of two readings."""
        return self._before + (self._reading.position if self._reading else 0)

    def picture(self, key: str) -> Illustration | None:
        """Ghost knows its pictures by their addresses only."""
        return None

    def close(self) -> None:
        """Forget what was looked up ahead."""
        self._index.close()

    def _look_ahead(self) -> None:
        try:
            for table, row in self._rows(_JOINED):
                key = row.get("post_id") if table.startswith("posts_") else row.get("id")
                self._index.keep(table, key, row, place=int(row.get("sort_order") or 0))
        except Broken:
            # Said at the second reading, after all that came before it.
            pass
        self._before = self._path.stat().st_size

    def __iter__(self) -> Iterator[Story | LeftOut]:
        for _, row in self._rows(("posts",)):
            if row.get("type") == "page" or row.get("page") in (1, True):
                why = "A page, not an article: standing pages are kept under Pages."
                yield LeftOut(str(row.get("id")), str(row.get("title") or ""), why)
            else:
                yield self._story(row)

    def _story(self, row: Row) -> Story:
        meta = self._index.one("posts_meta", row.get("id")) or {}
        status, visibility = row.get("status"), row.get("visibility") or "public"
        html, slug = self._whole(row.get("html") or ""), str(row.get("slug") or "")
        tags = [tag for tag in self._tags(row) if not tag.startswith("#")]
        return Story(
            source_id=str(row.get("id")),
            headline=str(row.get("title") or "").strip(),
            html=html,
            slug=slug,
            standfirst=row.get("custom_excerpt") or meta.get("meta_description") or row.get("meta_description") or "",
            names=tuple(self._names(row)),
            categories=tuple(tags),
            language=str(row.get("locale") or row.get("language") or "")[:2],
            is_published=status in ("published", "scheduled"),
            published_at=moment(row.get("published_at")),
            changed_at=moment(row.get("updated_at")),
            wall=Wall.FREE if visibility == "public" else Wall.PAID,
            hero=self._hero(row, meta),
            old_addresses=(f"/{slug}/",) if slug and status != "draft" else (),
            notes=tuple(_notes(row, html, visibility)),
        )

    def _whole(self, text: str) -> str:
        """The text with the address of the site where its placeholder stood."""
        return text.replace(PLACEHOLDER, self._site)

    def _hero(self, row: Row, meta: Row) -> Illustration | None:
        address = row.get("feature_image") or row.get("image")
        if not address:
            return None
        alt = meta.get("feature_image_alt") or ""
        return Illustration(self._whole(address), alt=alt, caption=meta.get("feature_image_caption") or "")

    def _tags(self, row: Row) -> Iterator[str]:
        for joined in self._index.every("posts_tags", row.get("id")):
            tag = self._index.one("tags", joined.get("tag_id"))
            if tag and tag.get("visibility") != "internal" and tag.get("name"):
                yield str(tag["name"])

    def _names(self, row: Row) -> Iterator[Name]:
        joined = [one.get("author_id") for one in self._index.every("posts_authors", row.get("id"))]
        for key in joined or [row.get("author_id")]:
            if author := self._index.one("users", key):
                yield Name(str(author.get("name") or ""), str(author.get("slug") or ""), str(author.get("bio") or ""))

    def _rows(self, tables: tuple[str, ...]) -> Iterator[tuple[str, Row]]:
        """The rows of these tables. Raises Broken where the file is cut off or is none of Ghost's."""
        reading = self._reading = JsonText(self._path)
        try:
            for key in reading.names():
                if key == "db":
                    for _ in reading.elements():
                        for part in reading.names():
                            yield from _part(reading, part, tables)
                else:
                    yield from _part(reading, key, tables)
        finally:
            reading.close()


def _part(reading: JsonText, part: str, tables: tuple[str, ...]) -> Iterator[tuple[str, Row]]:
    if part != "data":
        reading.value()
        return
    for table in reading.names():
        if reading.next() != "[":
            reading.value()
            continue
        for _ in reading.elements():
            row = reading.value()
            if table in tables and isinstance(row, dict):
                yield table, row


def _notes(row: Row, html: str, visibility: str) -> Iterator[Note]:
    if not html and (row.get("lexical") or row.get("mobiledoc")):
        yield Note("Has its text in the form of Ghost’s editor only: open and save it in Ghost, and export again.")
    if visibility in ("members", "tiers") or (visibility not in ("public", "paid")):
        yield Note("Was for some of the members; is for everybody who subscribes here.", visibility)
    if visibility != "public" and not _HIDDEN.search(html):
        yield Note("Was closed from its first word: nothing of the text is free here, either.")
    if row.get("status") == "sent":
        yield Note("Went out as a newsletter only; is a draft here.")
    if row.get("canonical_url"):
        yield Note("Named another address as its original.", str(row["canonical_url"]))
    if row.get("codeinjection_head") or row.get("codeinjection_foot"):
        yield Note("Code that was put into the page stays behind.")
