"""Everything that was written here as lines of JSON, with the pictures beside them: to keep, to move, to leave.

The first line says what the file is; then come sections, topics, pictures and authors, and then the articles, each
with its whole text. `own.py` reads it.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Prefetch

from articles.models import Article, Author, Byline, Picture, Section, Topic
from articles.models.imported import whole_texts

from .plain import values_of

# Of the format, not of the site.
VERSION = 1
NAME, MEDIA = "articles.jsonl", "media"
AT_ONCE = 200
_SUFFIXES = {b"\xff\xd8\xff": "jpg", b"\x89PNG": "png", b"RIFF": "webp"}


def write(folder: Path, *, at: datetime) -> Iterator[str]:
    """Write the lines and the files; yields the kind of each line that is written, and takes its name at the end."""
    (folder / MEDIA).mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{NAME}.unfinished"
    with unfinished.open("w", encoding="utf-8", newline="\n") as file:
        for line in _lines(folder / MEDIA, at):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            yield line["kind"]
    unfinished.replace(folder / NAME)


def _lines(media: Path, at: datetime) -> Iterator[dict[str, Any]]:
    made_at = at.astimezone(UTC).isoformat()
    yield {"kind": "site", "version": VERSION, "site": settings.SITE_URL, "made_at": made_at}
    yield from ({"kind": "section", **values_of(one)} for one in Section.objects.order_by("pk"))
    yield from ({"kind": "topic", **values_of(one)} for one in Topic.objects.order_by("pk"))
    for picture in Picture.objects.order_by("pk").iterator(AT_ONCE):
        yield {"kind": "picture", "key": picture.pk, "file": _file(picture, media), **values_of(picture)}
    for author in Author.objects.order_by("pk"):
        yield {"kind": "author", "picture": author.picture_id, **values_of(author)}
    yield from _articles()


def _file(picture: Picture, media: Path) -> str | None:
    """Copy the original; its name holds a hash of it, so that the copy can be proved. None where it is gone."""
    digest = digest_of(picture)
    if digest is None:
        return None
    with picture.original.open("rb") as original:
        start = original.read(12)
        suffix = next((name for signature, name in _SUFFIXES.items() if start.startswith(signature)), "avif")
        name = f"{digest}.{suffix}"
        if not (media / name).exists():
            original.seek(0)
            unfinished = media / f"{name}.unfinished"
            with unfinished.open("wb") as copy:
                shutil.copyfileobj(original, copy)
            unfinished.replace(media / name)
    return name


def digest_of(picture: Picture) -> str | None:
    """A hash of the original; None where the file is gone."""
    try:
        with picture.original.open("rb") as original:
            return hashlib.file_digest(original, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def _articles() -> Iterator[dict[str, Any]]:
    signatures = Prefetch("bylines", Byline.objects.select_related("author"))
    around = ("topics", "related", "former_addresses", "old_addresses", "corrections")
    articles = Article.objects.select_related("section").prefetch_related(signatures, *around).order_by("pk")
    several: list[Article] = []
    for article in articles.iterator(AT_ONCE):
        several.append(article)
        if len(several) == AT_ONCE:
            yield from _written(several)
            several = []
    yield from _written(several)


def _written(articles: list[Article]) -> Iterator[dict[str, Any]]:
    texts = whole_texts(articles)
    for article in articles:
        yield {
            "kind": "article",
            "key": article.pk,
            "section": article.section.slug,
            "authors": [author.slug for author in article.signed_by],
            "topics": sorted(topic.slug for topic in article.topics.all()),
            "hero": article.hero_id,
            "translation_of": article.translation_of_id,
            "related": sorted(other.pk for other in article.related.all()),
            "former_slugs": sorted(former.slug for former in article.former_addresses.all()),
            "old_paths": sorted(old.path for old in article.old_addresses.all()),
            "corrections": [values_of(one) for one in article.corrections.all()],
            **values_of(article),
            "html": texts.get(article.pk, ""),
        }
