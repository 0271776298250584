"""What every template knows: the brand, the moment, and the sections of the masthead."""

from typing import Any

from django.conf import settings
from django.utils.functional import SimpleLazyObject

from articles.models import Section
from edge import clock, languages
from edge.http import Request
from rights.models import Handling
from subscriptions import dunning, putting_off, refunds


def site(request: Request) -> dict[str, Any]:
    """The brand from the settings, `now` (UTC) and the sections, which are fetched only where a page prints them."""
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_TAGLINE": settings.SITE_TAGLINE,
        "SITE_URL": settings.SITE_URL,
        "SITE_PUBLISHER": settings.SITE_PUBLISHER,
        "CONTACT_EMAIL": settings.CONTACT_EMAIL,
        "GROUPS_EMAIL": settings.GROUPS_EMAIL,
        "STUDENTS_EMAIL": settings.STUDENTS_EMAIL,
        "DEBUG": settings.DEBUG,
        **_language(request),
        "now": getattr(request, "now", None) or clock.now(),
        # A notice for signed-in readers; pages that know the answer already give it themselves.
        "payment_trouble": SimpleLazyObject(lambda: dunning.trouble_of(request.user, at=request.now)),
        # Printed on the first page of the desk.
        "money_needs_a_person": SimpleLazyObject(refunds.needs_a_person),
        "statements_to_look_at": SimpleLazyObject(lambda: list(Handling.objects.waiting_for_staff())),
        "charges_need_a_person": SimpleLazyObject(lambda: putting_off.needs_a_person(at=request.now)),
        "sections": SimpleLazyObject(lambda: list(Section.objects.all())),
    }


def _language(request: Request) -> dict[str, Any]:
    """The language that is spoken, the versions of this page in others, and whether its middle is English news."""
    spoken = languages.chosen()
    is_news = request.resolver_match is not None and not languages.exists_in_every_language(request)
    return {
        "language": spoken,
        "language_code": languages.code_of(spoken),
        "language_inside": "en" if is_news else spoken,
        "language_inside_code": languages.code_of("en" if is_news else spoken),
        "versions": SimpleLazyObject(lambda: languages.versions_of(request)),
    }
