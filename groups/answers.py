"""What stands in braces in the template of an answer: which names there are, and what they become."""

import re
from typing import Any

from django.conf import settings
from django.urls import reverse

from .models import Enquiry

PLACEHOLDERS = {
    "name": "the name, or “reader”",
    "organisation": "the organisation, as it was typed",
    "people": "how many want to read",
    "site": "our name",
    "sender": "the name of whoever answers",
    "students": "the address of the page for students",
    "plans": "the address of our plans",
}
_IN_BRACES = re.compile(r"\{([^{}]*)\}")


def problems_of(text: str) -> list[str]:
    """What is wrong with the braces of a template, in words; nothing where all is well."""
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    wrong = [
        f"There is no {{{name}}}; there are {known}." for name in _IN_BRACES.findall(text) if name not in PLACEHOLDERS
    ]
    if any(brace in _IN_BRACES.sub("", text) for brace in "{}"):
        wrong.append("A brace stands alone: { and } go together, with a name between.")
    return wrong


def filled(text: str, enquiry: Enquiry, *, by: Any) -> str:
    """The template with everything filled in. What the sender typed is never read for braces."""
    values = {
        "name": enquiry.name or "reader",
        "organisation": enquiry.organisation or "your organisation",
        "people": str(enquiry.people or "several"),
        "site": settings.SITE_NAME,
        "sender": by.get_short_name(),
        "students": settings.SITE_URL + reverse("students"),
        "plans": settings.SITE_URL + reverse("plans"),
    }
    return _IN_BRACES.sub(lambda found: values.get(found[1], found[0]), text)
