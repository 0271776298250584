"""What became of an article: opened, ended at the wall, orders begun there, trials, paid. Numbers, and nobody in them.

Counted where pages go out (`counting.py`), and from the orders themselves; readers' devices keep nothing for it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Min, Sum
from django.utils.timezone import localtime

from subscriptions.access import Source

from .addresses import slug_in
from .models import Article, ArticleDay, FormerAddress
from .models.results import COUNTS
from .paywall import Access, Reading

LATELY = timedelta(days=30)
STEPS = ("checkouts", "trials", "paid")
# Follows the key of an article in a label where its page ended at the wall.
_WALL = "!"
_ADD = """
INSERT INTO articles_articleday (article_id, day, opened, wall_met, checkouts, trials, paid)
VALUES (%s, %s, %s, %s, 0, 0, 0) ON CONFLICT (article_id, day) DO UPDATE
SET opened = articles_articleday.opened + excluded.opened, wall_met = articles_articleday.wall_met + excluded.wall_met
"""


@dataclass(frozen=True)
class Lately:
    """The counts of some days, together."""

    opened: int = 0
    wall_met: int = 0
    checkouts: int = 0
    trials: int = 0
    paid: int = 0


@dataclass(frozen=True)
class Day:
    """The counts of a day (Brussels)."""

    day: date
    opened: int = 0
    wall_met: int = 0


@dataclass(frozen=True)
class CameFrom:
    """An order that began at a page, and the days (Brussels) of its steps; those that never came are None."""

    page: str
    checkouts: date
    trials: date | None = None
    paid: date | None = None


# --- Counting -------------------------------------------------------------------------------------------------


def label_of(article: Article, reading: Reading) -> str:
    """What an opened page counts as; empty where it counts for nothing: search engines, and our own staff."""
    entitlement = reading.entitlement
    if reading.access is Access.SEARCH_ENGINE or (entitlement and entitlement.source is Source.STAFF):
        return ""
    return f"{article.pk}{_WALL if reading.is_locked else ''}"


def add(counted: Mapping[str, int], *, day: date) -> None:
    """Add what was counted, label by label, to that day (Brussels). What is gone meanwhile is left out."""
    opened: dict[int, int] = defaultdict(int)
    at_wall: dict[int, int] = defaultdict(int)
    for label, times in counted.items():
        key = int(label.rstrip(_WALL))
        opened[key] += times
        at_wall[key] += times if label.endswith(_WALL) else 0
    when = connection.ops.adapt_datefield_value(day)
    with transaction.atomic():
        known = Article.objects.filter(pk__in=opened).order_by("pk").values_list("pk", flat=True)
        rows = [(key, when, opened[key], at_wall[key]) for key in known]
        with connection.cursor() as cursor:
            # In the order of their keys, so that two processes never wait for each other.
            cursor.executemany(_ADD, rows)


def take_orders(orders: Iterable[CameFrom], *, since: date) -> int:
    """Set the counts of orders for each day from `since` on; returns how many days of articles were written.

    Safe to repeat. A count never falls: an order that is deleted with its reader was begun all the same.
    """
    listed = list(orders)
    keys = _articles_at({order.page for order in listed})
    found: dict[tuple[int, date], dict[str, int]] = defaultdict(lambda: dict.fromkeys(STEPS, 0))
    for order in listed:
        key = keys.get(slug_in(order.page))
        for name in STEPS:
            day = getattr(order, name)
            if key and day and day >= since:
                found[key, day][name] += 1
    for (key, day), counts in sorted(found.items()):
        with transaction.atomic():
            row, _ = ArticleDay.objects.select_for_update().get_or_create(article_id=key, day=day)
            for name, value in counts.items():
                setattr(row, name, max(value, getattr(row, name)))
            row.save(update_fields=list(counts))
    return len(found)


def _articles_at(pages: set[str]) -> dict[str, int]:
    """The key of the article at each of the addresses, by the last part of it; also where it has moved since."""
    slugs = {slug_in(page) for page in pages} - {""}
    then = dict(FormerAddress.objects.filter(slug__in=slugs).values_list("slug", "article_id"))
    return then | dict(Article.objects.filter(slug__in=slugs).values_list("slug", "pk"))


# --- Reading them ---------------------------------------------------------------------------------------------


def lately(keys: Sequence[int], *, at: datetime) -> dict[int, Lately]:
    """The last thirty days of each of these articles that has any, in one query."""
    since = localtime(at - LATELY).date()
    rows: Any = ArticleDay.objects.filter(article__in=keys, day__gt=since).order_by().values("article")
    sums = rows.annotate(**{f"sum_{name}": Sum(name) for name in COUNTS})
    return {row["article"]: Lately(*(row[f"sum_{field.name}"] for field in fields(Lately))) for row in sums}


def altogether(article: Article) -> Lately:
    """All counts of an article, from the first day on."""
    return Lately(**ArticleDay.objects.filter(article=article).totals())


def counted_since() -> date | None:
    """The first day anything was counted, or None."""
    return ArticleDay.objects.aggregate(first=Min("day"))["first"]


def day_by_day(article: Article, *, at: datetime) -> list[Day]:
    """The last thirty days up to that moment, also those without a row."""
    today = localtime(at).date()
    first = today - LATELY + timedelta(days=1)
    rows = {
        row.day: Day(row.day, row.opened, row.wall_met)
        for row in ArticleDay.objects.filter(article=article, day__gte=first)
    }
    return [rows.get(day, Day(day)) for day in (first + timedelta(days=count) for count in range(LATELY.days))]
