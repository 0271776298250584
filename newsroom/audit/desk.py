"""The desk, watched: a middleware around every request of staff below the address of the admin."""

import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from edge.address import address_of
from edge.http import now_of
from edge.logs import request_id
from newsroom.models import StaffAct

from .watching import Watch

GetResponse = Callable[[HttpRequest], HttpResponse]
Kind = StaffAct.Kind
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
# Sent by the page itself every few seconds or at every key: nobody has done anything yet.
BEATS = frozenset(
    {
        *("articles_article_holding", "articles_article_keep", "articles_article_drop", "articles_article_token"),
        *("articles_article_preview", "articles_article_preview_new", "articles_frontversion_preview"),
        *("newsroom_page_preview", "newsroom_page_preview_new", "articles_article_links"),
    }
)
# Pages that show one person's data.
PERSONS = frozenset(
    {
        *("readers_user_change", "readers_user_payments", "readers_letter_change", "groups_student_proof"),
        *("groups_studentapplication_change", "rights_statement_change", "groups_enquiry_change", "rights_erasure_of"),
        *("subscriptions_contract_change", "why"),
    }
)
# Whatever else is sent as one is no name of ours.
_ACTION = re.compile(r"[a-z_]{1,60}")
KEYS = ("object_id", "reader_id", "pk", "group_id", "article_id", "grant_id")


def is_desk(request: HttpRequest) -> bool:
    """Whether the address is one of the admin's."""
    return request.path_info.startswith(f"/{settings.ADMIN_PATH}/")


def shortened(request: HttpRequest) -> str:
    """The network of a visitor: the first three of four numbers, of IPv6 the /48; empty where it cannot be told."""
    address = address_of(request)
    if address is None:
        return ""
    return str(ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False))


def watch_of(request: HttpRequest) -> Watch:
    """A watch over what this request does."""
    return Watch(
        actor_id=request.user.pk,
        at=now_of(request),
        request_id=request_id(),
        network=shortened(request),
        through=lambda: through(request),
    )


def through(request: HttpRequest) -> str:
    """The page or button by its name in the code, with the action chosen from a list's menu."""
    match = request.resolver_match
    name = (match.url_name or "") if match else ""
    chosen = request.POST.get("action", "") if request.method == "POST" and name.endswith("_changelist") else ""
    return f"{name} {chosen}" if _ACTION.fullmatch(chosen) else name


def watched(get_response: GetResponse) -> GetResponse:
    """Write down what staff do at the desk. A middleware, right after the one that knows who asks."""

    def with_watch(request: HttpRequest) -> HttpResponse:
        if not is_desk(request) or not request.user.is_authenticated or not request.user.is_staff:
            return get_response(request)
        watch = watch_of(request)
        with connection.execute_wrapper(watch):
            response = get_response(request)
        _note_answer(watch, request, response)
        return response

    return with_watch


def _note_answer(watch: Watch, request: HttpRequest, response: HttpResponse) -> None:
    """What no row tells: a refusal, a download, a look at a person, a button that wrote nothing."""
    match, name = request.resolver_match, through(request).partition(" ")[0]
    if match is None or name in BEATS:
        return
    about: dict[str, Any] = {"model": _model_of(request), "object_id": _key_in(match.kwargs)}
    if response.status_code == 403:
        watch.note(Kind.REFUSED, **about)
    elif "attachment" in response.get("Content-Disposition", ""):
        watch.note(Kind.DOWNLOADED, **about)
    elif request.method not in SAFE and response.status_code < 400 and not watch.written and "admin" in match.app_names:
        watch.note(Kind.ASKED, **about)
    elif request.method == "GET" and response.status_code == 200 and name in PERSONS:
        watch.note(Kind.LOOKED, **about)


def _model_of(request: HttpRequest) -> str:
    """The kind of row that the admin's page is about."""
    parts = request.path_info.removeprefix(f"/{settings.ADMIN_PATH}/").split("/")
    return _labels().get((parts[0], parts[1]), "") if len(parts) > 1 else ""


def _labels() -> dict[tuple[str, str], str]:
    from django.contrib import admin

    return {(model._meta.app_label, str(model._meta.model_name)): model._meta.label for model in admin.site._registry}


def _key_in(arguments: dict[str, object]) -> str:
    key = next((str(arguments[name]) for name in KEYS if name in arguments), "")
    return key if key.isascii() and key.isprintable() else ""
