"""How much a group reads: counted once, told as sums, and never below five people."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from edge.visitor import Visitor
from groups import usage, usage_files
from groups.models import GroupAccount, Manager, MonthOfUse, Network, Opening, PersonDay, Seat
from groups.models.network import in_line
from groups.models.term import begins
from groups.models.usage import ALL, FLOOR, OTHERS
from groups.usage_picture import above, picture_of
from readers.models import User
from subscriptions.access import Entitlement, Source
from tests.make import NOW, a_plan, a_reader, a_section, a_subscription, an_agreement, an_article

pytestmark = pytest.mark.django_db
ARTICLE = "/climate/ministers-agree-on-a-bridge/"
TODAY = date(2026, 11, 17)
NOVEMBER, TOMORROW = date(2026, 11, 1), NOW + timedelta(days=1)
# The night after the last day of the month, and the first moment in which it may be summed.
OVER = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
# On a busy machine the first example may take its time.
quietly = hypothesis_settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def _published(at: Any) -> None:
    at(NOW)
    a_plan("year")


@pytest.fixture
def group() -> GroupAccount:
    return an_agreement("Harbour & Vale", seats=None)


def a_seat(group: GroupAccount, email: str) -> User:
    reader = a_reader(email)
    Seat.objects.create(
        group=group, reader=reader, address=email, mailbox=email, how=Seat.How.INVITATION, given_at=NOW, proved_at=NOW
    )
    return reader


def people(group: GroupAccount, count: int, *, prefix: str = "p") -> list[User]:
    return [a_seat(group, f"{prefix}{number}@harbour.example") for number in range(count)]


def opens(
    group: GroupAccount, reader: Any, *articles: int, section: str = "Climate", at: datetime = NOW, visit: str = ""
) -> None:
    for article in articles:
        usage.note(
            Visitor(reader, visit=visit),
            Entitlement(Source.SEAT, group_id=group.pk),
            article=article,
            section=section,
            at=at,
        )


def whole(group: GroupAccount, month: date = NOVEMBER) -> MonthOfUse | None:
    return MonthOfUse.objects.filter(group=group, month=month, section=ALL).first()


# --- Noting --------------------------------------------------------------------------------------------


def test_an_article_read_through_a_seat_is_noted_in_one_row(group: GroupAccount) -> None:
    article, client = an_article(), Client()
    client.force_login(a_seat(group, "ana@harbour.example"), backend="django.contrib.auth.backends.ModelBackend")
    client.get(ARTICLE)
    client.head(ARTICLE)
    noted = Opening.objects.get()
    assert (noted.group, noted.article, noted.section, noted.visit) == (group, article.pk, "Climate", "")


def test_who_reads_otherwise_is_not_noted_and_costs_nothing(
    group: GroupAccount, django_assert_num_queries: Any
) -> None:
    an_article()
    an_article("Free to all", is_free=True)
    alice = a_seat(group, "alice@harbour.example")
    a_subscription(alice)
    for reader, path in ((alice, ARTICLE), (alice, "/climate/free-to-all/"), (a_reader(), ARTICLE), (None, ARTICLE)):
        client = Client()
        if reader:
            client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
        client.get(path)
    assert not Opening.objects.exists()
    with django_assert_num_queries(0):
        usage.note(Visitor(alice), Entitlement(Source.SUBSCRIPTION), article=1, section="Climate", at=NOW)


def test_noting_costs_one_write(group: GroupAccount, django_assert_num_queries: Any) -> None:
    ana = a_seat(group, "ana@harbour.example")
    with django_assert_num_queries(1):
        opens(group, ana, 1)


def test_on_a_network_nobody_is_noted_but_a_visit_of_today(group: GroupAccount, at: Any) -> None:
    an_article()
    Network.objects.create(
        group=group, cidr="192.0.2.0/24", first=in_line(Network(cidr="192.0.2.0/24").range[0]), added_at=NOW
    )
    client = Client(REMOTE_ADDR="192.0.2.7")
    client.post("/on-site/", {"next": ARTICLE})
    client.get(ARTICLE)
    client.get(ARTICLE)
    at(TOMORROW)
    client.get(ARTICLE)
    first, again, next_day = Opening.objects.order_by("pk")
    assert (first.reader, again.reader) == (None, None)
    assert first.visit == again.visit != ""
    assert client.session.session_key not in first.visit
    assert next_day.visit != first.visit, "tomorrow it is somebody else"


def test_a_visit_of_the_night_and_one_of_the_morning_are_one_day_in_brussels(group: GroupAccount, at: Any) -> None:
    an_article()
    Network.objects.create(
        group=group, cidr="192.0.2.0/24", first=in_line(Network(cidr="192.0.2.0/24").range[0]), added_at=NOW
    )
    at(begins(TODAY) + timedelta(minutes=30))
    client = Client(REMOTE_ADDR="192.0.2.7")
    client.post("/on-site/", {"next": ARTICLE})
    client.get(ARTICLE)
    at(begins(TODAY) + timedelta(hours=9))
    client.get(ARTICLE)
    assert len(set(Opening.objects.values_list("visit", flat=True))) == 1


def test_an_article_is_served_even_where_noting_fails(group: GroupAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    an_article()
    client = Client()
    client.force_login(a_seat(group, "ana@harbour.example"), backend="django.contrib.auth.backends.ModelBackend")

    def full(*about: Any, **more: Any) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr("articles.noting._listeners", lambda: (full,))
    assert "canaryword" in client.get(ARTICLE).content.decode()


# --- Counting ------------------------------------------------------------------------------------------


def test_the_night_counts_the_day_and_forgets_which_articles_were_read(group: GroupAccount) -> None:
    for reader in people(group, 5):
        opens(group, reader, 1, 2)
        opens(group, reader, 1, at=NOW + timedelta(minutes=5))
    assert usage.count_up(at=NOW) == 0, "the day is not over"
    assert usage.count_up(at=TOMORROW) == 15
    assert not Opening.objects.exists()
    usage.count_up(at=OVER)
    told = whole(group)
    assert told is not None
    assert (told.people, told.readers, told.articles, told.times) == (5, 5, 10, 15)
    assert usage.count_up(at=OVER) == 0
    again = whole(group)
    assert again is not None
    assert again.times == 15


def test_what_comes_late_is_added_and_not_counted_twice(group: GroupAccount) -> None:
    readers = people(group, 5)
    for reader in readers:
        opens(group, reader, 1)
    usage.count_up(at=TOMORROW)
    opens(group, readers[0], 2)
    usage.count_up(at=OVER)
    told = whole(group)
    assert told is not None
    assert (told.people, told.articles) == (5, 6)


@pytest.mark.parametrize(
    ("seconds", "times"), [((0,), 1), ((0, 30), 1), ((0, 31), 2), ((0, 20, 40, 60), 1), ((0, 31, 62), 3), ((0, 0), 1)]
)
def test_a_double_click_is_one(seconds: tuple[int, ...], times: int) -> None:
    assert usage.times_of([NOW + one * SECOND for one in seconds]) == times


def test_a_day_is_a_day_in_brussels(group: GroupAccount) -> None:
    ana = a_seat(group, "ana@harbour.example")
    midnight = begins(TODAY)
    opens(group, ana, 1, at=midnight - SECOND)
    opens(group, ana, 1, at=midnight)
    usage.count_up(at=TOMORROW)
    assert set(PersonDay.objects.values_list("begins_at", flat=True)) == {midnight - DAY, midnight}


def test_the_seat_remembers_the_day_it_was_used(group: GroupAccount) -> None:
    ana, ben = people(group, 2)
    opens(group, ana, 1)
    usage.count_up(at=TOMORROW)
    assert Seat.objects.get(reader=ana).last_used_on == TODAY
    assert Seat.objects.get(reader=ben).last_used_on is None


@pytest.mark.parametrize(
    ("days_ago", "articles", "is_core"), [((1,), 9, True), ((1,), 8, False), ((30,), 9, True), ((31,), 9, False)]
)
def test_a_core_reader_opened_nine_articles_within_thirty_days(
    group: GroupAccount, days_ago: tuple[int, ...], articles: int, is_core: bool
) -> None:
    for reader in people(group, FLOOR):
        for ago in days_ago:
            opens(group, reader, *range(articles), at=begins(TODAY) - ago * DAY)
    usage.count_up(at=NOW)
    assert usage.core_readers(group.pk, before=TODAY) == (FLOOR if is_core else 0)


def test_core_readers_are_those_with_an_account(group: GroupAccount) -> None:
    for number in range(6):
        opens(group, AnonymousUser(), *range(9), visit=f"visit{number}", at=NOW - DAY)
    usage.count_up(at=OVER)
    told = whole(group)
    assert told is not None
    assert (told.people, told.readers, told.core_readers, told.times) == (6, None, None, 54)


def test_a_month_that_is_summed_stays_when_its_days_are_gone(group: GroupAccount) -> None:
    for reader in people(group, 5):
        opens(group, reader, 1)
    usage.count_up(at=OVER)
    later = NOW + 80 * DAY
    PersonDay.objects.all().delete()
    usage.sum_month(group.pk, NOVEMBER, at=later)
    told = whole(group)
    assert told is not None
    assert told.times == 5


# --- The floor -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "is_told"), [(1, False), (4, False), (5, True)])
def test_nothing_is_told_of_fewer_than_five(group: GroupAccount, count: int, is_told: bool) -> None:
    for reader in people(group, count):
        opens(group, reader, 1)
    usage.count_up(at=OVER)
    told = whole(group)
    assert told is not None
    assert told.is_told is is_told
    numbers = (told.people, told.readers, told.core_readers, told.articles, told.times)
    assert is_told or numbers == (None,) * 5


def test_the_database_takes_no_number_below_five() -> None:
    group = an_agreement()
    for wrong in (
        {"people": 4},
        {"people": None, "times": 12},
        {"people": 6, "readers": 3},
        {"people": 6, "core_readers": 1},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            MonthOfUse.objects.create(group=group, month=NOVEMBER, summed_at=NOW, **wrong)


def used(*readers: int, articles: int = 1) -> usage.Use:
    return usage.Use(set(readers), articles=articles, times=articles)


def test_a_section_below_the_floor_cannot_be_had_by_subtraction() -> None:
    told = usage.above_floor({"Climate": used(1, 2, 3, 4, 5, 6), "Tech": used(1, 2, 3, 4, 5), "Opinion": used(7)})
    assert set(told) == {"Climate", OTHERS}, "the smallest that may be told went with it"
    assert told[OTHERS].people == 6


def test_several_small_sections_are_told_together() -> None:
    told = usage.above_floor({"Climate": used(1, 2, 3, 4, 5), "Tech": used(1, 2, 3), "Opinion": used(4, 5, 6)})
    assert {name: use.people for name, use in told.items()} == {"Climate": 5, OTHERS: 6}


@quietly
@given(st.dictionaries(st.sampled_from("abcdef"), st.sets(st.integers(0, 12), min_size=1), min_size=1))
def test_whatever_was_read_each_number_told_has_five_people_behind_it_and_all_add_up(read: dict[str, set[int]]) -> None:
    sections = {name: used(*who, articles=len(who)) for name, who in read.items()}
    everybody = set().union(*read.values())
    told = usage.above_floor(sections)
    assert all(use.people >= FLOOR for use in told.values())
    if len(everybody) >= FLOOR:
        assert sum(use.articles for use in told.values()) == sum(map(len, read.values())), "nothing left to subtract"


def test_who_leaves_takes_their_days_along(group: GroupAccount) -> None:
    ana = a_seat(group, "ana@harbour.example")
    opens(group, ana, 1)
    usage.count_up(at=TOMORROW)
    opens(group, ana, 2, at=TOMORROW)
    Seat.objects.all().delete()
    ana.delete()
    assert not PersonDay.objects.exists()
    assert not Opening.objects.exists()


def test_the_month_that_runs_is_not_summed_and_no_page_shows_it(group: GroupAccount, at: Any) -> None:
    readers = people(group, 6)
    for reader in readers[:5]:
        opens(group, reader, 1, 2)
    usage.count_up(at=TOMORROW)
    # The sixth alone would be the difference between two mornings.
    opens(group, readers[5], *range(7), section="Sport", at=TOMORROW)
    usage.count_up(at=TOMORROW + DAY)
    assert not MonthOfUse.objects.exists()
    Manager.objects.create(group=group, reader=readers[0], address=readers[0].email, made_at=NOW)
    at(TOMORROW + DAY)
    client = Client()
    client.force_login(readers[0], backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/group/{group.pk}/reading/").content.decode()
    assert "November 2026 is counted when the month is over." in page
    for path in ("reading.csv", "reading-counter.csv"):
        assert "2026-11" not in client.get(f"/group/{group.pk}/{path}").content.decode().split("Created,")[0]


def test_a_month_is_summed_once_and_neither_late_readers_nor_leavers_change_it(group: GroupAccount) -> None:
    readers = people(group, 6)
    for reader in readers:
        opens(group, reader, 1, 2)
    usage.count_up(at=OVER)
    opens(group, readers[0], 3)
    PersonDay.objects.filter(reader=readers[5]).delete()
    usage.count_up(at=OVER + DAY)
    told = whole(group)
    assert told is not None
    assert (told.people, told.times) == (6, 12)


def test_a_sum_made_before_the_end_of_its_month_is_not_shown_and_made_anew(group: GroupAccount) -> None:
    for reader in people(group, 5):
        opens(group, reader, 1)
    MonthOfUse.objects.create(group=group, month=NOVEMBER, people=5, articles=3, times=3, summed_at=NOW)
    assert usage.months_of(group, at=OVER)[-1].is_empty
    usage.count_up(at=OVER)
    assert usage.months_of(group, at=OVER)[-1].articles == 5


def test_a_month_is_shown_when_its_last_day_is_counted(group: GroupAccount) -> None:
    opens(group, people(group, 1)[0], 1, at=OVER - DAY)
    assert usage.months_of(group, at=OVER)[-1].first == date(2026, 10, 1), "not as one in which nobody read"
    usage.count_up(at=OVER)
    assert usage.months_of(group, at=OVER)[-1].first == NOVEMBER


@pytest.mark.parametrize(("browsers", "is_told"), [((1, 1, 1, 1, 1), False), ((4, 4), False), ((1, 5), True)])
def test_one_person_who_comes_on_five_days_is_not_five(
    group: GroupAccount, browsers: tuple[int, ...], is_told: bool
) -> None:
    for day, count in enumerate(browsers):
        for number in range(count):
            opens(group, AnonymousUser(), 1, visit=f"{day}-{number}", at=NOW - day * DAY)
    usage.count_up(at=OVER)
    assert [row.is_told for row in MonthOfUse.objects.all()] == ([True, True] if is_told else [False])


def test_a_section_read_by_one_browser_on_five_days_is_told_with_others(group: GroupAccount) -> None:
    for reader in people(group, 5):
        opens(group, reader, 1)
    for day in range(5):
        opens(group, AnonymousUser(), 1, section="Sport", visit=f"{day}", at=NOW - day * DAY)
    usage.count_up(at=OVER)
    assert set(MonthOfUse.objects.values_list("section", flat=True)) == {ALL, OTHERS}


@pytest.mark.parametrize(
    ("readers", "core", "visits", "told"),
    [
        (5, 0, 1, (6, None, None)),
        (5, 0, 5, (10, 5, None)),
        (6, 5, 0, (6, 6, None)),
        (6, 6, 0, (6, 6, 6)),
        (10, 5, 0, (10, 10, 5)),
        (8, 8, 2, (10, None, None)),
    ],
)
def test_no_two_numbers_differ_by_fewer_than_five_people(
    group: GroupAccount, readers: int, core: int, visits: int, told: tuple[int | None, ...]
) -> None:
    for number, reader in enumerate(people(group, readers)):
        opens(group, reader, *range(9 if number < core else 1))
    for number in range(visits):
        opens(group, AnonymousUser(), 1, visit=f"{number}")
    usage.count_up(at=OVER)
    row = whole(group)
    assert row is not None
    assert (row.people, row.readers, row.core_readers) == told


# --- The tables and the picture ------------------------------------------------------------------------------


@pytest.fixture
def read_group(group: GroupAccount) -> GroupAccount:
    """Six people in November, four in October; Tech only by two."""
    readers = people(group, 6)
    for reader in readers[:4]:
        opens(group, reader, 1, at=NOW - 30 * DAY)
    for number, reader in enumerate(readers):
        opens(group, reader, *range(10), at=NOW)
        if number < 2:
            opens(group, reader, 99, section="Tech", at=NOW)
    usage.count_up(at=OVER)
    return group


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_the_table_hides_what_is_below_the_floor(read_group: GroupAccount) -> None:
    rows = rows_of(usage_files.months_csv(usage.months_of(read_group, at=OVER)))
    assert rows[1:] == [
        ["2026-10", "All sections", "<5", "<5", "<5", "<5", "<5"],
        ["2026-11", "All sections", "6", "6", "6", "62", "62"],
        ["2026-11", "Other sections", "6", "6", "", "62", "62"],
    ]


def test_the_report_for_libraries_has_the_rows_of_the_standard(read_group: GroupAccount) -> None:
    months = usage.months_of(read_group, at=OVER)
    rows = rows_of(usage_files.counter_report(read_group, months, at=OVER))
    names = "Report_Name Report_ID Release Institution_Name Institution_ID Metric_Types Report_Filters"
    names += " Report_Attributes Exceptions Reporting_Period Created Created_By Registry_Record"
    assert [row[0] for row in rows[:13]] == names.split()
    said = {row[0]: row[1] for row in rows[:13]}
    assert (said["Report_ID"], said["Release"]) == ("TR_J1", "5.1")
    assert said["Reporting_Period"] == "Begin_Date=2026-10-01; End_Date=2026-11-30"
    assert "Oct-2026" in said["Exceptions"]
    assert rows[13] == []
    assert rows[14][-4:] == ["Metric_Type", "Reporting_Period_Total", "Oct-2026", "Nov-2026"]
    assert [row[-4:] for row in rows[15:]] == [
        ["Total_Item_Requests", "62", "", "62"],
        ["Unique_Item_Requests", "62", "", "62"],
    ]


@pytest.mark.parametrize(("number", "top"), [(0, 10), (10, 10), (11, 20), (99, 100), (101, 200), (2001, 5000)])
def test_the_picture_ends_at_a_round_number(number: int, top: int) -> None:
    assert above(number) == top


def test_the_picture_has_a_bar_for_each_month_that_may_be_told(read_group: GroupAccount) -> None:
    picture = picture_of(usage.months_of(read_group, at=OVER))
    assert [bar.is_told for bar in picture.bars] == [False, True]
    assert all(0 <= bar.y <= bar.y + bar.height == picture.foot for bar in picture.bars)


@pytest.mark.parametrize("path", ["reading/", "reading.csv", "reading-counter.csv"])
def test_managers_and_staff_see_it_and_nobody_else(read_group: GroupAccount, path: str, dora: User, at: Any) -> None:
    at(OVER)
    url = f"/group/{read_group.pk}/{path}"
    ana, stranger = User.objects.get(email="p0@harbour.example"), a_reader("eve@example.org")
    Manager.objects.create(group=read_group, reader=ana, address=ana.email, made_at=NOW)
    for reader, status in ((ana, 200), (stranger, 404), (User.objects.get(email="p1@harbour.example"), 404)):
        client = Client()
        client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
        answer = client.get(url)
        assert answer.status_code == status
        if status == 200:
            assert answer["Cache-Control"] == "private, no-store"
            assert "p1@harbour.example" not in answer.content.decode()
            assert "62" in answer.content.decode()
    assert Client().get(url).status_code == 302


def test_the_page_says_in_words_what_the_picture_shows(read_group: GroupAccount, at: Any) -> None:
    at(OVER)
    ana = User.objects.get(email="p0@harbour.example")
    Manager.objects.create(group=read_group, reader=ana, address=ana.email, made_at=NOW)
    client = Client()
    client.force_login(ana, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/group/{read_group.pk}/reading/").content.decode()
    assert 'role="img"' in page
    assert "October 2026: too few to show; November 2026: 62." in page
    assert "style=" not in page[page.index("<main") : page.index("</main>")]


def test_a_group_that_read_nothing_has_a_page_too(group: GroupAccount) -> None:
    ana = a_seat(group, "ana@harbour.example")
    Manager.objects.create(group=group, reader=ana, address=ana.email, made_at=NOW)
    client = Client()
    client.force_login(ana, backend="django.contrib.auth.backends.ModelBackend")
    assert "Nothing was read yet" in client.get(f"/group/{group.pk}/reading/").content.decode()


def test_sections_of_articles_are_named_as_readers_know_them(group: GroupAccount) -> None:
    an_article("A wave", section=a_section("rule-of-law", name="Rule of law"))
    client = Client()
    client.force_login(a_seat(group, "ana@harbour.example"), backend="django.contrib.auth.backends.ModelBackend")
    client.get("/rule-of-law/a-wave/")
    assert Opening.objects.get().section == "Rule of law"
