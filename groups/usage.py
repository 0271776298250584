"""How much a group reads: noted when it happens, counted in the night, and told as sums of five people or more."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from edge.visitor import Visitor
from subscriptions.access import Entitlement

from . import on_site
from .models import GroupAccount, MonthOfUse, Opening, PersonDay, Seat
from .models.term import begins, day_of
from .models.usage import ALL, FLOOR, OTHERS

# As the Financial Times counts: whoever read this many articles within so many days is a core reader.
CORE_ARTICLES, CORE_DAYS = 9, 30
# Two openings of one article by one person within this time are one (COUNTER 5.1, double-click filtering).
DOUBLE_CLICK = timedelta(seconds=30)
CHUNK = 2_000


def note(visitor: Visitor, entitlement: Entitlement, *, article: int, section: str, at: datetime) -> None:
    """Note that an article was opened through a group: one row. Readers without a group cost nothing."""
    if entitlement.group_id is None:
        return
    on_site.renew_pass(visitor, entitlement, at=at)
    reader = visitor.user if visitor.user.is_authenticated else None
    Opening.objects.create(
        group_id=entitlement.group_id,
        reader=reader,
        visit="" if reader else visitor.visit,
        article=article,
        section=section[:100],
        at=at,
    )


# --- In the night --------------------------------------------------------------------------------------


def count_up(*, at: datetime) -> int:
    """Count the days that are over, and delete what was opened. How many openings that were; twice counts once."""
    today, counted, touched = day_of(at), 0, set()
    while first := Opening.objects.filter(at__lt=begins(today)).order_by("at").first():
        day = day_of(first.at)
        with transaction.atomic():
            groups, openings = _count_day(day)
        counted += openings
        touched |= {(group, day) for group in groups}
    for group, days in groupby(sorted(touched), key=lambda one: one[0]):
        for month in _months_around([day for _, day in days], until=today):
            sum_month(group, month, at=at)
    return counted


def _count_day(day: date) -> tuple[set[int], int]:
    opened = Opening.objects.filter(at__gte=begins(day), at__lt=begins(day + timedelta(days=1)))
    # What is noted while this runs belongs to another day, or is counted the next night.
    upto = opened.order_by("-pk").values_list("pk", flat=True).first() or 0
    opened = opened.filter(pk__lte=upto)
    rows: dict[tuple[int, int | None, str, str], PersonDay] = {}
    for tally in _tallies(opened):
        key = (tally.group, tally.reader, tally.visit, tally.section)
        row = rows.setdefault(
            key,
            PersonDay(
                group_id=tally.group,
                reader_id=tally.reader,
                visit=tally.visit,
                section=tally.section,
                begins_at=begins(day),
                articles=0,
                times=0,
            ),
        )
        row.articles += 1
        row.times += tally.times
    _merge(rows, begins(day))
    readers = {(row.group_id, row.reader_id) for row in rows.values() if row.reader_id}
    for group in {group for group, _ in readers}:
        theirs = [reader for one, reader in readers if one == group]
        for some in range(0, len(theirs), CHUNK):
            held = Seat.objects.held().filter(group=group, reader__in=theirs[some : some + CHUNK])
            held.exclude(last_used_on__gte=day).update(last_used_on=day)
    openings, _ = opened.delete()
    return {row.group_id for row in rows.values()}, openings


@dataclass(frozen=True)
class _Tally:
    group: int
    reader: int | None
    visit: str
    section: str
    times: int


def _tallies(opened: QuerySet[Opening]) -> Iterator[_Tally]:
    """Each article that each person opened, with how often."""
    fields = ("group_id", "reader_id", "visit", "article", "at", "section")
    by_person = opened.order_by("group_id", "reader_id", "visit", "article", "at").values_list(*fields)
    for (group, reader, visit, _), rows in groupby(by_person.iterator(CHUNK), key=lambda row: row[:4]):
        moments = list(rows)
        yield _Tally(group, reader, visit, moments[-1][5], times_of([row[4] for row in moments]))


def times_of(moments: Iterable[datetime]) -> int:
    """How often one person opened one article: double clicks count once. `moments` in order."""
    times, last = 0, None
    for moment in moments:
        if last is None or moment - last > DOUBLE_CLICK:
            times += 1
        last = moment
    return times


def _merge(rows: Mapping[tuple[int, int | None, str, str], PersonDay], begins_at: datetime) -> None:
    """Store the counts of a day, or add them to what was counted of it before."""
    groups = {group for group, *_ in rows}
    known = {
        (row.group_id, row.reader_id, row.visit, row.section): row
        for row in PersonDay.objects.filter(begins_at=begins_at, group__in=groups)
    }
    for key, row in rows.items():
        if earlier := known.get(key):
            earlier.articles, earlier.times = earlier.articles + row.articles, earlier.times + row.times
            earlier.save(update_fields=["articles", "times"])
    PersonDay.objects.bulk_create((row for key, row in rows.items() if key not in known), batch_size=CHUNK)


def _months_around(days: Iterable[date], *, until: date) -> list[date]:
    """The months of these days, and the one after where core readers of it may have read on them."""
    months = {day.replace(day=1) for day in days} | {
        (day + timedelta(days=CORE_DAYS)).replace(day=1) for day in days if (day + timedelta(days=CORE_DAYS)) <= until
    }
    return sorted(months)


# --- Sums ----------------------------------------------------------------------------------------------


@dataclass
class Use:
    """What some people read of something; who they were is known only while it is summed."""

    readers: set[int] = field(default_factory=set)
    visits: set[str] = field(default_factory=set)
    articles: int = 0
    times: int = 0

    @property
    def people(self) -> int:
        """How many there were; a visit without an account is one."""
        return len(self.readers) + len(self.visits)

    def add(self, other: "Use") -> None:
        """The same people and more."""
        self.readers |= other.readers
        self.visits |= other.visits
        self.articles += other.articles
        self.times += other.times


@transaction.atomic
def sum_month(group: int, month: date, *, at: datetime) -> None:
    """Sum one month of a group anew, as long as its days are still kept; later nothing is changed any more."""
    if begins(month) < begins(day_of(at) - timedelta(days=settings.KEEP_PERSON_DAYS_DAYS - 1)):
        return
    GroupAccount.objects.select_for_update(of=("self",)).get(pk=group)
    following = (month + timedelta(days=31)).replace(day=1)
    sections = _by_section(group, begins(month), begins(following))
    whole = Use()
    for use in sections.values():
        whole.add(use)
    core = core_readers(group, before=min(following, day_of(at)))
    MonthOfUse.objects.filter(group=group, month=month).delete()
    rows = [_row(group, month, ALL, whole, core, at)] if whole.people else []
    if whole.people >= FLOOR:
        rows += [_row(group, month, name, use, None, at) for name, use in above_floor(sections).items()]
    MonthOfUse.objects.bulk_create(rows)


def core_readers(group: int, *, before: date) -> int:
    """How many had an account and opened nine articles or more within the thirty days before that day."""
    since = begins(before - timedelta(days=CORE_DAYS))
    read: dict[int, int] = defaultdict(int)
    days = PersonDay.objects.filter(group=group, begins_at__gte=since, begins_at__lt=begins(before))
    for reader, articles in days.exclude(reader=None).values_list("reader", "articles"):
        read[reader] += articles
    return sum(articles >= CORE_ARTICLES for articles in read.values())


def _by_section(group: int, since: datetime, until: datetime) -> dict[str, Use]:
    sections: dict[str, Use] = defaultdict(Use)
    days = PersonDay.objects.filter(group=group, begins_at__gte=since, begins_at__lt=until)
    for section, reader, visit, articles, times in days.values_list(
        "section", "reader", "visit", "articles", "times"
    ).iterator(CHUNK):
        use = sections[section]
        use.articles, use.times = use.articles + articles, use.times + times
        if reader is None:
            use.visits.add(visit)
        else:
            use.readers.add(reader)
    return dict(sections)


def above_floor(sections: Mapping[str, Use]) -> dict[str, Use]:
    """The sections that may be told, and the rest of them together.

    A single section below the floor could be had by subtracting all others from the whole. So what is too small is
    put together, and where that is still too small, the smallest of the others goes with it.
    """
    told = {name: use for name, use in sections.items() if use.people >= FLOOR}
    small = [use for name, use in sections.items() if name not in told]
    if not small:
        return told
    rest = Use()
    for use in small:
        rest.add(use)
    while rest.people < FLOOR and told:
        smallest = min(told, key=lambda name: (told[name].people, name))
        rest.add(told.pop(smallest))
    return told | ({OTHERS: rest} if rest.people >= FLOOR else {})


def _row(group: int, month: date, section: str, use: Use, core: int | None, at: datetime) -> MonthOfUse:
    is_told = use.people >= FLOOR
    return MonthOfUse(
        group_id=group,
        month=month,
        section=section,
        people=use.people if is_told else None,
        readers=_or_nothing(len(use.readers)) if is_told else None,
        core_readers=_or_nothing(core or 0) if is_told else None,
        articles=use.articles if is_told else None,
        times=use.times if is_told else None,
        summed_at=at,
    )


def _or_nothing(people: int) -> int | None:
    return people if people >= FLOOR else None


# --- To be shown ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Month:
    """One month as it is shown: the sum, and its sections with the most read first."""

    first: date
    whole: MonthOfUse | None
    sections: tuple[MonthOfUse, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nobody read anything."""
        return self.whole is None

    @property
    def is_told(self) -> bool:
        """Whether five people or more read, so that numbers may be shown."""
        return self.whole is not None and self.whole.is_told

    @property
    def articles(self) -> int:
        """How many articles were opened, for the picture; 0 where nothing may be told."""
        return (self.whole.times or 0) if self.whole else 0


def months_of(group: GroupAccount, *, at: datetime, count: int = 12) -> list[Month]:
    """The last months up to this one, the earliest first, from the first in which something was read."""
    this = day_of(at).replace(day=1)
    wanted = [this]
    while len(wanted) < count:
        wanted.append((wanted[-1] - timedelta(days=1)).replace(day=1))
    rows: dict[date, list[MonthOfUse]] = defaultdict(list)
    for row in MonthOfUse.objects.filter(group=group, month__gte=wanted[-1]):
        rows[row.month].append(row)
    shown = [_month(month, rows.get(month, [])) for month in reversed(wanted)]
    while len(shown) > 1 and shown[0].is_empty:
        shown.pop(0)
    return shown


def _month(first: date, rows: list[MonthOfUse]) -> Month:
    sections = sorted(
        (row for row in rows if row.section != ALL), key=lambda row: (row.section == OTHERS, -(row.times or 0))
    )
    return Month(first, next((row for row in rows if row.section == ALL), None), tuple(sections))


def counted_until(*, at: datetime) -> date:
    """The last day that the sums know of."""
    return timezone.localdate(at) - timedelta(days=1)
