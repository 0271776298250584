"""Staff see the site as one reader sees it: to look, and to touch nothing.

Nobody is logged in as anybody. The session stays the colleague's own and says whom they look through; below the
address of the admin they are themselves, everywhere else the request carries the reader. So nothing of the reader's
changes by it: no last login, no device, no history. Every way of writing is refused here, in one place, as are the
pages that hold secrets or begin something.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.signals import user_logged_out
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import resolve, reverse
from django.views.decorators.http import require_POST

from edge.http import Request, now_of
from page_cache.standing import ASKED
from readers.models import User

from . import second_factor
from .audit import desk, signs
from .audit.watching import written_table
from .models import LookedAs, StaffAct

GetResponse = Callable[[Any], HttpResponse]
LASTS = timedelta(minutes=30)
PERMISSION = "newsroom.see_as_reader"
SESSION = "seeing"
# Beside the public pages: what a reader asks about. Not their history, their secrets, or what starts something.
PAGES = frozenset(
    {
        *("account", "invoices", "contracts", "contract", "security", "devices", "choices", "saved", "gifts"),
        *("plans", "cancel", "switch", "pause", "student", "groups", "group", "newsletters", "own_data"),
        *("ask", "withdraw", "cancel_help", "search", "suggestions", "live_new", "offline", "picture"),
    }
)
# The site's own, written whoever looks.
_OWN_TABLES = frozenset({"django_session", "newsroom_cache", "usersessions_usersession"})


@dataclass(frozen=True)
class Seeing:
    """Whom a colleague looks through, and until when (UTC)."""

    reader: User
    by: User
    until: datetime
    look: LookedAs


class Written(PermissionDenied):
    """A page wanted to write something while a colleague looked."""


def may_be_seen(reader: User) -> bool:
    """Whether this account may be looked through: a reader's, and nobody's who has rights at the desk."""
    if not reader.is_active or reader.is_deleted or reader.is_staff or reader.is_superuser:
        return False
    return not (reader.groups.exists() or reader.user_permissions.exists())


def as_reader(get_response: GetResponse) -> GetResponse:
    """A middleware, after the one that knows who asks."""

    def seen(request: Request) -> HttpResponse:
        if ASKED in request.META or desk.is_desk(request) or not _wants(request):
            return get_response(request)
        seeing = _seeing(request)
        if seeing is None:
            return get_response(request)
        return _answer(get_response, request, seeing)

    return seen


def _wants(request: Request) -> bool:
    """Whether the session says so. Nobody without one is asked."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    return request.user.is_authenticated and request.user.is_staff and SESSION in request.session


def _seeing(request: Request) -> Seeing | None:
    """Whom this session looks through; ends it where it is over, or no longer allowed."""
    look = LookedAs.objects.select_related("reader").filter(pk=request.session[SESSION], by=request.user).first()
    if look is None:
        del request.session[SESSION]
        return None
    is_allowed = request.user.has_perm(PERMISSION) and second_factor.is_shown(request) and may_be_seen(look.reader)
    if look.ended_at or not is_allowed or not look.began_at <= now_of(request) < look.until:
        _end(request, look)
        return None
    return Seeing(look.reader, request.user, look.until, look)


def _answer(get_response: GetResponse, request: Request, seeing: Seeing) -> HttpResponse:
    request.seeing, request.user = seeing, seeing.reader  # type: ignore[attr-defined]
    if request.method not in ("GET", "HEAD", "OPTIONS") or not _is_open(request):
        return _refused(request)
    with connection.execute_wrapper(_nothing_written):
        response = get_response(request)
    if "attachment" in response.get("Content-Disposition", ""):
        response.close()
        return _refused(request)
    response["Cache-Control"] = "private, no-store"
    return response


def _is_open(request: Request) -> bool:
    try:
        match = resolve(request.path_info)
    except Http404:
        return True
    return getattr(match.func, "is_public_page", False) or match.url_name in PAGES


def _nothing_written(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Stands before the database while a colleague looks; a page that wants to write is refused. Raises Written."""
    table = written_table(sql)
    if table and table not in _OWN_TABLES:
        raise Written(f"{table} would be written while a colleague looks.")
    return execute(sql, params, many, context)


def _refused(request: Request) -> HttpResponse:
    response = render(request, "admin/seeing/refused.html", status=403)
    response["Cache-Control"] = "private, no-store"
    return response


# --- Begin and stop ---------------------------------------------------------------------------------------


@require_POST
def begin(request: Request, reader_id: int) -> HttpResponse:
    """Look through this reader's account from now on. Raises PermissionDenied for who may not, and for colleagues'."""
    reader = get_object_or_404(User, pk=reader_id)
    if not (request.user.has_perm(PERMISSION) and may_be_seen(reader)):
        raise PermissionDenied
    _end_running(request)
    look = LookedAs.objects.create(reader=reader, by=request.user, began_at=request.now, until=request.now + LASTS)
    request.session[SESSION] = look.pk
    signs.note(StaffAct.Kind.SEEING, request.user, request, about=reader)
    return HttpResponseRedirect(reverse("account"))


@require_POST
def stop(request: Request) -> HttpResponse:
    """Be oneself again, at the reader's page of the desk."""
    reader_id = _end_running(request)
    if reader_id is None or not request.user.has_perm("readers.view_user"):
        return HttpResponseRedirect(reverse("admin:index"))
    messages.info(request, "You see the site as yourself again.")
    return HttpResponseRedirect(reverse("admin:readers_user_change", args=[reader_id]))


def _end_running(request: Request) -> int | None:
    """End what this session looks through; the reader's number, None where there was nothing to end."""
    look = LookedAs.objects.filter(pk=request.session.get(SESSION) or 0, by=request.user.pk).first()
    if look is None:
        return None
    _end(request, look)
    return look.reader_id


def _end(request: Request, look: LookedAs) -> None:
    request.session.pop(SESSION, None)
    if look.end(at=min(now_of(request), look.until)):
        signs.note(StaffAct.Kind.SEEN, request.user, request, about=look.reader)


def end_with_the_session(sender: Any, request: Any, user: Any, **more: Any) -> None:
    """Whoever logs out sees nothing any more (`user_logged_out`)."""
    if request is not None and user is not None and SESSION in request.session:
        _end_running(request)


user_logged_out.connect(end_with_the_session, dispatch_uid="newsroom.seeing")
