"""Addresses from a site that an article stood on before: they lead to where it stands now.

Asked only where there is no such page, so that pages that exist pay nothing for it.
"""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

from django.http import HttpResponse, HttpResponsePermanentRedirect

from edge.http import Request

from .models import Article, OldAddress
from .models.imported import LONGEST_PATH

GetResponse = Callable[[Request], HttpResponse]


def lead_on(get_response: GetResponse) -> GetResponse:
    """Answer 301 instead of 404 where the path is one that an article had elsewhere."""

    def leading_on(request: Request) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 404 or request.method not in ("GET", "HEAD"):
            return response
        if not (led_to := leads_to(request.path, at=request.now)):
            return response
        query = request.META.get("QUERY_STRING", "")
        moved = HttpResponsePermanentRedirect(led_to + (f"?{query}" if query else ""))
        # The same for everybody, as the article's own former addresses are.
        moved.is_public = True  # type: ignore[attr-defined]
        return moved

    return leading_on


def leads_to(path: str, *, at: datetime) -> str:
    """Where the article stands that had this path, once the public may see it; empty where nothing is known of it."""
    plain = OldAddress.plain(quote(path))
    if not plain or len(plain) > LONGEST_PATH:
        return ""
    known = OldAddress.objects.filter(path=plain).values("article")
    seen = Article.objects.published(at=at) | Article.objects.withdrawn()
    article = seen.filter(pk__in=known).select_related("section").only("slug", "section__slug").first()
    return article.get_absolute_url() if article else ""
