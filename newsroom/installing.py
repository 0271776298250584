"""The site as an app on a reader's device: its name, its icons and where it begins, from the brand's settings."""

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from edge import colours
from edge.caching import public

# A home screen cuts longer names off.
SHORT = 12


@public
@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """The web app manifest (w3.org/TR/appmanifest)."""
    name, brand = settings.SITE_NAME, colours.whole(settings.SITE_COLOURS)
    told = {
        "id": "/",
        "name": name,
        "short_name": name if len(name) <= SHORT else name.split()[0][:SHORT],
        "description": settings.SITE_TAGLINE,
        "lang": "en",
        "dir": "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": brand["band"][0],
        "background_color": brand["paper"][0],
        "categories": ["news"],
        "icons": [
            {"src": static("img/icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
            _icon("icon-192", 192, "any"),
            _icon("icon-512", 512, "any"),
            _icon("icon-maskable-512", 512, "maskable"),
        ],
        "shortcuts": [
            {"name": _("All the latest"), "url": reverse("latest")},
            {"name": _("Search"), "url": reverse("search")},
            {"name": _("Saved articles"), "url": reverse("saved")},
        ],
    }
    return JsonResponse(told, content_type="application/manifest+json", json_dumps_params={"ensure_ascii": False})


def _icon(name: str, pixels: int, purpose: str) -> dict[str, str]:
    return {"src": static(f"img/{name}.png"), "sizes": f"{pixels}x{pixels}", "type": "image/png", "purpose": purpose}
