"""When the site cannot answer: closed for maintenance, or its database away. Said on a page that needs neither.

503 with Retry-After keeps search engines from forgetting a page, and tells Stripe to deliver again (RFC 9110, 15.6.4).
"""

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import bad_request, server_error

from edge.http import Request

GetResponse = Callable[[HttpRequest], HttpResponse]
# How long whoever asks should wait, in seconds, where nobody has said otherwise.
MAINTENANCE_LASTS = 600
DATABASE_IS_AWAY = 30
LONGEST = 24 * 60 * 60
# What PostgreSQL says while it takes nothing in: it recovers, or somebody has closed it to writers (SQLSTATE 25006).
READ_ONLY = "25006"
# What the disk of the uploads says: full, over the quota, read-only, broken.
NOTHING_CAN_BE_KEPT = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
# The newsroom’s own colours, which the page fetches, and the links that `manage.py sign_in_link` makes. Static files
# are answered before.
LET_THROUGH = ("/brand-", "/accounts/sign-in/")
# In the file: not even staff may come in, as while the database is brought back.
NOBODY = "nobody"


def closed(get_response: GetResponse) -> GetResponse:
    """Answer 503 for as long as there is a file at MAINTENANCE_FILE; the number in it, if any, is Retry-After.

    Whoever brings a session goes on to `closed_to_readers`, unless the file says `nobody`.
    """

    def unless_closed(request: HttpRequest) -> HttpResponse:
        said = _said_by_file()
        is_for_all = said is not None and NOBODY in said.split()
        if said is None or (request.path_info.startswith(LET_THROUGH) and not is_for_all):
            return get_response(request)
        if is_for_all or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return unavailable(retry_after=_seconds(said), is_planned=True)
        request.closed_for_seconds = _seconds(said)  # type: ignore[attr-defined]
        return get_response(request)

    return unless_closed


def closed_to_readers(get_response: GetResponse) -> GetResponse:
    """While the site is closed, let in those who are signed in and on the staff. Stands after the sessions."""

    def unless_a_reader(request: HttpRequest) -> HttpResponse:
        seconds = getattr(request, "closed_for_seconds", None)
        if seconds is None or cast(Request, request).user.is_staff:
            return get_response(request)
        return unavailable(retry_after=seconds, is_planned=True)

    return unless_a_reader


def closed_since() -> datetime | None:
    """Since when the site is closed (UTC); None where it is open."""
    with suppress(OSError):
        return datetime.fromtimestamp(Path(settings.MAINTENANCE_FILE).stat().st_mtime, UTC)
    return None


def _said_by_file() -> str | None:
    with suppress(OSError):
        return Path(settings.MAINTENANCE_FILE).read_text(encoding="utf-8")
    return None


def _seconds(said: str) -> int:
    """The first word, where it is a number."""
    with suppress(ValueError, IndexError):
        return min(max(int(said.split()[0]), 1), LONGEST)
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
    if isinstance(error, DatabaseError) and error.__cause__ is not None:
        code = getattr(error.__cause__, "pgcode", "")
        # Of no kind and without a code: the line broke in the middle of an answer, and the driver knows no more.
        return code == READ_ONLY or (type(error) is DatabaseError and code is None)
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
