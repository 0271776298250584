"""Is the site alive, and is it ready? For whoever starts, stops and watches its processes."""

import logging
from collections.abc import Callable

from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from django.utils.crypto import get_random_string
from django.views.decorators.http import require_safe

from edge.http import Request

from . import state

log = logging.getLogger(__name__)
OK, AWAY = "ok", "away"


@require_safe
def live(request: Request) -> HttpResponse:
    """This process answers. Nothing else is asked, so that a database that is away restarts no process."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@require_safe
def ready(request: Request) -> HttpResponse:
    """This process can serve: 200, or 503 where something it needs is away. What is wrong is told in the log only.

    A missing worker is said and is no reason to turn readers away.
    """
    found = {name: _said_by(name, check) for name, check in _CHECKS.items()}
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
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _cache() -> bool:
    word = get_random_string(8)
    cache.set("ready", word, 10)
    return cache.get("ready") is not None


_CHECKS: dict[str, Callable[[], bool]] = {"database": _database, "migrations": _migrations, "cache": _cache}
