"""What every template knows: the brand, the moment, and the sections of the masthead."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from articles.models import Section
from edge import clock, colours, languages
from edge.http import Request
from groups.models import Enquiry, StudentApplication
from rights.models import Handling
from subscriptions import dunning, putting_off, refunds

from . import brand, footer


def site(request: Request) -> dict[str, Any]:
    """The brand from the settings, `now` (UTC), and what is fetched only where a page prints it."""
    at = getattr(request, "now", None) or clock.now()
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_WORDMARK": settings.SITE_WORDMARK or settings.SITE_NAME,
        "SITE_CITY": settings.SITE_CITY,
        "SITE_SOCIAL": settings.SITE_SOCIAL,
        "theme_colours": colours.whole(settings.SITE_COLOURS)["band"],
        "brand_css": brand.address(),
        "SITE_URL": settings.SITE_URL,
        "SITE_PUBLISHER": settings.SITE_PUBLISHER,
        "CONTACT_EMAIL": settings.CONTACT_EMAIL,
        "GROUPS_EMAIL": settings.GROUPS_EMAIL,
        "STUDENTS_EMAIL": settings.STUDENTS_EMAIL,
        "DEBUG": settings.DEBUG,
        **_language(request),
        "now": at,
        # A notice for signed-in readers; pages that know the answer already give it themselves.
        "payment_trouble": SimpleLazyObject(lambda: dunning.trouble_of(request.user, at=request.now)),
        # Printed on the first page of the desk.
        "money_needs_a_person": SimpleLazyObject(refunds.needs_a_person),
        "statements_to_look_at": SimpleLazyObject(lambda: list(Handling.objects.waiting_for_staff())),
        "enquiries_to_do": SimpleLazyObject(lambda: list(Enquiry.objects.waiting_for_staff(on=timezone.localdate(at)))),
        "student_proofs": SimpleLazyObject(StudentApplication.objects.for_staff().count),
        "desk": SimpleLazyObject(lambda: _desk(request)),
        "charges_need_a_person": SimpleLazyObject(lambda: putting_off.needs_a_person(at=request.now)),
        "footer": SimpleLazyObject(lambda: footer.lists(languages.chosen(), at=at)),
        "sections": SimpleLazyObject(lambda: list(Section.objects.all())),
    }


def _desk(request: Request) -> Any:
    """The first page of those who write. The admin is loaded by whoever opens it, not by every page."""
    from articles.admin import desk_page

    return desk_page.of(request)


def _language(request: Request) -> dict[str, Any]:
    """The language that is spoken, what we are in it, this page in others, and whether its middle is English news."""
    spoken = languages.chosen()
    is_news = request.resolver_match is not None and not languages.exists_in_every_language(request)
    return {
        "SITE_TAGLINE": settings.SITE_TAGLINES[spoken],
        "SITE_DESCRIPTION": settings.SITE_DESCRIPTIONS[spoken],
        "language": spoken,
        "language_code": languages.code_of(spoken),
        "language_inside": "en" if is_news else spoken,
        "language_inside_code": languages.code_of("en" if is_news else spoken),
        "versions": SimpleLazyObject(lambda: languages.versions_of(request)),
    }
