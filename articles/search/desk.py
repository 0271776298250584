"""Finding articles at the desk: drafts and withdrawn ones too, by every word of them, or by their address."""

from typing import Any, TypeVar

from django.db.models import Q, QuerySet

from articles.addresses import slug_in
from articles.models import Article, FormerAddress

from . import database
from .question import question

Rows = TypeVar("Rows", bound=QuerySet[Any])


def narrowed(articles: Rows, typed: str) -> Rows:
    """Those of the articles in which every word typed stands, in the text, its headline or its names.

    The last word may be half typed. An address, old or new, leads to its article. Nothing typed: all of them. The
    caller says who may see what: for editors only, since the paid text has a part in it.
    """
    if not typed.strip():
        return articles
    if at_address := _keys_at(typed):
        return articles.filter(pk__in=at_address)
    asked = question(typed)
    if not asked.is_asked:
        return articles.none()
    # Some addresses are a single word.
    slug = typed.strip() if len(asked.words) == 1 else ""
    return articles.filter(database.engine().for_the_desk(asked, slug=slug))


def _keys_at(typed: str) -> list[int]:
    """The article whose address it is, or was; the last part of an address is enough."""
    slug = slug_in(typed.strip())
    if " " in typed.strip() or not slug.isprintable() or not ("/" in typed or "-" in slug):
        return []
    now = Article.objects.filter(slug=slug[:120]).values_list("pk", flat=True)
    then = FormerAddress.objects.filter(slug=slug[:120]).values_list("article_id", flat=True)
    return list(Article.objects.filter(Q(pk__in=now) | Q(pk__in=then)).values_list("pk", flat=True))
