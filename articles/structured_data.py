"""What search engines are told, in schema.org's words and from the public part alone.

What Google asks for: https://developers.google.com/search/docs/appearance/structured-data (article, paywalled content,
breadcrumb, organization); tests/test_structured_data.py holds our pages against it.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from . import cards
from .addresses import absolute
from .body import as_text
from .models import Article, Author, Correction, LiveCoverage, Picture, Section
from .paywall import LiveReading

# The part of the page that is not free; the wall stands there for those who may not read on.
WALL_SELECTOR = ".paywall"
# What schema.org calls a kind; all of them are news articles besides.
KINDS = {
    Article.Kind.ANALYSIS: "AnalysisNewsArticle",
    Article.Kind.EXPLAINER: "BackgroundNewsArticle",
    Article.Kind.INVESTIGATION: "ReportageNewsArticle",
    Article.Kind.OPINION: "OpinionNewsArticle",
    Article.Kind.REPORTAGE: "ReportageNewsArticle",
}
_IN_SCRIPT = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}
_CONTEXT = {"@context": "https://schema.org"}
Facts = dict[str, Any]


def news_article(article: Article, *, has_wall_on_page: bool, corrections: Sequence[Correction] = ()) -> SafeString:
    """An article; the wall is named only where it stands on the page."""
    return as_script(_article(article, has_wall_on_page) | _corrected(corrections))


def live_blog(coverage: LiveCoverage, readings: Sequence[LiveReading], *, has_wall_on_page: bool) -> SafeString:
    """A live coverage with its entries on this page; words are told only where everyone reads them."""
    address = absolute(coverage.get_absolute_url())
    began = coverage.published_at or coverage.changed_at
    changed = max([coverage.changed_at, *(reading.entry.changed_at for reading in readings)])
    authors = {reading.entry.author_id: reading.entry.author for reading in readings}
    facts: Facts = _CONTEXT | {
        "@type": "LiveBlogPosting",
        "mainEntityOfPage": address,
        "url": address,
        "headline": coverage.headline,
        "description": coverage.standfirst,
        "articleSection": coverage.section.name,
        "inLanguage": coverage.language,
        "datePublished": began.isoformat(),
        "dateModified": max(began, changed).isoformat(),
        "coverageStartTime": began.isoformat(),
        "author": people(authors.values()),
        "publisher": publisher(),
        "isAccessibleForFree": all(reading.is_for_everyone for reading in readings),
        "liveBlogUpdate": [_update(reading) for reading in readings],
    }
    if coverage.ended_at:
        facts["coverageEndTime"] = coverage.ended_at.isoformat()
    if coverage.hero and coverage.hero.src:
        facts["image"] = [picture(coverage.hero)]
    if has_wall_on_page:
        facts["hasPart"] = wall()
    return as_script(facts)


def _update(reading: LiveReading) -> Facts:
    entry = reading.entry
    facts: Facts = {
        "@type": "BlogPosting",
        "headline": entry.headline,
        "url": absolute(reading.path),
        "datePublished": entry.published_at.isoformat(),
        "dateModified": max(entry.published_at, entry.changed_at).isoformat(),
        "author": people([entry.author]),
        "isAccessibleForFree": reading.is_for_everyone,
    }
    if reading.is_for_everyone and (words := as_text(reading.text)):
        facts["articleBody"] = words
    if entry.correction and entry.corrected_at:
        told = {"@type": "CorrectionComment", "text": entry.correction, "datePublished": entry.corrected_at.isoformat()}
        facts["correction"] = told
    return facts


def breadcrumbs(section: Section, *, here: str = "") -> SafeString:
    """The way from the front page to a section, or to a page below it with the name `here`."""
    steps: list[tuple[str, str]] = [(settings.SITE_NAME, "/"), (section.name, section.get_absolute_url())]
    found = [
        {"@type": "ListItem", "position": place, "name": name, "item": absolute(path)}
        for place, (name, path) in enumerate(steps, start=1)
    ]
    if here:
        # Google takes the address of the page itself for the last step.
        found.append({"@type": "ListItem", "position": len(found) + 1, "name": here})
    return as_script(_CONTEXT | {"@type": "BreadcrumbList", "itemListElement": found})


def newsroom() -> SafeString:
    """Who publishes this, and how the site is searched: for the front page."""
    site = {
        "@type": "WebSite",
        "@id": absolute("/#site"),
        "name": settings.SITE_NAME,
        "url": absolute("/"),
        "publisher": {"@id": absolute("/#publisher")},
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": absolute(reverse("search")) + "?q={search_term_string}"},
            "query-input": "required name=search_term_string",
        },
    }
    more = {
        "email": settings.CONTACT_EMAIL,
        "slogan": settings.SITE_TAGLINE,
        "ownershipFundingInfo": absolute(reverse("ownership")),
        "correctionsPolicy": absolute(reverse("corrections")),
        "publishingPrinciples": absolute(reverse("about")),
        "sameAs": list(getattr(settings, "SITE_SOCIAL", ())),
    }
    return as_script(_CONTEXT | {"@graph": [publisher() | {key: value for key, value in more.items() if value}, site]})


def as_script(facts: Facts) -> SafeString:
    """JSON-LD for a `<script>`: nothing in it can end the script, whatever a headline holds."""
    return mark_safe(json.dumps(facts, ensure_ascii=False).translate(_IN_SCRIPT))  # noqa: S308


def publisher() -> Facts:
    """Us."""
    logo = {"@type": "ImageObject", "url": absolute(static("img/icon-512.png")), "width": 512, "height": 512}
    return {
        "@type": "NewsMediaOrganization",
        "@id": absolute("/#publisher"),
        "name": settings.SITE_NAME,
        "url": absolute("/"),
        "logo": logo,
    }


def people(authors: Iterable[Author]) -> list[Facts]:
    """Those who wrote it; where nobody signed, we did."""
    found = [{"@type": "Person", "name": author.name, "url": absolute(author.get_absolute_url())} for author in authors]
    return found or [publisher()]


def wall() -> Facts:
    """Where on the page the paid part stands, or the wall in its place."""
    return {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": WALL_SELECTOR}


def picture(shown: Picture) -> Facts:
    """A picture with its size, its words and who made it."""
    width = max(shown.widths)
    return {
        "@type": "ImageObject",
        "url": absolute(shown.src),
        "width": width,
        "height": round(shown.height * width / shown.width),
        "caption": shown.caption or shown.alt,
        "creditText": shown.credit,
    }


def _article(article: Article, has_wall_on_page: bool) -> Facts:
    address = absolute(article.get_absolute_url())
    facts: Facts = _CONTEXT | {
        "@type": _type(article),
        "mainEntityOfPage": address,
        "url": address,
        "headline": article.headline,
        "description": article.standfirst,
        "articleSection": article.section.name,
        "inLanguage": article.language,
        "wordCount": article.words,
        "author": people(article.signed_by),
        "publisher": publisher(),
        "isAccessibleForFree": not article.has_wall,
    }
    if article.published_at:
        facts["datePublished"] = article.published_at.isoformat()
        facts["dateModified"] = max(article.published_at, article.changed_at).isoformat()
    if images := _images(article):
        facts["image"] = images
    if has_wall_on_page:
        facts["hasPart"] = wall()
    return facts


def _type(article: Article) -> str | list[str]:
    finer = KINDS.get(Article.Kind(article.kicker), "")
    if article.section.is_opinion:
        finer = KINDS[Article.Kind.OPINION]
    return ["NewsArticle", finer] if finer else "NewsArticle"


def _images(article: Article) -> list[Facts]:
    """The main picture, and the card, which has the form that Google asks for; a draft has no card yet."""
    images = [picture(article.hero)] if article.hero and article.hero.src else []
    if article.published_at:
        width, height = cards.SIZE
        card = absolute(cards.address_of(article))
        images.append({"@type": "ImageObject", "url": card, "width": width, "height": height})
    return images


def _corrected(corrections: Sequence[Correction]) -> Facts:
    """What was wrong (schema.org/correction)."""
    told = [
        {"@type": "CorrectionComment", "text": one.note, "datePublished": one.published_at.isoformat()}
        for one in corrections
    ]
    return {"correction": told} if told else {}
