"""Saved articles on a device of the reader's, to be read without a network.

The reader switches it on for a device; then a worker of the browser (templates/articles/worker.js) keeps their saved
articles there, in a cache named for this reader. What it may keep, and until when, it asks here:

- whoever is signed in may keep what they saved and may read in full at this moment, and nobody else anything;
- texts that are paid for are shown until the entitlement ends, and for OFFLINE_HOURS after the worker last asked;
  after that it deletes them and shows their headlines, until it can ask again;
- signing out empties it (`readers.signing_out`), as does anybody else's signing in on the same device.
"""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_safe

from edge.caching import public
from edge.http import KEPT_FOR_LATER, Request
from subscriptions.access import entitlement_for

from .models import Article, SavedArticle

# The newest of a reader's list.
MOST = 50


@public
@require_safe
def worker(request: Request) -> HttpResponse:
    """The script that runs beside the pages of a device. From the root, since it stands in for any page offline."""
    context = {"hours": settings.OFFLINE_HOURS, "kept_header": KEPT_FOR_LATER}
    return render(request, "articles/worker.js", context, content_type="text/javascript; charset=utf-8")


@public
@require_safe
def page(request: Request) -> HttpResponse:
    """What is shown in the place of a page that cannot be reached; with a network, what this is about."""
    return render(request, "articles/offline.html", {"hours": settings.OFFLINE_HOURS})


@require_safe
def kept(request: Request) -> JsonResponse:
    """What this reader's device may keep now, and until when (UTC); for a visitor, that it may keep nothing."""
    if not request.user.is_authenticated:
        return JsonResponse({"reader": None, "articles": []})
    entitlement = entitlement_for(request.user, at=request.now)
    found = [_listed(article) for article in _saved(request) if entitlement is not None or not article.has_wall]
    until = entitlement.until.isoformat() if entitlement and entitlement.until else None
    return JsonResponse({"reader": _name_of(request.user), "until": until, "articles": found})


def _saved(request: Request) -> list[Article]:
    rows: QuerySet[Any] = SavedArticle.objects.filter(reader=request.user)
    public_ones = rows.filter(article__in=Article.objects.published(at=request.now).values("pk"))
    newest = public_ones.select_related("article__section").defer("article__teaser", "article__teaser_text")[:MOST]
    return [row.article for row in newest]


def _listed(article: Article) -> dict[str, Any]:
    return {
        "path": article.get_absolute_url(),
        "headline": article.headline,
        "about": article.kicker or article.section.name,
        "language": article.language,
        "is_paid_for": article.has_wall,
        "version": article.changed_at.isoformat(),
    }


def _name_of(reader: Any) -> str:
    """A name for this reader's cache that says nothing of who it is."""
    return salted_hmac("articles.offline", str(reader.pk), algorithm="sha256").hexdigest()[:20]
