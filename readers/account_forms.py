"""What a reader types in the account: another address, a code, choices."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.fields import EmailField
from django import forms
from django.utils.translation import gettext_lazy as _

from .forms import CODE_LENGTH, digits_of
from .models import User


class TypedCodeForm(forms.Form):
    """Six digits, typed or pasted with anything people put between them."""

    code = forms.CharField(
        label=_("Six-digit code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "class": "input--code",
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "maxlength": 12,
            }
        ),
        error_messages={
            "required": _("Please type the six digits from our email."),
            "max_length": _("That is much longer than our code. It has six digits."),
        },
    )

    def clean_code(self) -> str:
        code = digits_of(self.cleaned_data["code"])
        if len(code) != CODE_LENGTH:
            raise forms.ValidationError(_("The code has six digits."), code="length")
        return code


class NewAddressForm(forms.Form):
    """The address that an account shall have from now on."""

    email = EmailField(
        label=_("New email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": _("Please type the new address."),
            "invalid": _("This address is not complete. It looks like name@example.org."),
            "max_length": _("This address is too long to be one."),
        },
    )

    def __init__(self, *args: Any, reader: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reader = reader

    def clean_email(self) -> str:
        email = get_adapter().clean_email(self.cleaned_data["email"].strip().lower())
        if email == self.reader.email:
            raise forms.ValidationError(_("That is the address you have already."), code="same")
        return email


class ChoicesForm(forms.Form):
    """What a reader wants: one box for each purpose, ticked where they said yes before."""

    wanted = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, purposes: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["wanted"].choices = [(one, one) for one in purposes]  # type: ignore[attr-defined]
