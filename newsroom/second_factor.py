"""Into the admin with two proofs: what opened the account, and a passkey or an authenticator app.

Enforced where STAFF_SECOND_FACTOR says so. The proof belongs to a session: one that was opened without it, before a
second factor was set up, does not come in either.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

# What is a second factor; codes on paper stand in for one that is lost.
FACTORS = (Authenticator.Type.WEBAUTHN, Authenticator.Type.TOTP)
PROVE_AT = {
    Authenticator.Type.WEBAUTHN: "mfa_reauthenticate_webauthn",
    Authenticator.Type.TOTP: "mfa_reauthenticate",
}


def is_shown(request: HttpRequest) -> bool:
    """Whether this session has shown a second factor, or need not."""
    if not settings.STAFF_SECOND_FACTOR:
        return True
    return any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


def required(may_enter: Callable[[HttpRequest], bool]) -> Callable[[HttpRequest], bool]:
    """The admin's question who may enter, answered with no for whoever has shown no second factor."""

    @wraps(may_enter)
    def both(request: HttpRequest) -> bool:
        return may_enter(request) and is_shown(request)

    return both


def asked_for(login: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The admin's door: leads staff who have shown no second factor to where they show it, or set it up."""

    @wraps(login)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = request.user
        if user.is_authenticated and user.is_active and user.is_staff and not is_shown(request):
            return HttpResponseRedirect(f"{reverse('second_factor')}?{urlencode({'next': _way_on(request)})}")
        return login(request, *args, **kwargs)

    return door


@never_cache
@login_required
@require_safe
def second_factor(request: HttpRequest) -> HttpResponse:
    """Show it, or set it up first. Raises PermissionDenied for whoever does not work here."""
    if not request.user.is_staff:
        raise PermissionDenied
    if is_shown(request):
        return HttpResponseRedirect(_way_on(request))
    kinds = set(Authenticator.objects.filter(user=request.user.pk).values_list("type", flat=True))
    for kind in FACTORS:
        if kind in kinds:
            return HttpResponseRedirect(f"{reverse(PROVE_AT[kind])}?{urlencode({'next': _way_on(request)})}")
    context = {"title": "A second factor first", "way_on": _way_on(request), "site_header": admin.site.site_header}
    return render(request, "admin/second_factor.html", context)


@receiver(authenticator_added, dispatch_uid="newsroom.second_factor")
def _note_what_was_set_up(request: HttpRequest, user: Any, authenticator: Authenticator, **facts: Any) -> None:
    """To set one up is to show it: an app's code cannot be typed a second time."""
    if request.user == user and authenticator.type in FACTORS:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)


def _way_on(request: HttpRequest) -> str:
    """Where this person wanted to go within the admin."""
    asked = request.GET.get("next", "")
    home = reverse("admin:index")
    is_ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}) and asked.startswith(home)
    return asked if is_ours else home
