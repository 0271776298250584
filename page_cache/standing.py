"""Who reads with a session, kept in memory for as long as nothing about them changes.

A reader's page is put together from the page that all readers of their kind share, and a few parts of their own. What
that takes is asked of Django once (PAGE_CACHE_STANDING), and asked again as soon as a row it was read from is written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from edge.visitor import StandIn

# Keys of the WSGI environ, which no visitor can set: the question, and for whom a shared page is made.
ASKED, STAND_IN, HOLES = "page.standing", "page.stand_in", "page.holes"
# Any secret will do: the tokens made of it are cut out of the page (`shared`).
_NO_ONES_SECRET = "x" * 32


@dataclass(frozen=True)
class Standing:
    """A reader's kind and own parts, and until when (UTC) that is so. Without a stand-in Django makes their pages."""

    reader_id: int
    right_until: datetime
    stand_in: StandIn | None = None
    # What fills a hole, by its name, as UTF-8.
    parts: Mapping[str, bytes] = field(default_factory=dict)
    # Keys for which a hole with two fillings takes the second one, by its name.
    chosen: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @property
    def variant(self) -> str:
        """What tells the shared pages of one address apart."""
        return f"{self.stand_in.kind} {self.stand_in.language}" if self.stand_in else ""


def stand_in(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware, the last one: answers who somebody is, and lets a stand-in read where a shared page is made."""
    standing_of = import_string(settings.PAGE_CACHE_STANDING)

    def in_their_place(request: HttpRequest) -> HttpResponse:
        if ASKED in request.META:
            request.META[ASKED] = standing_of(request)
            return HttpResponse(status=204)
        if somebody := request.META.get(STAND_IN):
            request.user = somebody
            request.META["CSRF_COOKIE"] = _NO_ONES_SECRET
            response = get_response(request)
            # Nobody's cookie is not to be renewed.
            request.META.pop("CSRF_COOKIE_NEEDS_UPDATE", None)
            return response
        return get_response(request)

    return in_their_place
