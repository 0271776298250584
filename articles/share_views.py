"""An article before it is published, for the one person outside who was given the link."""

from http import HTTPStatus

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from edge.http import Request, is_fetched_ahead, is_opened_by_somebody

from .article_page import article_page
from .models import Article, ShareLink
from .paywall import reading_of_share


@require_safe
def shared(request: Request, token: str) -> HttpResponse:
    """The article in full, marked as not published; 410 once the link has ended. Raises Http404 for a token of none."""
    if is_fetched_ahead(request):
        # Refused, so that the browser asks again once somebody opens it: only that is counted.
        return _in_confidence(HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE))
    link = ShareLink.objects.of_token(token)
    if link is None:
        raise Http404
    article = Article.objects.for_reading().get(pk=link.article_id)
    reading = reading_of_share(article, link, at=request.now)
    if reading is None:
        context = {"link": link, "why": link.why_ended(at=request.now), "article": article}
        context["is_out"] = article.is_published(at=request.now)
        return _in_confidence(render(request, "articles/shared_over.html", context, status=HTTPStatus.GONE))
    if is_opened_by_somebody(request):
        link.was_opened(at=request.now)
    nobody = AnonymousUser()
    page = article_page(article, reading, reader=nobody, at=request.now)
    context = {"page": page, "article": article, "reading": reading, "here": article.section, "link": link}
    return _in_confidence(render(request, "articles/shared.html", context | {"user": nobody}))


def _in_confidence(response: HttpResponse) -> HttpResponse:
    """Kept by nobody, found by no search engine, and its address is told to no other site."""
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Referrer-Policy"] = "no-referrer"
    return response
