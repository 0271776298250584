"""What somebody types to withdraw or to cancel: what the law allows us to ask for, and no more."""

import re
import uuid
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from subscriptions.models import Subscription

from . import matching
from .models import Statement
from .stating import Said

Kind = Statement.Kind
SALT = "rights.form"
# How far ahead a wished date may lie: nobody keeps a contract for longer than this without a new decision.
AT_MOST_AHEAD = timedelta(days=2 * 366)
_LINK = re.compile(r"://|www\.", re.IGNORECASE)


class StatementForm(forms.Form):
    """Who, which contract, and where the receipt goes. A signed-in reader chooses among their own contracts."""

    name = forms.CharField(
        label=gettext_lazy("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    contract = forms.CharField(
        label=gettext_lazy("Which contract"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Optional: its number, or in your own words, such as “the yearly plan”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("Your email address"),
        max_length=254,
        help_text=gettext_lazy("The one you subscribed with. The receipt goes there at once, with date and time."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    # Made with the page: sent twice, it is one statement.
    key = forms.CharField(widget=forms.HiddenInput)

    field_order = ["name", "email", "contract"]

    def __init__(self, *args: Any, contracts: list[Subscription] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", signing.dumps(str(uuid.uuid4()), salt=SALT))
        choices = [(label, label) for label in map(label_of, contracts or [])]
        if choices:
            self.initial.setdefault("contract", choices[0][0])
            self.fields["contract"] = forms.ChoiceField(
                label=_("Which contract"), choices=choices, widget=forms.RadioSelect
            )
            self.fields["email"].help_text = _("The receipt goes there at once, with date and time.")
            self.order_fields(self.field_order)

    def clean_key(self) -> uuid.UUID:
        """The key under which it is kept. Raises ValidationError where it is not one of ours."""
        try:
            return uuid.UUID(signing.loads(self.cleaned_data["key"], salt=SALT))
        except (signing.BadSignature, ValueError) as error:
            typed: Any = self.data.copy()  # type: ignore[attr-defined]
            typed["key"] = signing.dumps(str(uuid.uuid4()), salt=SALT)
            self.data = typed
            raise forms.ValidationError(_("This page was too old. Please press the button again.")) from error

    def clean_name(self) -> str:
        """One line without web addresses: it is repeated in a letter that may reach a stranger."""
        return _without_links(" ".join(self.cleaned_data["name"].split()))

    def clean_contract(self) -> str:
        """Likewise."""
        return _without_links(" ".join(self.cleaned_data["contract"].split()))

    def said(self, kind: str, **more: Any) -> Said:
        """What was declared. Call it on a valid form."""
        given = self.cleaned_data
        return Said(given["key"], kind, given["name"], given["email"], given["contract"], **more)


class CancellationForm(StatementForm):
    """The same with the way of ending it and, if somebody wishes one, a date."""

    kind = forms.ChoiceField(
        label=gettext_lazy("How"),
        choices=[
            (Kind.ORDINARY, gettext_lazy("Ordinary: I give no reason, and the contract ends at its next possible end")),
            (Kind.EXTRAORDINARY, gettext_lazy("Extraordinary: for good cause, which I name below")),
        ],
        initial=Kind.ORDINARY,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=gettext_lazy("The cause"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Of an extraordinary cancellation only."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    when = forms.ChoiceField(
        label=gettext_lazy("When"),
        choices=[
            ("earliest", gettext_lazy("As early as possible")),
            ("date", gettext_lazy("On the date below, or before it")),
        ],
        initial="earliest",
        widget=forms.RadioSelect,
    )
    wished_on = forms.DateField(
        label=gettext_lazy("Date"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    field_order = ["name", "email", "contract", "kind", "reason", "when", "wished_on"]

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_reason(self) -> str:
        """Without web addresses, as above."""
        return _without_links(self.cleaned_data["reason"].strip())

    def clean(self) -> dict[str, Any]:
        """A cause where there must be one, and a date that can be. Raises ValidationError."""
        given = super().clean() or {}
        if given.get("kind") == Kind.EXTRAORDINARY and not given.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Please name the cause, in a few words."))
        wished_on = given.get("wished_on")
        if given.get("when") == "earliest":
            given["wished_on"] = None
        elif wished_on is None and "wished_on" not in self.errors:
            self.add_error("wished_on", _("Please choose the date, or “as early as possible”."))
        elif wished_on and wished_on < self.today:
            self.add_error("wished_on", _("This day is over. Choose a later one, or “as early as possible”."))
        elif wished_on and wished_on > self.today + AT_MOST_AHEAD:
            self.add_error("wished_on", _("This day is more than two years away."))
        return given

    def what_is_said(self) -> Said:
        """What was declared. Call it on a valid form."""
        given = self.cleaned_data
        is_extraordinary = given["kind"] == Kind.EXTRAORDINARY
        return self.said(
            given["kind"], wished_on=given["wished_on"], reason=given["reason"] if is_extraordinary else ""
        )


def label_of(subscription: Subscription) -> str:
    """A contract as its reader knows it: `Yearly plan, VD-2026-000123`."""
    plan = {"year": _("Yearly plan"), "month": _("Monthly plan")}.get(subscription.plan.interval, "")
    return f"{plan}, {matching.number_of(subscription)}"


def _without_links(text: str) -> str:
    if _LINK.search(text):
        raise forms.ValidationError(_("Please leave out web addresses."))
    return text
