"""The newsroom's own colours as a stylesheet, and what cannot be right about the brand before anybody sees it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from articles.models.author import FINGERPRINT
from edge import colours
from edge.caching import public
from edge.http import Request

FOR_EVER = "public, max-age=31536000, immutable"
ADDRESSES = ("CONTACT_EMAIL", "CORRECTIONS_EMAIL", "ADVERTISING_EMAIL", "TIPS_EMAIL", "GROUPS_EMAIL", "STUDENTS_EMAIL")


@public
@require_safe
def stylesheet(request: Request, digest: str) -> HttpResponse:
    """The chosen colours, under a name that changes with them. Raises Http404 for any other name."""
    if digest != _digest():
        raise Http404
    answer = HttpResponse(colours.stylesheet(settings.SITE_COLOURS), content_type="text/css; charset=utf-8")
    answer["Cache-Control"] = FOR_EVER
    return answer


def address() -> str:
    """The path of the stylesheet; nothing where no colour was chosen, so that nobody fetches an empty one."""
    return reverse("brand", args=[_digest()]) if settings.SITE_COLOURS else ""


def _digest() -> str:
    return hashlib.sha256(colours.stylesheet(settings.SITE_COLOURS).encode()).hexdigest()[:12]


@checks.register()
def check(app_configs: Any, **about: Any) -> list[checks.CheckMessage]:
    """Whether readers can read the colours, and whether addresses are addresses."""
    return [checks.Error(words, id="newsroom.E001") for words in _wrong()]


def _wrong() -> Iterator[str]:
    for words in colours.unreadable(settings.SITE_COLOURS):
        yield f"SITE_COLOUR_…: {words}."
    for name in ADDRESSES:
        if not _is(validate_email, getattr(settings, name)):
            yield f"{name} is {getattr(settings, name)!r}; it must be an email address."
    for link in settings.SITE_SOCIAL:
        if not _is(URLValidator(schemes=["https"]), link):
            yield f"SITE_SOCIAL holds {link!r}; it must be an address that begins with https://."
    if settings.TIPS_PGP_FINGERPRINT and not _is(FINGERPRINT, settings.TIPS_PGP_FINGERPRINT.replace(" ", "")):
        yield "TIPS_PGP_FINGERPRINT must be 40 digits and letters from A to F, with spaces or without."
    if settings.BRAND_DIR and not Path(settings.BRAND_DIR).is_dir():
        yield f"BRAND_DIR is {settings.BRAND_DIR!r}; there is no such folder."


def _is(validate: Any, text: str) -> bool:
    try:
        validate(text)
    except ValidationError:
        return False
    return True
