"""The versions of an article at the desk: listed, side by side, looked at as readers saw them, brought back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html

from articles.changes import Row, rows
from articles.models import Article, ArticleVersion, Hold
from articles.models.version import PLAIN, keep_version
from edge.http import now_of

from . import workflow

if TYPE_CHECKING:
    from .article import ArticleAdmin

SHOWN_AT_ONCE = 200
LABELS = {
    "kicker": "Kind",
    "slug": "Address",
    "language": "Language",
    "hero_caption": "Caption",
    "is_free": "Free to read",
    "section": "Section",
    "hero": "Main picture",
    "authors": "Authors",
    "topics": "Topics",
    "related": "Related articles",
}


@dataclass(frozen=True)
class Fact:
    """Something around the text that is another one now."""

    label: str
    before: str
    after: str


# --- Keeping them -------------------------------------------------------------------------------------------


def keep_what_was(article: Article) -> None:
    """Before an article is saved at the desk for the first time: keep what it said until now."""
    if not ArticleVersion.objects.filter(article=article).exists():
        present = Article.objects.get(pk=article.pk)
        keep_version(present, by=None, at=present.changed_at, note="Before the desk kept versions")


def keep(article: Article, *, request: HttpRequest) -> None:
    """After it was saved: keep the version, and say so where readers see another text from now on."""
    version = keep_version(article, by=request.user, at=now_of(request))
    if version and version.changes_public:
        article.steps.create(kind="updated", note=str(version), by=version.saved_by, at=version.saved_at)


# --- Looking at them ----------------------------------------------------------------------------------------


def listed(desk: "ArticleAdmin", request: HttpRequest, article_id: int) -> HttpResponse:
    """Who saved what, and when; `?after`: only what was changed after publication. Raises PermissionDenied, Http404."""
    article = _seen(desk, request, article_id)
    every = ArticleVersion.objects.filter(article=article).listed()
    only_after = "after" in request.GET
    context = {
        "title": "Versions",
        "versions": list((every.after_publication() if only_after else every)[:SHOWN_AT_ONCE]),
        "only_after": only_after,
        "changed_after": every.after_publication().count(),
        "story": workflow.story(article),
    }
    return _page(desk, request, article, "versions", context)


def side_by_side(desk: "ArticleAdmin", request: HttpRequest, article_id: int, version_number: int) -> HttpResponse:
    """A version beside the one before it, or beside that in `?with`. Raises PermissionDenied or Http404."""
    article = _seen(desk, request, article_id)
    version = _one(article, version_number)
    if "shown" in request.GET:
        return _as_readers_saw_it(desk, request, version)
    before = _chosen(article, request.GET.get("with", "")) or version.before
    older, newer = (before or version), version
    if before and before.number > version.number:
        older, newer = version, before
    compared = rows(_all_of(older), _all_of(newer))
    context = {
        "title": str(version),
        "version": version,
        "older": older if before else None,
        "newer": newer,
        "rows": compared,
        "facts": _facts(older, newer) if before else [],
        "only_form": bool(before) and older.html != newer.html and all(row.is_same for row in compared),
        "numbers": ArticleVersion.objects.filter(article=article).listed()[:SHOWN_AT_ONCE],
        "is_newest": not ArticleVersion.objects.filter(article=article, number__gt=version.number).exists(),
        "may_restore": desk.has_change_permission(request, article),
        "writing": Hold.objects.of_another(article, request.user, at=now_of(request)),
        "changed": _changed(compared),
    }
    return _page(desk, request, article, "version", context)


def restore(desk: "ArticleAdmin", request: HttpRequest, article_id: int, version_number: int) -> HttpResponse:
    """Say again what it said then, as a new version. Raises PermissionDenied or Http404."""
    article = _seen(desk, request, article_id)
    if not desk.has_change_permission(request, article):
        raise PermissionDenied
    version = _one(article, version_number)
    try:
        gone = version.restore(by=request.user, at=now_of(request))
    except ValidationError as error:
        messages.error(request, f"Not brought back: {' '.join(error.messages)}")
        return HttpResponseRedirect(reverse("admin:articles_article_version", args=[article.pk, version.number]))
    desk.log_change(request, article, f"{version} brought back.")
    messages.success(request, f"{version} is brought back. What it said until now is kept, too.")
    if gone:
        messages.warning(request, f"Gone meanwhile, and left out: {', '.join(gone)}.")
    return HttpResponseRedirect(reverse("admin:articles_article_change", args=[article.pk]))


def _as_readers_saw_it(desk: "ArticleAdmin", request: Any, version: ArticleVersion) -> HttpResponse:
    from . import preview

    with transaction.atomic():
        version.restore(by=None, at=now_of(request))
        response = preview.page_of(request, version.article_id, version=version)
        transaction.set_rollback(True)
    return response


def _seen(desk: "ArticleAdmin", request: HttpRequest, article_id: int) -> Article:
    article = desk.get_queryset(request).select_related("section").filter(pk=article_id).first()
    if not desk.has_view_permission(request, article):
        raise PermissionDenied
    if article is None:
        raise Http404
    return article


def _one(article: Article, number: int) -> ArticleVersion:
    return get_object_or_404(ArticleVersion.objects.select_related("saved_by"), article=article, number=number)


def _chosen(article: Article, number: str) -> ArticleVersion | None:
    if not (number.isdecimal() and number.isascii() and len(number) < 9):
        return None
    found = ArticleVersion.objects.filter(article=article, number=int(number))
    return found.select_related("saved_by").first()


def _all_of(version: ArticleVersion) -> str:
    """Headline and standfirst as two blocks before the text, to compare."""
    said = version.said
    return format_html("<p>{}</p><p>{}</p>", said["headline"], said["standfirst"]) + version.html


def _facts(older: ArticleVersion, newer: ArticleVersion) -> list[Fact]:
    """What differs around the text."""
    pairs = ((label, _told(older, name), _told(newer, name)) for name, label in LABELS.items())
    return [Fact(label, before, after) for label, before, after in pairs if before != after]


def _told(version: ArticleVersion, name: str) -> str:
    value = version.said.get(name)
    if name in PLAIN:
        return ("yes" if value else "no") if isinstance(value, bool) else str(value or "none")
    if name in ("section", "hero"):
        return str(value[1]) if value else "none"
    return ", ".join(called for _, called in value or []) or "none"


def _changed(compared: list[Row]) -> int:
    return sum(not row.is_same for row in compared)


def _page(
    desk: "ArticleAdmin", request: HttpRequest, article: Article, name: str, context: dict[str, Any]
) -> HttpResponse:
    everything = desk.admin_site.each_context(request) | {"original": article, "opts": desk.opts} | context
    return render(request, f"admin/articles/article/{name}.html", everything)
