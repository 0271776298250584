"""The terms a new site begins with: their words in four languages, in files beside this one, and the brand put in.

They are brought into the database once, published, and never changed from here again: a newsroom's next terms are a
new version, written in the admin.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.html import escape

NAME = "2026-11"
EFFECTIVE_FROM = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
LANGUAGES = ("en", "fr", "nl", "de")
PAGES = ("subscribe", "account", "cancel", "withdraw", "privacy")


def bring_in(get_model: Callable[[str, str], Any], *, using: str) -> None:
    """Publish them where there are no terms at all. `get_model` is that of an app registry, so that a migration can
    call this as well."""
    versions = get_model("subscriptions", "TermsVersion").objects.using(using)
    if versions.exists():
        return
    version = versions.create(name=NAME, effective_from=EFFECTIVE_FROM, published_at=EFFECTIVE_FROM)
    texts = get_model("subscriptions", "TermsText").objects.using(using)
    texts.bulk_create(
        [texts.model(version=version, language=language, html=words_in(language)) for language in LANGUAGES]
    )


def words_in(language: str) -> str:
    """The text in one of the four languages, with the publisher's name and addresses in their places."""
    html = (Path(__file__).parent / f"{language}.html").read_text(encoding="utf-8")
    prefix = "" if language == "en" else f"/{language}"
    puts = {"publisher": settings.SITE_PUBLISHER, "contact": settings.CONTACT_EMAIL}
    puts |= {page: f"{prefix}/{page}/" for page in PAGES}
    for name, value in puts.items():
        html = html.replace(f"[{name}]", escape(value))
    return html.strip()
