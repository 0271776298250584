"""What stands on the page of an article: what is read, why, and what is around it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.safestring import SafeString

from subscriptions.access import Invitation, invitation_to

from .beside import Beside, beside
from .models import Article
from .paywall import Reading
from .structured_data import news_article

RELATED = 4
# From this age on the page says that people, offices and facts may have changed.
ARCHIVE_AGE = timedelta(days=2 * 365)


@dataclass(frozen=True)
class ArticlePage:
    """An article as one reader sees it. `invitation` is there only where the wall stands."""

    article: Article
    reading: Reading
    related: tuple[Article, ...]
    beside: Beside
    is_from_the_archive: bool
    invitation: Invitation | None = None

    @property
    def structured_data(self) -> SafeString:
        """JSON-LD, which names the wall only where it stands."""
        return news_article(self.article, has_wall_on_page=self.reading.is_locked)


def article_page(article: Article, reading: Reading, *, reader: Any, at: datetime) -> ArticlePage:
    """The page of that moment for `reader` (a reader or AnonymousUser), whom `reading` was made for."""
    return ArticlePage(
        article=article,
        reading=reading,
        related=_related(article, at),
        beside=beside(at=at, without=article),
        is_from_the_archive=article.published_at is not None and article.published_at < at - ARCHIVE_AGE,
        invitation=invitation_to(reader, at=at) if reading.is_locked else None,
    )


def _related(article: Article, at: datetime) -> tuple[Article, ...]:
    """What the editor chose, filled up with the newest of the section."""
    published = Article.objects.published(at=at).newest_first().select_related("section").defer("teaser")
    chosen = list(published.filter(pk__in=article.related.values("pk"))[:RELATED])
    shown = [article.pk, *(one.pk for one in chosen)]
    fill = published.filter(section=article.section).exclude(pk__in=shown)[: RELATED - len(chosen)]
    return (*chosen, *fill)
