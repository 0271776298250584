"""What is different between two versions of a text, block by block and word by word."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import unescape
from itertools import zip_longest

_BLOCK_END = re.compile(r"</(?:p|h2|h3|li|blockquote|figcaption|td|th)>|<hr\b[^>]*>")
_WALL = re.compile(r'<hr class="wall"\s*/?>')
_PICTURE = re.compile(r'<figure data-picture="(\d+)">')
_LINK = re.compile(r'<a\b[^>]*href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_BREAK = re.compile(r"<br\s*/?>")
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"\S+\s*")


@dataclass(frozen=True)
class Piece:
    """Some words: `same`, `gone` or `new`."""

    kind: str
    text: str


@dataclass(frozen=True)
class Row:
    """A block as it was and as it is; either side may be empty."""

    before: tuple[Piece, ...]
    after: tuple[Piece, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing in it has changed."""
        return self.before == self.after


def blocks(html: str) -> list[str]:
    """The text block by block, each link followed by its address, since an address is part of what is said.

    The wall and the pictures stand in it as words, since they may move or be exchanged.
    """
    in_words = _WALL.sub("<p>[The wall stands here]</p>", html)
    in_words = _PICTURE.sub(lambda found: f"{found[0]}[Picture {found[1]}] ", in_words)
    with_addresses = _LINK.sub(lambda found: f"{found[2]} [{found[1]}]", in_words)
    parts = _BLOCK_END.split(_BREAK.sub(" ", with_addresses))
    texts = (" ".join(unescape(_TAG.sub("", part)).split()) for part in parts)
    return [text for text in texts if text]


def rows(before: str, after: str) -> list[Row]:
    """Two HTML texts side by side."""
    old, new = blocks(before), blocks(after)
    return [row for step in _steps(old, new) for row in _rows_of(*step)]


def _steps(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    for _, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield old[start:end], new[new_start:new_end]


def _rows_of(old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    for one, other in zip_longest(old, new, fillvalue=""):
        yield Row(*_words(one, other))


def _words(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    before, after = _WORD.findall(old), _WORD.findall(new)
    left: list[Piece] = []
    right: list[Piece] = []
    for kind, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        same = kind == "equal"
        if end > start:
            left.append(Piece("same" if same else "gone", "".join(before[start:end])))
        if new_end > new_start:
            right.append(Piece("same" if same else "new", "".join(after[new_start:new_end])))
    return tuple(left), tuple(right)
