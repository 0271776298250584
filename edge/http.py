"""A request as this site's views get it."""

from datetime import datetime
from typing import Any, cast

from django.http import HttpRequest


class Request(HttpRequest):
    """Django's request with its moment (`edge.middleware.now`) and its reader."""

    now: datetime
    user: Any


def now_of(request: HttpRequest) -> datetime:
    """The moment of the request (UTC), where Django's own signature says no more than `HttpRequest`."""
    return cast(Request, request).now


# What the worker of a reader's device says when it fetches a page to be read without a network (articles/offline.py).
KEPT_FOR_LATER = "X-Kept-For-Later"


def is_kept_for_later(request: HttpRequest) -> bool:
    """Whether a signed-in reader's device asks for a page to keep: nobody looks at it now, and no form works there."""
    return KEPT_FOR_LATER in request.headers and request.user.is_authenticated


def is_fetched_ahead(request: HttpRequest) -> bool:
    """Whether nobody has asked to see the page yet: fetched by a guess of the browser, or to be kept for later.

    Nothing may be counted or noted, and no message shown, for such a request.
    """
    said = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return "prefetch" in said or is_kept_for_later(request)
