"""What stands in a standing page where the site itself knows the words: `{{ site_name }}`, `{{ price_year }}`.

A text from the database is never a template: a placeholder is a name from one list, and anything else in double braces
is refused where it is typed.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from edge import languages
from subscriptions.models import Plan

from .templatetags.newsroom import money

# An editor's browser writes braces in an address as %7B%7B.
_ENCODED = re.compile(r"%7B%7B(?:%20|\s)*(\w+)(?:%20|\s)*%7D%7D", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_LEFT_OVER = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")
# A paragraph or an entry of a list, and what is left of a list whose entries have gone.
_BLOCK = re.compile(r"<(p|li)>(?:(?!<\1>).)*?</\1>", re.DOTALL)
_HOLLOW = re.compile(r"<(li|ul|ol)>\s*</\1>")
# Pages that a text may lead to, by the names of their addresses.
PAGES = (
    *("about", "ownership", "contact", "corrections", "privacy", "accessibility", "partners", "newsletters", "terms"),
    *("plans", "account", "cancel_help", "withdraw", "own_data", "retention", "partner_notices", "ask", "students"),
)


@dataclass(frozen=True)
class Placeholder:
    """A name and what is put in its place; `value` is asked when a page is shown."""

    name: str
    about: str
    value: Callable[[], str]


def _setting(name: str) -> Callable[[], str]:
    return lambda: str(getattr(settings, name))


def _price(interval: str) -> Callable[[], str]:
    def price() -> str:
        plan = Plan.objects.on_sale().filter(interval=interval).first()
        return money(plan.price_cents) if plan else ""

    return price


def _trial_days() -> str:
    plan = Plan.objects.on_sale().first()
    return str(plan.trial_days) if plan and plan.trial_days else ""


def _page(name: str) -> Callable[[], str]:
    return lambda: reverse(name)


KNOWN = {
    one.name: one
    for one in (
        Placeholder("site_name", "the name of the site", _setting("SITE_NAME")),
        Placeholder("tagline", "its tagline", lambda: settings.SITE_TAGLINES[languages.chosen()]),
        Placeholder("description", "what it is, in a sentence", lambda: settings.SITE_DESCRIPTIONS[languages.chosen()]),
        Placeholder("publisher", "who publishes it, with the address", _setting("SITE_PUBLISHER")),
        Placeholder("postal_address", "where letters go", _setting("SITE_POSTAL_ADDRESS")),
        Placeholder("contact_email", "where readers write to", _setting("CONTACT_EMAIL")),
        Placeholder("corrections_email", "for corrections", _setting("CORRECTIONS_EMAIL")),
        Placeholder("advertising_email", "for those who want to advertise", _setting("ADVERTISING_EMAIL")),
        Placeholder("groups_email", "for companies and institutions", _setting("GROUPS_EMAIL")),
        Placeholder("students_email", "for students", _setting("STUDENTS_EMAIL")),
        Placeholder("tips_email", "for tips", _setting("TIPS_EMAIL")),
        Placeholder("signal", "our name or number on Signal", _setting("TIPS_SIGNAL")),
        Placeholder("pgp_fingerprint", "of our key", _setting("TIPS_PGP_FINGERPRINT")),
        Placeholder("tips_onion", "our address in the Tor network", _setting("TIPS_ONION")),
        Placeholder("accessibility_authority", "who supervises accessibility", _setting("ACCESSIBILITY_AUTHORITY")),
        Placeholder("price_year", "the price of the yearly plan", _price("year")),
        Placeholder("price_month", "the price of the monthly plan", _price("month")),
        Placeholder("trial_days", "how many days the free trial lasts", _trial_days),
        Placeholder("withdrawal_days", "how many days a contract can be undone", _setting("WITHDRAWAL_DAYS")),
        Placeholder(
            "corrections_feed_url", "the feed of corrections", lambda: reverse("corrections_feed", args=["xml"])
        ),
        *(
            Placeholder(f"{name}_url", f"the address of the page “{name.replace('_', ' ')}”", _page(name))
            for name in PAGES
        ),
    )
}


def decoded(html: str) -> str:
    """The HTML with the placeholders in its addresses as they were typed."""
    return _ENCODED.sub(lambda found: f"{{{{ {found[1]} }}}}", html)


def problems_in(text: str) -> Iterable[str]:
    """What stands in double braces and is no placeholder, in words for the editor."""
    unknown = dict.fromkeys(name for name in _PLACEHOLDER.findall(text) if name not in KNOWN)
    yield from (f"There is no placeholder “{name}”. The list below the text has those there are." for name in unknown)
    if found := _LEFT_OVER.search(_PLACEHOLDER.sub("", text)):
        yield f"“{found[0]}” stands alone. A placeholder looks like {{{{ site_name }}}}."


def filled(html: str) -> SafeString:
    """Clean HTML with every placeholder replaced, in the language that is spoken.

    A paragraph or an entry of a list that needs something which this site does not have is left out.
    """
    values = {name: KNOWN[name].value() for name in dict.fromkeys(_PLACEHOLDER.findall(html)) if name in KNOWN}
    missing = {name for name, value in values.items() if not value}
    kept = _BLOCK.sub(lambda found: "" if missing & set(_PLACEHOLDER.findall(found[0])) else found[0], html)
    while _HOLLOW.search(kept):
        kept = _HOLLOW.sub("", kept)
    text = _PLACEHOLDER.sub(lambda found: escape(values.get(found[1], "")), kept)
    return mark_safe(text)  # noqa: S308 - cleaned when it was saved, and every value is escaped


def filled_line(text: str) -> str:
    """The same for a title or a standfirst, which are no HTML."""
    return _PLACEHOLDER.sub(lambda found: KNOWN[found[1]].value() if found[1] in KNOWN else "", text)
