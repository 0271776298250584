"""Who is writing this now: said on the page, kept up by its script, and taken over without losing a word."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from articles.models import Article, Hold
from edge.http import now_of

if TYPE_CHECKING:
    from .article import ArticleAdmin
    from .forms import ArticleForm

# How often the page says that it is open, in seconds: three times while a hold lasts.
BEAT_SECONDS = 20


def of_page(request: HttpRequest, article: Article) -> dict[str, Any]:
    """For the page that opens: the token it holds the article by, or who else is writing and since when."""
    held = Hold.ask(article, request.user, at=now_of(request))
    said = {"beat": BEAT_SECONDS, "address": reverse("admin:articles_article_holding", args=[article.pk])}
    return said | _told(held, request)


def _told(held: Hold, request: HttpRequest) -> dict[str, Any]:
    if held.editor_id == request.user.pk:
        return {"token": held.token, "who": ""}
    return {"token": "", "who": str(held.editor.name or held.editor), "since": _clock(held)}


def _clock(held: Hold) -> str:
    return f"{timezone.localtime(held.began_at):%H:%M}"


def beat(desk: "ArticleAdmin", request: HttpRequest, article_id: int) -> HttpResponse:
    """The page is still open, or was closed (`gone`). Answers whether the article is still in its hands.

    Raises PermissionDenied for whoever may not write it.
    """
    article = _theirs(desk, request, article_id)
    token = request.POST.get("token", "")
    if "gone" in request.POST:
        Hold.let_go(article, token)
        return JsonResponse({})
    if Hold.renew(article, token, at=now_of(request)):
        return JsonResponse({"token": token, "who": ""})
    return JsonResponse(_told(Hold.ask(article, request.user, at=now_of(request)), request))


def take_over(desk: "ArticleAdmin", request: HttpRequest, article_id: int) -> HttpResponse:
    """Write instead of a colleague. Raises PermissionDenied for whoever may not write it."""
    article = _theirs(desk, request, article_id)
    was = Hold.objects.of_another(article, request.user, at=now_of(request))
    Hold.take_over(article, request.user, at=now_of(request))
    if was:
        name = was.editor.name or was.editor
        messages.info(request, f"You write this article now. {name} is told, and keeps what was typed there.")
    return HttpResponseRedirect(reverse("admin:articles_article_change", args=[article.pk]))


def _theirs(desk: "ArticleAdmin", request: HttpRequest, article_id: int) -> Article:
    article = get_object_or_404(Article, pk=article_id)
    if not desk.has_change_permission(request, article):
        raise PermissionDenied
    return article


def refuse_once(form: "ArticleForm") -> str:
    """Why this page may not save, where somebody else is writing; once said, saving again takes over.

    A form without the field, as the preview sends it, is not asked.
    """
    if not form.instance.pk or "holds" not in form.data:
        return ""
    other = Hold.objects.of_another(form.instance, form.user, at=form.now)
    if other is None or other.token == form.data["holds"]:
        return ""
    data: Any = form.data
    form.data = data = data.copy()
    data["holds"] = other.token
    return (
        f"{other.editor.name or other.editor} has been writing this article since {_clock(other)}. What you typed is "
        "still here. Talk to each other first; if you save again, you take over."
    )


def settle(form: "ArticleForm", request: HttpRequest) -> None:
    """Whoever saved it writes it from now on."""
    if Hold.objects.of_another(form.instance, request.user, at=now_of(request)):
        Hold.take_over(form.instance, request.user, at=now_of(request))
