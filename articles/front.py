"""What stands on the front page, put together from the database: who leads, who follows, and nobody twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from .beside import LATEST, newest_briefs, running_partners
from .models import AgendaItem, Article, Brief, LiveCoverage, PartnerItem, Section

SECOND, ALSO, VOICES, PARTNERS, LIVE = 3, 4, 3, 8, 2
# A desk shows one teaser and three headlines; more are fetched, since some stand elsewhere on the page already.
DESK_ROWS, DESK_MORE = 8, 3
NEWEST = 40


@dataclass(frozen=True)
class Desk:
    """A section's column."""

    section: Section
    lead: Article
    more: tuple[Article, ...]


@dataclass(frozen=True)
class FrontPage:
    """Everything on the page, from top to bottom. Any part may be empty, and is then not shown."""

    sections: tuple[Section, ...]
    agenda: tuple[AgendaItem, ...] = ()
    lead: Article | None = None
    beside_lead: tuple[Article, ...] = ()
    second: tuple[Article, ...] = ()
    latest: tuple[Article, ...] = ()
    briefs: tuple[Brief, ...] = ()
    also: tuple[Article, ...] = ()
    opinion: Section | None = None
    voices: tuple[Article, ...] = ()
    desks: tuple[Desk, ...] = ()
    investigation: Article | None = None
    partners: tuple[PartnerItem, ...] = ()
    live: tuple[LiveCoverage, ...] = ()


@dataclass(frozen=True)
class _Plan:
    """Which article stands where, by key."""

    lead: int | None
    second: list[int]
    latest: list[int]
    also: list[int]
    voices: list[int]
    desks: dict[int, list[int]]
    investigation: int | None

    def keys(self) -> set[int]:
        several = [self.second, self.latest, self.also, self.voices, *self.desks.values()]
        return {key for keys in several for key in keys} | {self.lead, self.investigation} - {None}  # type: ignore[operator]


def front_page(*, at: datetime) -> FrontPage:
    """The front page of that moment, in twelve queries however much there is."""
    sections = _sections_with_newest(at)
    plan = _plan(sections, at)
    articles = Article.objects.published(at=at).for_teasers().defer("teaser").in_bulk(plan.keys())

    def those(keys: Iterable[int]) -> tuple[Article, ...]:
        return tuple(articles[key] for key in keys if key in articles)

    lead = articles.get(plan.lead) if plan.lead else None
    desks = ((section, those(plan.desks.get(section.pk, ()))) for section in sections)
    return FrontPage(
        sections=tuple(sections),
        agenda=_agenda(at),
        lead=lead,
        beside_lead=_beside_lead(lead, at),
        second=those(plan.second),
        latest=those(plan.latest),
        briefs=newest_briefs(at=at),
        also=those(plan.also),
        opinion=next((section for section in sections if section.is_opinion), None),
        voices=those(plan.voices),
        desks=tuple(Desk(section, rows[0], rows[1:]) for section, rows in desks if rows),
        investigation=articles.get(plan.investigation) if plan.investigation else None,
        partners=running_partners(at=at, most=PARTNERS),
        live=tuple(LiveCoverage.objects.running(at=at)[:LIVE]),
    )


def _plan(sections: Sequence[Section], at: datetime) -> _Plan:
    """Hand out the places. The investigation and the opinion pieces have their own; latest is by time alone."""
    published = Article.objects.published(at=at).newest_first()
    newest = list(published.values_list("pk", "section_id")[:NEWEST])
    opinion = {section.pk for section in sections if section.is_opinion}
    reports = [pk for pk, section in newest if section not in opinion]
    marked = published.filter(leads_front=True).values_list("pk", flat=True).first()
    lead = marked or next(iter(reports), None) or next((pk for pk, _ in newest), None)
    investigations = published.filter(kicker=Article.Kind.INVESTIGATION).exclude(pk__in=[lead] if lead else [])
    told = investigations.values_list("pk", flat=True).first()

    shown = {lead, told}
    second = _take(SECOND, reports, shown)
    beside_latest = {lead, *second}
    also = _take(ALSO, reports, shown)
    voices = _take(VOICES, (pk for section in sections if section.pk in opinion for pk in _newest_of(section)), shown)
    return _Plan(
        lead=lead,
        second=second,
        latest=[pk for pk, _ in newest if pk not in beside_latest][:LATEST],
        also=also,
        voices=voices,
        desks={
            section.pk: _take(1 + DESK_MORE, _newest_of(section), shown)
            for section in sections
            if section.pk not in opinion
        },
        investigation=told,
    )


def _take(most: int, keys: Iterable[int], shown: set[int | None]) -> list[int]:
    """The first `most` keys that are not shown yet; they are from now on."""
    taken = [key for key in keys if key not in shown][:most]
    shown.update(taken)
    return taken


def _sections_with_newest(at: datetime) -> list[Section]:
    """All sections, each with the keys of its newest articles: one query of index look-ups."""
    rows = Article.objects.published(at=at).filter(section=OuterRef("pk")).newest_first().values("pk")
    columns = {f"newest_{place}": Subquery(rows[place : place + 1]) for place in range(DESK_ROWS)}
    return list(Section.objects.annotate(**columns))


def _newest_of(section: Section) -> list[int]:
    keys = (getattr(section, f"newest_{place}") for place in range(DESK_ROWS))
    return [key for key in keys if key is not None]


def _beside_lead(lead: Article | None, at: datetime) -> tuple[Article, ...]:
    if lead is None:
        return ()
    return tuple(lead.related.published(at=at).newest_first().select_related("section")[:2])


def _agenda(at: datetime) -> tuple[AgendaItem, ...]:
    """What happens on that day in Brussels."""
    today = timezone.localtime(at).date()
    return tuple(
        AgendaItem.objects.filter(starts_at__gte=_midnight(today), starts_at__lt=_midnight(today + timedelta(days=1)))
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
