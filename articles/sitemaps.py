"""What crawlers are told: which addresses there are, and which are new."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models.functions import Greatest
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.views.decorators.http import require_safe

from edge.caching import changes_at, public
from edge.http import Request

from . import subjects
from .addresses import absolute
from .feeds import xml_text
from .models import Article, LiveCoverage, Section
from .models.article import ArticleQuerySet
from .translations import all_versions

# More is not allowed in one file (sitemaps.org).
MOST = 50_000
NEWS_AGE = timedelta(hours=48)
NEWS_MOST = 1_000
# Pages that are no article, by the name of their address.
STANDING = (
    *(
        "front",
        "latest",
        "briefs",
        "investigations",
        "live_coverages",
        "archive",
        "plans",
        "about",
        "ownership",
        "contact",
        "corrections",
        "newsletters",
    ),
    *("terms", "privacy", "accessibility", "partners", "partner_notices"),
)


@public
@require_safe
def index(request: Request) -> HttpResponse:
    """A sitemap for the standing pages, one for each year, and one for the news."""
    published = Article.objects.published(at=request.now)
    names = ["sitemap_of_pages", "sitemap_of_news"]
    addresses = [reverse(name) for name in names]
    addresses += [reverse("sitemap_of_year", args=[year]) for year in _years(published)]
    return _xml(request, "sitemap_index.xml", {"addresses": map(absolute, addresses)})


def _years(published: ArticleQuerySet) -> Iterator[int]:
    """The years (UTC) in which something appeared, newest first: one row from the index for each, and one more."""
    moments = published.newest_first().values_list("published_at", flat=True)
    newest = moments.first()
    while newest:
        yield newest.astimezone(UTC).year
        newest = moments.filter(published_at__lt=datetime(newest.astimezone(UTC).year, 1, 1, tzinfo=UTC)).first()


@public
@require_safe
def pages(request: Request) -> HttpResponse:
    """Front page, sections, topics, authors and standing pages."""
    addresses = [reverse(name) for name in STANDING]
    addresses += [section.get_absolute_url() for section in Section.objects.all()]
    followed = LiveCoverage.objects.published(at=request.now).values_list("slug", flat=True)
    addresses += [reverse("live", args=[slug]) for slug in followed[: MOST // 8]]
    addresses += [topic.get_absolute_url() for topic in subjects.topics(at=request.now)[: MOST // 4]]
    addresses += [author.get_absolute_url() for author in subjects.authors(at=request.now)[: MOST // 2]]
    for source in settings.SITEMAP_SOURCES:
        addresses += import_string(source)(at=request.now)
    return _xml(request, "sitemap.xml", {"pages": [{"address": absolute(address)} for address in addresses]})


@public
@require_safe
def year(request: Request, year: int) -> HttpResponse:
    """Every article of a year (UTC)."""
    if not 1900 <= year <= 9000:
        raise Http404
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    published = Article.objects.published(at=request.now)
    rows = (
        published.filter(published_at__gte=start, published_at__lt=end)
        .newest_first()
        .values_list("pk", "section__slug", "slug", Greatest("published_at", "changed_at"))[:MOST]
    )
    versions = all_versions(published)
    found = [
        {
            "address": absolute(reverse("article", args=[section, slug])),
            "changed_at": changed_at,
            "versions": [(language, absolute(path)) for language, path in versions.get(key, ())],
        }
        for key, section, slug, changed_at in rows
    ]
    if not found:
        raise Http404
    return _xml(request, "sitemap.xml", {"pages": found})


@public
@require_safe
def news(request: Request) -> HttpResponse:
    """What was published in the last 48 hours, live coverage among it."""
    since = request.now - NEWS_AGE
    newest = Article.objects.published(at=request.now).filter(published_at__gt=since).newest_first()
    followed = LiveCoverage.objects.published(at=request.now).filter(published_at__gt=since)[:NEWS_MOST]
    found: list[Article | LiveCoverage] = [
        *followed,
        *newest.select_related("section").defer("teaser")[: NEWS_MOST - len(followed)],
    ]
    for moment in (one.published_at for one in found if one.published_at):
        changes_at(request, moment + NEWS_AGE)
    titled = [(one, xml_text(one.headline), absolute(one.get_absolute_url())) for one in found]
    pages = [{"story": one, "title": title, "address": address} for one, title, address in titled]
    return _xml(request, "sitemap_news.xml", {"pages": pages})


def _xml(request: Request, name: str, context: dict[str, object]) -> HttpResponse:
    return render(request, f"articles/{name}", context, content_type="application/xml; charset=utf-8")
