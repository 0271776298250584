"""What somebody types to ask us something, and how we tell a machine from a person without asking anybody else."""

import re
import uuid
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import addresses
from .asking import Asked
from .models import Enquiry

Topic = Enquiry.Topic
SALT = "groups.asking"
# Nobody reads and fills in this page so quickly.
QUICKEST = timedelta(seconds=3)
MOST_LINKS = 2
_LINK = re.compile(r"://|www\.|\[url|<a\s", re.IGNORECASE)
TOPICS = [(topic.value, topic.label) for topic in Topic if topic != Topic.SEATS]


class AskForm(forms.Form):
    """Who asks, for whom, and what. `website` is a field that no person sees."""

    topic = forms.ChoiceField(label=gettext_lazy("It is about"), choices=TOPICS, widget=forms.RadioSelect)
    name = forms.CharField(
        label=gettext_lazy("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.CharField(
        label=gettext_lazy("Your email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": gettext_lazy("Please type your email address.")},
    )
    organisation = forms.CharField(
        label=gettext_lazy("Organisation"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    people = forms.IntegerField(
        label=gettext_lazy("How many people want to read"),
        required=False,
        min_value=1,
        max_value=1_000_000,
        help_text=gettext_lazy("Roughly; leave it empty where you do not know yet."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    words = forms.CharField(
        label=gettext_lazy("What we should know"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}))
    # Made with the page: sent twice it is one question, and it says when the page was opened.
    key = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.opened_at: datetime | None = None
        self.initial.setdefault("key", _sealed(now))

    def clean_key(self) -> uuid.UUID:
        """The key under which it is kept. Raises ValidationError where it is not one of ours."""
        try:
            key, opened = signing.loads(self.cleaned_data["key"], salt=SALT)
            self.opened_at = datetime.fromisoformat(opened)
            return uuid.UUID(key)
        except (signing.BadSignature, ValueError, TypeError) as error:
            typed: Any = self.data.copy()  # type: ignore[attr-defined]
            typed["key"] = _sealed(self.now)
            self.data = typed
            raise forms.ValidationError(_("This page was too old. Please press the button again.")) from error

    def clean_name(self) -> str:
        """One line."""
        return " ".join(self.cleaned_data["name"].split())

    def clean_organisation(self) -> str:
        """One line."""
        return " ".join(self.cleaned_data["organisation"].split())

    def clean_email(self) -> str:
        """In one form. Raises ValidationError where it is no address."""
        address = addresses.clean(self.cleaned_data["email"])
        if isinstance(address, addresses.Problem):
            raise forms.ValidationError(address.in_words())
        return address

    def clean(self) -> dict[str, Any]:
        """An organisation where one asks, and words where nothing else says what is wanted."""
        given = super().clean() or {}
        topic = given.get("topic")
        if topic in Enquiry.OF_ORGANISATIONS and not given.get("organisation") and "organisation" not in self.errors:
            self.add_error("organisation", _("Please name your organisation."))
        if topic and topic not in Enquiry.OF_ORGANISATIONS and not given.get("words") and "words" not in self.errors:
            self.add_error("words", _("A sentence is enough."))
        return given

    def looks_like_a_machine(self) -> bool:
        """Whether it filled in what nobody sees, was quicker than anybody, or mostly wants to link."""
        given = self.cleaned_data
        quick = self.opened_at is not None and self.now - self.opened_at < QUICKEST
        text = f"{given['name']} {given['organisation']} {given['words']}"
        in_names = _LINK.search(f"{given['name']} {given['organisation']}")
        return bool(given["website"] or quick or in_names or len(_LINK.findall(text)) > MOST_LINKS)

    def asked(self) -> Asked:
        """What was asked. Call it on a valid form."""
        given = self.cleaned_data
        return Asked(
            key=given["key"],
            topic=given["topic"],
            name=given["name"],
            email=given["email"],
            organisation=given["organisation"],
            people=given["people"],
            words=given["words"],
            is_suspect=self.looks_like_a_machine(),
        )


def _sealed(now: datetime) -> str:
    return signing.dumps([str(uuid.uuid4()), now.isoformat()], salt=SALT)
