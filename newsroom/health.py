"""Is the site alive, and is it ready? For whoever starts, stops and watches its processes."""

import logging
from collections.abc import Callable
from functools import cache as cache_once
from typing import cast

from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import get_random_string
from django.views.decorators.http import require_safe

from edge.http import Request
from edge.unavailable import GetResponse, closed_since

from . import metrics, state

log = logging.getLogger(__name__)
OK, AWAY, CLOSED = "ok", "away", "closed"


def probed(get_response: GetResponse) -> GetResponse:
    """Answer those who watch the processes whatever name they call us by, and also while the site is closed.

    They come to an address of the inside, which is none of ALLOWED_HOSTS; nothing here depends on the name.
    """
    views = {"/healthz": live, "/readyz": ready, "/metrics": metrics.metrics}

    def answered(request: HttpRequest) -> HttpResponse:
        view = views.get(request.path_info)
        if view is None:
            return get_response(request)
        try:
            return view(cast(Request, request))
        except Http404:
            return get_response(request)

    return answered


@require_safe
def live(request: Request) -> HttpResponse:
    """This process answers. Nothing else is asked, so that a database that is away restarts no process."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@require_safe
def ready(request: Request) -> HttpResponse:
    """This process can serve: 200, or 503 where something it needs is away. What is wrong is told in the log only.

    A site that is closed for maintenance is not ready either. A missing worker is said and is no reason to turn readers
    away.
    """
    found = {name: _said_by(name, check) for name, check in _CHECKS.items()}
    if closed_since():
        found["site"] = CLOSED
    is_ready = set(found.values()) == {OK}
    if found["database"] == OK:
        found["worker"] = OK if state.workers_alive(at=request.now) else AWAY
    return JsonResponse(found, status=200 if is_ready else 503)


def _said_by(name: str, check: Callable[[], bool]) -> str:
    try:
        if check():
            return OK
        log.error("Not ready: %s", name)
    except Exception as error:
        # Whatever a library of a cache or a database raises, the answer is that it is away.
        log.error("Not ready: %s: %s", name, error)
    return AWAY


def _database() -> bool:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def _migrations() -> bool:
    done = MigrationRecorder(connections[DEFAULT_DB_ALIAS]).applied_migrations().keys()
    return all(one in done or (replaces and replaces <= done) for one, replaces in _needed().items())


@cache_once
def _needed() -> dict[tuple[str, str], set[tuple[str, str]]]:
    """Every migration of the code, and those it stands for, if any: the same for as long as this process lives."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return {
        key: set(loader.disk_migrations[key].replaces) if key in loader.disk_migrations else set()
        for key in loader.graph.nodes
    }


def _cache() -> bool:
    word = get_random_string(8)
    cache.set("ready", word, 10)
    return cache.get("ready") is not None


_CHECKS: dict[str, Callable[[], bool]] = {"database": _database, "migrations": _migrations, "cache": _cache}
