"""What every answer tells the browser to refuse, beside the policy of django-csp (`docs/security.md`)."""

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

Answer = TypeVar("Answer", bound=HttpResponseBase)
GetResponse = Callable[[HttpRequest], HttpResponse]
# Nothing that a page could ask of a device but what ours use: passkeys, copying a link, reading in full screen. Only
# powers that browsers know: they complain of every other name on every page.
_REFUSED = (
    *("accelerometer", "autoplay", "camera", "cross-origin-isolated", "display-capture"),
    *("encrypted-media", "gamepad", "geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection"),
    *("keyboard-map", "local-fonts", "magnetometer", "microphone", "midi", "otp-credentials", "payment"),
    *("picture-in-picture", "screen-wake-lock", "serial", "storage-access", "usb", "window-management"),
    "xr-spatial-tracking",
)
_OURS = ("clipboard-write", "fullscreen", "publickey-credentials-create", "publickey-credentials-get")
PERMISSIONS = ", ".join([f"{name}=()" for name in _REFUSED] + [f"{name}=(self)" for name in _OURS])
# For a file that somebody uploaded: even opened by itself it may load and run nothing.
ALONE = "default-src 'none'; sandbox; frame-ancestors 'none'"
# Scripts reach into a page through these policies of theirs only; each is named where it is made.
TRUSTED_TYPES = {"require-trusted-types-for": ["'script'"], "trusted-types": ["kept-articles", "worker"]}


def refusals(get_response: GetResponse) -> GetResponse:
    """Say which powers no page has, and that what we send is for our own pages; a view may have said otherwise."""

    def with_refusals(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return with_refusals


def trusted_types(get_response: GetResponse) -> GetResponse:
    """Have the browser refuse text as script, on all pages but the admin's.

    The scripts of Django's admin and of its editor write HTML as text (jQuery 3, TipTap).
    """

    def with_trusted_types(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        match = request.resolver_match
        if match is None or "admin" not in match.app_names:
            response._csp_update = TRUSTED_TYPES | getattr(response, "_csp_update", {})  # type: ignore[attr-defined]
        return response

    return with_trusted_types


def for_anybody(response: Answer) -> Answer:
    """Mark a picture: other sites and readers of feeds may show it, and it is nothing but a picture."""
    response["Content-Security-Policy"] = ALONE
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["X-Content-Type-Options"] = "nosniff"
    return response
