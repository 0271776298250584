"""What those type who look after a group."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .more_seats import MOST_AT_ONCE


class InviteForm(forms.Form):
    """Addresses as they come, or a file of them."""

    addresses = forms.CharField(
        label=_("Email addresses, one per line"),
        required=False,
        max_length=500_000,
        widget=forms.Textarea(attrs={"class": "input", "rows": 4, "autocomplete": "off", "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=_("Or a file: CSV or plain text"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"class": "input", "accept": ".csv,.txt,text/csv,text/plain"}),
    )

    def clean(self) -> dict:
        said = super().clean() or {}
        if not self.errors and not (said.get("addresses") or "").strip() and not said.get("file"):
            self.add_error("addresses", _("Please type an address, or choose a file."))
        return said


class ManagerForm(forms.Form):
    """Somebody who is asked to look after the seats, too."""

    address = forms.CharField(
        label=_("Their email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    with_seat = forms.BooleanField(label=_("Reads, too, and takes a seat"), required=False, initial=True)


class PassOnForm(forms.Form):
    """Who sits there from now on."""

    address = forms.CharField(
        label=_("Email address of the new reader"),
        max_length=254,
        widget=forms.EmailInput(attrs={"class": "input", "autocomplete": "off"}),
    )


class DomainForm(forms.Form):
    """What stands behind the @."""

    name = forms.CharField(
        label=_("Domain"),
        max_length=253,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off", "placeholder": "example.org"}),
    )


class MoreSeatsForm(forms.Form):
    """How many more, and what staff should know."""

    seats = forms.IntegerField(
        label=_("How many more seats"),
        min_value=1,
        max_value=MOST_AT_ONCE,
        widget=forms.NumberInput(attrs={"class": "input", "inputmode": "numeric"}),
    )
    words = forms.CharField(
        label=_("Anything we should know (optional)"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)
