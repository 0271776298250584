"""Feeds, as RSS and as JSON Feed: another way out for an article. They know the teaser and cannot carry more."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.views.decorators.http import require_safe

from edge.caching import public
from edge.http import Request

from . import body, footnotes, subjects
from .addresses import absolute
from .models import Article, Author, Brief, Correction, PartnerItem, Section, Topic

ITEMS = 30
RSS, JSON = "xml", "json"
# Characters that XML 1.0 cannot hold.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_JSON_FEED = "https://jsonfeed.org/version/1.1"


@dataclass(frozen=True)
class Entry:
    """One item. Its `key` stays the same when its address changes, so that no reader sees it twice."""

    key: str
    title: str
    link: str
    html: str
    published_at: datetime
    changed_at: datetime | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    picture: str = ""
    language: str = ""


@dataclass(frozen=True)
class Channel:
    """A feed: what it is about, the page it belongs to, and its own address. Addresses are paths of this site."""

    title: str
    about: str
    page: str
    address: str
    entries: tuple[Entry, ...]

    def answer(self, form: str) -> HttpResponse:
        """The feed as an answer, as RSS or as JSON Feed."""
        return self._as_json() if form == JSON else self._as_rss()

    def _as_rss(self) -> HttpResponse:
        feed = Rss201rev2Feed(
            title=xml_text(self.title),
            link=absolute(self.page),
            description=xml_text(self.about),
            language="en-gb",
            feed_url=absolute(self.address),
            feed_copyright=settings.SITE_PUBLISHER,
        )
        for entry in self.entries:
            feed.add_item(
                title=xml_text(entry.title),
                link=absolute(entry.link),
                description=xml_text(entry.html),
                author_name=xml_text(", ".join(entry.authors)) or None,
                pubdate=entry.published_at,
                unique_id=entry.key,
                unique_id_is_permalink=False,
                categories=[xml_text(word) for word in entry.categories],
            )
        return HttpResponse(feed.writeString("utf-8"), content_type="application/rss+xml; charset=utf-8")

    def _as_json(self) -> HttpResponse:
        feed = {
            "version": _JSON_FEED,
            "title": self.title,
            "description": self.about,
            "home_page_url": absolute(self.page),
            "feed_url": absolute(self.address),
            "language": "en-GB",
            "items": [_as_json(entry) for entry in self.entries],
        }
        return JsonResponse(feed, content_type="application/feed+json", json_dumps_params={"ensure_ascii": False})


@public
@require_safe
def site_feed(request: Request, form: str) -> HttpResponse:
    """The newest of everything, and what is paid for by partners at the moment, said to be so (law.md L15)."""
    paid_for = tuple(map(_partner_entry, PartnerItem.objects.running(at=request.now)))
    entries = teasers(Article.objects.published(at=request.now)) + paid_for
    address = reverse("site_feed", args=[form])
    return Channel(settings.SITE_NAME, settings.SITE_TAGLINE, "/", address, entries).answer(form)


@public
@require_safe
def section_feed(request: Request, section: str, form: str) -> HttpResponse:
    """The newest of one section."""
    here = get_object_or_404(Section, slug=section)
    return _about(here, here.remit, reverse("section_feed", args=[here.slug, form]), request).answer(form)


@public
@require_safe
def topic_feed(request: Request, slug: str, form: str) -> HttpResponse:
    """The newest about one subject."""
    topic = get_object_or_404(subjects.topics(at=request.now), slug=slug)
    return _about(topic, topic.about, reverse("topic_feed", args=[topic.slug, form]), request).answer(form)


@public
@require_safe
def author_feed(request: Request, slug: str, form: str) -> HttpResponse:
    """The newest by one author."""
    author = get_object_or_404(Author, slug=slug)
    return _about(author, author.role, reverse("author_feed", args=[author.slug, form]), request).answer(form)


@public
@require_safe
def briefs_feed(request: Request, form: str) -> HttpResponse:
    """The news in brief, in full: it is free."""
    page = reverse("briefs")
    newest = Brief.objects.published(at=request.now)[:ITEMS]
    entries = tuple(
        Entry(
            key=key_of("brief", brief.pk),
            title=brief.headline,
            link=f"{page}#b{brief.pk}",
            html=format_html("<p>{}</p>", brief.text),
            published_at=brief.published_at,
        )
        for brief in newest
    )
    channel = Channel(
        f"{settings.SITE_NAME}: news in brief", "News in brief", page, reverse("briefs_feed", args=[form]), entries
    )
    return channel.answer(form)


@public
@require_safe
def corrections_feed(request: Request, form: str) -> HttpResponse:
    """What we got wrong, and what we withdrew, the newest first."""
    corrected = Correction.objects.public(at=request.now).select_related("article__section")[:ITEMS]
    withdrawn = Article.objects.withdrawn().select_related("section").order_by("-withdrawn_at")[:ITEMS]
    entries = [*map(_correction_entry, corrected), *map(_withdrawal_entry, withdrawn)]
    entries = sorted(entries, key=lambda entry: entry.published_at, reverse=True)[:ITEMS]
    address = reverse("corrections_feed", args=[form])
    title, about = f"{settings.SITE_NAME}: corrections", "What we got wrong, and what is right"
    return Channel(title, about, reverse("corrections"), address, tuple(entries)).answer(form)


def _correction_entry(correction: Correction) -> Entry:
    return Entry(
        key=key_of("correction", correction.pk),
        title=f"Correction: {correction.article.headline}",
        link=correction.article.get_absolute_url(),
        html=format_html("<p>{}</p>", correction.note),
        published_at=correction.published_at,
        language=correction.article.language,
    )


def _withdrawal_entry(article: Article) -> Entry:
    assert article.withdrawn_at is not None
    return Entry(
        key=key_of("withdrawal", article.pk),
        title=f"Withdrawn: {article.headline}",
        link=article.get_absolute_url(),
        html=format_html("<p>{}</p>", article.withdrawn_because),
        published_at=article.withdrawn_at,
        language=article.language,
    )


def teasers(articles: Any) -> tuple[Entry, ...]:
    """The newest of these published articles: standfirst and free paragraphs, without pictures in the text."""
    newest = articles.newest_first().for_teasers().prefetch_related("corrections")[:ITEMS]
    return tuple(entry_of(one, _teaser(one)) for one in newest)


def entry_of(article: Article, html: str) -> Entry:
    """An article, asked for by `for_teasers` and with its corrections, as an item that carries them and this HTML."""
    assert article.published_at is not None
    return Entry(
        key=key_of("article", article.pk),
        title=article.headline,
        link=article.get_absolute_url(),
        html=_corrections(article) + html,
        published_at=article.published_at,
        changed_at=max(article.published_at, article.changed_at),
        authors=tuple(author.name for author in article.signed_by),
        categories=tuple(word for word in (article.section.name, article.kicker) if word),
        picture=article.hero.src if article.hero else "",
        language=article.language,
    )


def _about(subject: Section | Topic | Author, about: str, address: str, request: Request) -> Channel:
    title = f"{settings.SITE_NAME}: {subject.name}"
    entries = teasers(subject.articles.published(at=request.now))
    return Channel(title, about or subject.name, subject.get_absolute_url(), address, entries)


def _partner_entry(item: PartnerItem) -> Entry:
    label = f"Paid for by {item.organisation}"
    return Entry(
        key=key_of("partner", item.pk),
        title=f"{label}: {item.headline}",
        link=item.url,
        html=format_html("<p><strong>{}.</strong> This is partner content, not reporting.</p>", label),
        published_at=item.first_shown_at,
        authors=(item.organisation,),
        categories=(str(item.get_label_display()), *(["Political advertisement"] if item.is_political else [])),
    )


def _teaser(article: Article) -> str:
    paragraphs = body.with_pictures(footnotes.set_out(article.teaser, key=str(article.pk)), {})
    paragraphs = body.with_absolute_links(paragraphs, absolute)
    return format_html("<p><strong>{}</strong></p>{}", article.standfirst, paragraphs)


def _corrections(article: Article) -> SafeString:
    notes = ((_day(one.published_at), one.note) for one in article.corrections.all())
    return format_html_join("", "<p><em>Correction of {}: {}</em></p>", notes)


def _day(moment: datetime) -> str:
    return date_format(localtime(moment), "j F Y")


def key_of(kind: str, key: int) -> str:
    """A name for an entry that never changes (RFC 4151)."""
    return f"tag:{settings.SITE_HOST},2026:{kind}-{key}"


def _as_json(entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": entry.key,
        "url": absolute(entry.link),
        "title": entry.title,
        "content_html": entry.html,
        "date_published": entry.published_at.isoformat(),
        "date_modified": entry.changed_at.isoformat() if entry.changed_at else "",
        "authors": _listed(entry.authors),
        "tags": list(entry.categories),
        "image": absolute(entry.picture) if entry.picture else "",
        "language": entry.language,
    }
    return {name: value for name, value in told.items() if value}


def _listed(names: Iterable[str]) -> Sequence[dict[str, str]]:
    return [{"name": name} for name in names]


def xml_text(text: str) -> str:
    """The text without the signs that XML forbids."""
    return _NOT_IN_XML.sub("", text)
