"""What keeps an account safe: the ways in, the proof that it is still you, and where you are logged in."""

from http import HTTPStatus
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import BaseReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from edge.http import Request

from . import devices, proving
from .account_forms import TypedCodeForm

MAIL_TROUBLE = (OSError, SMTPException)


@login_required
@require_safe
def security(request: Request) -> HttpResponse:
    """Every way into this account, and where it is open."""
    kinds = list(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    context = {
        "passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
        "has_app": Authenticator.Type.TOTP in kinds,
        "has_password": request.user.has_usable_password(),
        "devices": len(devices.of(request.user)),
    }
    return render(request, "readers/security.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@proving.required
def remove_password(request: Request) -> HttpResponse:
    """Do without a password from now on. Every other browser is logged out, in case it was known to somebody."""
    if not request.user.has_usable_password():
        return redirect("security")
    if request.method != "POST":
        return render(request, "readers/remove_password.html")
    request.user.set_unusable_password()
    request.user.save(update_fields=["password"])
    devices.end_all(request.user, but=request.session)
    update_session_auth_hash(request, request.user)
    UserSession.objects.create_from_request(request)
    get_adapter().send_notification_mail("account/email/password_removed", request.user)
    messages.success(request, _("Your password is removed. A code or a passkey lets you in."))
    return redirect("security")


@method_decorator(login_required, name="dispatch")
class ProveByCode(BaseReauthenticateView):
    """Six digits by mail, for readers without another proof; then on with what they were doing."""

    request: Request
    form_class = TypedCodeForm
    template_name = "readers/prove_by_code.html"

    def post(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        if "code" in request.POST and proving.waits_for_code(request, at=request.now):
            return super().post(request, *args, **kwargs)
        return self._send()

    def _send(self) -> HttpResponse:
        try:
            was_sent = proving.send_code(self.request, at=self.request.now)
        except MAIL_TROUBLE:
            messages.error(self.request, _("We could not send the code just now. Please try again in a few minutes."))
            return self._page(status=HTTPStatus.SERVICE_UNAVAILABLE)
        if not was_sent:
            messages.error(self.request, _("That was too often for now. Please wait a few minutes and try again."))
            return self._page(status=HTTPStatus.TOO_MANY_REQUESTS)
        return redirect(self.passthrough_next_url(reverse("prove_by_code")))

    def _page(self, *, status: HTTPStatus) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=self.form_class()), status=status)

    def form_valid(self, form: TypedCodeForm) -> HttpResponse:
        if not proving.may_guess(self.request):
            proving.forget_code(self.request)
            messages.error(self.request, _("That was the last try: this code no longer works. Ask for a new one."))
            return redirect(self.passthrough_next_url(reverse("prove_by_code")))
        if not proving.is_the_code(self.request, form.cleaned_data["code"]):
            form.add_error("code", _("That is not the code we sent."))
            return self.form_invalid(form)
        proving.note(self.request)
        return resume_request(self.request) or redirect(get_next_redirect_url(self.request) or reverse("security"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        is_sent = proving.waits_for_code(self.request, at=self.request.now)
        return super().get_context_data(**kwargs) | {"is_sent": is_sent, "email": self.request.user.email}


@login_required
@require_safe
def device_list(request: Request) -> HttpResponse:
    """Where this reader is logged in."""
    listed = devices.of(request.user)
    context = {"devices": listed, "here": request.session.session_key, "others": len(listed) > 1}
    return render(request, "readers/devices.html", context)


@login_required
@require_safe
def usersessions_list(request: Request) -> HttpResponse:
    """Where allauth had its own page."""
    return redirect("devices")


@login_required
@require_POST
def end_device(request: Request, pk: int) -> HttpResponse:
    """Log out in one browser; it is so at once."""
    device = UserSession.objects.filter(user=request.user, pk=pk).first()
    if device is None:
        messages.info(request, _("That browser is logged out already."))
        return redirect("devices")
    if device.session_key == request.session.session_key:
        device.delete()
        logout(request)
        return redirect("front")
    device.end()
    messages.success(request, _("Logged out there: %(device)s.") % {"device": device.user_agent})
    return redirect("devices")


@login_required
@require_POST
def end_other_devices(request: Request) -> HttpResponse:
    """Log out everywhere but here."""
    devices.end_all(request.user, but=request.session)
    messages.success(request, _("You are now logged in here only."))
    return redirect("devices")
