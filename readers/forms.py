"""What a reader types to get in: an address, then a code."""

import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Any

from allauth.account.fields import EmailField
from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from edge import languages

from . import sign_in
from .models import User

CODE_LENGTH = 6
NUMBERS = (
    *(_("no"), _("one"), _("two"), _("three"), _("four"), _("five")),
    *(_("six"), _("seven"), _("eight"), _("nine"), _("ten")),
)
# What people type or paste between the digits.
BETWEEN_DIGITS = {ord(character): None for character in " \t\r\n\u00a0\u2007\u2009\u202f-‐‑–.'"}


class SignInForm(RequestLoginCodeForm):
    """An address; a code goes to it, whether it is known or new."""

    email = EmailField(
        label=_("Your email address"),
        max_length=254,
        help_text=_("Have a group or student seat? Use the address that was invited."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": _("Please type your email address."),
            "invalid": _("This address is not complete. It looks like name@example.org."),
            "max_length": _("This address is too long to be one."),
        },
    )

    _user: User | None

    def welcome(self, *, at: datetime) -> None:
        """Make a reader of the address if there is none. Call it on a valid form, once."""
        email = self.cleaned_data["email"]
        if self._user is None or self._user.email == email:
            self._user = sign_in.reader_at(email, at=at, language=languages.remembered())


class CodeForm(ConfirmLoginCodeForm):
    """Six digits, typed or pasted with anything people put between them.

    `may_guess` is asked before the code is compared; `tries_left` are those that remain after a wrong one.
    """

    code = forms.CharField(
        label=_("Six-digit code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "class": "input--code",
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "autofocus": True,
                "maxlength": 12,
            }
        ),
        error_messages={
            "required": _("Please type the six digits from our email."),
            "max_length": _("That is much longer than our code. It has six digits."),
        },
    )

    def __init__(
        self,
        *args: Any,
        tries_left: int = 0,
        may_guess: Callable[[], bool] = lambda: True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.tries_left, self.may_guess = tries_left, may_guess
        self.was_a_guess = self.was_refused = False

    def clean_code(self) -> str:
        code = digits_of(self.cleaned_data["code"])
        if len(code) != CODE_LENGTH:
            said = ngettext(
                "That is {number} digit. The code has six.", "That is {number} digits. The code has six.", len(code)
            )
            raise forms.ValidationError(said.replace("{number}", _in_words(len(code))), code="length")
        if not self.may_guess():
            self.was_refused = True
            raise forms.ValidationError(_("Too many tries."), code="refused")
        self.was_a_guess = True
        if not compare_user_code(actual=code, expected=self.expected_code):
            said = ngettext(
                "That is not the code we sent. You have {number} more try.",
                "That is not the code we sent. You have {number} more tries.",
                self.tries_left,
            )
            raise forms.ValidationError(said.replace("{number}", _in_words(self.tries_left)), code="incorrect_code")
        return code


class PasskeyForm(AddWebAuthnForm):
    """A passkey to come in with; without the tick it would only be a second factor."""

    passwordless = forms.BooleanField(
        label=_("Use it instead of a code"),
        required=False,
        initial=True,
        help_text=_("Your device will ask for your fingerprint, your face or its own code."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of this passkey")
        self.fields["name"].help_text = _("For you, to tell it from others: the device it is on, for example.")


def digits_of(text: str) -> str:
    """The digits of a typed code as ASCII. Raises ValidationError where it holds anything else."""
    bare = text.translate(BETWEEN_DIGITS)
    if not bare.isdecimal():
        raise forms.ValidationError(_("The code is six digits and nothing else."), code="not_digits")
    return "".join(str(unicodedata.decimal(character)) for character in bare)


def _in_words(number: int) -> str:
    return str(NUMBERS[number]) if number < len(NUMBERS) else str(number)
