"""Feeds: another way out for an article. They know the teaser and cannot carry more."""

import re
from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from edge.caching import public

from . import body
from .addresses import absolute
from .models import Article, Section, Topic

ITEMS = 30
# Characters that XML 1.0 cannot hold.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@public
@require_safe
def site_feed(request: HttpRequest) -> HttpResponse:
    """The newest of everything."""
    newest = Article.objects.published(at=request.now).newest_first().for_teasers()[:ITEMS]  # type: ignore[attr-defined]
    feed = _feed(settings.SITE_NAME, "/", settings.SITE_TAGLINE, reverse("site_feed"))
    return _answer(feed, newest)


@public
@require_safe
def section_feed(request: HttpRequest, section: str) -> HttpResponse:
    """The newest of one section."""
    here = get_object_or_404(Section, slug=section)
    newest = here.articles.published(at=request.now).newest_first().for_teasers()[:ITEMS]  # type: ignore[attr-defined]
    feed = _feed(
        f"{settings.SITE_NAME}: {here.name}",
        here.get_absolute_url(),
        here.remit or here.name,
        reverse("section_feed", args=[here.slug]),
    )
    return _answer(feed, newest)


@public
@require_safe
def topic_feed(request: HttpRequest, slug: str) -> HttpResponse:
    """The newest about one subject."""
    topic = get_object_or_404(Topic, slug=slug)
    newest = topic.articles.published(at=request.now).newest_first().for_teasers()[:ITEMS]  # type: ignore[attr-defined]
    feed = _feed(
        f"{settings.SITE_NAME}: {topic.name}",
        topic.get_absolute_url(),
        topic.about or topic.name,
        reverse("topic_feed", args=[topic.slug]),
    )
    return _answer(feed, newest)


def _feed(title: str, page: str, description: str, own_address: str) -> Rss201rev2Feed:
    return Rss201rev2Feed(
        title=_text(title),
        link=absolute(page),
        description=_text(description),
        language="en-gb",
        feed_url=absolute(own_address),
        feed_copyright=settings.SITE_PUBLISHER,
    )


def _answer(feed: Rss201rev2Feed, articles: Iterable[Article]) -> HttpResponse:
    for article in articles:
        feed.add_item(
            title=_text(article.headline),
            link=absolute(article.get_absolute_url()),
            description=_text(_teaser(article)),
            author_name=_text(", ".join(author.name for author in article.signed_by)) or None,
            pubdate=article.published_at,
            # Stays the same when the address changes, so that no reader sees an article twice.
            unique_id=f"tag:{settings.SITE_HOST},2026:article-{article.pk}",
            unique_id_is_permalink=False,
            categories=[_text(word) for word in (article.section.name, article.kicker) if word],
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/rss+xml; charset=utf-8")


def _teaser(article: Article) -> str:
    """Standfirst and free paragraphs as HTML, without pictures."""
    paragraphs = body.with_pictures(article.teaser, {})
    return format_html("<p><strong>{}</strong></p>{}", article.standfirst, mark_safe(paragraphs))  # noqa: S308


def _text(text: str) -> str:
    return _NOT_IN_XML.sub("", text)
