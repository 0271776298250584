"""The front page by hand and by rule: places, moments, undoing, and who may."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from articles.front import front_page, plan_of
from articles.models import Article, FrontPlace, FrontVersion
from articles.models.front import HOLDS, Chosen, Place, Slot
from readers.models import User
from tests.page_cache.conftest import Front
from tests.page_cache.conftest import front as front

from .make import NOW, TOMORROW, a_section, an_article, somebody_in

pytestmark = pytest.mark.django_db
DESK = "/admin/articles/frontversion/"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _now(at: Any) -> None:
    at(NOW)


@pytest.fixture
def chief() -> User:
    return somebody_in("Chief editors", "chief@example.org")


@pytest.fixture
def desk(chief: User) -> Client:
    chief.name = "Chloé Chief"
    chief.save()
    return signed_in(chief)


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    return client


def stories(count: int = 12, **fields: Any) -> list[Article]:
    """Reports of two sections, the newest first."""
    sections = [a_section("climate"), a_section("tech")]
    return [
        an_article(f"Story {number}", section=sections[number % 2], published=NOW - (1 + number) * HOUR, **fields)
        for number in range(count)
    ]


def place(slot: Slot, position: int = 1, section: str = "") -> Place:
    return Place(slot, a_section(section).pk if section else None, position)


def put_up(chosen: Chosen, *, begins_at: datetime = NOW, **fields: Any) -> FrontVersion:
    return FrontVersion.objects.keep(chosen, by=None, at=min(begins_at, NOW), begins_at=begins_at, **fields)


def names(articles: Any) -> list[str]:
    return [article.headline for article in articles]


def typed(desk: Client, places: dict[Article, str], **changes: Any) -> dict[str, Any]:
    """What the form of the desk sends, as it is there now."""
    form = desk.get(DESK).context["form"]
    sent: dict[str, Any] = {"verb": "now", "note": "", "began_with": form.initial["began_with"]}
    return sent | {f"place-{article.pk}": value for article, value in places.items()} | changes


# --- By hand and by rule -----------------------------------------------------------------------------------


def test_what_is_put_in_a_place_stands_there_and_the_rule_fills_the_rest() -> None:
    told = stories()
    put_up({place(Slot.LEAD): told[7].pk, place(Slot.SECOND, 2): told[9].pk})
    page = front_page(at=NOW)
    assert page.lead == told[7]
    assert names(page.second) == ["Story 0", "Story 9", "Story 1"]


def test_every_slot_can_be_filled_by_hand() -> None:
    told, opinion = stories(20), a_section("opinion", is_opinion=True)
    voice = an_article("A voice", section=opinion, published=NOW - 99 * HOUR)
    an_article("A newer voice", section=opinion, published=NOW - HOUR)
    old = told[15]
    put_up(
        {
            place(Slot.LEAD): told[19].pk,
            place(Slot.SECOND, 3): told[18].pk,
            place(Slot.ALSO, 4): told[17].pk,
            place(Slot.VOICES, 1): voice.pk,
            place(Slot.SECTION, 1, "tech"): old.pk,
            place(Slot.INVESTIGATION): told[16].pk,
        }
    )
    page = front_page(at=NOW)
    assert (page.lead, page.second[2], page.also[3]) == (told[19], told[18], told[17])
    assert (page.voices[0], page.investigation) == (voice, told[16])
    assert next(one.lead for one in page.desks if one.section.slug == "tech") == old


@pytest.mark.parametrize("by_hand", [False, True])
def test_no_article_stands_twice_on_the_front_page(by_hand: bool) -> None:
    told = stories(40)
    opinion = a_section("opinion", is_opinion=True)
    voices = [an_article(f"Voice {n}", section=opinion, published=NOW - n * HOUR) for n in range(1, 6)]
    Article.objects.filter(pk__in=[told[4].pk, told[11].pk]).update(kicker="Investigation")
    Article.objects.filter(pk__in=[told[2].pk, told[3].pk]).update(leads_front=True)
    told[2].related.set([told[0], told[9], told[30]])
    if by_hand:
        put_up(
            {
                place(Slot.ALSO, 1): told[2].pk,
                place(Slot.SECOND, 1): told[4].pk,
                place(Slot.SECTION, 2, "climate"): told[0].pk,
                place(Slot.LEAD): voices[0].pk,
            }
        )
    page = front_page(at=NOW)
    shown = [page.lead, page.investigation, *page.beside_lead, *page.second, *page.latest, *page.also, *page.voices]
    shown += [one for column in page.desks for one in (column.lead, *column.more)]
    assert len(shown) == len(set(shown))
    assert None not in shown
    assert len(shown) > 25


def test_a_place_whose_article_is_not_out_is_filled_by_rule_until_it_is() -> None:
    told, later = stories(), an_article("Later", published=TOMORROW)
    put_up({place(Slot.LEAD): later.pk, place(Slot.SECOND, 1): told[5].pk})
    assert front_page(at=NOW).lead == told[0]
    assert front_page(at=TOMORROW).lead == later
    told[5].withdraw(by=None, at=NOW, because="Invented.")
    assert names(front_page(at=NOW).second) == ["Story 1", "Story 2", "Story 3"]


def test_what_leads_by_rule_is_the_marked_one_unless_it_has_a_place_of_its_own() -> None:
    told = stories()
    Article.objects.filter(pk__in=[told[6].pk, told[8].pk]).update(leads_front=True)
    assert front_page(at=NOW).lead == told[6]
    put_up({place(Slot.ALSO, 1): told[6].pk})
    assert front_page(at=NOW).lead == told[8]


def test_with_less_to_show_than_places_nothing_is_missing_and_nothing_is_empty() -> None:
    only = an_article("Only", published=NOW - HOUR)
    put_up({place(Slot.SECOND, 3): only.pk})
    page = front_page(at=NOW)
    assert (page.lead, names(page.second)) == (None, ["Only"])
    assert plan_of(at=NOW).stands[Slot.SECOND, None] == (None, None, only.pk)


@pytest.mark.parametrize(
    "rows",
    [
        [{"slot": "lead", "position": 1, "article": 0}, {"slot": "second", "position": 1, "article": 0}],
        [{"slot": "second", "position": 1, "article": 0}, {"slot": "second", "position": 1, "article": 1}],
        [{"slot": "section", "position": 1, "article": 0}],
        [{"slot": "lead", "position": 0, "article": 0}],
        [{"slot": "lead", "position": 9, "article": 0}],
    ],
)
def test_the_database_refuses_what_cannot_stand(rows: list[dict[str, Any]]) -> None:
    told, version = stories(2), put_up({})
    places = [FrontPlace(version=version, **row | {"article": told[row["article"]]}) for row in rows]
    with pytest.raises(IntegrityError), transaction.atomic():
        FrontPlace.objects.bulk_create(places)


# --- From a moment on, and back -----------------------------------------------------------------------------


def test_a_change_begins_at_its_moment_and_stands_until_the_next_one() -> None:
    told = stories()
    put_up({place(Slot.LEAD): told[3].pk})
    put_up({place(Slot.LEAD): told[5].pk}, begins_at=NOW + HOUR)
    moments = (NOW, NOW + HOUR - timedelta(microseconds=1), NOW + HOUR, NOW + 9 * HOUR)
    assert [front_page(at=at).lead for at in moments] == [told[3], told[3], told[5], told[5]]


def test_undoing_brings_back_what_stood_before_and_at_last_the_rule(desk: Client) -> None:
    told = stories()
    for number in (3, 5):
        put_up({place(Slot.LEAD): told[number].pk})
    led = []
    for _ in range(3):
        led.append(front_page(at=NOW).lead)
        if standing := FrontVersion.objects.standing(at=NOW).first():
            desk.post(f"{DESK}{standing.pk}/take-back/")
    assert led == [told[5], told[3], told[0]]
    assert FrontVersion.objects.count() == 2


def test_a_change_that_waits_can_be_called_off_or_changed(desk: Client) -> None:
    told = stories()
    waiting = put_up({place(Slot.LEAD): told[5].pk}, begins_at=NOW + HOUR, note="After the vote")
    page = desk.get(f"{DESK}?from={waiting.pk}")
    assert page.context["form"].initial["note"] == "After the vote"
    sent = typed(desk, {told[6]: "lead-1"}, verb="later", begins_at="2026-11-17T15:00", instead_of=waiting.pk)
    assert desk.post(DESK, sent).status_code == 302
    assert front_page(at=NOW + 3 * HOUR).lead == told[6]
    desk.post(f"{DESK}{FrontVersion.objects.waiting(at=NOW).get().pk}/take-back/")
    assert front_page(at=NOW + 3 * HOUR).lead == told[0]


def test_only_what_stands_or_waits_is_undone(desk: Client) -> None:
    older, newer = put_up({}), put_up({})
    assert "nothing was changed" in desk.post(f"{DESK}{older.pk}/take-back/", follow=True).content.decode()
    assert desk.post(f"{DESK}999999/take-back/").status_code == 302
    assert desk.get(f"{DESK}{newer.pk}/take-back/").status_code == 405
    assert not FrontVersion.objects.exclude(taken_back_at=None).exists()


def test_the_front_page_changes_at_the_very_moment_and_no_other_page_does(front: Front, at: Any) -> None:
    told, due = stories(), NOW + timedelta(minutes=20)
    put_up({place(Slot.LEAD): told[8].pk}, begins_at=due)
    others = ("/climate/", "/latest/", told[0].get_absolute_url(), "/feed.xml")

    def leads() -> str:
        page = front.get("/").body.decode()
        return page[page.index("teaser--lead") :].partition("teaser__title")[2][:200]

    for path in others:
        front.get(path)
    at(due - timedelta(microseconds=1))
    assert "Story 0" in leads()
    made = len(front.made)
    front.get("/")
    assert len(front.made) == made, "kept until then"
    at(due)
    assert "Story 8" in leads()
    for path in others:
        front.get(path)
    assert front.made[made:] == ["/"]


def test_a_change_now_changes_the_kept_front_page_and_no_other_page(front: Front) -> None:
    told = stories()
    others = ("/climate/", "/latest/", told[0].get_absolute_url(), "/feed.xml")
    before = {path: front.get(path).headers["etag"] for path in ("/", *others)}
    put_up({place(Slot.LEAD): told[8].pk})
    after = {path: front.get(path).headers["etag"] for path in ("/", *others)}
    assert [path for path in before if before[path] != after[path]] == ["/"]


# --- The desk -------------------------------------------------------------------------------------------------


def test_the_desk_shows_what_stands_by_hand_and_by_rule(desk: Client) -> None:
    told = stories()
    put_up({place(Slot.SECOND, 2): told[9].pk}, note="A quiet day")
    page = desk.get(DESK).content.decode()
    assert "A quiet day" in page
    assert "By rule: Story 0" in page
    strip = page[page.index("Second leads</h2>") :].partition("</ol>")[0]
    assert strip.index("By rule: Story 1") < strip.index("Story 9") < strip.index("By rule: Story 2")
    assert '<option value="second-2" selected>Second leads 2</option>' in page


def test_the_chief_editor_changes_it_now_by_numbers(desk: Client, chief: User) -> None:
    told = stories()
    answer = desk.post(DESK, typed(desk, {told[6]: "lead-1", told[8]: "second-3"}, note="Vote"), follow=True)
    assert "The front page is changed." in answer.content.decode()
    page = front_page(at=NOW)
    assert (page.lead, page.second[2]) == (told[6], told[8])
    version = FrontVersion.objects.get()
    assert (version.made_by, version.note, version.begins_at) == (chief, "Vote", NOW)


def test_what_is_typed_is_previewed_and_nothing_is_changed(desk: Client) -> None:
    told = stories()
    answer = desk.post(f"{DESK}preview/", typed(desk, {told[6]: "lead-1"}, verb="preview"))
    page = answer.content.decode()
    assert "Nothing is changed." in page
    assert "Story 6" in page[page.index("teaser--lead") :].partition("teaser__title")[2][:200]
    assert "private, no-store" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert "chief@example.org" not in page
    assert not FrontVersion.objects.exists()


def test_a_waiting_change_is_previewed_as_it_will_be_then(desk: Client) -> None:
    stories()
    later = an_article("Out by then", published=NOW + HOUR)
    waiting = put_up({place(Slot.LEAD): later.pk}, begins_at=NOW + 2 * HOUR)
    assert "Out by then" in desk.get(f"{DESK}preview/?from={waiting.pk}").content.decode()
    sent = typed(desk, {later: "lead-1"}, verb="preview", begins_at="2026-11-17T15:00")
    assert "Out by then" in desk.post(f"{DESK}preview/", sent).content.decode()
    assert "Out by then" not in desk.post(f"{DESK}preview/", sent | {"begins_at": ""}).content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"verb": "later", "begins_at": ""}, "Choose the day and the time first."),
        ({"verb": "later", "begins_at": "2026-11-17T12:59"}, "This moment has passed."),
        ({"verb": "later", "begins_at": "tomorrow"}, "Enter a valid date/time."),
        ({"verb": "sometime"}, "Say whether the change begins now or later."),
        ({"note": "x" * 201}, "at most 200 characters"),
    ],
)
def test_a_change_without_a_right_moment_is_refused_and_stays_on_the_page(
    desk: Client, changes: dict[str, Any], words: str
) -> None:
    told = stories()
    answer = desk.post(DESK, typed(desk, {told[6]: "lead-1"}, **changes))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert '<option value="lead-1" selected>' in page
    assert not FrontVersion.objects.exists()


def test_two_articles_in_one_place_are_refused_by_name(desk: Client) -> None:
    told = stories()
    page = desk.post(DESK, typed(desk, {told[6]: "second-2", told[7]: "second-2"})).content.decode()
    assert "“Story 6” and “Story 7” are both put at Second leads 2" in page
    assert not FrontVersion.objects.exists()


def test_an_article_stands_only_where_its_kind_belongs(desk: Client) -> None:
    report, draft = stories(1)[0], an_article("A draft", published=None)
    voice = an_article("A voice", section=a_section("opinion", is_opinion=True))
    tech = a_section("tech")
    for article, value in ((report, "voices-1"), (voice, "section.1-1"), (report, f"section.{tech.pk}-1")):
        answer = desk.post(DESK, typed(desk, {article: value}))
        assert f"“{article}” cannot stand there." in answer.content.decode()
    for value in ("lead-2", "x", "lead-1\x01", "second-99999999999999999999"):
        assert desk.post(DESK, typed(desk, {report: value})).status_code == 422
    assert desk.post(DESK, typed(desk, {draft: "lead-1"})).status_code == 302
    assert not FrontPlace.objects.exists()


def test_somebody_elses_change_is_not_written_over_unseen(desk: Client, chief: User) -> None:
    told = stories()
    sent = typed(desk, {told[6]: "lead-1"})
    FrontVersion.objects.keep({place(Slot.LEAD): told[4].pk}, by=chief, at=NOW, begins_at=NOW)
    answer = desk.post(DESK, sent)
    assert "Chloé Chief changed the front page at 13:00, while you were at it." in answer.content.decode()
    assert front_page(at=NOW).lead == told[4]
    desk.post(DESK, sent | {"began_with": answer.context["form"].data["began_with"]})
    assert front_page(at=NOW).lead == told[6]


def test_an_older_article_is_found_and_put_up(desk: Client) -> None:
    stories(50)
    old = an_article("The bridge of 2019", published=NOW - timedelta(days=2000))
    assert f'name="place-{old.pk}"' not in desk.get(DESK).content.decode()
    assert f'name="place-{old.pk}"' in desk.get(DESK, {"q": "bridge of"}).content.decode()
    desk.post(DESK, typed(desk, {old: "lead-1"}))
    assert front_page(at=NOW).lead == old
    assert f'name="place-{old.pk}"' in desk.get(DESK).content.decode()


@pytest.mark.parametrize("asked", ["?from=x", "?from=999999", "?from=" + "9" * 40, "?from=²", "preview/?from=x"])
def test_a_version_that_is_not_there_is_not_found(desk: Client, asked: str) -> None:
    assert desk.get(DESK + asked).status_code == 404


def test_a_version_is_looked_at_on_the_desk(desk: Client) -> None:
    told = stories()
    older = put_up({place(Slot.LEAD): told[7].pk})
    put_up({})
    assert desk.get(f"{DESK}{older.pk}/change/")["Location"] == f"{DESK}?from={older.pk}"
    page = desk.get(f"{DESK}?from={older.pk}").content.decode()
    assert "It is not on the page before you put it there." in page
    assert '<option value="lead-1" selected>' in page


@pytest.mark.parametrize("group", ["Authors", "Editors", "Subscription desk"])
def test_the_front_page_is_the_chief_editors(group: str) -> None:
    told, standing = stories(1), put_up({})
    other = signed_in(somebody_in(group))
    sent = {"verb": "now", "began_with": str(standing.pk), f"place-{told[0].pk}": "lead-1"}
    assert other.get(DESK).status_code == 403
    assert other.post(DESK, sent).status_code == 403
    assert other.post(f"{DESK}preview/", sent).status_code == 403
    assert other.post(f"{DESK}{standing.pk}/take-back/").status_code == 403
    assert other.get(f"{DESK}{standing.pk}/change/").status_code == 403
    assert FrontVersion.objects.get().taken_back_at is None


def test_the_desk_costs_the_same_however_much_there_is(desk: Client, django_assert_max_num_queries: Any) -> None:
    stories(45)
    for number in range(5):
        put_up({}, note=f"Version {number}")
    with django_assert_max_num_queries(26):
        assert desk.get(DESK).status_code == 200


def test_every_slot_says_how_many_it_holds() -> None:
    assert set(HOLDS) == set(Slot)
