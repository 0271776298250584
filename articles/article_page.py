"""What stands on the page of an article: what is read, why, and what is around it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.html import format_html
from django.utils.safestring import SafeString

from subscriptions.access import Invitation, invitation_to

from . import cards
from .beside import Beside, beside
from .models import Article, Correction, Topic
from .paywall import Reading
from .saved import Shelf, shelf_of
from .structured_data import news_article
from .translations import versions_of

RELATED = 4
# What the pages of the news are written in, around the text of an article.
NEWS_LANGUAGE = "en"
# From this age on the page says that people, offices and facts may have changed.
ARCHIVE_AGE = timedelta(days=2 * 365)


@dataclass(frozen=True)
class ArticlePage:
    """An article as one reader sees it; `invitation` is there only where the wall stands, `shelf` for who logged in."""

    article: Article
    reading: Reading
    related: tuple[Article, ...]
    beside: Beside
    is_from_the_archive: bool
    topics: tuple[Topic, ...] = ()
    invitation: Invitation | None = None
    shelf: Shelf | None = None
    corrections: tuple[Correction, ...] = ()
    # In every language, the original first; empty where there is only this one.
    translations: tuple[Article, ...] = ()

    @property
    def card(self) -> str:
        """The path of its card, for those who link to it; a draft has none."""
        return cards.address_of(self.article) if self.article.published_at else ""

    @property
    def lang(self) -> SafeString:
        """The language of the text as an attribute, where the page around it speaks another."""
        language = self.article.language
        return format_html(' lang="{}"', language) if language != NEWS_LANGUAGE else SafeString()

    @property
    def changed_at(self) -> datetime:
        """When what readers see of it was written or changed last (UTC)."""
        return max(self.article.changed_at, self.article.published_at or self.article.changed_at)

    @property
    def original(self) -> Article | None:
        """For whoever reads none of its languages; None where there is only this one."""
        return self.translations[0] if self.translations else None

    @property
    def structured_data(self) -> SafeString:
        """JSON-LD, which names the wall only where it stands."""
        wall = self.reading.shows_where_the_wall_is
        return news_article(self.article, has_wall_on_page=wall, corrections=self.corrections)


def article_page(article: Article, reading: Reading, *, reader: Any, at: datetime) -> ArticlePage:
    """The page of that moment for `reader` (a reader or AnonymousUser), whom `reading` was made for."""
    topics = tuple(article.topics.all())
    return ArticlePage(
        article=article,
        reading=reading,
        related=_related(article, topics, at),
        topics=topics,
        beside=beside(at=at, without=article),
        is_from_the_archive=article.published_at is not None and article.published_at <= at - ARCHIVE_AGE,
        invitation=invitation_to(reader, at=at) if reading.is_locked else None,
        shelf=shelf_of(reader, article),
        corrections=_corrections(article),
        translations=versions_of(article, at=at),
    )


def _corrections(article: Article) -> tuple[Correction, ...]:
    """The newest first. Nothing is asked where `for_reading` has found that there are none."""
    return tuple(article.corrections.all()) if getattr(article, "is_corrected", True) else ()


def _related(article: Article, topics: tuple[Topic, ...], at: datetime) -> tuple[Article, ...]:
    """What the editor chose, filled up with the newest on the same topics, and then of the section."""
    published = Article.objects.published(at=at).newest_first().select_related("section").defer("teaser", "teaser_text")
    shown = list(published.filter(pk__in=article.related.values("pk"))[:RELATED])
    about = Article.topics.through.objects.filter(topic__in=topics).values("article")
    for alike in (Q(pk__in=about), Q(section=article.section)) if topics else (Q(section=article.section),):
        if len(shown) < RELATED:
            others = published.filter(alike).exclude(pk__in=[article.pk, *(one.pk for one in shown)])
            shown += others[: RELATED - len(shown)]
    return tuple(shown)
