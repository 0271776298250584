"""How allauth behaves on this site."""

import secrets
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest

from .models import User

# Set in the session of a first sign-in, gone once the reader has answered.
PASSKEY_OFFER = "passkey_offer"


class AccountAdapter(DefaultAccountAdapter):
    """Six digits as codes; an account is made by asking for a code, and proved by typing it."""

    error_messages: ClassVar[dict[str, Any]] = DefaultAccountAdapter.error_messages | {
        "incorrect_code": "That is not the code we sent.",
        "incorrect_password": "That is not your password.",
        "email_password_mismatch": "This address and this password do not belong together.",
        "too_many_login_attempts": "That was too often for now. Please wait a few minutes and try again.",
        "rate_limited": "That was too often for now. Please wait a minute and try again.",
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

    def get_login_stages(self) -> list[str]:
        ours = {"allauth.mfa.stages.AuthenticateStage": "readers.adapter.SecondFactorStage"}
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not of a reader whom a code alone lets in: the only other proof would be a passkey, perhaps a lost one."""
        user = context.request.user
        if user.is_authenticated and not user.has_usable_password() and not wants_second_factor(user):
            return False
        return super().is_reauthentication_required(app=app, **kwargs)

    def login(self, request: HttpRequest, user: Any) -> None:
        """Sign in; after the very first time the account page offers a passkey."""
        is_first = user.last_login is None
        super().login(request, user)
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
