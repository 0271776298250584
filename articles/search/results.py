"""What is found: one page of answers, with the words marked."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from articles.models import Article
from articles.paywall import texts_to_search
from subscriptions.access import Entitlement

from .engine import engine
from .passages import Marker
from .question import Question
from .spelling import correction

ROWS, MOST = 20, 200


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
    did_you_mean: str = ""

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


def results(asked: Question, entitlement: Entitlement | None = None, *, at: datetime, page: int = 1) -> Results:
    """The published articles in which every term stands. Raises NoSuchPage.

    Without an entitlement only what everyone may see is looked at: the paid text has no part in what is found, in
    its order, its count or the time it takes.
    """
    if not asked.is_asked:
        return Results()
    keys = engine().find(asked, in_full=entitlement is not None, at=at, most=MOST + 1)
    found = keys[:MOST]
    pages = max(1, -(-len(found) // ROWS))
    if not 1 <= page <= pages:
        raise NoSuchPage(page)
    shown = found[(page - 1) * ROWS : page * ROWS]
    articles = Article.objects.published(at=at).for_teasers().defer(None).defer("teaser").in_bulk(shown)
    texts = texts_to_search([articles[key] for key in shown if key in articles], entitlement)
    hits = tuple(_hit(articles[key], asked, texts[key]) for key in shown if key in articles)
    better = "" if found else correction(asked, at=at)
    return Results(hits, len(found), len(keys) > MOST, page, pages, better)


def _hit(article: Article, asked: Question, text: str) -> Hit:
    marker = Marker(asked.words, article.language)
    passage = article.standfirst if marker.passage(article.standfirst) else marker.passage(text) or article.standfirst
    return Hit(article, marker.marked(article.headline), marker.marked(passage))
