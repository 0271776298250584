"""Live coverage: the list, a page, what is new on it, and its feed."""

from django.conf import settings
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from edge.caching import public
from edge.http import Request
from edge.visitor import visitor_of
from subscriptions.access import entitlement_for

from . import live
from .beside import beside
from .feeds import ITEMS, Channel, Entry, key_of
from .models import LiveCoverage
from .paywall import LiveReading, readings_of_live
from .river import NoSuchPlace, stretch_of


@public
@require_safe
def coverages(request: Request) -> HttpResponse:
    """What is followed at the moment, and what was."""
    published = LiveCoverage.objects.published(at=request.now).select_related("section", "hero")
    try:
        river = stretch_of(published, request.GET.get("before", ""))
    except NoSuchPlace as error:
        raise Http404 from error
    rows = [(one, one.is_running(at=request.now)) for one in river.rows]
    return render(request, "articles/live_coverages.html", {"river": river, "rows": rows})


@public
@require_safe
def coverage(request: Request, slug: str) -> HttpResponse:
    """A coverage: what is pinned, and the newest entries or those before a place."""
    found = _published(request, slug)
    entitlement = entitlement_for(visitor_of(request), at=request.now)
    before = request.GET.get("before", "")
    try:
        page = live.live_page(found, entitlement, before=before, reader=request.user, at=request.now)
    except NoSuchPlace as error:
        raise Http404 from error
    context = {"page": page, "coverage": found, "river": page.river, "here": found.section}
    context |= {"article": found, "reading": page.wall, "beside": beside(at=request.now)}
    return render(request, "articles/live.html", context)


@public
@require_safe
def new(request: Request, slug: str) -> JsonResponse:
    """How many entries came after the newest one that a page shows; the page asks, and offers to load itself anew."""
    found = _published(request, slug)
    try:
        count = live.how_many_new(found, request.GET.get("after", ""), at=request.now)
    except NoSuchPlace as error:
        raise Http404 from error
    return JsonResponse({"count": count, "is_running": found.is_running(at=request.now)})


@public
@require_safe
def feed(request: Request, slug: str, form: str) -> HttpResponse:
    """The newest entries: the headlines, and the words of those that everyone may read."""
    found = _published(request, slug)
    newest = list(live.entries_of(found, at=request.now)[:ITEMS])
    entries = tuple(_entry(reading, found) for reading in readings_of_live(found, newest, None))
    address = reverse("live_feed", args=[found.slug, form])
    title = f"{settings.SITE_NAME}: {found.headline}"
    return Channel(title, found.standfirst, found.get_absolute_url(), address, entries).answer(form)


def _published(request: Request, slug: str) -> LiveCoverage:
    published = LiveCoverage.objects.published(at=request.now).select_related("section", "hero")
    return get_object_or_404(published, slug=slug)


def _entry(reading: LiveReading, coverage: LiveCoverage) -> Entry:
    entry = reading.entry
    corrected = format_html("<p><em>{}</em></p>", entry.correction) if entry.correction else ""
    return Entry(
        key=key_of("live", entry.pk),
        title=entry.headline,
        link=reading.path,
        html=format_html("{}{}", corrected, reading.text),
        published_at=entry.published_at,
        changed_at=entry.changed_at,
        authors=(entry.author.name,),
        categories=(coverage.section.name,),
        language=coverage.language,
    )
