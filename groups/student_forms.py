"""What a student types: an academic address, or an institution and a document."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from . import addresses, documents


class AcademicAddressForm(forms.Form):
    """The address that the university gave."""

    email = forms.CharField(
        label=_("Your address at the university"),
        max_length=254,
        help_text=_("It may be another one than that of your account. A code goes there, and nothing else ever."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Please type the address.")},
    )

    def clean_email(self) -> str:
        """In one form. Raises ValidationError where it is no address."""
        address = addresses.clean(self.cleaned_data["email"])
        if isinstance(address, addresses.Problem):
            raise forms.ValidationError(address.in_words())
        return address


class DocumentForm(forms.Form):
    """The institution, and a document that says so."""

    institution = forms.CharField(label=_("University or school"), max_length=200)
    document = forms.FileField(
        label=_("Proof for this year"),
        help_text=_(
            "A student card, or a certificate of enrolment: a photo or a PDF of at most 5 MB. "
            "Cover what we need not see; your name, the institution and the year are enough."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf,image/jpeg,image/png,image/webp"}),
        error_messages={"empty": _("This file is empty.")},
    )

    def clean_institution(self) -> str:
        """One line."""
        return " ".join(self.cleaned_data["institution"].split())

    def clean_document(self) -> documents.Document:
        """What it is, by its content. Raises ValidationError."""
        file: Any = self.cleaned_data["document"]
        try:
            return documents.checked(file, size=file.size)
        except documents.NotADocument as error:
            raise forms.ValidationError(str(error)) from error
