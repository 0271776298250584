"""On the premises of an organisation: being recognised, and taking a pass home.

The wall of a public page asks `here` whether the network is known; no cache in front of us may answer that. Where it
is, a button (or the script, by itself) opens a session, and from then on pages are this visitor's own.
"""

from urllib.parse import urlsplit

from allauth.core import ratelimit
from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from edge import languages
from edge.address import address_of
from edge.http import Request
from edge.visitor import OFF_SITE_PASS, ON_SITE
from subscriptions.access import Entitlement

from . import addresses, on_site

# One browser asks so often at most; shared caches never keep the answer.
ASKED_AGAIN = "private, max-age=600"


class PassForm(forms.Form):
    """The address at the organisation that a pass goes to."""

    email = forms.CharField(
        label=gettext_lazy("Your email address at this organisation"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": gettext_lazy("Please type your email address.")},
    )

    def clean_email(self) -> str:
        """The address in one form. Raises ValidationError."""
        email = addresses.clean(self.cleaned_data["email"])
        if isinstance(email, addresses.Problem):
            raise forms.ValidationError(email.in_words())
        return email


@require_GET
def here(request: Request) -> JsonResponse:
    """Through whom the network lets its people read; empty for most. Opens no session and sets no cookie."""
    found = _recognised(request)
    response = JsonResponse({"through": found.through if found else ""})
    response["Cache-Control"] = ASKED_AGAIN
    return response


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def premises(request: Request) -> HttpResponse:
    """The page about it; its button, which the wall has too, opens the session.

    The public wall can carry no token against forged forms, so the browser's own word is taken instead. All that
    another site could achieve is that somebody on a known network reads.
    """
    found = _recognised(request)
    if request.method == "POST":
        if _is_from_elsewhere(request):
            raise PermissionDenied
        if found:
            _open_session(request)
            return HttpResponseRedirect(next_of(request))
    return _page(request, found, PassForm(), status=200 if request.method != "POST" else 403)


@require_POST
def ask_pass(request: Request) -> HttpResponse:
    """Mail a pass. Asked for on the premises only."""
    found, form = _recognised(request), PassForm(request.POST)
    if not found or found.group_id is None:
        return _page(request, None, form, status=403)
    if form.is_valid():
        email = form.cleaned_data["email"]
        if not ratelimit.consume(request, action="off_site_pass", key=email):
            form.add_error("email", _("That was too often for now. Please try again in an hour."))
        else:
            try:
                on_site.send_pass(found.group_id, email, language=languages.chosen(), at=request.now)
            except on_site.NotTheirAddress:
                form.add_error("email", _("This address does not belong to the organisation."))
            else:
                return render(request, "groups/pass_sent.html", {"email": email, "through": found.through})
    return _page(request, found, form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def off_site_pass(request: Request, token: str) -> HttpResponse:
    """The link of the mail. Looking opens nothing, since mail is read by machines; the button does."""
    found = on_site.pass_of(token)
    if found is None:
        raise Http404
    if request.method == "POST" and (opened := on_site.open_pass(token, at=request.now)):
        request.session[OFF_SITE_PASS] = opened.pk
        request.session.set_expiry(settings.SESSION_COOKIE_AGE)
        return render(request, "groups/pass_opened.html", {"pass": opened})
    may_be_opened = found.may_be_opened(at=request.now) and found.group.term_at(at=request.now) is not None
    context = {"pass": found, "may_be_opened": may_be_opened, "days": settings.OFF_SITE_PASS_DAYS}
    return render(request, "groups/pass.html", context, status=200 if may_be_opened else 410)


def _recognised(request: Request) -> Entitlement | None:
    return on_site.recognised(address_of(request), user=request.user, at=request.now)


def _open_session(request: HttpRequest) -> None:
    request.session[ON_SITE] = True
    if not request.user.is_authenticated and OFF_SITE_PASS not in request.session:
        request.session.set_expiry(settings.ON_SITE_HOURS * 60 * 60)


def _page(request: Request, found: Entitlement | None, form: PassForm, *, status: int) -> HttpResponse:
    context = {
        "through": found.through if found else "",
        "with_passes": bool(found) and on_site.gives_passes(found.group_id if found else None),
        "form": form,
        "next": next_of(request),
        "days": settings.OFF_SITE_PASS_DAYS,
        "address": str(address_of(request) or ""),
    }
    return render(request, "groups/on_site.html", context, status=status)


def next_of(request: HttpRequest, *, default: str = "/") -> str:
    """The path to go on to; the default where none was named, or somebody made one up."""
    asked = request.POST.get("next") or request.GET.get("next") or default
    is_ours = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_ours else default


def _is_from_elsewhere(request: HttpRequest) -> bool:
    """Whether the browser says that the form stood on another site."""
    if origin := request.headers.get("Origin"):
        return urlsplit(origin).netloc != request.get_host()
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")
