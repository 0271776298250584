"""What stands on the front page: what editors put there, the rest by rule, and nobody twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from .beside import LATEST, newest_briefs, running_partners
from .models import AgendaItem, Article, Brief, LiveCoverage, PartnerItem, Section
from .models.front import HOLDS, Chosen, Place, Slot, only_public, standing_places

PARTNERS, LIVE = 8, 2
# A section shows four articles; more are fetched, since some stand elsewhere on the page already.
DESK_ROWS = 12
NEWEST = 40
# Of those that are marked to lead, and of the investigations: some may stand elsewhere by hand.
APART = 3

Lane = tuple[str, int | None]


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
class Plan:
    """Which article stands where, by key: each slot (and section) with its places in order, None where one is empty."""

    sections: tuple[Section, ...]
    stands: dict[Lane, tuple[int | None, ...]]
    latest: tuple[int, ...]
    beside_lead: tuple[Article, ...]

    def of(self, slot: str, section: int | None = None) -> tuple[int, ...]:
        """The keys in a slot, without its empty places."""
        return tuple(key for key in self.stands.get((slot, section), ()) if key is not None)

    def keys(self) -> set[int]:
        """Every article that has a place."""
        return {key for keys in self.stands.values() for key in keys if key is not None} | set(self.latest)


def front_page(*, at: datetime, chosen: Chosen | None = None) -> FrontPage:
    """The front page of that moment, in eleven queries however much there is.

    `chosen` is what stands by hand, where that is not what editors have put there: for a preview.
    """
    plan = plan_of(at=at, chosen=chosen)
    articles = Article.objects.published(at=at).for_teasers().defer("teaser").in_bulk(plan.keys())

    def those(keys: Iterable[int]) -> tuple[Article, ...]:
        return tuple(articles[key] for key in keys if key in articles)

    desks = ((section, those(plan.of(Slot.SECTION, section.pk))) for section in plan.sections)
    return FrontPage(
        sections=plan.sections,
        agenda=_agenda(at),
        lead=next(iter(those(plan.of(Slot.LEAD))), None),
        beside_lead=plan.beside_lead,
        second=those(plan.of(Slot.SECOND)),
        latest=those(plan.latest),
        briefs=newest_briefs(at=at),
        also=those(plan.of(Slot.ALSO)),
        opinion=next((section for section in plan.sections if section.is_opinion), None),
        voices=those(plan.of(Slot.VOICES)),
        desks=tuple(Desk(section, rows[0], rows[1:]) for section, rows in desks if rows),
        investigation=next(iter(those(plan.of(Slot.INVESTIGATION))), None),
        partners=running_partners(at=at, most=PARTNERS),
        live=tuple(LiveCoverage.objects.running(at=at)[:LIVE]),
    )


def plan_of(*, at: datetime, chosen: Chosen | None = None) -> Plan:
    """Hand out the places of that moment: first what editors chose, then by rule, and no article twice.

    By rule the newest article marked for it leads, else the newest report; then follow the newest investigation, the
    second leads, what belongs to the lead, the opinions, the list of the latest, and what is left to the sections.
    """
    sections = _sections_with_newest(at)
    by_hand = standing_places(at=at) if chosen is None else only_public(chosen, at=at)
    newest = _newest(at)
    opinion = {section.pk for section in sections if section.is_opinion}
    reports = [pk for pk, section in newest.articles if section not in opinion]
    fill = _Filling({place: key for place, key in by_hand.items() if place.section not in opinion})

    lead = fill(Slot.LEAD, [*newest.marked, *reports, *(pk for pk, _ in newest.articles)])
    fill(Slot.INVESTIGATION, newest.investigations)
    fill(Slot.SECOND, reports)
    beside = _beside_lead(lead[0], fill.shown, at)
    fill.shown.update(article.pk for article in beside)
    fill(Slot.VOICES, [pk for section in sections if section.pk in opinion for pk in _newest_of(section)])
    latest = fill.take(LATEST, [pk for pk, _ in newest.articles])
    fill(Slot.ALSO, reports)
    for section in sections:
        if section.pk not in opinion:
            fill(Slot.SECTION, _newest_of(section), section=section.pk)
    return Plan(tuple(sections), fill.stands, tuple(latest), beside)


class _Filling:
    """Fills the slots one after the other. `shown` are the articles that have a place already."""

    def __init__(self, by_hand: Chosen) -> None:
        self.by_hand = by_hand
        self.shown: set[int] = set(by_hand.values())
        self.stands: dict[Lane, tuple[int | None, ...]] = {}

    def __call__(self, slot: Slot, candidates: Sequence[int], *, section: int | None = None) -> tuple[int | None, ...]:
        """Keep what was put there by hand, and put the first candidates without a place into the gaps."""
        places = [self.by_hand.get(Place(slot, section, number + 1)) for number in range(HOLDS[slot])]
        taken = iter(self.take(places.count(None), candidates))
        self.stands[slot, section] = filled = tuple(next(taken, None) if key is None else key for key in places)
        return filled

    def take(self, most: int, candidates: Iterable[int]) -> list[int]:
        """The first `most` that are not shown yet; they are from now on."""
        taken = [key for key in dict.fromkeys(candidates) if key not in self.shown][:most]
        self.shown.update(taken)
        return taken


@dataclass(frozen=True)
class _Newest:
    """The newest articles with their sections, and those that stand apart: all of one query."""

    articles: list[tuple[int, int]]
    marked: list[int]
    investigations: list[int]


def _newest(at: datetime) -> _Newest:
    published = Article.objects.published(at=at).newest_first()
    apart = {
        "marked": published.filter(leads_front=True),
        "told": published.filter(kicker=Article.Kind.INVESTIGATION),
    }
    columns = {
        f"{name}_{place}": Subquery(rows.values("pk")[place : place + 1])
        for name, rows in apart.items()
        for place in range(APART)
    }
    rows = list(published.annotate(**columns).values_list("pk", "section_id", *columns)[:NEWEST])
    of_each = list(rows[0][2:]) if rows else []
    marked, told = of_each[:APART], of_each[APART:]
    return _Newest([row[:2] for row in rows], *([key for key in keys if key is not None] for keys in (marked, told)))


def _sections_with_newest(at: datetime) -> list[Section]:
    """All sections, each with the keys of its newest articles: one query of index look-ups."""
    rows = Article.objects.published(at=at).filter(section=OuterRef("pk")).newest_first().values("pk")
    columns = {f"newest_{place}": Subquery(rows[place : place + 1]) for place in range(DESK_ROWS)}
    return list(Section.objects.annotate(**columns))


def _newest_of(section: Section) -> list[int]:
    keys = (getattr(section, f"newest_{place}") for place in range(DESK_ROWS))
    return [key for key in keys if key is not None]


def _beside_lead(lead: int | None, shown: set[int], at: datetime) -> tuple[Article, ...]:
    """The newest two that belong to the lead, unless they have a place of their own."""
    if lead is None:
        return ()
    related = Article.related.through.objects.filter(from_article=lead).values("to_article")
    found = Article.objects.published(at=at).filter(pk__in=related).exclude(pk__in=shown)
    return tuple(found.newest_first().select_related("section")[:2])


def _agenda(at: datetime) -> tuple[AgendaItem, ...]:
    """What happens on that day in Brussels."""
    today = timezone.localtime(at).date()
    return tuple(
        AgendaItem.objects.filter(starts_at__gte=_midnight(today), starts_at__lt=_midnight(today + timedelta(days=1)))
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
