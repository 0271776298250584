"""What machines are told about what they may read and keep: robots.txt, and the reservation of rights (law.md L19)."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from edge.caching import public
from edge.http import Request

from .addresses import absolute
from .models import Crawler

NOT_FOR_CRAWLERS = (*("/account/", "/accounts/", "/search/", "/stripe/", "/subscribe/confirm/", "/gift/", "/feeds/"),)


def reserve_rights(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Say in the header of every answer that mining it needs our leave, where the setting reserves that."""

    def with_reservation(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if settings.TDM_RESERVED:
            response["TDM-Reservation"] = "1"
            response["TDM-Policy"] = absolute(reverse("terms"))
        return response

    return with_reservation


@public
@require_safe
def robots(request: Request) -> HttpResponse:
    """robots.txt: everything is open but what has nothing to find, and closed to those the desk keeps out."""
    groups = [["User-agent: *", *(f"Disallow: {path}" for path in NOT_FOR_CRAWLERS)]]
    if kept_out := [f"User-agent: {crawler}" for crawler in Crawler.objects.kept_out()]:
        groups.append([*kept_out, "Disallow: /"])
    groups.append([f"Sitemap: {settings.SITE_URL}{reverse(name)}" for name in ("sitemap", "sitemap_of_news")])
    text = "\n\n".join("\n".join(lines) for lines in groups)
    return HttpResponse(text + "\n", content_type="text/plain; charset=utf-8")


@public
@require_safe
def reservation(request: Request) -> JsonResponse:
    """tdmrep.json: whether mining text and data needs our leave, and where to ask (Directive 2019/790 Art. 4(3))."""
    rule = {"location": "/", "tdm-reservation": int(settings.TDM_RESERVED)}
    if settings.TDM_RESERVED:
        rule["tdm-policy"] = absolute(reverse("terms"))
    return JsonResponse([rule], safe=False)
