"""How money, dates and headlines are printed, in the reader's manner: one filter each, known to every template."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.utils import translation
from django.utils.dateformat import format as formatted
from django.utils.formats import get_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from articles.addresses import absolute
from edge import languages
from edge.clock import BRUSSELS
from newsroom import brand

register = template.Library()
register.filter(absolute)


@register.filter
def money(cents: int | None) -> str:
    """Cents as euro: `€150` for whole euros, `€12.50` otherwise; `150 €` in French and German, `€ 150` in Dutch."""
    return "" if cents is None else _euro(cents, exact=cents % 100 != 0)


@register.filter
def money_exact(cents: int | None) -> str:
    """Cents as euro with two decimals, as an invoice prints them: `€150.00`."""
    return "" if cents is None else _euro(cents, exact=True)


def _euro(cents: int, *, exact: bool) -> str:
    euros, rest = divmod(abs(cents), 100)
    whole = f"{euros:,}".replace(",", get_format("THOUSANDS"))
    amount = f"{whole}{get_format('DECIMALS')}{rest:02}" if exact else whole
    return ("-" if cents < 0 else "") + get_format("EURO").format(amount)


@register.filter
def bold(text: str) -> SafeString:
    """The text in bold, for an amount that goes through `per` afterwards."""
    return mark_safe(f"<b>{conditional_escape(text)}</b>")  # noqa: S308 - escaped on this very line


@register.filter
def per(amount: str, interval: str) -> str:
    """What is paid for each period: `€150 per year`. The interval is `year` or `month`."""
    words = _("{amount} per year") if interval == "year" else _("{amount} per month")
    text = words.replace("{amount}", amount)
    return mark_safe(text) if isinstance(amount, SafeString) else text  # noqa: S308 - the amount was safe before


@register.filter
def every(interval: str) -> str:
    """How often something comes back: `every year`."""
    return _("every year") if interval == "year" else _("every month")


@register.filter
def for_one(interval: str) -> str:
    """How long something lasts: `for a year`."""
    return _("for a year") if interval == "year" else _("for a month")


@register.filter
def for_the_first(interval: str) -> str:
    """What the first payment is for: `for the first year`."""
    return _("for the first year") if interval == "year" else _("for the first month")


@register.filter
def for_a_new(interval: str) -> str:
    """What the next payment is for: `for a new year`."""
    return _("for a new year") if interval == "year" else _("for a new month")


@register.filter
def plan_name(interval: str) -> str:
    """The plan in a sentence: `yearly plan`."""
    return _("yearly plan") if interval == "year" else _("monthly plan")


@register.filter
def prices(plans: Sequence[Any]) -> str:
    """What the plans cost: `€150 per year or €15 per month`."""
    either = " " + _("or") + " "
    return either.join(per(money(plan.price_cents), plan.interval) for plan in plans)


@register.filter
def day(moment: datetime | date | None) -> str:
    """A day, or a moment as its day in Brussels: `17 December 2026`."""
    return "" if moment is None else _printed(moment, "DAY")


@register.filter
def short_day(moment: datetime | date | None) -> str:
    """A day, or a moment as its day in Brussels, without the year: `17 December`."""
    return "" if moment is None else _printed(moment, "DAY_OF_THE_YEAR")


@register.filter
def weekday(moment: datetime) -> str:
    """A moment as the masthead prints it: `Tuesday 17 November 2026`."""
    return _printed(moment, "DAY_WITH_WEEKDAY")


@register.filter
def clock(moment: datetime) -> str:
    """The time in Brussels: `14:30`."""
    return f"{moment.astimezone(BRUSSELS):%H:%M}"


@register.filter
def when(moment: datetime, now: datetime) -> str:
    """When something was published, as lists print it: the time today, `16 Nov` this year, `16 Nov 2024` before."""
    local, today = moment.astimezone(BRUSSELS), now.astimezone(BRUSSELS)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return _printed(local, "BRIEF_DAY" if local.year == today.year else "BRIEF_DAY_WITH_YEAR")


def _printed(moment: datetime | date, manner: str) -> str:
    """In one of the manners of `newsroom/formats/<language>/formats.py`."""
    local = moment.astimezone(BRUSSELS) if isinstance(moment, datetime) else moment
    text = formatted(local, get_format(manner))
    if local.day == 1 and (translation.get_language() or "").startswith("fr"):
        return text.replace("1", "1er", 1)
    return text


@register.filter
def days_until(moment: datetime, now: datetime) -> int:
    """Whole days from now until the moment, by the Brussels calendar; never negative."""
    return max((moment.astimezone(BRUSSELS).date() - now.astimezone(BRUSSELS).date()).days, 0)


@register.filter
def display(headline: str) -> str:
    """A headline as it is shown: a hyphenated word stays on one line."""
    return headline.replace("-", "\u2011")


@register.filter
def names(people: Sequence[Any]) -> str:
    """Names as a byline prints them: `A`, `A and B`, `A, B and C`."""
    *others, last = [str(person) for person in people] or [""]
    return ", ".join(others) + " " + _("and") + f" {last}" if others else last


@register.filter
def host(address: str) -> str:
    """The name of the place an address leads to: `mastodon.social`."""
    return (urlsplit(address).hostname or address).removeprefix("www.")


@register.filter
def breakable(address: str) -> SafeString:
    """An email address that breaks before its domain where it must break."""
    mailbox, _, domain = address.rpartition("@")
    return format_html("{}@<wbr>{}", mailbox, domain) if mailbox else format_html("{}", address)


@register.filter
def yearly_saving(plans: Sequence[Any]) -> int:
    """What the yearly plan saves over twelve months of the monthly one, in cents; 0 where it saves nothing."""
    prices = {plan.interval: plan.yearly_cents for plan in plans}
    return max(prices.get("month", 0) - prices.get("year", 0), 0) if "year" in prices else 0


@register.filter
def focus(picture: Any) -> str:
    """The classes that keep what matters in sight where a picture is cropped; none where that is the middle."""
    across, down = round(picture.focus_x * 4), round(picture.focus_y * 4)
    return "" if across == down == 2 else f"across-{across} down-{down}"


@register.filter
def sparing(sizes: str) -> str:
    """The `sizes` of a picture where phones of three pixels a point get what those of two get: no eye sees more."""
    return f"(max-width: 40rem) and (min-resolution: 2.5dppx) 62vw, {sizes}"


@register.simple_tag
def spoken() -> str:
    """The language that is spoken: `en`, `fr`, `nl` or `de`; for the attribute `lang`."""
    return languages.chosen()


@register.simple_tag
def setting(name: str) -> object:
    """The value of a setting; for letters, which have no request and so no context processor."""
    return getattr(settings, name)


@register.simple_tag
def wordmark() -> str:
    """What stands at the top of each page; for pages without a request."""
    return settings.SITE_WORDMARK or settings.SITE_NAME


@register.simple_tag
def own_colours() -> str:
    """The path of the stylesheet with the newsroom's own colours, if it has any; for pages without a request."""
    return brand.address()
