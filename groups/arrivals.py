"""Somebody has logged in: what that proves of their address, and what it opens to them."""

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from edge.http import now_of

from . import joining, rechecking


def note(sender: Any, request: HttpRequest, user: Any, **more: Any) -> None:
    """A code that was mailed and typed proves the address for another year; a seat that waits is offered.

    Signal of allauth. The seat itself is taken by a button, since others then see who sits there.
    """
    records = get_authentication_records(request, user)
    if records and records[-1].get("method") == "code":
        rechecking.note_proof(user, records[-1].get("email") or user.email, at=now_of(request))
    for offer in joining.offers_to(user, at=now_of(request)):
        said = _("{organisation} would pay for you to read everything.")
        link = format_html('<a href="{}">{}</a>', reverse("group_join"), _("See the offer"))
        messages.info(request, format_html("{} {}", said.replace("{organisation}", offer.group.organisation), link))
