"""How allauth behaves on this site."""

import secrets
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from edge import colours, languages
from edge.address import address_of

from . import choices, known_devices, proving
from .letters.plain import set_in_lines
from .models import User

# Set in the session of a first sign-in, gone once the reader has answered.
PASSKEY_OFFER = "passkey_offer"


class AccountAdapter(DefaultAccountAdapter):
    """Six digits as codes; an account is made by asking for a code, and proved by typing it."""

    error_messages: ClassVar[dict[str, Any]] = DefaultAccountAdapter.error_messages | {
        "incorrect_code": gettext_lazy("That is not the code we sent."),
        "incorrect_password": gettext_lazy("That is not your password."),
        "email_password_mismatch": gettext_lazy("This address and this password do not belong together."),
        "too_many_login_attempts": gettext_lazy("That was too often for now. Please wait a few minutes and try again."),
        "rate_limited": gettext_lazy("That was too often for now. Please wait a minute and try again."),
    }

    def generate_login_code(self) -> str:
        return f"{secrets.randbelow(1_000_000):06}"

    def generate_email_verification_code(self) -> str:
        return self.generate_login_code()

    def generate_password_reset_code(self) -> str:
        return self.generate_login_code()

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never by allauth's own form: `readers.views.SignIn` is the one door."""
        return False

    def render_mail(self, template_prefix: str, email: Any, context: Any, headers: Any = None) -> Any:
        """In the language of the reader who has the address, else in that of the page."""
        reader = context.get("user") or User.objects.filter(email=email).only("language").first()
        chosen = getattr(reader, "language", "")
        with translation.override(languages.code_of(chosen or languages.chosen())):
            message: EmailMultiAlternatives = super().render_mail(template_prefix, email, context, headers)
        message.body = set_in_lines(str(message.body))
        message.alternatives = [
            one._replace(content=colours.dressed(str(one.content), settings.SITE_COLOURS))
            for one in getattr(message, "alternatives", [])
        ]
        return message

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that limits count by. Raises PermissionDenied where it cannot be told."""
        if address := address_of(request):
            return str(address)
        raise PermissionDenied("From which address this comes cannot be told.")

    def get_login_stages(self) -> list[str]:
        ours = {"allauth.mfa.stages.AuthenticateStage": "readers.adapter.SecondFactorStage"}
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not within minutes of a login. Raises ReauthenticationRequired itself: allauth knows no proof by mail."""
        proving.ask_unless_fresh(context.request)
        return False

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The password, the passkey, the app; a code by mail for those whom a code alone lets in."""
        methods = super().get_reauthentication_methods(user)
        if user.is_authenticated and not wants_second_factor(user):
            url = reverse("prove_by_code")
            methods.append({"id": "code", "description": _("Have a code sent by email"), "url": url})
        return methods

    def login(self, request: HttpRequest, user: Any) -> None:
        """Sign in; after the very first time the account page offers a passkey."""
        is_first = user.last_login is None
        super().login(request, user)
        known_devices.meet(request, user, is_first=is_first, at=request.now)  # type: ignore[attr-defined]
        if choices.take_up(request.session, user, at=request.now):  # type: ignore[attr-defined]
            messages.success(request, _("Your newsletters are chosen."))
        if is_first:
            request.session[PASSKEY_OFFER] = True


class SecondFactorStage(AuthenticateStage):
    """Asks for the second factor of whoever has chosen one.

    A reader's passkey is a quicker way in, not a second lock: otherwise a reader who made one on the telephone
    could not come in on the computer. An authenticator app is a second lock for everybody, and for staff a
    passkey is one too.
    """

    def handle(self) -> tuple:
        user = self.login.user
        if isinstance(user, User) and not wants_second_factor(user):
            return None, True
        return super().handle()


def wants_second_factor(user: User) -> bool:
    """Whether a code or a password alone does not sign this person in."""
    locks = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN] if user.is_staff else [Authenticator.Type.TOTP]
    return Authenticator.objects.filter(user=user, type__in=locks).exists()
