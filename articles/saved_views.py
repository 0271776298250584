"""The reader's own lists: what they saved, and what they read if they keep that."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from edge.http import Request

from .models import Article, OpenedArticle, SavedArticle
from .saved import keeps_history

ROWS = 50


@require_safe
@login_required
def saved(request: Request) -> HttpResponse:
    """The articles that were put aside, the last one first."""
    rows = _published(SavedArticle.objects.filter(reader=request.user), request)
    return render(request, "articles/saved.html", {"rows": _stretch(rows, request)})


@require_POST
@login_required
def save(request: Request, pk: int) -> HttpResponse:
    """Put an article aside, and back to it."""
    article = _published_article(request, pk)
    SavedArticle.objects.put_aside(request.user.pk, article, at=request.now)
    return redirect(article.get_absolute_url())


@require_POST
@login_required
def remove(request: Request, pk: int) -> HttpResponse:
    """Take an article off the list; back to where the button stood."""
    SavedArticle.objects.filter(reader=request.user, article=pk).delete()
    if request.POST.get("from") == "article":
        return redirect(_published_article(request, pk).get_absolute_url())
    return redirect("saved")


@require_POST
@login_required
def remove_all(request: Request) -> HttpResponse:
    """Empty the list."""
    SavedArticle.objects.filter(reader=request.user).delete()
    messages.success(request, _("Your list is empty."))
    return redirect("saved")


@require_safe
@login_required
def history(request: Request) -> HttpResponse:
    """What was read, for who keeps such a list; what is left of it, for who no longer does."""
    rows = _published(OpenedArticle.objects.filter(reader=request.user), request)
    context = {"rows": _stretch(rows, request), "is_on": keeps_history(request.user)}
    return render(request, "articles/history.html", context)


@require_POST
@login_required
def forget(request: Request, pk: int) -> HttpResponse:
    """Erase one article from what was read."""
    OpenedArticle.objects.forget(request.user.pk, [pk])
    return redirect("history")


@require_POST
@login_required
def forget_all(request: Request) -> HttpResponse:
    """Erase all of what was read."""
    OpenedArticle.objects.forget(request.user.pk)
    messages.success(request, _("Everything you read is erased from the list."))
    return redirect("history")


def _published_article(request: Request, pk: int) -> Article:
    article = Article.objects.published(at=request.now).select_related("section").filter(pk=pk).first()
    if article is None:
        raise Http404
    return article


def _published(rows: QuerySet[Any], request: Request) -> QuerySet[Any]:
    public = Article.objects.published(at=request.now)
    return rows.filter(article__in=public.values("pk")).select_related("article__section").defer("article__teaser")


def _stretch(rows: QuerySet[Any], request: Request) -> Any:
    return Paginator(rows, ROWS).get_page(request.GET.get("page"))
