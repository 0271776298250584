"""Browsers in which an account was open before, so that a login in a strange one is told to its owner by mail.

The browser keeps the mark itself, in a signed cookie: on our side nothing is written down about anybody's devices.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from . import devices
from .letters.about_devices import new_device
from .models import User

COOKIE = "known"
SALT = "readers.known_devices"
LASTS = timedelta(days=396)
# A browser in a library forgets who was there first.
MOST = 8
_KEPT = "readers.known_devices"


def meet(request: HttpRequest, reader: User, *, is_first: bool, at: datetime) -> None:
    """After a login: tell the owner unless this browser is known, or the account was never open anywhere."""
    mine, marks = _mark(reader), _marks(request)
    if mine not in marks and not is_first:
        words = devices.in_words(request.headers.get("User-Agent", ""))
        new_device(reader, device=words, occasion=at.isoformat(), at=at)
    request.META[_KEPT] = [mine, *(one for one in marks if one != mine)][:MOST]


def remember(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Have the browser keep the mark of a login. A middleware."""

    def with_mark(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if marks := request.META.get(_KEPT):
            response.set_cookie(
                COOKIE,
                signing.dumps(marks, salt=SALT),
                max_age=LASTS,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    return with_mark


def _marks(request: HttpRequest) -> list[str]:
    try:
        marks = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return []
    return marks if isinstance(marks, list) else []


def _mark(reader: User) -> str:
    """Of one account; says nothing to who finds the browser."""
    return sha256(f"{reader.pk} {reader.date_joined.isoformat()}".encode()).hexdigest()[:20]
