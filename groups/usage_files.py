"""What a group read, as tables to take along: our own, and one in the shape that libraries load (COUNTER 5.1)."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from edge.tables import safe_cell

from .models import GroupAccount, MonthOfUse
from .models.usage import ALL, OTHERS
from .usage import Month

# In the tables only: nothing is written where fewer than five people stand behind a number.
BELOW_FLOOR = "<5"
# English whatever language is spoken: the report is read by programs.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def months_csv(months: Sequence[Month]) -> str:
    """A line for each month and each of its sections."""
    heads = [_("Month"), _("Section"), _("People"), _("Readers with an account"), _("Core readers")]
    rows: list[list[str]] = [[*heads, _("Different articles"), _("Articles opened")]]
    for month in months:
        for row in ([month.whole] if month.whole else []) + list(month.sections):
            numbers = [row.people, row.readers, row.core_readers, row.articles, row.times]
            if row.section != ALL:
                numbers[2] = None
            # In a row that is told an empty cell is a number that is not.
            told = [BELOW_FLOOR if not row.is_told else "" if one is None else str(one) for one in numbers]
            rows.append([f"{month.first:%Y-%m}", section_in_words(row), *told])
    return _table(rows)


def section_in_words(row: MonthOfUse) -> str:
    """ "All sections", "Climate", "Other sections"."""
    return {ALL: _("All sections"), OTHERS: _("Other sections")}.get(row.section, row.section)


def counter_report(group: GroupAccount, months: Sequence[Month], *, at: datetime) -> str:
    """A Standard View TR_J1 (COUNTER 5.1, section 4.3) with this newspaper as its one title.

    Only what stands behind the wall is counted. A unique request is one article, by one person, on one day: a stricter
    session than the standard's, since we keep no sessions. Months of fewer than five people are left empty and named
    as an exception.
    """
    told = [month for month in months if month.whole is not None]
    first, last = (months[0].first, _end_of(months[-1].first)) if months else (at.date(), at.date())
    hidden = [_name(month.first) for month in told if not month.is_told]
    metrics = ("Total_Item_Requests", "Unique_Item_Requests")
    header = [
        ("Report_Name", "Journal Requests (Controlled)"),
        ("Report_ID", "TR_J1"),
        ("Release", "5.1"),
        ("Institution_Name", group.organisation),
        ("Institution_ID", f"{_platform()}:{group.pk}"),
        ("Metric_Types", "; ".join(metrics)),
        ("Report_Filters", "Data_Type=Journal; Access_Type=Controlled; Access_Method=Regular"),
        ("Report_Attributes", ""),
        (
            "Exceptions",
            f"3040: Partial Data Returned (withheld for privacy, fewer than 5 people: {', '.join(hidden)})"
            if hidden
            else "",
        ),
        ("Reporting_Period", f"Begin_Date={first:%Y-%m-%d}; End_Date={last:%Y-%m-%d}"),
        ("Created", f"{at:%Y-%m-%dT%H:%M:%SZ}"),
        ("Created_By", settings.SITE_NAME),
        ("Registry_Record", ""),
    ]
    columns = ["Title", "Publisher", "Publisher_ID", "Platform", "DOI", "Proprietary_ID", "Print_ISSN", "Online_ISSN"]
    heads = [*columns, "URI", "Metric_Type", "Reporting_Period_Total", *(_name(month.first) for month in months)]
    title = [settings.SITE_NAME, settings.SITE_PUBLISHER, "", _platform(), "", f"{_platform()}:news", "", ""]
    body = []
    for metric, field in zip(metrics, ("times", "articles"), strict=True):
        counts = [(getattr(month.whole, field) if month.whole else 0) for month in months]
        total = sum(count or 0 for count in counts)
        shown = ["" if count is None else str(count) for count in counts]
        body.append([*title, settings.SITE_URL, metric, str(total), *shown])
    return _table([*map(list, header), [], heads, *body])


def _platform() -> str:
    return settings.SITE_NAME.replace(" ", "_")


def _name(month: date) -> str:
    return f"{_MONTHS[month.month - 1]}-{month.year}"


def _end_of(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _table(rows: Iterable[Sequence[str]]) -> str:
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    for row in rows:
        writer.writerow(map(safe_cell, row))
    return sheet.getvalue()
