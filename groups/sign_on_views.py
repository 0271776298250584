"""Logging in with the account at work: where it begins, and what the organisation's IT has to enter for it."""

from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.saml import views as saml
from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe
from requests import RequestException

from edge.http import Request

from . import addresses, sign_on
from .models import SignOn, SignOnDomain
from .on_site_views import next_of
from .sign_on_adapter import OpenIDConnectAdapter


class WorkAddressForm(forms.Form):
    """The address at work, which says whose log-in it is."""

    email = forms.CharField(
        label=gettext_lazy("Your email address at work"),
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


@require_http_methods(["GET", "HEAD", "POST"])
def find(request: Request) -> HttpResponse:
    """Which organisation's log-in is it? The domain of the address says."""
    form = WorkAddressForm(request.POST or None)
    if form.is_valid():
        found = sign_on.of_address(form.cleaned_data["email"], at=request.now)
        if found:
            return HttpResponseRedirect(_with_next(reverse("sign_on", args=[found.slug]), next_of(request)))
        form.add_error("email", _("We know no single sign-on for this address. Log in with a code instead."))
    status = 422 if form.is_bound else 200
    return render(request, "groups/sign_on_find.html", {"form": form, "next": next_of(request)}, status=status)


@require_safe
def start(request: Request, slug: str) -> HttpResponse:
    """Where an organisation sends its people: one button."""
    row = get_object_or_404(sign_on.in_use(at=request.now), slug=slug)
    url = app_url(row)
    context = {"organisation": row.group.organisation, "url": _with_next(url, next_of(request, default=""))}
    return render(request, "groups/sign_on.html", context)


@require_safe
def set_up(request: Request, slug: str) -> HttpResponse:
    """What their IT has to enter at the provider. Nothing of it is secret."""
    row = get_object_or_404(SignOn.objects.select_related("group"), slug=slug)
    spoken_for = SignOnDomain.objects.filter(sign_on=row, domain__ended_at=None).select_related("domain")
    context = {"sign_on": row, "domains": [one.domain for one in spoken_for], **_addresses_of(row)}
    return render(request, "groups/sign_on_set_up.html", context)


def app_url(row: SignOn) -> str:
    """The path at which the log-in begins."""
    return reverse("saml_login" if row.is_saml else "openid_connect_login", args=[row.slug])


def _addresses_of(row: SignOn) -> dict[str, str]:
    names = (
        {"acs": "saml_acs", "entity_id": "saml_metadata"}
        if row.is_saml
        else {"redirect_uri": "openid_connect_callback"}
    )
    found = {what: settings.SITE_URL + reverse(name, args=[row.slug]) for what, name in names.items()}
    return found | {"start": settings.SITE_URL + reverse("sign_on", args=[row.slug])}


def _with_next(url: str, path: str) -> str:
    return f"{url}?{urlencode({'next': path})}" if path else url


# --- What the providers talk to ----------------------------------------------------------------------------


@require_GET
def oidc_login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the provider."""
    return _oidc(OAuth2LoginView, request, provider_id)


@require_GET
def oidc_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from there, with a code that only we can turn into a name."""
    return _oidc(OAuth2CallbackView, request, provider_id)


def _oidc(view: type[OAuth2LoginView | OAuth2CallbackView], request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        return view.adapter_view(OpenIDConnectAdapter(request, provider_id))(request)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    except RequestException:
        return render(request, "groups/sign_on_away.html", status=502)


@csrf_exempt
@require_POST
def saml_acs(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """A signed answer of a provider we know; nobody else's is even stored."""
    saml.get_app_or_404(request, organization_slug)
    return saml.acs(request, organization_slug=organization_slug)


@require_safe
def saml_finish(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Is the answer the provider's, for us, now, and asked for? Then its reader is let in."""
    try:
        return saml.finish_acs(request, organization_slug=organization_slug)
    except (SyntaxError, ValueError) as error:
        # What is no XML at all, or XML that wants more than to be read: allauth expects neither.
        provider = saml.get_app_or_404(request, organization_slug).get_provider(request)
        return render_authentication_error(request, provider, exception=error)
