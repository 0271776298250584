"""Topics and authors as the public knows them: those about which, or by whom, it can read something."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from .models import Article, Author, Topic


def topics(*, at: datetime) -> QuerySet[Topic]:
    """Those with an article that is published at that moment; of the others nobody may learn."""
    return Topic.objects.filter(_with_articles("topics", at))


def authors(*, at: datetime) -> QuerySet[Author]:
    """Those who have signed one that is published at that moment."""
    return Author.objects.filter(_with_articles("authors", at))


def _with_articles(field: str, at: datetime) -> Exists:
    return Exists(Article.objects.published(at=at).filter(**{field: OuterRef("pk")}))
