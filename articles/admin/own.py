"""Whose work it is: authors see and change their own articles and page, editors everybody's."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from articles.models import Article, Author, Byline


def edits_others(user: Any) -> bool:
    """Whether this person works on what others write, too."""
    return bool(user.has_perm("articles.edit_others_article"))


def visible(articles: QuerySet[Any], user: Any) -> QuerySet[Any]:
    """Those that this person finds at the desk: an author's are signed with the author's name, or assigned to them."""
    return articles if edits_others(user) else articles.filter(_signed_by(user) | Q(assigned_to=user.pk))


def linkable(articles: QuerySet[Any], user: Any, *, at: datetime) -> QuerySet[Any]:
    """Those that this person may name as related: their own, and what everybody can see."""
    if edits_others(user):
        return articles
    return articles.filter(
        _signed_by(user) | Q(assigned_to=user.pk) | Q(pk__in=Article.objects.published(at=at).values("pk"))
    )


def is_own(article: Article, user: Any) -> bool:
    """The same rule as `visible`, for one article."""
    if edits_others(user) or article.assigned_to_id == user.pk:
        return True
    return article.bylines.filter(author__account=user.pk).exists()


def may_begin(user: Any) -> bool:
    """Whether this person may begin an article: an author needs a name to write under."""
    return edits_others(user) or Author.of(user) is not None


def signing(names: list[Author], user: Any) -> list[Author]:
    """The names of the byline. Authors cannot sign themselves away, or the article would be lost to them."""
    mine = None if edits_others(user) else Author.of(user)
    return names if mine is None or mine in names else [mine, *names]


def _signed_by(user: Any) -> Q:
    return Q(pk__in=Byline.objects.filter(author__account=user.pk).values("article"))
