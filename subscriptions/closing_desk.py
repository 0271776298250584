"""The administrators' button that closes an account: what ends with it, the question "really?", and the deed."""

from functools import partial

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods

from edge.http import Request
from readers.models import User

from . import billing, leaving
from .models import Subscription


def urls_of(desk: admin.ModelAdmin) -> list[URLPattern]:
    """Below a reader's page: close."""
    view = desk.admin_site.admin_view(require_http_methods(["GET", "POST"])(partial(close, desk)))
    return [path("<int:reader_id>/close/", view, name="readers_user_close")]


def may_close(request: Request, reader: User) -> bool:
    """Whether this person may close that account: administrators, and not their own."""
    return bool(request.user.is_superuser and request.user.pk != reader.pk and reader.is_active)


def close(desk: admin.ModelAdmin, request: Request, reader_id: int) -> HttpResponse:
    """Ask, then close. Raises PermissionDenied, or Http404 where there is no such reader."""
    if not request.user.is_superuser:
        raise PermissionDenied
    reader = get_object_or_404(User, pk=reader_id)
    back = HttpResponseRedirect(reverse("admin:readers_user_change", args=[reader.pk]))
    if not may_close(request, reader):
        messages.info(request, "This account is closed already, or your own.")
        return back
    if request.method == "POST":
        _close(desk, request, reader)
        return back
    context = {
        **desk.admin_site.each_context(request),
        "opts": desk.opts,
        "original": reader,
        "title": "Close this account",
        "running": Subscription.objects.running().filter(reader=reader).select_related("plan"),
    }
    return TemplateResponse(request, "admin/readers/user/close.html", context)


def _close(desk: admin.ModelAdmin, request: Request, reader: User) -> None:
    try:
        ended = leaving.close_account(reader, at=request.now)
    except billing.BillingError as error:
        messages.error(request, f"Nothing was closed: the subscription could not be ended at Stripe. {error}")
        return
    words = f"Closed the account; {ended} subscription{'' if ended == 1 else 's'} ended."
    desk.log_change(request, reader, words)
    messages.success(request, words)
