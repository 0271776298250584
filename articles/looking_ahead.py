"""The next page, fetched when a reader's pointer rests on its link: for those whose pages nobody else may keep ready.

Speculation rules, named in a header, so that no script stands in the page. Only links to articles are fetched. A page
fetched ahead is never seen by us again when the reader opens it: so nobody gets the rules whose reading is counted or
noted (their own list of opened articles, the figures of an organisation that pays for their seat).
"""

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from edge.caching import public
from edge.http import Request
from subscriptions.access import Source

from .paywall import Access, Reading
from .saved import Shelf

# Of whom nothing is counted when they read.
UNCOUNTED = (Source.SUBSCRIPTION, Source.TRIAL, Source.GRACE, Source.STAFF)
# What looks like the address of an article and is something else.
NEVER = [
    f"/{first}/*"
    for first in (
        *(
            "account",
            "accounts",
            "admin",
            "archive",
            "authors",
            "cancel",
            "gift",
            "live",
            "media",
            "newsletters",
            "offline",
        ),
        *("partners", "search", "static", "stripe", "subscribe", "terms", "topics", "withdraw"),
    )
]
RULES = {
    "prefetch": [
        {
            "where": {
                "and": [
                    {"selector_matches": "main :is(.teaser__title, .lines) a"},
                    {"href_matches": "/*/*/"},
                    {"not": {"href_matches": NEVER}},
                    {"not": {"href_matches": "/*\\?(.+)"}},
                    {"not": {"selector_matches": "[rel~=sponsored]"}},
                ]
            },
            "eagerness": "moderate",
        }
    ]
}


@public
@require_safe
def rules(request: Request) -> HttpResponse:
    """The rules, the same for everybody."""
    answer = JsonResponse(RULES, content_type="application/speculationrules+json")
    answer["Cache-Control"] = "public, max-age=86400"
    return answer


def allow(response: HttpResponse, reading: Reading, shelf: Shelf | None) -> HttpResponse:
    """Name the rules in an answer, where looking ahead costs this reader nothing."""
    if may_look_ahead(reading, shelf):
        response["Speculation-Rules"] = f'"{reverse("looking_ahead")}"'
    return response


def may_look_ahead(reading: Reading, shelf: Shelf | None) -> bool:
    """Whether this reader reads everything, and nothing is noted of it."""
    is_noted = shelf is not None and shelf.keeps_history
    entitlement = reading.entitlement
    return (
        reading.access is Access.ENTITLED
        and entitlement is not None
        and entitlement.source in UNCOUNTED
        and not is_noted
    )
