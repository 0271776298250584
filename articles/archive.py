"""Every article by the month it appeared in, counted in Brussels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.urls import reverse

from edge.clock import BRUSSELS

from .models import Article
from .models.article import ArticleQuerySet

MONTHS = range(12, 0, -1)


@dataclass(frozen=True, order=True)
class Month:
    """A month of the calendar."""

    year: int
    number: int

    @property
    def starts_at(self) -> datetime:
        """Its first moment (UTC)."""
        return datetime(self.year, self.number, 1, tzinfo=BRUSSELS).astimezone(UTC)

    @property
    def first_day(self) -> datetime:
        """Its first moment in Brussels, for printing its name."""
        return datetime(self.year, self.number, 1, tzinfo=BRUSSELS)

    @property
    def next(self) -> "Month":
        """The month after it."""
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def before(self) -> "Month":
        """The month before it."""
        return Month(self.year - (self.number == 1), (self.number - 2) % 12 + 1)

    def get_absolute_url(self) -> str:
        return reverse("archive_month", args=[self.year, self.number])

    def of(self, articles: ArticleQuerySet) -> ArticleQuerySet:
        """Those that appeared in it."""
        return articles.filter(published_at__gte=self.starts_at, published_at__lt=self.next.starts_at)


def month_of(moment: datetime) -> Month:
    """The month of a moment."""
    local = moment.astimezone(BRUSSELS)
    return Month(local.year, local.month)


def span(*, at: datetime) -> tuple[Month, Month] | None:
    """The first and the last month in which something appeared; None while nothing has."""
    newest = Article.objects.published(at=at).newest_first().values_list("published_at", flat=True)
    last, first = newest.first(), newest.reverse().first()
    return (month_of(first), month_of(last)) if first and last else None


def years(*, at: datetime) -> Sequence[tuple[int, list[Month]]]:
    """Every year from the newest on, with its months from the newest on."""
    found = span(at=at)
    if found is None:
        return []
    first, last = found
    calendar = ((year, [Month(year, number) for number in MONTHS]) for year in range(last.year, first.year - 1, -1))
    return [(year, [month for month in months if first <= month <= last]) for year, months in calendar]
