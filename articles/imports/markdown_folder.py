"""A folder of Markdown, as Jekyll, Hugo and their like keep it: a file for each article, with what it is on top."""

import re
import tomllib
from collections.abc import Iterator
from datetime import tzinfo
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

from . import front_matter
from .front_matter import Unreadable
from .story import Illustration, LeftOut, Name, Note, Story, Wall, moment

# In bytes; more is no article.
LARGEST = 5_000_000
_FENCED = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)\n(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
# 2019-05-17-the-name-of-it.md
_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})-(.+)")
_NOTE_BELOW = re.compile(r"^\[\^([^\]\s]+)\]:[ \t]*(.+(?:\n[ \t]+\S.*)*)", re.MULTILINE)
_NOTE_HERE = re.compile(r"\[\^([^\]\s]+)\]")
_TEMPLATE = re.compile(r"\{\{[<%](?:(?!\{\{).)*?[>%]\}\}|\{%(?:(?!\{%).)*?%\}", re.DOTALL)
_KNOWN = frozenset(
    {
        *("title", "date", "draft", "published", "slug", "author", "authors", "tags", "topics", "categories"),
        *("category", "section", "description", "summary", "excerpt", "standfirst", "image", "featured_image", "cover"),
        *("image_alt", "image_caption", "image_credit", "aliases", "redirect_from", "permalink", "url", "lang"),
        *("language", "free", "access", "lastmod", "updated", "layout", "type", "weight"),
    }
)


class MarkdownFolder:
    """A folder with files of Markdown in it, however deep."""

    hosts: frozenset[str] = frozenset()

    def __init__(self, path: Path, *, zone: tzinfo) -> None:
        self.root, self._zone = path.resolve(), zone
        self._files = sorted(
            file for file in path.rglob("*") if file.suffix.lower() in (".md", ".markdown") and file.is_file()
        )
        self.source = "markdown"
        self.size, self.position = sum(file.stat().st_size for file in self._files), 0
        # A file is anybody's: HTML in it goes the same way as all other.
        self._markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

    def picture(self, key: str) -> Illustration | None:
        """Markdown knows pictures by their addresses only."""
        return None

    def close(self) -> None:
        """There is nothing to forget."""

    def __iter__(self) -> Iterator[Story | LeftOut]:
        for file in self._files:
            yield self._read(file)
            self.position += file.stat().st_size

    def _read(self, file: Path) -> Story | LeftOut:
        place = file.resolve()
        name = place.relative_to(self.root).as_posix() if place.is_relative_to(self.root) else ""
        if not name:
            return LeftOut(file.name, "", "It leads out of the folder.")
        if file.stat().st_size > LARGEST:
            return LeftOut(name, "", "It is longer than any article.")
        if file.stem.lower() in ("readme", "_index"):
            return LeftOut(name, "", "It says something about the folder.")
        text = file.read_text(encoding="utf-8-sig", errors="replace").replace("\r\n", "\n")
        try:
            facts, text = _parted(text)
        except Unreadable as error:
            return LeftOut(name, "", f"What stands on top cannot be read: {error}")
        return self._story(name, file, facts, text)

    def _story(self, name: str, file: Path, facts: dict[str, Any], text: str) -> Story:
        dated = _DATED.fullmatch(file.stem)
        stem = file.parent.name if file.stem == "index" else file.stem
        title, text = _title(facts, text, stem)
        notes = [Note("Said more on top than we know of.", key) for key in sorted(set(facts) - _KNOWN)]
        if _TEMPLATE.search(text):
            notes.append(Note("A template was taken out of the text."))
        date = moment(facts.get("date"), zone=self._zone) or (moment(dated[1], zone=self._zone) if dated else None)
        is_draft = facts.get("draft") is True or facts.get("published") is False
        return Story(
            source_id=name,
            headline=title,
            html=self._markdown.render(_with_notes(_TEMPLATE.sub("", text))),
            slug=str(facts.get("slug") or (dated[2] if dated else stem)),
            standfirst=_first(facts, "standfirst", "description", "summary", "excerpt"),
            names=tuple(Name(one) for one in _words(facts, "author", "authors")),
            categories=tuple(_words(facts, "section", "category", "categories")),
            topics=tuple(_words(facts, "tags", "topics")),
            language=_first(facts, "lang", "language")[:2].lower(),
            is_published=date is not None and not is_draft,
            published_at=date,
            changed_at=moment(facts.get("lastmod") or facts.get("updated"), zone=self._zone),
            wall=_wall(facts),
            hero=_hero(facts),
            old_addresses=tuple(
                one for one in _words(facts, "url", "permalink", "aliases", "redirect_from") if ":" not in one
            ),
            notes=tuple(notes),
        )


def _parted(text: str) -> tuple[dict[str, Any], str]:
    """What stands on top (YAML between ---, TOML between +++), and the text. Raises Unreadable."""
    found = _FENCED.match(text)
    if not found:
        return {}, text
    try:
        facts = tomllib.loads(found[2]) if found[1] == "+++" else front_matter.read(found[2])
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(str(error)) from error
    return {key.lower(): value for key, value in facts.items()}, text[found.end() :]


def _title(facts: dict[str, Any], text: str, stem: str) -> tuple[str, str]:
    """The title on top, or the first heading, which then is no part of the text, or the name of the file."""
    if facts.get("title"):
        return str(facts["title"]).strip(), text
    if heading := re.match(r"\s*#[ \t]+(.+?)[ \t#]*\n", text):
        return heading[1].strip(), text[heading.end() :]
    return stem.replace("-", " ").capitalize(), text


def _first(facts: dict[str, Any], *keys: str) -> str:
    return next((str(facts[key]).strip() for key in keys if isinstance(facts.get(key), str) and facts[key]), "")


def _words(facts: dict[str, Any], *keys: str) -> Iterator[str]:
    for key in keys:
        said = facts.get(key)
        for one in said if isinstance(said, list) else [said]:
            if isinstance(one, str | int) and not isinstance(one, bool) and str(one).strip():
                yield str(one).strip()


def _wall(facts: dict[str, Any]) -> Wall:
    if facts.get("free") is True or facts.get("access") in ("free", "public"):
        return Wall.FREE
    return Wall.PAID if facts.get("access") in ("paid", "members", "subscribers") else Wall.NOTHING_SAID


def _hero(facts: dict[str, Any]) -> Illustration | None:
    said = facts.get("image") or facts.get("featured_image") or facts.get("cover")
    if isinstance(said, dict):
        said = said.get("image") or said.get("path") or said.get("src")
    if not isinstance(said, str) or not said:
        return None
    return Illustration(
        urlsplit(said).geturl(),
        alt=_first(facts, "image_alt"),
        caption=_first(facts, "image_caption"),
        credit=_first(facts, "image_credit"),
    )


def _with_notes(text: str) -> str:
    """Footnotes where they belong instead of below the text."""
    below = {key: " ".join(words.split()) for key, words in _NOTE_BELOW.findall(text)}

    def here(found: re.Match[str]) -> str:
        words = below.get(found[1])
        return f'<span class="footnote">{escape(words, quote=False)}</span>' if words else found[0]

    return _NOTE_HERE.sub(here, _NOTE_BELOW.sub("", text)) if below else text
