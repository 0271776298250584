"""What happens to every request: it gets its moment, and its answer says who may keep it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from edge import clock

GetResponse = Callable[[HttpRequest], HttpResponse]
PRIVATE = "private, no-store"
# While we are away a cache in front may show what it has (RFC 5861); seconds.
STALE_IF_ERROR = 24 * 60 * 60
LONGEST_STALE = 30


def now(get_response: GetResponse) -> GetResponse:
    """Put the moment of the request on it as `request.now` (UTC): the only clock a view reads."""

    def with_moment(request: HttpRequest) -> HttpResponse:
        request.now = clock.now()  # type: ignore[attr-defined]
        return get_response(request)

    return with_moment


def cache_policy(get_response: GetResponse) -> GetResponse:
    """Give every answer a Cache-Control: private unless the view said `@public` and the visitor is unknown.

    The page of an unknown visitor is the same for all of them; whoever brings a session gets `no-store`.
    """

    def with_policy(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if "Cache-Control" in response:
            return response
        may_share = getattr(response, "is_public", False) and not response.cookies and not _is_somebodys(request)
        response["Cache-Control"] = public() if may_share else PRIVATE
        if getattr(response, "is_public", False):
            patch_vary_headers(response, ["Cookie"])
        return response

    return with_policy


def public() -> str:
    """The policy of pages for everyone: browsers ask each time, a cache in front after SHARED_CACHE_SECONDS.

    While it asks it may go on with what it has, for three times as long.
    """
    seconds = settings.SHARED_CACHE_SECONDS
    while_asking = min(3 * seconds, LONGEST_STALE)
    stale = f"stale-while-revalidate={while_asking}, stale-if-error={STALE_IF_ERROR}"
    return f"public, max-age=0, s-maxage={seconds}, {stale}"


def _is_somebodys(request: HttpRequest) -> bool:
    """Whether the visitor has a session, or is the stand-in of those who have."""
    if "page.stand_in" in request.META:
        return True
    session = getattr(request, "session", None)
    return bool(session is not None and session.session_key)
