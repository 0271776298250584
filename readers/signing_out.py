"""What a device forgets when its reader signs out: everything the site keeps in the browser."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

SIGNED_OUT = "readers.signed_out"
# Caches, the worker and the text size; and pages fetched ahead, which Chromium counts apart.
FORGET = '"storage", "prefetchCache"'


def note(sender: Any, request: HttpRequest | None, **more: Any) -> None:
    """Remember it until the answer goes out (`user_logged_out` signal)."""
    if request is not None:
        request.META[SIGNED_OUT] = True


def forget_on_device(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Tell the browser to forget, in the answer that signs a reader out.

    Only there, and not where a session has merely ended: what an editor typed may be kept in the browser alone.
    """

    def with_forgetting(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.META.get(SIGNED_OUT):
            response["Clear-Site-Data"] = FORGET
        return response

    return with_forgetting
