"""What the first page of a group says of its reading."""

from typing import Any

from django import template

from .. import usage
from ..models.usage import FLOOR

register = template.Library()
MONTHS = 6


@register.inclusion_tag("groups/_reading_months.html", takes_context=True)
def reading_months(context: Any) -> dict[str, Any]:
    """The last half year, all seats together."""
    months = usage.months_of(context["group"], at=context["request"].now, count=MONTHS)
    highest = max(month.articles for month in months)
    return {"group": context["group"], "months": months, "highest": highest, "now": context["now"], "floor": FLOOR}
