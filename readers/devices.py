"""Where somebody is logged in: the list, its end, and how little of it is kept."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any
from uuid import uuid4

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse

from edge import clock

from .models import User

# allauth's table wants an internet address; we keep none.
NO_ADDRESS = "0.0.0.0"  # noqa: S104
# "Last used" is this exact: often enough to recognise a device, and no diary of when somebody reads.
SEEN_EVERY = timedelta(hours=1)
SEEN = "seen_at"
A_DAY = timedelta(days=1)
# The first that fits is meant: a browser built on another one names that one, too.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR|Opera", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("Firefox|FxiOS", "Firefox"),
    ("CriOS|Chromium|Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh|Mac OS", "Mac"),
    ("Linux|X11", "Linux"),
)
UNKNOWN = "Another browser"


def in_words(user_agent: str) -> str:
    """What a browser calls itself, as a person would: "Firefox on Windows". No version, nothing to follow it by."""
    browser, system = (_first(kinds, user_agent) for kinds in (BROWSERS, SYSTEMS))
    if not browser:
        return f"{UNKNOWN} on {system}" if system else UNKNOWN
    return f"{browser} on {system}" if system else browser


def _first(kinds: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for pattern, name in kinds if re.search(pattern, user_agent)), "")


def keep_little(sender: Any, instance: UserSession, **more: Any) -> None:
    """Before a device is stored: no internet address, and the browser in three words (`django.db` signal)."""
    instance.ip = NO_ADDRESS
    if "/" in instance.user_agent or not instance.user_agent:
        instance.user_agent = in_words(instance.user_agent)


def note_login(sender: Any, request: HttpRequest, **more: Any) -> None:
    """A login is also the first time the device is seen (`django.contrib.auth` signal)."""
    request.session[SEEN] = _now(request).isoformat()


def seen(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Note that a device is in use, once an hour and never for who is not logged in. A middleware."""

    def with_note(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        session = request.session
        if session.accessed and SESSION_KEY in session and _is_long_ago(session, at=_now(request)):
            session[SEEN] = _now(request).isoformat()
            UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=_now(request))
        return response

    return with_note


def _is_long_ago(session: SessionBase, *, at: datetime) -> bool:
    noted = session.get(SEEN)
    return noted is None or abs(at - datetime.fromisoformat(noted)) >= SEEN_EVERY


def _now(request: HttpRequest) -> datetime:
    return getattr(request, "now", None) or clock.now()


def of(reader: User) -> list[UserSession]:
    """The devices that are logged in at this moment, last used first."""
    return sorted(UserSession.objects.purge_and_list(reader), key=lambda one: one.last_seen_at, reverse=True)


def in_use(reader: User, *, at: datetime) -> int:
    """In how many browsers this account was used within the last day, and is still open."""
    return UserSession.objects.filter(user=reader, last_seen_at__gt=at - A_DAY).count()


def many_at_once(*, at: datetime) -> QuerySet[User]:
    """Accounts that are used in more browsers a day than one person has (DEVICES_AT_ONCE)."""
    used = UserSession.objects.filter(last_seen_at__gt=at - A_DAY).order_by().values("user")
    many = used.annotate(count=Count("pk")).filter(count__gt=settings.DEVICES_AT_ONCE)
    return User.objects.filter(pk__in=many.values("user"))


def end_all(reader: User, *, but: SessionBase | None = None) -> None:
    """Log this reader out everywhere, at once and on every process; the session `but` stays.

    The seal is part of what every session is checked against, so even one that no list knows ends with it.
    """
    reader.session_seal = uuid4().hex
    reader.save(update_fields=["session_seal"])
    kept = but.session_key if but is not None else None
    for device in UserSession.objects.filter(user=reader).exclude(session_key=kept):
        device.end()
    if but is not None and but.get(SESSION_KEY) == str(reader.pk):
        but[HASH_SESSION_KEY] = reader.get_session_auth_hash()
        but.save()


def session_of(key: str) -> SessionBase:
    """The stored session of that key; an empty one where there is none."""
    return import_module(settings.SESSION_ENGINE).SessionStore(key)
