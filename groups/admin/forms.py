"""What staff type at the desk of organisations."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings

from .. import vat
from ..models import GroupAccount, GroupInvoice, Term
from ..models.term import day_of

WIDE = {"attrs": {"class": "vTextField"}}


class Day(forms.DateInput):
    """The browser's own field for a day."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class Euros(forms.DecimalField):
    """An amount in euro; `cents_of` makes whole cents of it."""

    def __init__(self, *, label: str, help_text: str = "", least: str = "0") -> None:
        super().__init__(label=label, help_text=help_text, min_value=Decimal(least), max_digits=11, decimal_places=2)


def cents_of(euros: Decimal) -> int:
    """Whole cents."""
    return int(euros * 100)


class DetailsForm(forms.ModelForm):
    """The organisation itself: its VAT number must be one of its country."""

    class Meta:
        model = GroupAccount
        fields = "__all__"

    def clean_country(self) -> str:
        """Two capital letters."""
        country = self.cleaned_data["country"].strip().upper()
        if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
            raise forms.ValidationError("Two letters, such as BE.")
        return country

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError where the VAT number cannot be one of the country."""
        given = super().clean() or {}
        number = vat.normal(given.get("vat_number") or "")
        country = given.get("country") or ("GR" if number.startswith("EL") else number[:2])
        if number and not vat.looks_right(number, country):
            self.add_error("vat_number", f"This cannot be a VAT number of {country}.")
        return given | {"vat_number": number, "country": country if number else given.get("country", "")}


class TermForm(forms.ModelForm):
    """Days, seats and price of a draft."""

    price = Euros(label="Price, in euro", help_text="For the whole term, without VAT.")

    class Meta:
        model = Term
        fields = ("starts_on", "ends_on", "seats", "price", "vat_percent", "purchase_order")
        widgets = {"starts_on": Day(), "ends_on": Day()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["price"].initial = Decimal(self.instance.price_cents) / 100

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError for dates in the wrong order or of another term, and for no seats at all."""
        given = super().clean() or {}
        first, last = given.get("starts_on"), given.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", "The last day is before the first.")
        if given.get("seats") == 0:
            self.add_error("seats", "At least one; empty for as many as they like, on site.")
        others = self.instance.group.terms.exclude(pk=self.instance.pk)
        if first and others.filter(starts_on=first).exists():
            self.add_error("starts_on", "Another term of this agreement has the same first day.")
        return given

    def save(self, commit: bool = True) -> Term:
        """With the price in cents; a quote that was sent before counts no more. Nothing else of the row is written."""
        term = self.instance
        term.price_cents, term.quoted_at = cents_of(self.cleaned_data["price"]), None
        if term.pk is None or not commit:
            return super().save(commit)
        term.save(update_fields=[*(set(self.fields) - {"price"}), "price_cents", "quoted_at"])
        return term


class NewForm(DetailsForm):
    """An agreement from nothing: who, whom we write to, and the draft of the first term."""

    contact_name = forms.CharField(max_length=150, required=False, label="Who signs", widget=forms.TextInput(**WIDE))
    contact_email = forms.EmailField(label="Their address", widget=forms.EmailInput(**WIDE))
    starts_on = forms.DateField(widget=Day(), label="First day")
    ends_on = forms.DateField(widget=Day(), label="Last day")
    seats = forms.IntegerField(min_value=1, required=False, help_text="Empty: as many as they like, on site.")
    price = Euros(label="Price, in euro", help_text="For the whole term, without VAT.")

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError for dates in the wrong order."""
        given = super().clean()
        first, last = given.get("starts_on"), given.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", "The last day is before the first.")
        return given


class NothingForm(forms.Form):
    """A question that is answered by the button alone."""


class ReasonForm(forms.Form):
    """Why; the next colleague will want to know."""

    because = forms.CharField(max_length=300, label="Why", widget=forms.TextInput(**WIDE))


class YesForm(forms.Form):
    """Who said yes, and in what form it came."""

    name = forms.CharField(max_length=150, label="Who said yes", widget=forms.TextInput(**WIDE))
    email = forms.EmailField(label="Their address", help_text="The contract is sent there.")
    how = forms.CharField(
        max_length=200,
        label="In what form",
        help_text="For example: signed letter of 3 May.",
        widget=forms.TextInput(**WIDE),
    )
    purchase_order = forms.CharField(max_length=80, required=False)


class InvoiceForm(forms.Form):
    """Which way the money comes, and until when."""

    how = forms.ChoiceField(choices=GroupInvoice.How.choices, widget=forms.RadioSelect, label="How")
    days = forms.IntegerField(min_value=0, max_value=365, label="Days until it is due")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["days"].initial = settings.GROUP_DAYS_UNTIL_DUE
        self.fields["how"].initial = GroupInvoice.How.STRIPE


class SeatsForm(forms.Form):
    """Another number of seats, and how the added ones are invoiced."""

    seats = forms.IntegerField(min_value=1)
    how = forms.ChoiceField(
        choices=[("", "Not at all"), *GroupInvoice.How.choices],
        required=False,
        widget=forms.RadioSelect,
        label="Invoice the added ones",
        help_text="By the price of a seat and the days that are left, today included.",
    )


class TransferForm(forms.Form):
    """A line of the bank statement."""

    invoice = forms.ModelChoiceField(
        GroupInvoice.objects.none(), required=False, empty_label="Nobody knows yet", help_text="What it is for."
    )
    euros = Euros(label="Amount, in euro", least="0.01")
    received_on = forms.DateField(widget=Day(), label="Day on the statement")
    bank_reference = forms.CharField(
        max_length=140,
        label="The bank’s number of it",
        help_text="So that nobody records it twice.",
        widget=forms.TextInput(**WIDE),
    )
    payer = forms.CharField(max_length=150, required=False, widget=forms.TextInput(**WIDE))
    remark = forms.CharField(max_length=300, required=False, widget=forms.TextInput(**WIDE))

    def __init__(self, *args: Any, group: GroupAccount, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sent = group.invoices.filter(sent_at__isnull=False)
        self.fields["invoice"].queryset = sent  # type: ignore[attr-defined]
        self.fields["received_on"].initial = day_of(now)


class MoveForm(forms.Form):
    """Which invoice the money was for, be it of another organisation."""

    number = forms.CharField(max_length=60, label="Number of the right invoice")

    def clean_number(self) -> GroupInvoice:
        """That invoice. Raises ValidationError where there is none."""
        found = GroupInvoice.objects.filter(number__iexact=self.cleaned_data["number"].strip()).first()
        if found is None:
            raise forms.ValidationError("No invoice has this number.")
        return found


class SendBackForm(forms.Form):
    """What went back by transfer."""

    euros = Euros(label="Amount, in euro", least="0.01")
    bank_reference = forms.CharField(max_length=140, label="The bank’s number of it", widget=forms.TextInput(**WIDE))


class WaitForm(ReasonForm):
    """Until when we wait."""

    until = forms.DateField(widget=Day(), label="Wait until")

    field_order = ("until", "because")
