"""Footnotes: written where they belong in the text, shown as numbers there and as a list below it.

A note stands inside the paragraph it belongs to, as `<span class="footnote">`. So it is on the same side of the wall
as its paragraph, whatever cuts the text; numbers and list are made when a text is served, from what is served.
Pure functions: HTML in, HTML out.
"""

import re
from collections.abc import Iterator

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

_SPAN = re.compile(r'(<span class="footnote">|<span[^>]*>|</span>)')
_OPEN = '<span class="footnote">'
_CLOSE = "</span>"
_NOTE = re.compile(rf"{_OPEN}(.*?){_CLOSE}", re.DOTALL)
# What may stand inside a note; anything else in it loses its tags and keeps its words.
_NOT_INSIDE = re.compile(r"</?(?!(?:a|em|strong)\b)[a-z][^>]*>", re.IGNORECASE)


def clean(html: str) -> str:
    """Sanitised HTML with no other span than notes: none inside another, none empty, none with blocks in it."""
    return _NOTE.sub(_bare_note, "".join(_without_other_spans(html)))


def _without_other_spans(html: str) -> Iterator[str]:
    """The pieces of the HTML; a span that is no note, or stands inside one, is unwrapped."""
    kept: list[bool] = []
    for piece in _SPAN.split(html):
        if piece == _CLOSE:
            if kept and kept.pop():
                yield piece
        elif _SPAN.fullmatch(piece):
            kept.append(piece == _OPEN and not any(kept))
            if kept[-1]:
                yield piece
        else:
            yield piece


def _bare_note(found: re.Match[str]) -> str:
    words = re.sub(r"\s+", " ", _NOT_INSIDE.sub(" ", found[1])).strip()
    return f"{_OPEN}{words}{_CLOSE}" if re.sub(r"<[^>]*>|&nbsp;|\u00a0", "", words).strip() else ""


def set_out(html: str, *, first: int = 1, key: str = "") -> SafeString:
    """Clean HTML with a numbered link in the place of each note, and the notes as a list below, each with its way back.

    `first` is the number of the first note. `key` keeps the ids apart where several texts stand on one page.
    """
    notes: list[SafeString] = []

    def number(found: re.Match[str]) -> str:
        count = first + len(notes)
        notes.append(_entry(found[1], count, key))
        return _reference(count, key)

    text = _NOTE.sub(number, html)
    if not notes:
        return mark_safe(html)  # noqa: S308 - clean() has been here when it was saved
    below = format_html(
        '<section class="notes" role="doc-endnotes" aria-label="{}"><ol start="{}">{}</ol></section>',
        _("Notes"),
        first,
        mark_safe("".join(notes)),  # noqa: S308
    )
    return mark_safe(text + below)  # noqa: S308


def how_many(html: str) -> int:
    """How many notes stand in clean HTML."""
    return len(_NOTE.findall(html))


def _reference(number: int, key: str) -> SafeString:
    return format_html(
        '<sup class="ref"><a id="ref{key}-{number}" href="#note{key}-{number}" role="doc-noteref" '
        'aria-label="{label}">{number}</a></sup>',
        key=key,
        number=number,
        label=_("Note %(number)s") % {"number": number},
    )


def _entry(words: str, number: int, key: str) -> SafeString:
    return format_html(
        '<li id="note{key}-{number}">{words} <a class="back" href="#ref{key}-{number}" role="doc-backlink" '
        'aria-label="{label}">↩</a></li>',
        key=key,
        number=number,
        words=mark_safe(words),  # noqa: S308
        label=_("Back to note %(number)s in the text") % {"number": number},
    )
