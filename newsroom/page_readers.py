"""What the cache of ready pages must know of a reader: their kind, and the few words on a page that are theirs."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.messages.storage.session import SessionStorage
from django.template.loader import render_to_string
from django.utils import translation

from articles.models import SavedArticle
from articles.saved import keeps_history
from edge.http import Request
from edge.visitor import StandIn, visitor_of
from page_cache.standing import Standing
from subscriptions.access import Entitlement, Source, entitlement_for

# Those whose page differs from another's only in what `own` marks in the templates. Readings through an agreement are
# counted, those of staff and in a time of grace are rare: Django makes their pages.
ALIKE = (Source.SUBSCRIPTION, Source.TRIAL, Source.GRANT)
LONGEST = timedelta(hours=1)


def standing_of(request: Request) -> Standing | None:
    """Who this session is, for `page_cache`; None where nobody is logged in."""
    if not request.user.is_authenticated:
        return None
    entitlement = entitlement_for(visitor_of(request), at=request.now)
    if entitlement is None or not _is_like_others(request, entitlement):
        return Standing(request.user.pk, request.now + LONGEST)
    return Standing(
        reader_id=request.user.pk,
        right_until=_right_until(request, entitlement),
        stand_in=StandIn(Entitlement(entitlement.source), request.user.language),
        parts={"why": _why(request, entitlement)},
        chosen={"saved": _saved_by(request.user.pk)},
    )


def _is_like_others(request: Request, entitlement: Entitlement) -> bool:
    has_news = request.session.get(SessionStorage.session_key)
    return (
        entitlement.source in ALIKE
        and entitlement.group_id is None
        # Paid until a moment that has passed: a renewal that Stripe has not told of yet.
        and (entitlement.until is None or entitlement.until > request.now)
        and not has_news
        and not request.user.is_staff
        and not keeps_history(request.user)
    )


def _right_until(request: Request, entitlement: Entitlement) -> datetime:
    """The end of the access or of the session; days in the words turn at full hours, as they do on every page."""
    coming = [request.now + LONGEST, request.session.get_expiry_date(), entitlement.until]
    return min(moment for moment in coming if moment is not None)


def _saved_by(reader_id: int) -> frozenset[int]:
    return frozenset(SavedArticle.objects.filter(reader=reader_id).values_list("article_id", flat=True))


def _why(request: Request, entitlement: Entitlement) -> bytes:
    """In the language of the news, as the middle of its pages is."""
    reading: dict[str, Any] = {"access": "entitled", "entitlement": entitlement}
    context = {"reading": reading, "article": {}, "user": request.user}
    with translation.override(settings.LANGUAGE_CODE):
        return render_to_string("articles/_why_you_can_read.html", context).encode()
