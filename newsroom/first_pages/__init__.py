"""The standing pages a new site begins with: their words in four languages, in files beside this one.

They are brought into the database once and never changed from here again: from then on they are written in the admin.
Each file begins with the title and the standfirst, a line each.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

WRITTEN_AT = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
LANGUAGES = ("en", "fr", "nl", "de")
NAMES = ("about", "ownership", "contact", "corrections", "privacy", "accessibility", "partners", "newsletters")


def bring_in(get_model: Callable[[str, str], Any], *, using: str) -> None:
    """Publish each page that there is not. `get_model` is that of an app registry, for migrations."""
    pages = get_model("newsroom", "Page").objects.using(using)
    versions = get_model("newsroom", "PageVersion").objects.using(using)
    known = set(pages.filter(slug__in=NAMES).values_list("slug", flat=True))
    for name in NAMES:
        if name not in known:
            page = pages.create(slug=name, published_at=WRITTEN_AT)
            versions.bulk_create(
                [
                    versions.model(page=page, language=language, saved_at=WRITTEN_AT, **words_of(name, language))
                    for language in LANGUAGES
                ]
            )


def words_of(name: str, language: str) -> dict[str, str]:
    """Title, standfirst and HTML, with their placeholders (`newsroom/placeholders.py`)."""
    text = (Path(__file__).parent / language / f"{name}.html").read_text(encoding="utf-8")
    title, standfirst, html = text.split("\n", 2)
    return {"title": title, "standfirst": standfirst, "html": html.strip()}
