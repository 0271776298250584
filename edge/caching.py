"""Who may keep an answer: the word a view says when its page is the same for every unknown visitor."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps

from django.http import HttpRequest, HttpResponse


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mark the answers of a view as the same for every visitor without a session.

    `edge.middleware.cache_policy` makes that into headers; whoever brings a session still gets `no-store`.
    `page_cache` keeps such pages ready.
    """

    @wraps(view)
    def marked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.is_public = True  # type: ignore[attr-defined]
        return response

    marked.is_public_page = True  # type: ignore[attr-defined]
    return marked


# Where a view says, in the WSGI environ, what opening its page counts as.
COUNTS_AS = "page.counts_as"


def counts_as(request: HttpRequest, label: str) -> None:
    """Say what it counts as that this page is opened; whoever hands it out, also from memory, is told the same."""
    if label:
        request.META[COUNTS_AS] = label


def changes_at(request: HttpRequest, moment: datetime) -> None:
    """Say that the page will be another one from that moment (UTC) on, though nobody writes anything."""
    request.META.setdefault("page.changes_at", []).append(moment)
