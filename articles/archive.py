"""Every article by the month it appeared in, counted in Brussels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from django.db.models import Exists
from django.urls import reverse

from edge.clock import BRUSSELS

from .models import Article
from .models.article import ArticleQuerySet

# Fifty years in one question: PostgreSQL answers in at most 1,664 columns, SQLite in 2,000.
MOST_AT_ONCE = 600


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


def earlier(than: Month, *, at: datetime) -> Month | None:
    """The last month before it in which something appeared that is still to be seen."""
    found = Article.objects.published(at=at).filter(published_at__lt=than.starts_at).newest_first()
    return _month_of_first(found)


def later(than: Month, *, at: datetime) -> Month | None:
    """The first month after it in which something appeared."""
    found = Article.objects.published(at=at).filter(published_at__gte=than.next.starts_at).newest_first().reverse()
    return _month_of_first(found)


def _month_of_first(found: ArticleQuerySet) -> Month | None:
    moment = found.values_list("published_at", flat=True).first()
    return month_of(moment) if moment else None


def years(*, at: datetime) -> Sequence[tuple[int, list[Month]]]:
    """Every year in which something appeared, and those of its months in which something did; the newest first.

    The database is asked of each month whether there is one article, so that it reads as many rows as there are months.
    """
    calendar = list(_calendar(at=at))
    parts = (calendar[start : start + MOST_AT_ONCE] for start in range(0, len(calendar), MOST_AT_ONCE))
    found = (month for part in parts for month in _not_empty(part, at=at))
    return [(year, list(months)) for year, months in groupby(found, key=lambda month: month.year)]


def _not_empty(months: Sequence[Month], *, at: datetime) -> list[Month]:
    published = Article.objects.published(at=at).order_by()
    answers = Article.objects.order_by().values_list(*(Exists(month.of(published)) for month in months))[:1]
    return [month for row in answers for month, is_there in zip(months, row, strict=True) if is_there]


def _calendar(*, at: datetime) -> Iterator[Month]:
    """The months from the last article to the first, also those in between without any."""
    newest = Article.objects.published(at=at).newest_first()
    last, first = _month_of_first(newest), _month_of_first(newest.reverse())
    while first and last and last >= first:
        yield last
        last = last.before
