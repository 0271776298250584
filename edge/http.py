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
