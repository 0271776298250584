"""How money, dates and headlines are printed: one filter each, known to every template."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings

from articles.addresses import absolute

register = template.Library()
register.filter(absolute)
BRUSSELS = ZoneInfo("Europe/Brussels")


@register.filter
def money(cents: int | None) -> str:
    """Cents as euro: `€150` for whole euros, `€12.50` otherwise."""
    if cents is None:
        return ""
    sign, cents = ("-" if cents < 0 else ""), abs(cents)
    euros, rest = divmod(cents, 100)
    return f"{sign}€{euros:,}.{rest:02}" if rest else f"{sign}€{euros:,}"


@register.filter
def money_exact(cents: int | None) -> str:
    """Cents as euro with two decimals, as an invoice prints them: `€150.00`."""
    if cents is None:
        return ""
    sign, cents = ("-" if cents < 0 else ""), abs(cents)
    return f"{sign}€{cents // 100:,}.{cents % 100:02}"


@register.filter
def day(moment: datetime | None) -> str:
    """A moment as its day in Brussels: `17 December 2026`."""
    if moment is None:
        return ""
    local = moment.astimezone(BRUSSELS)
    return f"{local.day} {local:%B %Y}"


@register.filter
def short_day(moment: datetime | None) -> str:
    """A moment as its day in Brussels without the year: `17 December`."""
    if moment is None:
        return ""
    local = moment.astimezone(BRUSSELS)
    return f"{local.day} {local:%B}"


@register.filter
def weekday(moment: datetime) -> str:
    """A moment as the masthead prints it: `Tuesday 17 November 2026`."""
    local = moment.astimezone(BRUSSELS)
    return f"{local:%A} {local.day} {local:%B %Y}"


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
    return f"{local.day} {local:%b}" if local.year == today.year else f"{local.day} {local:%b %Y}"


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
    return f"{', '.join(others)} and {last}" if others else last


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


@register.simple_tag
def setting(name: str) -> object:
    """The value of a setting; for letters, which have no request and so no context processor."""
    return getattr(settings, name)
