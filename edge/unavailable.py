"""When the site cannot answer: closed for maintenance, or its database away. Said on a page that needs neither.

503 with Retry-After keeps search engines from forgetting a page, and tells Stripe to deliver again (RFC 9110, 15.6.4).
"""

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import bad_request, server_error

GetResponse = Callable[[HttpRequest], HttpResponse]
# How long whoever asks should wait, in seconds, where nobody has said otherwise.
MAINTENANCE_LASTS = 600
DATABASE_IS_AWAY = 30
LONGEST = 24 * 60 * 60
# What PostgreSQL says while it takes nothing in: it recovers, or somebody has closed it to writers (SQLSTATE 25006).
READ_ONLY = "25006"
# What the disk of the uploads says: full, over the quota, read-only, broken.
NOTHING_CAN_BE_KEPT = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
# The newsroom’s own colours, which the page fetches, and the question whether the process lives. Static files are
# answered before.
LET_THROUGH = ("/brand-", "/healthz")


def closed(get_response: GetResponse) -> GetResponse:
    """Answer 503 for as long as there is a file at MAINTENANCE_FILE; the number in it, if any, is Retry-After."""

    def unless_closed(request: HttpRequest) -> HttpResponse:
        said = None if request.path_info.startswith(LET_THROUGH) else _said_by_file()
        if said is None:
            return get_response(request)
        return unavailable(retry_after=_seconds(said), is_planned=True)

    return unless_closed


def _said_by_file() -> str | None:
    with suppress(OSError):
        return Path(settings.MAINTENANCE_FILE).read_text(encoding="utf-8")
    return None


def _seconds(said: str) -> int:
    with suppress(ValueError):
        return min(max(int(said), 1), LONGEST)
    return MAINTENANCE_LASTS


def trouble(request: HttpRequest) -> HttpResponse:
    """What is answered instead of an error (`handler500`): 503 where database or disk fail, and 500 for the rest."""
    if any(_is_no_mistake_of_ours(error) for error in _chain(sys.exc_info()[1])):
        return unavailable(retry_after=DATABASE_IS_AWAY)
    return server_error(request)


def misunderstood(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What is answered to who asked wrongly (`handler400`), unless it only looks so.

    Where a session cannot be written, whatever the reason, Django says that it was deleted meanwhile (5.2,
    `SessionInterrupted`).
    """
    if any(_is_no_mistake_of_ours(error) for error in _chain(exception)):
        return unavailable(retry_after=DATABASE_IS_AWAY)
    return bad_request(request, exception)


def _is_no_mistake_of_ours(error: BaseException) -> bool:
    """Whether what the site stands on is away, full, or takes nothing in: that passes, and asking again is right."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    if isinstance(error, DatabaseError):
        return getattr(error.__cause__, "pgcode", None) == READ_ONLY
    return isinstance(error, OSError) and error.errno in NOTHING_CAN_BE_KEPT


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and those it came of."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def unavailable(*, retry_after: int, is_planned: bool = False) -> HttpResponse:
    """The page, without a request, a context processor or a database; come again after so many seconds."""
    page = render_to_string("503.html", {"is_planned": is_planned})
    answer = HttpResponse(page, status=503)
    answer["Retry-After"] = str(retry_after)
    answer["Cache-Control"] = "no-store"
    return answer
