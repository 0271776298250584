"""An article before it is published, exactly as each kind of reader would see it, also on a phone."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from articles.article_page import article_page
from articles.models import Article, ArticleVersion
from articles.paywall import reading_of
from edge.http import Request
from edge.visitor import StandIn
from readers.models import User
from subscriptions.access import Entitlement, Source

from .forms import ArticleForm

if TYPE_CHECKING:
    from .article import ArticleAdmin

# In pixels, as most phones have them.
PHONE = (390, 844)


@dataclass(frozen=True)
class Kind:
    """A kind of reader: what the bar calls them, and why they may read (None: they may not) at a moment."""

    word: str
    called: str
    entitled: Callable[[datetime], Entitlement | None]

    def reader(self, at: datetime) -> Any:
        """Somebody of that kind. A registered reader has a row, which goes with the transaction around the preview."""
        if self.word == "Visitor":
            return AnonymousUser()
        entitlement = self.entitled(at)
        if entitlement is not None:
            return StandIn(entitlement)
        return User.objects.create(email="a.reader@example.invalid")


READERS = {
    "visitor": Kind("Visitor", "a non-subscriber without an account", lambda at: None),
    "registered": Kind("Registered", "a reader with an account and no subscription", lambda at: None),
    "trial": Kind("On trial", "a reader on trial", lambda at: Entitlement(Source.TRIAL, until=at + timedelta(days=20))),
    "subscriber": Kind("Subscriber", "a subscriber", lambda at: Entitlement(Source.SUBSCRIPTION)),
    "group": Kind(
        "Group reader",
        "a reader through an organisation",
        lambda at: Entitlement(Source.SEAT, until=at + timedelta(days=200), through="an organisation"),
    ),
}


@dataclass(frozen=True)
class Shown:
    """What is looked at: saved or only typed, of today or an earlier version, public already or not."""

    is_typed: bool = False
    is_public: bool = False
    version: ArticleVersion | None = None


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
    return _page(request, article, Shown(is_public=article.is_published(at=request.now)))


def page_of(request: Request, article_id: int, *, version: ArticleVersion) -> HttpResponse:
    """The page of an article in which, for the moment, an earlier version stands."""
    article = Article.objects.for_teasers().get(pk=article_id)
    return _page(request, article, Shown(version=version, is_public=article.is_published(at=request.now)))


def _may_see(desk: "ArticleAdmin", request: Request, article: Article | None, *, is_new: bool) -> bool:
    if not desk.admin_site.has_permission(request):
        return False
    if is_new:
        return desk.has_add_permission(request)
    return article is not None and desk.has_change_permission(request, article)


def _of_what_is_typed(desk: "ArticleAdmin", request: Request, article: Article | None) -> HttpResponse:
    original = copy.copy(article)
    form: ArticleForm = desk.get_form(request, article, change=article is not None)(
        _only_words(request), request.FILES, instance=article
    )
    if not form.is_valid():
        return _refused(request, form)
    with transaction.atomic():
        typed = desk.keep(request, form, change=article is not None)
        shown = Shown(is_typed=True, is_public=(original or typed).is_published(at=request.now))
        response = _page(request, Article.objects.for_teasers().get(pk=typed.pk), shown)
        transaction.set_rollback(True)
    return response


def _only_words(request: Request) -> object:
    """What was typed, without what is about saving it: nobody is in the way of a look."""
    data = request.POST.copy()
    for name in ("verb", "began_with", "holds", "note"):
        data.pop(name, None)
    return data


def _page(request: Request, article: Article, shown: Shown) -> HttpResponse:
    who = request.GET.get("as", "visitor")
    if who not in READERS:
        raise Http404
    kind, now = READERS[who], request.now
    article.published_at = article.published_at or now
    with transaction.atomic():
        reader = kind.reader(now)
        reading = reading_of(article, kind.entitled(now))
        context: dict[str, Any] = {
            "page": article_page(article, reading, reader=reader, at=now),
            "article": article,
            "reading": reading,
            "here": article.section,
            "user": reader,
            "preview": _bar(request, article, shown, who),
        }
        html = render_to_string("articles/preview.html", context, request)
        transaction.set_rollback(True)
    if request.GET.get("width") == "phone":
        return _on_a_phone(request, context, html)
    return _hidden(HttpResponse(html))


def _bar(request: Request, article: Article, shown: Shown, who: str) -> dict[str, Any]:
    is_phone = request.GET.get("width") == "phone"
    width = "&width=phone" if is_phone else ""
    where = "?shown&" if shown.version else "?"
    return {
        "called": READERS[who].called,
        "who": who,
        "kinds": [(key, kind.word, f"{where}as={key}{width}") for key, kind in READERS.items()],
        "other_width": f"{where}as={who}{'' if is_phone else '&width=phone'}",
        "is_phone": is_phone,
        "is_typed": shown.is_typed,
        "is_public": shown.is_public,
        "version": shown.version,
        "key": article.pk,
    }


def _on_a_phone(request: Request, context: dict[str, Any], html: str) -> HttpResponse:
    """The page in a frame as wide as a phone, which makes it the page that a phone shows."""
    around = {"preview": context["preview"], "article": context["article"], "inside": html}
    width, height = PHONE
    return _hidden(render(request, "articles/preview_phone.html", around | {"width": width, "height": height}))


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
