"""How the pages say when a seat was used, and what the account says of groups."""

from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from .. import joining, managing
from ..models import Seat

register = template.Library()
# So many months back a seat counts as in use.
RECENT_MONTHS = 2


@register.filter
def month_or_since(day: date, now: datetime) -> str:
    """The month of the day and no closer: `November`; `Not since July`, with its year where it was not this one."""
    today = timezone.localdate(now)
    months = (today.year - day.year) * 12 + today.month - day.month
    month = date_format(day, "F" if day.year == today.year or months < RECENT_MONTHS else "F Y")
    return month if months < RECENT_MONTHS else _("Not since %(month)s") % {"month": month}


@register.inclusion_tag("groups/_account_panel.html", takes_context=True)
def group_panel(context: Any) -> dict[str, Any]:
    """The seats this reader has, the groups they look after, and those that their address opens."""
    request = context["request"]
    return {
        "state": context["standing"].state,
        "seats": list(Seat.objects.held().filter(reader=request.user).select_related("group")),
        "managed": managing.groups_of(request.user),
        "offers": joining.offers_to(request.user, at=request.now),
    }
