"""Every article by the month it appeared in, counted in Brussels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from django.urls import reverse

from edge.clock import BRUSSELS

from .models import Article
from .models.article import ArticleQuerySet


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
    """Every year in which something appeared, and those of its months in which something did; the newest first."""
    published = Article.objects.published(at=at).order_by()
    firsts = published.datetimes("published_at", "month", order="DESC", tzinfo=BRUSSELS)
    months = (Month(first.year, first.month) for first in firsts)
    return [(year, list(those)) for year, those in groupby(months, key=lambda month: month.year)]
