"""The same article in other languages: one is the original, the others say of which one they are translations."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from .models import Article
from .models.article import ArticleQuerySet

# A language with its country, as Open Graph names it.
LOCALES = {"en": "en_GB", "fr": "fr_FR", "nl": "nl_NL", "de": "de_DE"}


def is_translated() -> Exists:
    """For a query of articles: whether others are translations of it; then `versions_of` asks nothing in vain."""
    return Exists(Article.objects.filter(translation_of=OuterRef("pk")))


def versions_of(article: Article, *, at: datetime) -> tuple[Article, ...]:
    """The article in every language in which the public may read it at that moment, the original first.

    Empty where there is one language only. A translation whose original is not public stands first itself.
    """
    if not article.pk or (article.translation_of_id is None and not getattr(article, "is_translated", True)):
        return ()
    root = article.translation_of_id or article.pk
    group = Article.objects.published(at=at).filter(Q(pk=root) | Q(translation_of=root)).select_related("section")
    found = sorted(group.defer("teaser", "teaser_text"), key=lambda one: (one.pk != root, one.language))
    return tuple(found) if len(found) > 1 else ()


def all_versions(published: ArticleQuerySet) -> Mapping[int, list[tuple[str, str]]]:
    """Of every published article that exists in several languages (by its key): each language and its path.

    Two queries, however many there are; the article itself is among its versions.
    """
    columns = ("pk", "translation_of", "language", "section__slug", "slug")
    translations = list(published.filter(translation_of__isnull=False).values_list(*columns))
    roots = {root for _, root, *_ in translations}
    members = [*published.filter(pk__in=roots).values_list(*columns), *translations] if roots else []
    groups: dict[int, list[tuple[int, str, str]]] = {}
    for key, root, language, section, slug in members:
        groups.setdefault(root or key, []).append((key, language, reverse("article", args=[section, slug])))
    return {
        key: [(language, path) for _, language, path in group]
        for group in groups.values()
        if len(group) > 1
        for key, *_ in group
    }
