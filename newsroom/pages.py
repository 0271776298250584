"""The standing pages, their list in the footer, and what is said when a form came without its token."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from articles.models import Article, Correction
from articles.river import NoSuchPlace, stretch_of
from edge import languages
from edge.caching import public
from edge.http import Request

from .models import PageVersion
from .models.page import BUILT_IN
from .placeholders import filled, filled_line
from .reviews import review_of

CORRECTIONS, WITHDRAWALS = 30, 20


@public
def icon(request: HttpRequest) -> HttpResponse:
    """For what asks for the icon without reading the page."""
    return redirect(static("img/icon.svg"), permanent=True)


@public
@require_safe
def page(request: Request, slug: str) -> HttpResponse:
    """A standing page. Raises Http404 where there is none, or none that everybody may see."""
    return render(request, "pages/page.html", _said_on(request, slug))


@public
@require_safe
def added_page(request: Request, slug: str) -> HttpResponse:
    """A page that an editor has added; one that has an address of its own is found there."""
    return redirect(slug, permanent=True) if slug in BUILT_IN else page(request, slug)


@public
@require_safe
def corrections(request: Request) -> HttpResponse:
    """How we correct, every correction, and what we withdrew. Raises Http404 for a place that is none."""
    rows = Correction.objects.public(at=request.now).select_related("article__section")
    try:
        river = stretch_of(rows, request.GET.get("before", ""), length=CORRECTIONS)
    except NoSuchPlace as error:
        raise Http404 from error
    withdrawn = Article.objects.withdrawn().select_related("section").order_by("-withdrawn_at")[:WITHDRAWALS]
    context = {"river": river, "withdrawn": withdrawn if river.is_first else []}
    return render(request, "pages/corrections.html", _said_on(request, "corrections") | context)


def _said_on(request: Request, slug: str) -> dict[str, Any]:
    version = PageVersion.objects.shown(slug, languages.chosen(), at=request.now)
    if version is None:
        raise Http404
    return in_print(version) | {"review": review_of(slug)}


def in_print(version: PageVersion) -> dict[str, Any]:
    """What the template of a page prints of a version, in the language that is spoken."""
    return {
        "version": version,
        "title": filled_line(version.title),
        "standfirst": filled_line(version.standfirst),
        "html": filled(version.html),
        "is_translated": version.language == languages.chosen(),
    }


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without the token that proves it came from our page: mostly an old tab, or cookies switched off."""
    return render(request, "403_csrf.html", status=403)
