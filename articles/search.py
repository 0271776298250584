"""Finding articles by what everyone may see of them: headline, standfirst, teaser, authors, and nothing else."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from . import body
from .models import Article, Byline, Section

MAX_LENGTH, MAX_WORDS = 200, 8
ROWS, MOST = 20, 200
EXCERPT = 160
PERIODS = {"week": timedelta(days=7), "month": timedelta(days=30), "year": timedelta(days=365)}
RELEVANT, NEWEST = "relevant", "newest"


@dataclass(frozen=True)
class Question:
    """What a visitor asks, cleaned: unknown filters ask for nothing."""

    words: tuple[str, ...] = ()
    text: str = ""
    section: Section | None = None
    period: str = ""
    order: str = RELEVANT

    @property
    def is_asked(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.words)


@dataclass(frozen=True)
class Hit:
    """An article that answers, with the words marked in its headline and in one passage."""

    article: Article
    headline: SafeString
    passage: SafeString


@dataclass(frozen=True)
class Results:
    """One page of answers. `found` counts to 200 and stops; `has_more_than_found` says that it did."""

    hits: tuple[Hit, ...] = ()
    found: int = 0
    has_more_than_found: bool = False
    page: int = 1
    pages: int = 1

    @property
    def page_numbers(self) -> range:
        """The numbers of all pages."""
        return range(1, self.pages + 1)

    @property
    def next_page(self) -> int:
        """The number after this one."""
        return self.page + 1


class NoSuchPage(ValueError):
    """There is no page of that number."""


def question(text: str, *, section: Section | None = None, period: str = "", order: str = "") -> Question:
    """The question in its clean form: 200 characters and 8 words at most, control characters dropped."""
    cleaned = " ".join("".join(c if c.isprintable() else " " for c in text)[:MAX_LENGTH].split())
    words = dict.fromkeys(word for word in re.split(r"[\s\"“”]+", cleaned) if word)
    return Question(
        words=tuple(words)[:MAX_WORDS],
        text=cleaned,
        section=section,
        period=period if period in PERIODS else "",
        order=NEWEST if order == NEWEST else RELEVANT,
    )


def results(asked: Question, *, at: datetime, page: int = 1) -> Results:
    """The published articles in which every word stands. Raises NoSuchPage."""
    if not asked.is_asked:
        return Results()
    keys = list(_matching(asked, at).values_list("pk", flat=True)[: MOST + 1])
    found = keys[:MOST]
    pages = max(1, -(-len(found) // ROWS))
    if not 1 <= page <= pages:
        raise NoSuchPage(page)
    shown = found[(page - 1) * ROWS : page * ROWS]
    articles = Article.objects.published(at=at).for_teasers().in_bulk(shown)
    hits = tuple(_hit(articles[key], asked.words) for key in shown if key in articles)
    return Results(hits, len(found), len(keys) > MOST, page, pages)


def _matching(asked: Question, at: datetime) -> QuerySet[Article]:
    rows = Article.objects.published(at=at)
    if asked.section:
        rows = rows.filter(section=asked.section)
    if asked.period:
        rows = rows.filter(published_at__gt=at - PERIODS[asked.period])
    for word in asked.words:
        rows = rows.filter(_stands_in_public_part(word))
    if asked.order == NEWEST:
        return rows.newest_first()
    return rows.annotate(rank=_rank(asked.words)).order_by("-rank", "-published_at", "-pk")


def _stands_in_public_part(word: str) -> Q:
    in_html = escape(word)
    return (
        Q(headline__icontains=word)
        | Q(standfirst__icontains=word)
        # The teaser is HTML: the quick test first, then whether it is the text and not a tag that says it.
        | (Q(teaser__icontains=in_html) & Q(teaser__iregex=f">[^<]*{re.escape(in_html)}"))
        | Q(pk__in=Byline.objects.filter(author__name__icontains=word).values("article"))
    )


def _rank(words: tuple[str, ...]) -> Case:
    """2 where all words stand in the headline, 1 where they stand in the standfirst, else 0."""
    in_headline, in_standfirst = Q(), Q()
    for word in words:
        in_headline &= Q(headline__icontains=word)
        in_standfirst &= Q(standfirst__icontains=word)
    return Case(
        When(in_headline, then=Value(2)),
        When(in_standfirst, then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )


def _hit(article: Article, words: tuple[str, ...]) -> Hit:
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})", re.IGNORECASE)
    passage = article.standfirst
    if not pattern.search(passage):
        teaser = body.as_text(article.teaser)
        passage = _around(teaser, found.start()) if (found := pattern.search(teaser)) else passage
    return Hit(article, marked(article.headline, pattern), marked(passage, pattern))


def _around(text: str, place: int) -> str:
    """A passage of whole words around a place in the text."""
    start = text.rfind(" ", 0, max(place - EXCERPT // 2, 0)) + 1 if place > EXCERPT // 2 else 0
    end = text.find(" ", start + EXCERPT)
    return f"{'… ' if start else ''}{text[start:] if end < 0 else text[start:end]}{' …' if end >= 0 else ''}"


def marked(text: str, pattern: re.Pattern[str]) -> SafeString:
    """Plain text as HTML, with `<mark>` around what the pattern finds."""
    parts, end = [], 0
    for found in pattern.finditer(text):
        parts += [escape(text[end : found.start()]), format_html("<mark>{}</mark>", found[0])]
        end = found.end()
    return mark_safe("".join([*parts, escape(text[end:])]))  # noqa: S308 - every part is escaped
