"""HTML as plain text, for letters and for what is kept without markup: headings, lists, boxes and facts stay readable.

A pure function for the few elements that our own texts are made of; anything else is just its words.
"""

from html.parser import HTMLParser
from textwrap import fill
from urllib.parse import urljoin

WIDTH = 72
_BLOCKS = frozenset(
    {"p", "h1", "h2", "h3", "li", "dt", "dd", "blockquote", "div", "section", "ul", "ol", "dl", "legend"}
)
_HEADINGS = {"h1": "=", "h2": "-", "h3": ""}


def as_plain_text(html: str, *, base_url: str = "") -> str:
    """The words of an HTML text, wrapped at 72 signs; a link is followed by its address, made whole with `base_url`.

    A heading is underlined, an item of a list begins with a dash or its number, each line of a quotation or a note
    with a bar, and a term and its description share a line.
    """
    reader = _Reader(base_url)
    reader.feed(html)
    reader.close()
    reader.end_block()
    return "\n\n".join(reader.blocks).replace("\n\n\0", "\n").replace("\0", "")


class _Reader(HTMLParser):
    def __init__(self, base_url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[str] = []
        self._base_url = base_url
        self._words = ""
        self._heading = ""
        self._term = ""
        self._lists: list[int | None] = []
        self._mark = ""
        self._is_item = False
        self._quoted = 0
        self._notes: list[bool] = []
        self._link = ""
        self._before = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.end_block()
        if tag in _HEADINGS:
            self._heading = tag
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
            self._before = ""
        elif tag == "li":
            self._mark, self._is_item = self._next_mark(), True
        elif tag == "blockquote":
            self._quoted += 1
        elif tag == "div":
            self._notes.append(dict(attrs).get("role") == "note")
            self._quoted += self._notes[-1]
        elif tag == "br":
            self._words += "\n"
        elif tag == "a":
            self._link = self._shown_address(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            if self._link and self._link not in self._words:
                self._words += f" ({self._link})"
            self._link = ""
        if tag == "dt":
            self._term, self._words = " ".join(self._words.split()), ""
        elif tag in _BLOCKS:
            self.end_block()
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "blockquote":
            self._quoted = max(self._quoted - 1, 0)
        elif tag == "div" and self._notes:
            self._quoted -= self._notes.pop()

    def handle_data(self, data: str) -> None:
        self._words += data.replace("\n", " ")

    def end_block(self) -> None:
        """What was read since the last block is one of its own."""
        lines = [" ".join(line.split()) for line in self._words.split("\n")]
        heading, term, mark, is_item = self._heading, self._term, self._mark, self._is_item
        self._words = ""
        if not any(lines):
            return
        self._heading, self._term, self._mark = "", "", ""
        if heading:
            text = "\n".join(filter(None, [lines[0], _HEADINGS[heading] * len(lines[0])]))
        elif term:
            text = fill(f"{term}: {' '.join(lines)}", WIDTH, subsequent_indent="  ")
        else:
            indent = "  " * len(self._lists)
            first = indent[:-2] + mark if mark else indent if is_item and self._lists else ""
            rest = indent if self._lists else ""
            wrapped = [fill(line, WIDTH, initial_indent=first, subsequent_indent=rest) for line in lines if line]
            text = "\n".join(wrapped)
        if self._quoted:
            text = "\n".join(f"| {line}" for line in text.split("\n"))
        # Items and facts stand close together.
        kind = "item" if mark else "fact" if term else ""
        self.blocks.append(("\0" if kind and kind == self._before else "") + text)
        self._before = kind

    def _next_mark(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def _shown_address(self, href: str) -> str:
        if href.startswith("mailto:"):
            return href.removeprefix("mailto:").split("?")[0]
        return urljoin(self._base_url, href) if href.startswith(("/", "http")) else ""
