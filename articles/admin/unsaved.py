"""What was typed and not saved: kept while it is typed, offered again, and saved once however often it is sent."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.timezone import localtime

from articles.models import Article, WorkingCopy
from articles.models.working_copy import fields_of
from edge.http import now_of

KEY, TAKE_UP = "form_key", "take_up"
NOT_KEPT = ("csrfmiddlewaretoken", "verb", KEY, "of_article", "drop")
# A text of 300 kB is a book; what is larger is kept by the browser alone.
MOST = 2 * 1024 * 1024
OFFERED = 3


def key_in(values: Any) -> UUID | None:
    """The key of the form that was sent, or None where there is none or it is no key."""
    try:
        return UUID(values.get(KEY, ""))
    except ValueError:
        return None


def keep(desk: Any, request: HttpRequest) -> HttpResponse:
    """Keep what is in the form now; answers with the time. Raises PermissionDenied and Http404 as saving would."""
    article = _article(desk, request)
    key = key_in(request.POST)
    if key is None:
        return JsonResponse({"error": "no key"}, status=400)
    typed = fields_of(request.POST.lists(), without=NOT_KEPT)
    if sum(len(value) for values in typed.values() for value in values) > MOST:
        return JsonResponse({"error": "too much"}, status=413)
    at = now_of(request)
    is_kept = WorkingCopy.objects.keep(key, _editor(request), article, typed, at=at)
    return JsonResponse({"kept": f"{localtime(at):%H:%M}" if is_kept else ""})


def _editor(request: HttpRequest) -> Any:
    """Who is signed in: the admin has seen to it that somebody is."""
    return request.user


def _article(desk: Any, request: HttpRequest) -> Article | None:
    wanted = request.POST.get("of_article", "")
    if not wanted:
        if not desk.has_add_permission(request):
            raise PermissionDenied
        return None
    article: Article | None = desk.get_object(request, wanted)
    if article is None:
        raise Http404
    if not desk.has_change_permission(request, article):
        raise PermissionDenied
    return article


def drop(request: HttpRequest) -> HttpResponse:
    """Throw one of one's own working copies away, and go back to the form."""
    try:
        key = UUID(request.POST.get("drop", ""))
    except ValueError as error:
        raise Http404 from error
    copy = WorkingCopy.objects.filter(key=key, editor=_editor(request), saved_at__isnull=True).first()
    if copy:
        copy.delete()
        messages.success(request, "Thrown away.")
    if copy and copy.article_id:
        return HttpResponseRedirect(reverse("admin:articles_article_change", args=[copy.article_id]))
    return HttpResponseRedirect(reverse("admin:articles_article_add"))


def token(request: HttpRequest) -> HttpResponse:
    """Whether the session is still there, and what a form must carry now: logging in again changes it."""
    return JsonResponse({"token": get_token(request)})


def claim(request: HttpRequest, key: UUID) -> WorkingCopy | None:
    """The row of the form that was sent, locked until it is saved; None where it is somebody else's.

    Whoever sends the same form at the same moment waits here, and then finds it saved.
    """
    rows = WorkingCopy.objects.select_for_update()
    copy, _ = rows.get_or_create(key=key, defaults={"editor": _editor(request), "typed_at": now_of(request)})
    return copy if copy.editor_id == _editor(request).pk else None


def again(request: HttpRequest, copy: WorkingCopy, object_id: str | None) -> str | None:
    """Which article the form is about: one that was saved before and whose answer was lost is about what it made."""
    if not (copy.saved_at and copy.article and copy.saved_as):
        return object_id
    if object_id and object_id != str(copy.article_id):
        return object_id
    sent = request.POST.copy()
    if copy.article.changed_at == copy.saved_as:
        # Nobody saved in between but this form itself.
        sent["began_with"] = copy.saved_as.isoformat()
    if copy.article.is_published(at=now_of(request)) and sent.get("verb") == "publish":
        del sent["verb"]
    request.POST = sent  # type: ignore[assignment]
    return str(copy.article_id)


def taken_up(request: HttpRequest, article: Article | None) -> WorkingCopy | None:
    """The working copy that the address asks to go on with, if it is this editor's and of this article."""
    try:
        key = UUID(request.GET.get(TAKE_UP, ""))
    except ValueError:
        return None
    return WorkingCopy.objects.not_saved(_editor(request), article).filter(key=key).first()


def as_sent(copy: WorkingCopy) -> QueryDict:
    """What was typed, as the form would send it."""
    sent = QueryDict(mutable=True)
    for name, values in copy.typed.items():
        sent.setlist(name, values)
    return sent


def context(request: HttpRequest, article: Article | None) -> dict[str, Any]:
    """What the page needs: the key of this form, what else is kept, and which forms were saved lately."""
    copy = taken_up(request, article) if request.method == "GET" else None
    key = copy.key if copy else key_in(request.POST) or uuid4()
    offered = WorkingCopy.objects.not_saved(_editor(request), article).exclude(key=key)[:OFFERED]
    saved = WorkingCopy.objects.filter(editor=_editor(request), article=article, saved_at__isnull=False)
    keys = saved.order_by("-saved_at").values_list("key", flat=True)[:OFFERED]
    return {
        "form_key": key,
        "is_taken_up": copy is not None,
        "not_saved": offered,
        "saved_keys": " ".join(str(one) for one in keys) if article else "",
    }
