"""HTML from elsewhere, turned into what an editor could have written here; and what of it was lost on the way."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from articles import body

from .story import Illustration, Note

# Gives the key of the picture here, or None where it cannot be had.
Place = Callable[[Illustration, str], int | None]
Attributes = dict[str, str]

_BLOCKS = frozenset({"p", "h2", "h3", "ul", "ol", "li", "blockquote", "table", "tbody", "thead", "tr", "td", "th"})
# Words may stand in these as they are; anywhere else a paragraph is opened for them.
_HOLD_WORDS = frozenset({"p", "h2", "h3", "li", "td", "th"})
_INLINE = frozenset({"strong", "em", "a", "sup", "sub", "s", "code", "span"})
_SAME = {"h1": "h2", "h4": "h3", "h5": "h3", "h6": "h3", "b": "strong", "i": "em", "cite": "em", "pre": "p"} | {
    "dd": "p", "dt": "p", "tfoot": "tbody", "strike": "s", "del": "s", "address": "p", "summary": "p", "caption": "p"
}  # fmt: skip
# Nothing but a shape: without them every word stays where it is.
_SHAPES = frozenset(
    {
        *("div", "span", "section", "article", "main", "header", "footer", "html", "body", "font", "center"),
        *("u", "small", "big", "mark", "time", "abbr", "wbr", "tbody", "thead", "figure", "figcaption"),
        *("picture", "source", "cite", "dl", "dt", "dd", "col", "colgroup", "hgroup", "nav", "details"),
        *("summary", "ins", "label", "noscript"),
    }
)
# Gone with everything in it.
_GONE = frozenset(
    {
        *("script", "style", "template", "svg", "math", "form", "select", "textarea", "button", "object"),
        *("applet", "audio", "video", "head", "title", "canvas", "map"),
    }
)
_FRAMES = frozenset({"iframe", "embed"})
_VOID = frozenset(
    {
        *("img", "br", "hr", "input", "source", "wbr", "col", "embed", "area", "base", "link", "meta"),
        *("param", "track"),
    }
)
# Nobody writes deeper; what is nested only to keep a machine busy keeps its words.
_DEEPEST = 50
_WALL = re.compile(r"\s*(?:more\b.*|members-only)\s*", re.DOTALL)
_WITHIN_WORDS = re.compile(r"</?(?:a|b|i|em|strong|span|u|s|sup|sub|code|small|mark|cite)\b[^<>]*>", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+")
_PICTURE_CLASS = re.compile(r"\bwp-image-(\d+)\b")
_OF_A_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Turned:
    """HTML of ours, clean, and what could not be carried over."""

    html: str
    notes: tuple[Note, ...]


def turned(html: str, place: Place, *, hosts: Iterable[str] = (), footnotes: Iterable[tuple[str, str]] = ()) -> Turned:
    """The text as an editor could have written it.

    `place` is asked for each picture. Links to `hosts` become links within this site; `footnotes` are those that the
    source keeps apart, by their keys.
    """
    turner = _Turner(place, frozenset(hosts), dict(footnotes))
    turner.feed(html)
    turner.close()
    made = turner.finished()
    cleaned = body.clean(made)
    return Turned(cleaned, (*turner.notes, *_lost(turner.met, made, cleaned)))


def _lost(met: Counter[str], made: str, cleaned: str) -> Iterable[Note]:
    """What the source had and the text has not: tags we know nothing of, and what cleaning took."""
    before, after = _tags(made), _tags(cleaned)
    for tag, count in sorted(met.items()):
        yield Note(f"<{tag}> is not known here; its words stay.", f"{count}×")
    for tag in sorted(before):
        if tag in ("table", "sup", "sub", "s", "code", "hr") and before[tag] > after[tag]:
            yield Note(f"<{tag}> cannot be written here; its words stay.", f"{before[tag] - after[tag]}×")
    if (words := len(body.as_text(made).split()) - len(body.as_text(cleaned).split())) > 0:
        yield Note("Words were dropped by cleaning.", str(words))


def _tags(html: str) -> Counter[str]:
    return Counter(re.findall(r"<([a-z][a-z0-9]*)\b", html))


def words_of(html: str) -> str:
    """The words of a line that may hold tags; those inside of words part nothing."""
    return body.as_text(_WITHIN_WORDS.sub("", html))


class _Figure:
    """What is collected between the ends of a figure."""

    def __init__(self, kind: str) -> None:
        self.is_bookmark = "bookmark" in kind
        self.pictures: list[tuple[Illustration, str]] = []
        self.caption: list[str] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self.credit: list[str] = []
        self.into = self.words


class _Turner(HTMLParser):
    """Writes blocks side by side; `_open` are the tags that are open in what is written."""

    def __init__(self, place: Place, hosts: frozenset[str], footnotes: dict[str, str]) -> None:
        super().__init__(convert_charrefs=True)
        self.notes: list[Note] = []
        self.met: Counter[str] = Counter()
        self._place, self._hosts, self._footnotes = place, hosts, footnotes
        self._out: list[str] = []
        self._open: list[str] = []
        # Which tag of ours each open tag of theirs became; empty for those that became none.
        self._theirs: list[tuple[str, str]] = []
        self._how_often: Counter[str] = Counter()
        # What waits for the end of the block in whose middle it stood.
        self._waiting: list[str] = []
        self._figures: list[_Figure] = []
        self._gone: list[str] = []

    def finished(self) -> str:
        """Everything, with every tag closed."""
        while self._figures:
            self._end_figure()
        self._close_all()
        return "".join(self._out)

    # --- What the parser finds ------------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if self._gone or tag in _GONE:
            self._leave_out(tag, given)
        elif tag in _FRAMES:
            self._frame(given)
        elif tag == "img":
            self._picture(given)
        elif len(self._open) + len(self._figures) > _DEEPEST and tag not in _VOID:
            self._push(tag, "")
        elif tag == "figure" and not _is_a_shape(given):
            self._figures.append(_Figure(given.get("class", "")))
            self._push(tag, "figure")
        elif self._figures:
            self._inside_figure(tag, given)
        else:
            self._start(tag, given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._gone:
            if tag == self._gone[-1]:
                self._gone.pop()
            return
        if tag in _VOID or not self._how_often[tag]:
            return
        while self._theirs:
            theirs, ours = self._theirs.pop()
            self._how_often[theirs] -= 1
            if ours == "figure":
                self._end_figure()
            elif ours == "aside":
                self._close_all()
            elif ours:
                self._end(ours)
            elif self._open == ["p"] and theirs in ("div", "section", "article"):
                self._close_all()
            if theirs == tag:
                return

    def handle_data(self, data: str) -> None:
        if self._gone:
            return
        if self._figures:
            self._figures[-1].into.append(data)
            return
        if not self._holds_words():
            if not data.strip():
                return
            self._write_start("p")
        self._out.append(escape(data, quote=False))

    def handle_comment(self, data: str) -> None:
        if not self._gone and _WALL.fullmatch(data):
            self._wall()

    # --- Blocks and words -----------------------------------------------------------------------------

    def _start(self, tag: str, given: Attributes) -> None:
        kind = given.get("class", "")
        ours = _SAME.get(tag, tag)
        if tag == "hr":
            self._close_all()
            self._out.append("<hr>")
        elif tag == "br":
            if self._holds_words():
                self._out.append("<br>")
        elif tag == "aside" or "wp-block-pullquote" in kind:
            self._pull_quote(tag)
        elif tag == "sup" and given.get("data-fn") in self._footnotes:
            self._footnote(given["data-fn"])
        elif tag == "span" and kind == "footnote":
            self._push(tag, "span")
            self._write_start("span", ' class="footnote"')
        elif ours in _BLOCKS:
            self._block(tag, ours)
        elif ours in _INLINE and tag != "span":
            self._inline(tag, ours, given)
        elif tag not in _VOID:
            if tag not in _SHAPES:
                self.met[tag] += 1
            elif tag in ("div", "section", "article") and self._open == ["p"]:
                self._close_all()
            self._push(tag, "")

    def _block(self, tag: str, ours: str) -> None:
        """A block of theirs; paragraphs and headings stand in nothing but lists, quotes and tables."""
        if ours in ("p", "h2", "h3", "ul", "ol", "blockquote", "table") and self._open[:1] in (["p"], ["h2"], ["h3"]):
            self._close_all()
        if ours in ("p", "h2", "h3"):
            self._close_to_holder()
        if ours in ("h2", "h3") and self._open:
            ours = "p"
        if ours == "blockquote" and "aside" in self._open:
            self._push(tag, "")
            return
        if ours == "p" and self._open and self._open[-1] in _HOLD_WORDS:
            # A paragraph in an entry of a list, or in a cell: its words are enough.
            self._out.append(" ")
            self._push(tag, "")
            return
        self._push(tag, ours)
        self._write_start(ours)

    def _inline(self, tag: str, ours: str, given: Attributes) -> None:
        if ours == "a" and not (href := self._href(given)):
            self._push(tag, "")
            return
        if not self._holds_words():
            self._write_start("p")
        self._push(tag, ours)
        self._write_start(ours, f' href="{escape(href)}"' if ours == "a" else "")

    def _pull_quote(self, tag: str) -> None:
        self._close_all()
        self._push(tag, "aside")
        self._write_start("aside", ' class="pull-quote"')

    def _footnote(self, key: str) -> None:
        self._out.append(f'<span class="footnote">{body.clean(self._footnotes[key])}</span>')
        self._gone.append("sup")

    def _push(self, theirs: str, ours: str) -> None:
        self._theirs.append((theirs, ours))
        self._how_often[theirs] += 1

    def _write_start(self, tag: str, attributes: str = "") -> None:
        self._open.append(tag)
        self._out.append(f"<{tag}{attributes}>")

    def _holds_words(self) -> bool:
        return any(tag in _HOLD_WORDS for tag in self._open)

    def _end(self, tag: str) -> None:
        if tag in self._open:
            while self._open:
                last = self._open.pop()
                self._out.append(f"</{last}>")
                if last == tag:
                    break
        if not self._open:
            self._let_out()

    def _close_to_holder(self) -> None:
        """End a paragraph that was opened for words, and what is open in it."""
        if "p" in self._open:
            self._end("p")

    def _close_all(self) -> None:
        while self._open:
            self._out.append(f"</{self._open.pop()}>")
        self._let_out()

    def _let_out(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._out.extend(waiting)

    def _stand_alone(self, html: str) -> None:
        """Put a block beside the one that is open, after it."""
        if self._open:
            self._waiting.append(html)
        else:
            self._out.append(html)

    def _wall(self) -> None:
        """The wall stands where it stood; in the middle of a paragraph it cuts it, in a list it stands above."""
        if self._figures:
            self._end_figure()
            self._figures.append(_Figure(""))
        if all(tag in ("p", *_INLINE) for tag in self._open):
            self._close_all()
        self._out.append(body.WALL)

    # --- Links, pictures and frames ---------------------------------------------------------------------

    def _href(self, given: Attributes) -> str:
        """The address; without its host where it leads to the site that the text comes from."""
        href = given.get("href", "").strip()
        try:
            parts = urlsplit(href)
            if parts.hostname in self._hosts and parts.scheme in ("http", "https") and not _is_a_file(parts.path):
                return parts._replace(scheme="", netloc="").geturl() or "/"
        except ValueError:
            return ""
        return href

    def _picture(self, given: Attributes) -> None:
        found = _PICTURE_CLASS.search(given.get("class", ""))
        address = _source(given)
        picture = Illustration(address, alt=given.get("alt", "").strip(), caption=given.get("title", "").strip())
        if self._figures:
            figure = self._figures[-1]
            if not figure.is_bookmark:
                figure.pictures.append((picture, found[1] if found else ""))
            return
        self._put(picture, found[1] if found else "")

    def _put(self, picture: Illustration, key: str) -> None:
        if not picture.address and not key:
            return
        placed = self._place(picture, key)
        if placed is not None:
            words = escape(words_of(picture.caption), quote=False)
            html = f'<figure data-picture="{placed}"><figcaption>{words}</figcaption></figure>'
            self._stand_alone(html)

    def _frame(self, given: Attributes) -> None:
        address = given.get("src", "").strip() or given.get("data-src", "").strip()
        if address.startswith("//"):
            address = f"https:{address}"
        self.notes.append(Note("Something embedded from another site became a link.", address[:200]))
        if not address.startswith(("http://", "https://")):
            return
        if self._figures:
            self._figures[-1].links.append(address)
        else:
            self._stand_alone(_link(address))

    def _leave_out(self, tag: str, given: Attributes) -> None:
        if not self._gone:
            source = given.get("src", "") or given.get("data", "")
            self.notes.append(Note(f"<{tag}> was left out.", source[:200]))
            if tag in ("audio", "video") and source.startswith(("http://", "https://")):
                self._stand_alone(_link(source))
        if tag in _GONE or tag in self._gone:
            self._gone.append(tag)

    # --- Figures --------------------------------------------------------------------------------------

    def _inside_figure(self, tag: str, given: Attributes) -> None:
        figure, kind = self._figures[-1], given.get("class", "")
        if tag == "a" and given.get("href", "").startswith("http") and not _OF_A_PICTURE.search(given["href"]):
            figure.links.append(given["href"])
        if tag == "figcaption":
            figure.into = figure.caption
        elif "byline" in kind or "credit" in kind:
            figure.into = figure.credit
        elif figure.is_bookmark:
            figure.into = figure.words if "title" in kind else [] if kind else figure.into
        elif tag not in _INLINE and tag not in ("b", "i", "br", "cite"):
            figure.into = figure.words
        if tag not in _VOID:
            self._push(tag, "")

    def _end_figure(self) -> None:
        figure = self._figures.pop()
        words, caption, credit = (
            " ".join("".join(part).split()) for part in (figure.words, figure.caption, figure.credit)
        )
        if not figure.pictures:
            self._figure_of_words(figure, words, caption)
            return
        for picture, key in figure.pictures:
            said = caption or words or picture.caption
            self._put(Illustration(picture.address, picture.alt, said, credit), key)

    def _figure_of_words(self, figure: _Figure, words: str, caption: str) -> None:
        if _ADDRESS.fullmatch(words):
            self.notes.append(Note("Something embedded from another site became a link.", words[:200]))
            self._stand_alone(_link(words, caption))
        elif figure.links:
            self._stand_alone(_link(figure.links[0], words or caption))
        elif words or caption:
            self._stand_alone(f"<p>{escape(words or caption, quote=False)}</p>")


def _is_a_shape(given: Attributes) -> bool:
    """A figure that only stands around something that is no picture: a table, a quote."""
    kind = given.get("class", "")
    return any(word in kind for word in ("wp-block-table", "wp-block-pullquote", "kg-callout", "kg-toggle"))


def _source(given: Attributes) -> str:
    """Where the picture is; pages that load late keep it elsewhere and something empty in its place."""
    late = given.get("data-src", "") or given.get("data-lazy-src", "") or given.get("data-orig-file", "")
    address = given.get("src", "").strip()
    return late.strip() if late and (not address or address.startswith("data:")) else address


def _is_a_file(path: str) -> bool:
    return "/wp-content/" in path or "/content/images/" in path or "." in path.rpartition("/")[2]


def _link(address: str, words: str = "") -> str:
    return f'<p><a href="{escape(address)}">{escape(words or address, quote=False)}</a></p>'
