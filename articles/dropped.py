"""What cleaning took out of a text, in words for the editor who typed or pasted it."""

from collections import Counter
from html.parser import HTMLParser

# Empty paragraphs go without saying, and the page around a pasted text is none of it.
_WITHOUT_SAYING = frozenset({"p", "html", "head", "body", "meta", "title", "br"})
NAMED = 12


def between(typed: str, kept: str) -> tuple[str, ...]:
    """What stands in the HTML that was typed and no longer in what was kept, with how often, the most frequent first.

    Elements as `script (3)`, attributes as `onclick=… (2)`; at most twelve names, then how many more there are.
    """
    gone = _counted(typed) - _counted(kept)
    names = [f"{name} ({count})" for name, count in sorted(gone.items(), key=lambda one: (-one[1], one[0]))]
    rest = len(names) - NAMED
    return (*names[:NAMED], f"and {rest} more") if rest > 0 else tuple(names)


def _counted(html: str) -> Counter[str]:
    counter = _Names()
    counter.feed(html)
    counter.close()
    return counter.found


class _Names(HTMLParser):
    """Counts elements and attributes; an attribute of an element that goes itself counts with it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _WITHOUT_SAYING:
            self.found[tag[:30]] += 1
        self.found.update(f"{name[:30]}=…" for name, _ in attrs)
