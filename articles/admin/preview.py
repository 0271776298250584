"""An article before it is published, exactly as a reader would see it."""

import copy
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render

from articles.article_page import article_page
from articles.models import Article
from articles.paywall import reading_of
from edge.http import Request
from subscriptions.access import Entitlement, Source

from .forms import ArticleForm

if TYPE_CHECKING:
    from .article import ArticleAdmin

# The made-up readers: who they are to the paywall, and what the bar calls them.
READERS = {
    "visitor": (None, "a non-subscriber"),
    "subscriber": (Entitlement(Source.SUBSCRIPTION), "a subscriber"),
}


def answer(desk: "ArticleAdmin", request: Request, article_id: int | None) -> HttpResponse:
    """The preview: of what is saved (GET), or of what is typed (POST), which it does not save.

    Raises Http404 for whoever may not change the article, as for one that does not exist.
    """
    article = Article.objects.for_teasers().filter(pk=article_id).first() if article_id else None
    if not _may_see(desk, request, article, is_new=article_id is None):
        raise Http404
    if request.method == "POST":
        return _of_what_is_typed(desk, request, article)
    if article is None:
        raise Http404
    return _page(request, article)


def _may_see(desk: "ArticleAdmin", request: Request, article: Article | None, *, is_new: bool) -> bool:
    if not desk.admin_site.has_permission(request):
        return False
    if is_new:
        return desk.has_add_permission(request)
    return article is not None and desk.has_change_permission(request, article)


def _of_what_is_typed(desk: "ArticleAdmin", request: Request, article: Article | None) -> HttpResponse:
    original = copy.copy(article)
    form: ArticleForm = desk.get_form(request, article, change=article is not None)(
        _without_verb(request), request.FILES, instance=article
    )
    if not form.is_valid():
        return _refused(request, form)
    with transaction.atomic():
        typed = desk.keep(request, form, change=article is not None)
        response = _page(request, Article.objects.for_teasers().get(pk=typed.pk), saved=original, is_typed=True)
        transaction.set_rollback(True)
    return response


def _without_verb(request: Request) -> object:
    data = request.POST.copy()
    data.pop("verb", None)
    return data


def _page(request: Request, article: Article, *, saved: Article | None = None, is_typed: bool = False) -> HttpResponse:
    who = request.GET.get("as", "visitor")
    if who not in READERS:
        raise Http404
    entitlement, called = READERS[who]
    now = request.now
    is_public = (saved or article).is_published(at=now)
    article.published_at = article.published_at or now
    reading = reading_of(article, entitlement)
    reader = AnonymousUser() if entitlement is None else request.user
    context = {
        "page": article_page(article, reading, reader=reader, at=now),
        "article": article,
        "reading": reading,
        "here": article.section,
        "user": reader,
        "preview": {"called": called, "who": who, "is_typed": is_typed, "is_public": is_public, "key": article.pk},
    }
    return _hidden(render(request, "articles/preview.html", context))


def _refused(request: Request, form: ArticleForm) -> HttpResponse:
    missing = [
        (form.fields[name].label or name.replace("_", " ") if name in form.fields else "", words)
        for name, list_ in form.errors.items()
        for words in list_
    ]
    return _hidden(render(request, "articles/preview_refused.html", {"missing": missing}, status=422))


def _hidden(response: HttpResponse) -> HttpResponse:
    """For one pair of eyes: kept by nobody, found by no search engine."""
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
