"""Coming in: an address, a code, the link of the operator, a passkey."""

from http import HTTPStatus
from smtplib import SMTPException
from typing import Any

from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal.stagekit import get_pending_stage
from allauth.account.stages import LoginByCodeStage, LoginStage
from allauth.account.utils import get_next_redirect_url, perform_login
from allauth.account.views import ConfirmLoginCodeView, RequestLoginCodeView
from allauth.core import ratelimit
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.generic.edit import FormView

from edge import languages
from edge.http import Request

from . import choices
from .adapter import PASSKEY_OFFER
from .forms import CodeForm, SignInForm
from .models import SignInLink, User


class SignIn(RequestLoginCodeView):
    """The one page to log in or to sign up: an address, to which a code goes."""

    request: Request

    def post(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        if wanted := request.POST.getlist("newsletter"):
            choices.remember(request.session, request.POST.get("email", ""), wanted)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: SignInForm) -> HttpResponse:
        is_again = _is_code_pending(self.request)
        form.welcome(at=self.request.now)
        try:
            response = super().form_valid(form)
        except (OSError, SMTPException):
            form.add_error("email", _("We could not send the code just now. Please try again in a few minutes."))
            return self.render_to_response(
                self.get_context_data(form=form), status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "120"}
            )
        if is_again:
            messages.info(self.request, _("We sent a new code. The one before it no longer works."))
        return response

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        too_often = form.has_error("email", "too_many_login_attempts")
        status = HTTPStatus.TOO_MANY_REQUESTS if too_often else HTTPStatus.OK
        return self.render_to_response(self.get_context_data(form=form), status=status)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"is_code_pending": _is_code_pending(self.request)}

    def _redirect_to_pending_stage(self, request: Request, stage: LoginStage) -> HttpResponseRedirect | None:
        """Whoever waits for a code may still type another address."""
        if stage.key == LoginByCodeStage.key:
            return None
        return super()._redirect_to_pending_stage(request, stage)


class TypeCode(ConfirmLoginCodeView):
    """The page where the code is typed, in the browser that asked for it."""

    request: Request

    def dispatch(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated and not _is_code_pending(request):
            messages.error(
                request,
                _(
                    "There is no code to type here: it was older than 15 minutes, or another browser asked for it. "
                    "Ask for a new one, and type it in this browser."
                ),
            )
            return self._ask_again()
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        state = self._process.state
        return super().get_form_kwargs() | {
            "tries_left": self._process.max_attempts - state["failed_attempts"] - 1,
            "may_guess": self._may_guess,
        }

    def form_invalid(self, form: CodeForm) -> HttpResponse:
        if form.was_refused:
            self._process.abort()
        elif not form.was_a_guess or self._process.record_invalid_attempt():
            return FormView.form_invalid(self, form)
        messages.error(
            self.request,
            _("That was the last try: this code no longer works. Nothing else has changed; ask for a new one."),
        )
        return self._ask_again()

    def _may_guess(self) -> bool:
        """Counts tries where requests that arrive together cannot outrun the count, as they can in a session."""
        state = self._process.state
        return ratelimit.consume(self.request, action="guess_login_code", key=f"{state['email']} {state['at']}")

    def _ask_again(self) -> HttpResponse:
        return redirect(self.passthrough_next_url(reverse("account_request_login_code")))


@require_safe
def sign_up(request: Request) -> HttpResponse:
    """Signing up is signing in: the same page, with the same way back."""
    query = request.META["QUERY_STRING"]
    return redirect(reverse("account_request_login_code") + (f"?{query}" if query else ""))


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: Request, token: str) -> HttpResponse:
    """The operator's link: looking at it changes nothing, its button signs in once. 410 when it is used or too old."""
    link = SignInLink.objects.find(token, at=request.now)
    if link is None or (request.method == "POST" and not link.use(at=request.now)):
        return render(request, "readers/sign_in_link_gone.html", status=HTTPStatus.GONE)
    next_url = get_next_redirect_url(request) or ""
    if request.method == "POST":
        # The operator vouches for the address; a second factor is still asked for.
        return perform_login(
            request, link.reader, email_verification=EmailVerificationMethod.NONE, redirect_url=next_url or None
        )
    return render(request, "readers/sign_in_link.html", {"link": link, "next": next_url})


@login_required
@require_POST
def passkey_accept(request: Request) -> HttpResponse:
    """Yes to the passkey that the first sign-in offers."""
    request.session.pop(PASSKEY_OFFER, None)
    return redirect("mfa_add_webauthn")


@login_required
@require_POST
def passkey_later(request: Request) -> HttpResponse:
    """No to it: we do not ask again."""
    request.session.pop(PASSKEY_OFFER, None)
    return redirect(get_next_redirect_url(request) or reverse("account"))


@login_required
@require_POST
def choose_language(request: Request) -> HttpResponse:
    """In which language we speak to this reader from now on; the account opens in it."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(languages.CHOICES):
        return redirect("account")
    User.objects.filter(pk=request.user.pk).update(language=chosen)
    with translation.override(languages.code_of(chosen)):
        messages.success(request, _("We speak English with you from now on."))
        return redirect("account")


class AddPasskey(AddWebAuthnView):
    """A new passkey; then back to the ways in, and not to recovery codes that only a second lock needs."""

    def get_success_url(self) -> str:
        self.request.session.pop(PASSKEY_OFFER, None)
        return super().get_success_url() if self.request.user.is_staff else reverse("security")


def _is_code_pending(request: Request) -> bool:
    stage = get_pending_stage(request)
    return stage is not None and stage.key == LoginByCodeStage.key
