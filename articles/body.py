"""The text of an article as HTML: cleaned, cut at the wall, counted, and its pictures put in.

Pure functions: HTML in, HTML or numbers out.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django_prose_editor.fields import create_sanitizer

from . import footnotes
from .editor import BODY_EXTENSIONS

WORDS_PER_MINUTE = 220
# Without a choice by the editor, this many paragraphs are for everyone.
FREE_PARAGRAPHS = 2
_VOID = frozenset({"br", "hr"})
# Eighteen digits are what the key of any database holds.
_PICTURE = re.compile(r'<figure data-picture="([0-9]{1,18})">(.*?)</figure>', re.DOTALL)
_FIGURE = re.compile(r"<figure\b[^>]*>.*?</figure>|<figure\b[^>]*>|</figure>", re.DOTALL)
_EMPTY = re.compile(r"<p>(?:\s|&nbsp;|\u00a0|<br>)*</p>")
# What is left of badly nested HTML can be nothing by itself.
_ROUNDS = 4
_NO_TEXT = ("<figure", "<h2", "<h3")
_CAPTION = re.compile(r"<figcaption>(.*?)</figcaption>", re.DOTALL)
_TABLE = re.compile(r"<table\b[^>]*>")
_OWN_LINK = re.compile(r'(<a href=")(/(?!/)[^"]*)"')
WALL = '<hr class="wall">'
_WALL = re.compile(r'<hr class="wall"\s*/?>')


@dataclass(frozen=True)
class Cut:
    """An article's text on both sides of the wall."""

    teaser: str
    rest: str


@cache
def _sanitiser() -> Callable[[str], str]:
    return create_sanitizer(BODY_EXTENSIONS)


def clean(html: str) -> str:
    """The HTML with everything dropped that an editor cannot write with the editor's buttons.

    A picture is reduced to its id and its caption, a footnote to its words and links, and one wall stands between
    blocks or nowhere. What is clean stays as it is when it is cleaned again.
    """
    cleaned = _cleaned_once(html)
    for _round in range(_ROUNDS):
        before, cleaned = cleaned, _cleaned_once(cleaned)
        if cleaned == before:
            break
    return cleaned


def _cleaned_once(html: str) -> str:
    figures_reduced = _FIGURE.sub(_bare_figure, _sanitiser()(html))
    # Again, since a figure taken out of badly nested HTML can leave a tag open.
    notes_reduced = footnotes.clean(_sanitiser()(figures_reduced))
    return _with_one_wall(_EMPTY.sub("", notes_reduced)).strip()


def _bare_figure(found: re.Match[str]) -> str:
    picture = _PICTURE.fullmatch(found[0])
    if not picture:
        return ""
    caption = _CAPTION.search(picture[2])
    words = escape(as_text(caption[1])) if caption else ""
    return f'<figure data-picture="{picture[1]}"><figcaption>{words}</figcaption></figure>'


def _with_one_wall(html: str) -> str:
    """Keep the first wall only, and outside of lists and quotes: before the block that held it."""
    if not _WALL.search(html):
        return html
    blocks = top_level_blocks(html)
    first = next(index for index, block in enumerate(blocks) if _WALL.search(block))
    bare = [_WALL.sub("", block) for block in blocks]
    return "".join([*bare[:first], WALL, *bare[first:]])


def without_wall(html: str) -> str:
    """Clean HTML where no wall stands: for texts that are free or paid for as a whole."""
    return _WALL.sub("", html)


def cut_at_wall(html: str) -> Cut:
    """Cut clean HTML where the editor set the wall, else after the first two blocks of text.

    Headings and pictures are no text: what of them stands before the cut is for everyone, too.
    """
    blocks = top_level_blocks(html)
    for index, block in enumerate(blocks):
        if _WALL.fullmatch(block):
            return Cut("".join(blocks[:index]), "".join(blocks[index + 1 :]))
    seen = 0
    for index, block in enumerate(blocks):
        seen += not block.startswith(_NO_TEXT)
        if seen == FREE_PARAGRAPHS:
            return Cut("".join(blocks[: index + 1]), "".join(blocks[index + 1 :]))
    return Cut("".join(blocks), "")


def count_words(html: str) -> int:
    """How many words a reader reads."""
    return len(as_text(html).split())


def minutes_to_read(words: int) -> int:
    """Whole minutes at 220 words a minute, at least one."""
    return max(1, round(words / WORDS_PER_MINUTE))


def as_text(html: str) -> str:
    """The words without tags; neighbouring blocks stay apart."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", html))).strip()


def picture_ids(html: str) -> list[int]:
    """The pictures that stand in the text, in order."""
    return [int(found[1]) for found in _PICTURE.finditer(html)]


def with_pictures(html: str, figures: Mapping[int, Callable[[str], str]]) -> SafeString:
    """Put each picture in its place.

    `figures` maps a picture's id to a function from the caption written in the text (empty: the picture's own)
    to the figure's HTML. A picture that is gone leaves nothing behind.
    """

    def figure(found: re.Match[str]) -> str:
        make = figures.get(int(found[1]))
        caption = _CAPTION.search(found[2])
        return make(as_text(caption[1]) if caption else "") if make else ""

    return mark_safe(_PICTURE.sub(figure, html))  # noqa: S308 - clean() has been here when it was saved


def with_tables(html: str) -> SafeString:
    """Each table in a frame of its own that scrolls where it is wider than the page, also by keyboard."""
    if "<table" not in html:
        return mark_safe(html)  # noqa: S308
    frame = format_html('<div class="scroll" role="region" tabindex="0" aria-label="{}">', _("Table"))
    opened = _TABLE.sub(frame + '<table class="table">', html)
    return mark_safe(opened.replace("</table>", "</table></div>"))  # noqa: S308 - clean() has been here


def with_absolute_links(html: str, absolute: Callable[[str], str]) -> SafeString:
    """Clean HTML for where it is read elsewhere: links to our own pages say where we are."""
    led = _OWN_LINK.sub(lambda found: f'{found[1]}{escape(absolute(unescape(found[2])))}"', html)
    return mark_safe(led)  # noqa: S308 - clean() has been here


def with_anchor(cut: Cut) -> SafeString:
    """Both sides joined, with `#continue` where the wall stood."""
    if not cut.rest:
        return mark_safe(cut.teaser)  # noqa: S308
    return mark_safe(cut.teaser + format_html('<span id="{}" tabindex="-1"></span>', "continue") + cut.rest)  # noqa: S308


def top_level_blocks(html: str) -> list[str]:
    """The blocks that stand side by side in clean HTML: paragraphs, headings, figures, lists."""
    cutter = _BlockCutter(html)
    cutter.feed(html)
    cutter.close()
    return cutter.blocks()


class _BlockCutter(HTMLParser):
    """Notes where a top-level element ends, and cuts the source there."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=False)
        self._source, self._depth, self._ends = source, 0, [0]
        self._line_starts = [0]
        for found in re.finditer("\n", source):
            self._line_starts.append(found.end())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self._depth += 1
        elif self._depth == 0:
            self._end_after(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._depth == 0:
            self._end_after(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self._depth = max(self._depth - 1, 0)
        if self._depth == 0:
            self._end_after(f"</{tag}>")

    def _end_after(self, text: str) -> None:
        line, column = self.getpos()
        self._ends.append(self._line_starts[line - 1] + column + len(text))

    def blocks(self) -> list[str]:
        edges = [*self._ends, len(self._source)]
        parts = (self._source[start:end].strip() for start, end in pairwise(edges))
        return [part for part in parts if part]
