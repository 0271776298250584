"""How articles stand in OpenSearch: two indexes, one without a word of what is paid for, read through aliases.

Apart, since a query can be answered, ranked and timed only by what is in the index it is put to. The name of an index
ends in a digest of its mapping: another mapping is another index, filled beside the one that is being read.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.db import connection

from articles.models import Article

PUBLIC, FULL = "public", "full"
BOTH = (PUBLIC, FULL)
# Snowball's name for the stems of each language an article may be written in; "other" has none.
STEMS = {"en": "English", "fr": "French", "nl": "Dutch", "de": "German"}
OTHER = "other"
# How much a word weighs in headline, standfirst and text, as in the index of the database.
WEIGHTS = {"headline": 10, "standfirst": 5, "text": 1}
NAMED = {"names": 3, "topics": 3}


def alias(kind: str) -> str:
    """The name that readers' questions go to."""
    return f"{settings.OPENSEARCH_PREFIX}-{kind}"


def index(kind: str) -> str:
    """The name of the index with the mapping of this release."""
    digest = hashlib.sha256(json.dumps(mapping(kind), sort_keys=True).encode()).hexdigest()[:10]
    return f"{alias(kind)}-{digest}"


def searched_fields() -> list[str]:
    """All fields in which a word may stand, with their weights."""
    spoken = [f"{name}_{language}^{weight}" for language in (*STEMS, OTHER) for name, weight in WEIGHTS.items()]
    return spoken + [f"{name}^{weight}" for name, weight in NAMED.items()]


def mapping(kind: str) -> dict[str, Any]:
    """What an index is made with. Only the public one keeps words as they are written, to correct spelling by."""
    stemmed = {f"{name}_{language}": _text(language) for language in STEMS for name in WEIGHTS}
    plain = {name: _text("folded") for name in (*(f"{name}_{OTHER}" for name in WEIGHTS), *NAMED)}
    filters = {"section": "long", "authors": "long", "kind": "keyword", "published_at": "date", "key": "long"}
    properties: dict[str, Any] = stemmed | plain | {name: {"type": type_} for name, type_ in filters.items()}
    properties["written"] = {"type": "long"}
    if kind == PUBLIC:
        properties["words"] = _text("folded")
    return {
        "settings": {"analysis": {"analyzer": _analyzers(), "filter": _filters()}},
        "mappings": {"dynamic": False, "_source": {"enabled": False}, "properties": properties},
    }


def _text(analyzer: str) -> dict[str, str]:
    return {"type": "text", "analyzer": analyzer}


def _analyzers() -> dict[str, Any]:
    plain = ["lowercase", "asciifolding"]
    stemmed = {language: [*plain, f"stems_{language}"] for language in STEMS}
    return {
        name: {"type": "custom", "tokenizer": "standard", "filter": filters}
        for name, filters in ({"folded": plain} | stemmed).items()
    }


def _filters() -> dict[str, Any]:
    return {f"stems_{code}": {"type": "snowball", "language": name} for code, name in STEMS.items()}


def documents(keys: Sequence[int], *, number: int) -> dict[int, dict[str, dict[str, Any]]]:
    """By its key, each of these articles as it stands in either index; those that are not published are missing."""
    texts = _texts(keys)
    found = Article.objects.filter(pk__in=keys, status=Article.Status.PUBLISHED)
    return {
        article.pk: {PUBLIC: document(article, article.teaser_text, number, words=True)}
        | {FULL: document(article, texts.get(article.pk, ""), number)}
        for article in found.prefetch_related("authors", "topics")
    }


def document(article: Article, text: str, number: int, *, words: bool = False) -> dict[str, Any]:
    """One article as an index holds it, with that text and no other."""
    language = article.language if article.language in STEMS else OTHER
    authors, topics = list(article.authors.all()), list(article.topics.all())
    made: dict[str, Any] = {
        f"headline_{language}": article.headline,
        f"standfirst_{language}": article.standfirst,
        f"text_{language}": text,
        "names": [author.name for author in authors],
        "topics": [topic.name for topic in topics],
        "section": article.section_id,
        "authors": [author.pk for author in authors],
        "kind": article.kicker,
        "published_at": article.published_at.isoformat() if article.published_at else None,
        "key": article.pk,
        "written": number,
    }
    if words:
        made["words"] = [article.headline, article.standfirst, *made["names"], *made["topics"]]
    return made


def _texts(keys: Sequence[int]) -> dict[int, str]:
    if not keys:
        return {}
    places = ", ".join(["%s"] * len(keys))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT article_id, text FROM articles_fulltext WHERE article_id IN ({places})", list(keys))  # noqa: S608
        return dict(cursor.fetchall())


def bulk(
    claimed: Sequence[int], made: dict[int, dict[str, dict[str, Any]]], number: int, into: dict[str, str]
) -> Iterator[Any]:
    """The lines of one bulk request: every claimed article is written to, or taken out of, each of these indexes.

    `into` maps the names of indexes to their kind. An index keeps what carries a higher number.
    """
    for key in claimed:
        for name, kind in into.items():
            about = {"_index": name, "_id": str(key), "version": number, "version_type": "external_gte"}
            if key in made:
                yield {"index": about}
                yield made[key][kind]
            else:
                yield {"delete": about}
