"""What search engines are told about an article, in schema.org's words and from the public part alone."""

import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from . import cards
from .addresses import absolute
from .models import Article, Correction

# The part of the page that is not free; the wall stands there for those who may not read on.
WALL_SELECTOR = ".paywall"
_IN_SCRIPT = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def news_article(article: Article, *, has_wall_on_page: bool, corrections: Sequence[Correction] = ()) -> SafeString:
    """JSON-LD for a `<script>`: nothing in it can end the script, whatever the headline holds."""
    facts = _facts(article, has_wall_on_page) | _corrected(corrections)
    return mark_safe(json.dumps(facts, ensure_ascii=False).translate(_IN_SCRIPT))  # noqa: S308


def _corrected(corrections: Sequence[Correction]) -> dict[str, Any]:
    """What was wrong (schema.org/correction)."""
    told = [
        {"@type": "CorrectionComment", "text": one.note, "datePublished": one.published_at.isoformat()}
        for one in corrections
    ]
    return {"correction": told} if told else {}


def _facts(article: Article, has_wall_on_page: bool) -> dict[str, Any]:
    address = absolute(article.get_absolute_url())
    publisher = {"@type": "NewsMediaOrganization", "name": settings.SITE_NAME, "url": absolute("/")}
    facts: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "OpinionNewsArticle" if article.section.is_opinion else "NewsArticle",
        "mainEntityOfPage": address,
        "url": address,
        "headline": article.headline,
        "description": article.standfirst,
        "articleSection": article.section.name,
        "inLanguage": article.language,
        "author": [
            {"@type": "Person", "name": author.name, "url": absolute(author.get_absolute_url())}
            for author in article.signed_by
        ]
        or [publisher],
        "publisher": publisher,
        "isAccessibleForFree": not article.has_wall,
    }
    if article.published_at:
        facts["datePublished"] = article.published_at.isoformat()
        facts["dateModified"] = max(article.published_at, article.changed_at).isoformat()
    if article.published_at:
        facts["image"] = [absolute(cards.address_of(article))]
    if article.hero and article.hero.src:
        facts["image"] = [absolute(article.hero.src), *facts.get("image", [])]
    if has_wall_on_page:
        facts["hasPart"] = {
            "@type": "WebPageElement",
            "isAccessibleForFree": False,
            "cssSelector": WALL_SELECTOR,
        }
    return facts
