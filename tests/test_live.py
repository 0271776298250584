"""Live coverage: entries in their order, the wall entry by entry, what is new, and what machines are told."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from articles.live import ENTRIES, MOST_NEW
from articles.models import LiveCoverage, LiveEntry, LiveText
from articles.paywall import readings_of_live
from articles.river import place_of
from readers.models import User
from subscriptions.access import Entitlement, Source
from tests.make import NOW, TOMORROW, YESTERDAY, a_coverage, a_plan, a_reader, a_subscription, an_author, an_entry
from tests.make import somebody_in as somebody

pytestmark = pytest.mark.django_db
PAID = "canaryword"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _now(at: Callable[..., None]) -> None:
    at(NOW)
    a_plan("year")


@pytest.fixture
def coverage() -> LiveCoverage:
    return a_coverage()


@pytest.fixture
def alice(client: Client) -> User:
    reader = a_reader("alice@example.org")
    a_subscription(reader)
    client.force_login(reader)
    return reader


def html(path: str, client: Client | None = None) -> str:
    answer = (client or Client()).get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def main_of(path: str, client: Client | None = None) -> str:
    return html(path, client).partition("<main")[2].partition("<aside")[0]


def data(path: str) -> dict[str, Any]:
    return json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', html(path), re.S)[1])  # type: ignore[index]


# --- The wall ---------------------------------------------------------------------------------------


def test_everyone_reads_the_headlines_and_subscribers_the_words(
    client: Client, alice: User, coverage: LiveCoverage
) -> None:
    an_entry(coverage, "Talks fail", f"<p>{PAID}</p>")
    visitor, subscriber = html("/live/the-council-meets/"), html("/live/the-council-meets/", client)
    assert "Talks fail" in visitor
    assert PAID not in visitor
    assert 'class="paywall"' in visitor
    assert "This live coverage continues for another 1 word." in visitor
    assert PAID in subscriber
    assert 'class="paywall"' not in subscriber


def test_a_free_entry_of_a_walled_coverage_is_read_by_all_and_a_free_coverage_wholly(coverage: LiveCoverage) -> None:
    an_entry(coverage, "For all", "<p>freeword</p>", is_free=True)
    an_entry(coverage, "For some", f"<p>{PAID}</p>")
    page = html("/live/the-council-meets/")
    assert "freeword" in page
    assert PAID not in page
    coverage.is_free = True
    coverage.save()
    page = html("/live/the-council-meets/")
    assert PAID in page
    assert 'class="paywall"' not in page


def test_a_locked_entry_never_asks_the_database_for_its_words(
    coverage: LiveCoverage, django_assert_num_queries: Any
) -> None:
    entries = [an_entry(coverage, f"Entry {number}", f"<p>{PAID}</p>") for number in range(3)]
    LiveText.objects.all().delete()
    with django_assert_num_queries(0):
        readings = readings_of_live(coverage, entries, None)
    assert all(reading.is_locked and reading.text == "" for reading in readings)


def test_all_entries_of_a_page_are_fetched_together(coverage: LiveCoverage, django_assert_num_queries: Any) -> None:
    entries = [an_entry(coverage, f"Entry {number}") for number in range(5)]
    with django_assert_num_queries(1):
        readings_of_live(coverage, entries, Entitlement(Source.SUBSCRIPTION))


def test_an_entry_of_a_headline_alone_has_no_wall(coverage: LiveCoverage) -> None:
    an_entry(coverage, "It is over", "")
    assert 'class="paywall"' not in html("/live/the-council-meets/")


@pytest.mark.parametrize(
    "path", ["/live/the-council-meets/feed.xml", "/live/the-council-meets/feed.json", "/", "/live/"]
)
def test_no_other_way_out_carries_paid_words(path: str, client: Client, alice: User, coverage: LiveCoverage) -> None:
    an_entry(coverage, "Talks fail", f"<p>{PAID}</p>")
    an_entry(coverage, "For all", "<p>freeword</p>", is_free=True)
    assert PAID not in html(path)
    assert PAID not in html(path, client)
    assert ("freeword" in html(path)) is ("feed" in path)


# --- What is shown ------------------------------------------------------------------------------------


def test_the_newest_stands_on_top_and_what_is_pinned_above_it(coverage: LiveCoverage) -> None:
    first = an_entry(coverage, "First", published_at=NOW - 3 * HOUR)
    an_entry(coverage, "Second", published_at=NOW - 2 * HOUR)
    an_entry(coverage, "Third", published_at=NOW - HOUR)
    first.pin(at=NOW)
    page = main_of("/live/the-council-meets/")
    assert page.index("First") < page.index("Third") < page.index("Second")
    assert page.count(">First<") == 1
    first.unpin()
    page = main_of("/live/the-council-meets/")
    assert page.index("Third") < page.index("Second") < page.index("First")


def test_older_entries_follow_without_a_gap_or_a_repetition(coverage: LiveCoverage) -> None:
    for number in range(ENTRIES + 5):
        an_entry(coverage, f"Entry-{number:02}", published_at=NOW - HOUR)
    page, seen = "/live/the-council-meets/", []
    while page:
        text = main_of(page)
        seen += re.findall(r"<h2>(Entry-\d\d)</h2>", text.replace("\u2011", "-"))
        older = re.search(r'href="(\?before=[^"]+)" rel="next"', text)
        page = f"/live/the-council-meets/{older[1]}" if older else ""
    assert seen == [f"Entry-{number:02}" for number in reversed(range(ENTRIES + 5))]


def test_an_entry_has_an_address_where_it_comes_first(coverage: LiveCoverage) -> None:
    for number in range(5):
        an_entry(coverage, f"Entry-{number}", published_at=NOW - number * HOUR)
    third = LiveEntry.objects.get(headline="Entry-2")
    path = readings_of_live(coverage, [third], None)[0].path
    text = main_of(path.partition("#")[0]).replace("\u2011", "-")
    assert re.findall(r"<h2>(Entry-\d)</h2>", text) == ["Entry-2", "Entry-3", "Entry-4"]
    assert f'id="{path.partition("#")[2]}"' in text


def test_a_correction_stands_on_the_entry_with_its_moment(coverage: LiveCoverage) -> None:
    entry = an_entry(coverage)
    entry.correct("It was the other bridge.", at=NOW)
    assert "<b>Corrected on 17 November 2026, 13:00.</b> It was the other bridge." in html("/live/the-council-meets/")
    assert (
        "It was the other bridge."
        in Client().get("/live/the-council-meets/feed.json").json()["items"][0]["content_html"]
    )
    entry.correct(" ", at=NOW)
    assert "Corrected on" not in html("/live/the-council-meets/")


def test_what_is_not_out_is_not_found_and_later_entries_wait(coverage: LiveCoverage) -> None:
    an_entry(coverage, "Tomorrow’s news", published_at=TOMORROW)
    assert "Tomorrow" not in html("/live/the-council-meets/")
    for hidden in (a_coverage("Draft", published=None), a_coverage("Later", published=TOMORROW)):
        for path in ("", "new.json", "feed.xml"):
            assert Client().get(hidden.get_absolute_url() + path).status_code == 404
        assert hidden.headline not in main_of("/live/")


def test_the_front_page_names_what_is_live_until_it_has_ended(coverage: LiveCoverage) -> None:
    assert "The council meets" in html("/")
    coverage.end(at=NOW)
    assert "The council meets" not in html("/")
    assert "This coverage ended on 17 November 2026, 13:00" in html("/live/the-council-meets/")
    coverage.publish(at=NOW)
    assert coverage.published_at == YESTERDAY
    assert "The council meets" in html("/")


@pytest.mark.parametrize("before", ["x", "-1", "2026", "2026-11-17T12:00:00Z-x", "Z-1", "9" * 400])
def test_a_place_that_is_none_is_not_found(before: str, coverage: LiveCoverage) -> None:
    assert Client().get("/live/the-council-meets/", {"before": before}).status_code == 404
    assert Client().get("/live/the-council-meets/new.json", {"after": before}).status_code == 404
    assert Client().get("/live/", {"before": before}).status_code == 404


# --- What is new ----------------------------------------------------------------------------------------


def test_a_page_is_told_how_many_entries_came_after_its_newest(coverage: LiveCoverage) -> None:
    old = an_entry(coverage, "Old")
    place = place_of(old)
    ask = "/live/the-council-meets/new.json"
    assert f'data-after="{place}"' in html("/live/the-council-meets/")
    assert Client().get(ask, {"after": place}).json() == {"count": 0, "is_running": True}
    an_entry(coverage, "Same moment", published_at=old.published_at)
    an_entry(coverage, "Newer", published_at=NOW)
    an_entry(coverage, "Not yet", published_at=TOMORROW)
    answer = Client().get(ask, {"after": place})
    assert answer.json()["count"] == 2
    assert "public" in answer["Cache-Control"]


def test_it_does_not_count_for_ever(coverage: LiveCoverage) -> None:
    for number in range(MOST_NEW + 3):
        an_entry(coverage, f"Entry {number}", "")
    assert Client().get("/live/the-council-meets/new.json").json()["count"] == MOST_NEW


# --- Machines -------------------------------------------------------------------------------------------


def test_search_engines_are_told_of_every_entry_and_of_words_that_are_free(coverage: LiveCoverage) -> None:
    an_entry(coverage, "Paid", f"<p>{PAID}</p>", published_at=NOW - HOUR)
    an_entry(coverage, "Free", "<p>freeword</p>", is_free=True, published_at=NOW)
    facts = data("/live/the-council-meets/")
    assert facts["@type"] == "LiveBlogPosting"
    for name in ("headline", "datePublished", "dateModified", "coverageStartTime", "author", "publisher", "url"):
        assert facts[name], name
    assert "coverageEndTime" not in facts
    assert facts["isAccessibleForFree"] is False
    assert facts["hasPart"]["cssSelector"] == ".paywall"
    free, paid = facts["liveBlogUpdate"]
    assert (free["headline"], free["articleBody"], free["isAccessibleForFree"]) == ("Free", "freeword", True)
    assert (paid["headline"], paid["isAccessibleForFree"]) == ("Paid", False)
    assert "articleBody" not in paid
    assert all(one["@type"] == "BlogPosting" and one["url"] and one["datePublished"] for one in (free, paid))


def test_not_even_a_subscribers_page_tells_machines_paid_words(
    client: Client, alice: User, coverage: LiveCoverage
) -> None:
    an_entry(coverage, "Paid", f"<p>{PAID}</p>")
    page = html("/live/the-council-meets/", client)
    assert PAID not in page.partition("</head>")[0]


def test_the_sitemap_names_what_is_out_and_nothing_else(coverage: LiveCoverage) -> None:
    a_coverage("Draft", published=None)
    xml = Client().get("/sitemap-pages.xml").content.decode()
    assert "/live/the-council-meets/</loc>" in xml
    assert "/live/draft/" not in xml


# --- What must hold -----------------------------------------------------------------------------------


def test_what_is_out_has_a_date_and_what_nobody_saw_cannot_end() -> None:
    draft = a_coverage("Draft", published=None)
    with pytest.raises(ValidationError):
        draft.end(at=NOW)
    for broken in ({"status": "published"}, {"ended_at": NOW}):
        with pytest.raises(IntegrityError), transaction.atomic():
            LiveCoverage.objects.filter(pk=draft.pk).update(**broken)


# --- The desk -----------------------------------------------------------------------------------------


@pytest.fixture
def editor(client: Client) -> Client:
    client.force_login(somebody("Editors"))
    return client


def desk(coverage: LiveCoverage, more: str = "desk/") -> str:
    return f"/admin/articles/livecoverage/{coverage.pk}/{more}"


def test_an_entry_is_written_in_one_form_and_the_name_is_remembered(editor: Client, coverage: LiveCoverage) -> None:
    zita = an_author("Zita Zabel")
    fields = {
        "headline": " Talks \n fail ",
        "text": "<p>No <script>x</script>deal.</p>",
        "author": zita.pk,
        "is_pinned": "on",
    }
    assert editor.post(desk(coverage), fields).status_code == 302
    entry = LiveEntry.objects.get()
    assert (entry.headline, entry.author, entry.published_at, entry.pinned_at) == ("Talks fail", zita, NOW, NOW)
    assert LiveText.objects.get().html == "<p>No deal.</p>"
    assert f'<option value="{zita.pk}" selected>' in html(desk(coverage), editor)
    assert "Talks fail" in html("/live/the-council-meets/")


def test_an_entry_without_a_headline_is_refused(editor: Client, coverage: LiveCoverage) -> None:
    answer = editor.post(desk(coverage), {"headline": " ", "text": "<p>x</p>", "author": an_author().pk})
    assert answer.status_code == 200
    assert not LiveEntry.objects.exists()


def test_an_entry_is_changed_corrected_and_deleted(editor: Client, coverage: LiveCoverage) -> None:
    entry = an_entry(coverage)
    page = html(desk(coverage, f"entries/{entry.pk}/"), editor)
    assert "Doors shut." in page
    editor.post(
        desk(coverage, f"entries/{entry.pk}/"), {"headline": "New", "text": "<p>y</p>", "author": entry.author_id}
    )
    editor.post(desk(coverage, f"entries/{entry.pk}/correct/"), {"correction": "It was noon."})
    entry.refresh_from_db()
    assert (entry.headline, entry.correction, entry.corrected_at) == ("New", "It was noon.", NOW)
    editor.post(desk(coverage, f"entries/{entry.pk}/delete/"))
    assert not LiveEntry.objects.exists()


def test_a_coverage_goes_live_ends_and_goes_on_from_its_desk(editor: Client) -> None:
    draft = a_coverage("Draft", published=None)
    for verb, running in (("publish/", True), ("end/", False), ("publish/", True), ("take-back/", False)):
        assert editor.post(desk(draft, verb)).status_code == 302
        draft.refresh_from_db()
        assert draft.is_running(at=NOW) is running, verb
    assert editor.get(desk(draft, "publish/")).status_code == 405


def test_only_editors_write_live(client: Client, coverage: LiveCoverage) -> None:
    client.force_login(somebody("Subscription desk"))
    entry = an_entry(coverage)
    for more in ("desk/", f"entries/{entry.pk}/"):
        assert client.get(desk(coverage, more)).status_code == 403
    for more in ("publish/", "end/", f"entries/{entry.pk}/correct/", f"entries/{entry.pk}/delete/"):
        assert client.post(desk(coverage, more)).status_code == 403
    assert LiveEntry.objects.exists()
