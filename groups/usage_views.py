"""What a group read, for those who look after it: the numbers, the picture, the tables."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from edge.http import Request

from . import usage, usage_files
from .manager_views import about, for_managers
from .managing import Desk
from .models.usage import FLOOR
from .usage_picture import picture_of

MONTHS = 12


@require_safe
@for_managers
def reading(request: Request, desk: Desk) -> HttpResponse:
    """A year by month and section: how much, never who."""
    months = usage.months_of(desk.group, at=request.now, count=MONTHS)
    context = about(desk, "reading") | {
        "months": months,
        "latest": next((month for month in reversed(months) if not month.is_empty), None),
        "picture": picture_of(months),
        "counted_next": usage.counted_next(at=request.now),
        "floor": FLOOR,
        "core_articles": usage.CORE_ARTICLES,
        "core_days": usage.CORE_DAYS,
    }
    return render(request, "groups/reading.html", context)


@require_safe
@for_managers
def reading_csv(request: Request, desk: Desk) -> HttpResponse:
    """The same as a table."""
    months = usage.months_of(desk.group, at=request.now, count=MONTHS)
    return _file(usage_files.months_csv(months), f"{_name(desk)}-reading.csv")


@require_safe
@for_managers
def counter_csv(request: Request, desk: Desk) -> HttpResponse:
    """In the shape that libraries load."""
    months = usage.months_of(desk.group, at=request.now, count=MONTHS)
    return _file(usage_files.counter_report(desk.group, months, at=request.now), f"{_name(desk)}-TR_J1.csv")


def _name(desk: Desk) -> str:
    return slugify(desk.group.organisation) or str(desk.group.pk)


def _file(table: str, name: str) -> HttpResponse:
    # The mark tells a spreadsheet that it is UTF-8.
    response = HttpResponse("\ufeff" + table, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
