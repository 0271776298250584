"""The first page of the desk: what goes out today, what waits for whom, and what was missed."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest

from articles.models import Article, Hold, PartnerItem, Step
from articles.models.article import BEING_WRITTEN
from edge.clock import BRUSSELS
from edge.http import now_of

from . import own
from .workflow import in_words

# So many of each list; the list of articles has the rest.
SHOWN = 15
NOTES = 8


@dataclass(frozen=True)
class Line:
    """An article as a list of the desk shows it."""

    article: Article
    state: str
    # Why it stands in this list, where the state does not say it: "planned for 3 November".
    why: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Desk:
    """What somebody who writes or edits needs to see first."""

    missed: tuple[Line, ...]
    today: tuple[Line, ...]
    review: tuple[Line, ...]
    ready: tuple[Line, ...]
    scheduled: tuple[Line, ...]
    mine: tuple[Line, ...]
    notes: tuple[Step, ...]
    # Notes that were ticked off in the last day, to be opened again where that was a slip.
    done: tuple[Step, ...]
    # What somebody pays for and ends soon; for those who see to it.
    partners: tuple[PartnerItem, ...]
    writing: tuple[Hold, ...]


def of(request: HttpRequest) -> Desk:
    """The desk of that person at that moment. As many queries as lists, however many articles there are."""
    at, user = now_of(request), request.user
    seen = own.visible(Article.objects.all(), user)
    articles = seen.select_related("section", "assigned_to").defer("teaser", "teaser_text")
    writes = articles.filter(status__in=BEING_WRITTEN)
    since = Step.objects.filter(article=OuterRef("pk"), kind__in=("review", "ready")).order_by("-at").values("at")[:1]
    waiting = writes.annotate(since=Subquery(since)).order_by(F("since").asc(nulls_last=True), "pk")
    scheduled = articles.filter(status=Article.Status.PUBLISHED, published_at__gt=at)
    return Desk(
        missed=tuple(_missed(one, at) for one in _late(writes, at)),
        today=tuple(_line(one, at) for one in _of_today(articles, at)),
        review=tuple(_line(one, at) for one in waiting.filter(status=Article.Status.REVIEW)[:SHOWN]),
        ready=tuple(_line(one, at) for one in waiting.filter(status=Article.Status.READY)[:SHOWN]),
        scheduled=tuple(_line(one, at) for one in scheduled.order_by("published_at", "pk")[:SHOWN]),
        mine=tuple(
            _line(one, at)
            for one in writes.filter(assigned_to=user.pk).order_by(F("planned_on").asc(nulls_last=True), "-pk")[:SHOWN]
        ),
        notes=tuple(_notes(Step.objects.open_notes(), seen)),
        done=tuple(_notes(Step.objects.done_since(at - timedelta(days=1)), seen)),
        partners=_ending(user, at),
        writing=tuple(
            Hold.objects.alive(at=at).filter(article__in=seen).select_related("article", "editor").order_by("began_at")
        ),
    )


def _late(writes: QuerySet[Any], at: datetime) -> list[Article]:
    """What was planned for a day that is over, or may go out since its embargo ended, and is still being written."""
    today = at.astimezone(BRUSSELS).date()
    missed = writes.filter(Q(planned_on__lt=today) | Q(embargo_until__lte=at))
    return list(missed.order_by(F("planned_on").asc(nulls_last=True), "embargo_until", "pk")[:SHOWN])


def _missed(article: Article, at: datetime) -> Line:
    today = at.astimezone(BRUSSELS).date()
    if article.planned_on and article.planned_on < today:
        return Line(article, in_words(article, at=at), f"planned for {article.planned_on.day} {article.planned_on:%B}")
    return Line(article, in_words(article, at=at), "its embargo has ended", article.embargo_until)


def _of_today(articles: QuerySet[Any], at: datetime) -> list[Article]:
    """What is planned for today or goes out today (Brussels), what is out already last."""
    begins = datetime.combine(at.astimezone(BRUSSELS).date(), time(), tzinfo=BRUSSELS)
    ends = datetime.combine(begins.date() + timedelta(days=1), time(), tzinfo=BRUSSELS)
    planned = Q(status__in=BEING_WRITTEN, planned_on=begins.date())
    out = Q(status=Article.Status.PUBLISHED, published_at__gte=begins, published_at__lt=ends)
    found = articles.filter(planned | out).order_by("-published_at", "pk")[: 2 * SHOWN]
    return sorted(found, key=lambda one: (one.is_published(at=at), one.is_being_written, one.published_at or at))


def _line(article: Article, at: datetime) -> Line:
    return Line(article, in_words(article, at=at), since=getattr(article, "since", None))


def _notes(notes: QuerySet[Step], seen: QuerySet[Any]) -> QuerySet[Step]:
    about = notes.select_related("article", "by", "done_by").defer("article__teaser", "article__teaser_text")
    return about.filter(article__in=seen)[:NOTES]


def _ending(user: Any, at: datetime) -> tuple[PartnerItem, ...]:
    if not user.has_perm("articles.change_partneritem"):
        return ()
    return tuple(PartnerItem.objects.ending_soon(at=at)[:SHOWN])
