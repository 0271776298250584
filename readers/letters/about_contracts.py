"""The contract in a letter: on a durable medium, with the terms in the version that was accepted (law.md L17)."""

from datetime import datetime

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from ..models import Letter, User
from .post import write

# Mail programs drop style sheets; what must be seen carries its own.
_STYLES = {
    "<h2>": '<h2 class="tx" style="margin:22px 0 6px;font:bold 16px/1.3 Georgia,serif;color:#10201c">',
    "<h3>": '<h3 class="tx" style="margin:18px 0 6px;font:bold 15px/1.3 Georgia,serif;color:#10201c">',
    "<p>": '<p class="tx" style="margin:0 0 10px">',
    "<blockquote>": '<blockquote style="margin:0 0 10px;padding:12px 16px;border:2px solid #0b5b4f">',
}


def welcome(
    reader: User,
    *,
    number: str,
    interval: str,
    price_cents: int,
    first_charge_at: datetime,
    first_charge_cents: int,
    is_trial: bool,
    concluded_at: datetime,
    terms_version: str,
    terms_language: str,
    terms_html: str,
    terms_text: str,
    occasion: str,
    at: datetime,
) -> Letter | None:
    """What was ordered, for how much, from when, how it renews, the ways out, and the terms in full; for a trial too.

    `interval` is "year" or "month". `terms_html` is cleaned HTML and `terms_text` the same as plain text; both are
    empty where no terms were accepted, because staff made the contract.
    """
    context = {
        "number": number,
        "interval": interval,
        "price_cents": price_cents,
        "first_charge_at": first_charge_at,
        "first_charge_cents": first_charge_cents,
        "is_trial": is_trial,
        "concluded_at": concluded_at,
        "terms_version": terms_version,
        "terms_language": terms_language,
        "terms_html": _styled(terms_html),
        "terms_text": terms_text,
    }
    return write(reader, "welcome", occasion, context, at=at)


def _styled(html: str) -> SafeString:
    for plain, styled in (_STYLES | {'href="/': f'href="{settings.SITE_URL}/'}).items():
        html = html.replace(plain, styled)
    return mark_safe(html)  # noqa: S308 - cleaned when it was written, and kept unaltered since
