"""How much a group reads: noted when it happens, counted in the night, and told as sums of five people or more."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

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
    """Count the days that are over, delete what was opened, and sum the months that are over.

    How many openings that were; twice counts once.
    """
    today, counted = day_of(at), 0
    while first := Opening.objects.filter(at__lt=begins(today)).order_by("at").first():
        day = day_of(first.at)
        with transaction.atomic():
            counted += _count_day(day)
    for month in _months_to_sum(at=at):
        read = PersonDay.objects.filter(begins_at__gte=begins(month), begins_at__lt=begins(following(month)))
        for group in read.order_by("group").values_list("group", flat=True).distinct():
            sum_month(group, month, at=at)
    return counted


def _months_to_sum(*, at: datetime) -> list[date]:
    """The months that are over and of which every day is still kept."""
    kept_since = day_of(at) - timedelta(days=settings.KEEP_PERSON_DAYS_DAYS - 1)
    months, month = [], _before(day_of(at).replace(day=1))
    while month >= kept_since:
        months.append(month)
        month = _before(month)
    return months


def following(month: date) -> date:
    """The first day of the next month."""
    return (month + timedelta(days=31)).replace(day=1)


def _before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def _count_day(day: date) -> int:
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
    return openings


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


# --- Sums ----------------------------------------------------------------------------------------------


@dataclass
class Use:
    """What some people read of something; who they were is known only while it is summed."""

    readers: set[int] = field(default_factory=set)
    # Those without an account, by the day: on another day the same browser is another visit.
    visits: dict[datetime, set[str]] = field(default_factory=lambda: defaultdict(set))
    articles: int = 0
    times: int = 0

    @property
    def people(self) -> int:
        """Readers and visits, as they are shown: one browser on one day is one."""
        return len(self.readers) + sum(map(len, self.visits.values()))

    @property
    def at_least(self) -> int:
        """How many persons it must have been: whoever comes on five days is one, and so are their five visits."""
        return len(self.readers) + max(map(len, self.visits.values()), default=0)

    @property
    def may_be_told(self) -> bool:
        """Whether five persons or more stand behind it, whatever browsers they came with."""
        return self.at_least >= FLOOR

    def add(self, other: "Use") -> None:
        """The same people and more."""
        self.readers |= other.readers
        for day, visits in other.visits.items():
            self.visits[day] |= visits
        self.articles += other.articles
        self.times += other.times


@transaction.atomic
def sum_month(group: int, month: date, *, at: datetime) -> None:
    """Sum a month of a group, once: when it is over, and as long as its days are kept. Then nothing changes it.

    The sums of two mornings would differ by those who read in between, and by those who left: that could be one
    person. So a month that runs has no sum, and one that is over has the same for ever.
    """
    if month not in _months_to_sum(at=at):
        return
    GroupAccount.objects.select_for_update(of=("self",)).get(pk=group)
    stored = MonthOfUse.objects.filter(group=group, month=month)
    if stored.filter(summed_at__gte=begins(following(month))).exists():
        return
    sections = _by_section(group, begins(month), begins(following(month)))
    whole = Use()
    for use in sections.values():
        whole.add(use)
    core = core_readers(group, before=following(month))
    stored.delete()
    rows = [_row(group, month, ALL, whole, core, at)] if whole.people else []
    if whole.may_be_told:
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
    for section, reader, visit, day, articles, times in days.values_list(
        "section", "reader", "visit", "begins_at", "articles", "times"
    ).iterator(CHUNK):
        use = sections[section]
        use.articles, use.times = use.articles + articles, use.times + times
        if reader is None:
            use.visits[day].add(visit)
        else:
            use.readers.add(reader)
    return dict(sections)


def above_floor(sections: Mapping[str, Use]) -> dict[str, Use]:
    """The sections that may be told, and the rest of them together.

    A single section below the floor could be had by subtracting all others from the whole. So what is too small is
    put together, and where that is still too small, the smallest of the others goes with it.
    """
    told = {name: use for name, use in sections.items() if use.may_be_told}
    small = [use for name, use in sections.items() if name not in told]
    if not small:
        return told
    rest = Use()
    for use in small:
        rest.add(use)
    while not rest.may_be_told and told:
        smallest = min(told, key=lambda name: (told[name].at_least, name))
        rest.add(told.pop(smallest))
    return told | ({OTHERS: rest} if rest.may_be_told else {})


def _row(group: int, month: date, section: str, use: Use, core: int | None, at: datetime) -> MonthOfUse:
    is_told = use.may_be_told
    readers = _clear_of(len(use.readers), use.people)
    return MonthOfUse(
        group_id=group,
        month=month,
        section=section,
        people=use.people if is_told else None,
        readers=readers if is_told else None,
        core_readers=_clear_of(core or 0, use.people, len(use.readers)) if is_told else None,
        articles=use.articles if is_told else None,
        times=use.times if is_told else None,
        summed_at=at,
    )


def _clear_of(people: int, *wider: int) -> int | None:
    """The number, unless it is below the floor, or what is left of a wider one after subtracting it."""
    return None if people < FLOOR or any(0 < whole - people < FLOOR for whole in wider) else people


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
    """The last months that are over and counted, the earliest first, from the first in which something was read."""
    wanted = [_last_counted(group, at=at)]
    while len(wanted) < count:
        wanted.append(_before(wanted[-1]))
    rows: dict[date, list[MonthOfUse]] = defaultdict(list)
    for row in MonthOfUse.objects.filter(group=group, month__gte=wanted[-1], month__lte=wanted[0]):
        if row.summed_at >= begins(following(row.month)):
            rows[row.month].append(row)
    shown = [_month(month, rows.get(month, [])) for month in reversed(wanted)]
    while len(shown) > 1 and shown[0].is_empty:
        shown.pop(0)
    return shown


def _last_counted(group: GroupAccount, *, at: datetime) -> date:
    """The last month that is over; the one before it until the night has counted its last day."""
    this = day_of(at).replace(day=1)
    waits = Opening.objects.filter(group=group, at__gte=begins(_before(this)), at__lt=begins(this)).exists()
    return _before(_before(this)) if waits else _before(this)


def _month(first: date, rows: list[MonthOfUse]) -> Month:
    sections = sorted(
        (row for row in rows if row.section != ALL), key=lambda row: (row.section == OTHERS, -(row.times or 0))
    )
    return Month(first, next((row for row in rows if row.section == ALL), None), tuple(sections))


def counted_next(*, at: datetime) -> date:
    """The month that runs, by its first day: it is counted when it is over."""
    return day_of(at).replace(day=1)
