"""What does a visitor ask for? The line of words, cleaned and taken apart."""

import re
from dataclasses import dataclass
from datetime import timedelta

from articles.models import Article, Author, Section

MAX_LENGTH, MAX_TERMS = 200, 8
PERIODS = {"week": timedelta(days=7), "month": timedelta(days=30), "year": timedelta(days=365)}
RELEVANT, NEWEST = "relevant", "newest"
# The opening quotation mark of any kind, up to the next one; or a word.
_TERM = re.compile(r'(?P<minus>(?<!\S)-)?(?:["“”„«](?P<phrase>[^"“”„«»]*)["“”»]|(?P<word>[^\s"“”„«»]+))')


@dataclass(frozen=True)
class Question:
    """What a visitor asks, cleaned: unknown filters ask for nothing.

    A term is a word, or several that must stand side by side.
    """

    wanted: tuple[tuple[str, ...], ...] = ()
    unwanted: tuple[tuple[str, ...], ...] = ()
    text: str = ""
    section: Section | None = None
    author: Author | None = None
    kind: str = ""
    period: str = ""
    order: str = RELEVANT

    @property
    def is_asked(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.wanted)

    @property
    def words(self) -> tuple[str, ...]:
        """All words that are looked for."""
        return tuple(word for term in self.wanted for word in term)

    @property
    def is_narrowed(self) -> bool:
        """Whether more would be found without the filters."""
        return bool(self.section or self.author or self.kind or self.period)


def question(
    text: str,
    *,
    section: Section | None = None,
    author: Author | None = None,
    kind: str = "",
    period: str = "",
    order: str = "",
) -> Question:
    """The question in its clean form: 200 characters and 8 terms at most, control characters dropped.

    Quotation marks keep words together, a minus leaves articles out; anything else that is no letter or digit
    only divides words.
    """
    cleaned = " ".join("".join(c if c.isprintable() else " " for c in text)[:MAX_LENGTH].split())
    wanted: dict[tuple[str, ...], None] = {}
    unwanted: dict[tuple[str, ...], None] = {}
    for found in _TERM.finditer(cleaned):
        words = tuple(re.findall(r"[^\W_]+", found["phrase"] or found["word"] or ""))
        if words:
            (unwanted if found["minus"] else wanted)[words] = None
    return Question(
        wanted=tuple(wanted)[:MAX_TERMS],
        unwanted=tuple(unwanted)[:MAX_TERMS],
        text=cleaned,
        section=section,
        author=author,
        kind=kind if kind in Article.Kind.values else "",
        period=period if period in PERIODS else "",
        order=NEWEST if order == NEWEST else RELEVANT,
    )
