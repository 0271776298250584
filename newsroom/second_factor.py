"""Into the admin with two proofs: what opened the account, and a passkey or an authenticator app.

Enforced where STAFF_SECOND_FACTOR says so. The proof belongs to a session: one that was opened without it, before a
second factor was set up, does not come in either.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from readers import proving

# What is a second factor; codes on paper stand in for one that is lost.
FACTORS = (Authenticator.Type.WEBAUTHN, Authenticator.Type.TOTP)
PROVE_AT = {
    Authenticator.Type.WEBAUTHN: "mfa_reauthenticate_webauthn",
    Authenticator.Type.TOTP: "mfa_reauthenticate",
}
# What gives access, rights or money away, or ends an account: shown once more, like a reader's own dangerous pages.
DANGEROUS_PAGES = frozenset(
    {
        *("subscriptions_grant_add", "subscriptions_grant_many", "readers_user_add", "readers_user_payments"),
        *("auth_group_add", "auth_group_change", "auth_group_delete", "readers_user_close", "rights_erasure_of"),
    }
)
DANGEROUS_BUTTONS = DANGEROUS_PAGES | {
    *("readers_user_change", "readers_user_refund", "readers_user_give", "readers_addresschange_again", "see_as"),
    *("subscriptions_purchase_give_back", "mfa_authenticator_delete", "groups_student_accept"),
}
# So long a page may lie open before its button is pressed.
FORM_LASTS = timedelta(hours=1)


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


def shown_again(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware: before what is dangerous at the desk a factor is shown once more, where one is asked for at all."""

    def with_proof(request: HttpRequest) -> HttpResponse:
        if not settings.STAFF_SECOND_FACTOR or not request.path_info.startswith(f"/{settings.ADMIN_PATH}/"):
            return get_response(request)
        if not request.user.is_authenticated or not request.user.is_staff or not _is_dangerous(request):
            return get_response(request)
        if not is_shown(request):
            return get_response(request)  # the door asks for it
        is_form = request.method == "POST"
        if proving.is_fresh(request, within=FORM_LASTS if is_form else proving.PROOF_LASTS):
            return get_response(request)
        if is_form:
            messages.warning(
                request, "Nothing was done: it was long ago that you proved who you are. Please do it again."
            )
        return HttpResponseRedirect(f"{_where_to_show(request)}?{urlencode({'next': _form_of(request)})}")

    return with_proof


def _is_dangerous(request: HttpRequest) -> bool:
    try:
        name = resolve(request.path_info).url_name
    except Http404:
        return False
    return name in (DANGEROUS_BUTTONS if request.method == "POST" else DANGEROUS_PAGES)


def _where_to_show(request: HttpRequest) -> str:
    kinds = set(Authenticator.objects.filter(user=request.user.pk).values_list("type", flat=True))
    return reverse(next((PROVE_AT[kind] for kind in FACTORS if kind in kinds), "account_reauthenticate"))


def _form_of(request: HttpRequest) -> str:
    """The page to come back to: the one asked for, or the one that a button stands on."""
    if request.method != "POST":
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("Referer", ""))
    home = reverse("admin:index")
    is_ours = came_from.netloc == request.get_host() and came_from.path.startswith(home)
    return came_from.path if is_ours else home


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
