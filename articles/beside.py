"""What stands beside the news on every page: the latest, the briefs, what partners pay for."""

from dataclasses import dataclass
from datetime import datetime

from .models import Article, Brief, PartnerItem

LATEST, BRIEFS, PARTNERS = 8, 8, 6


@dataclass(frozen=True)
class Beside:
    """Three short lists, each fetched in one query."""

    latest: tuple[Article, ...]
    briefs: tuple[Brief, ...]
    partners: tuple[PartnerItem, ...]


def beside(*, at: datetime, without: Article | None = None) -> Beside:
    """The lists as they are at that moment, without the article they stand beside."""
    latest = Article.objects.published(at=at).newest_first().select_related("section").only(*HEADLINE)
    if without is not None:
        latest = latest.exclude(pk=without.pk)
    return Beside(tuple(latest[:LATEST]), newest_briefs(at=at), running_partners(at=at))


def newest_briefs(*, at: datetime) -> tuple[Brief, ...]:
    """The news in brief."""
    return tuple(Brief.objects.published(at=at)[:BRIEFS])


def running_partners(*, at: datetime, most: int = PARTNERS) -> tuple[PartnerItem, ...]:
    """The partner content that is paid for at that moment."""
    return tuple(PartnerItem.objects.running(at=at)[:most])


# What a list of headlines prints of an article.
HEADLINE = ("headline", "slug", "kicker", "published_at", "status", "section__slug", "section__name")
