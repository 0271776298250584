"""A request as this site's views get it."""

import re
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


def is_seen_by_staff(request: HttpRequest) -> bool:
    """Whether a colleague looks at the site as this reader sees it (newsroom/seeing.py)."""
    return hasattr(request, "seeing")


def is_fetched_ahead(request: HttpRequest) -> bool:
    """Whether the reader has not asked to see the page: fetched by a guess of the browser, or to be kept for later.

    Nothing may be counted or noted, and no message shown, for such a request.
    """
    if is_seen_by_staff(request):
        return True
    said = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return "prefetch" in said or is_kept_for_later(request)


# Words by which programs that drive a real browser say that they are one: scanners of mails, makers of previews.
_ROBOTS = re.compile(r"(?<!cu)bot\b|crawl|spider|preview|scan|headless|facebookexternalhit|whatsapp", re.IGNORECASE)


def is_opened_by_somebody(request: HttpRequest) -> bool:
    """Whether a browser goes to the page because somebody wants to see it, as far as a request can tell.

    Every browser of the last years says over https what it asks for (Fetch Metadata, W3C); what fetches links to show
    a preview or to scan a mail does not, or names itself. An old browser is taken for a program: a count is rather too
    low than too high, and nothing else depends on it.
    """
    said = request.headers
    is_visit = (said.get("Sec-Fetch-Mode"), said.get("Sec-Fetch-Dest")) == ("navigate", "document")
    is_robot = _ROBOTS.search(said.get("User-Agent", ""))
    return request.method == "GET" and is_visit and not is_robot and not is_fetched_ahead(request)
