"""The first page of the desk: what goes out today, what waits for whom, and nothing missed."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles.models import Article, Hold

from .make import NOW, TOMORROW, YESTERDAY, an_article, an_author, somebody_in

pytestmark = pytest.mark.django_db
TODAY, LAST_WEEK = date(2026, 11, 17), date(2026, 11, 10)


@pytest.fixture(autouse=True)
def _now(at: Callable[[datetime], None]) -> None:
    at(NOW)


@pytest.fixture
def desk(client: Client) -> Client:
    """Eve's browser: an editor."""
    client.force_login(somebody_in("Editors", "eve@example.org"))
    return client


def lists(browser: Client) -> dict[str, list[str]]:
    """The headlines in each list of the first page."""
    found = browser.get("/admin/").context["desk"]
    names = ("missed", "today", "review", "ready", "scheduled", "mine")
    return {name: [line.article.headline for line in getattr(found, name)] for name in names}


def a_draft(headline: str, *, status: str = "draft", **fields: Any) -> Article:
    article = an_article(headline, published=None, **fields)
    Article.objects.filter(pk=article.pk).update(status=status)
    return article


def test_each_article_stands_where_somebody_has_to_do_something(desk):
    a_draft("An idea")
    a_draft("For today", planned_on=TODAY)
    a_draft("Missed", planned_on=LAST_WEEK)
    a_draft("Free since noon", embargo_until=NOW, status="ready")
    a_draft("Under embargo", embargo_until=TOMORROW)
    a_draft("To be read", status="review")
    an_article("Goes out tonight", published=NOW + timedelta(hours=5))
    an_article("Goes out tomorrow", published=TOMORROW)
    an_article("Out this morning", published=NOW - timedelta(hours=3))
    an_article("Out yesterday", published=YESTERDAY)

    assert lists(desk) == {
        "missed": ["Missed", "Free since noon"],
        "today": ["Goes out tonight", "For today", "Out this morning"],
        "review": ["To be read"],
        "ready": ["Free since noon"],
        "scheduled": ["Goes out tonight", "Goes out tomorrow"],
        "mine": [],
    }


def test_a_day_is_one_of_brussels(desk, at):
    an_article("Just after midnight", published=datetime(2026, 11, 16, 23, 0, tzinfo=UTC))
    an_article("Just before midnight", published=datetime(2026, 11, 16, 22, 59, tzinfo=UTC))

    assert lists(desk)["today"] == ["Just after midnight"]


def test_what_was_published_or_given_up_is_not_missed(desk):
    an_article("Out", published=YESTERDAY, planned_on=LAST_WEEK, embargo_until=YESTERDAY)

    assert lists(desk)["missed"] == []


def test_whoever_waits_longest_for_a_reader_stands_first(desk):
    for headline, hours in (("Second", 1), ("First", 5), ("Third", 0)):
        article = an_article(headline, published=None)
        article.send_for_review(by=None, at=NOW - timedelta(hours=hours))

    assert lists(desk)["review"] == ["First", "Second", "Third"]


def test_authors_see_their_own_and_what_is_assigned_to_them(desk):
    walter = somebody_in("Authors", "walter@example.org")
    own = an_author("Walter Vale")
    own.account = walter
    own.save()
    a_draft("Mine", by=own, status="review")
    theirs = a_draft("Not mine", by=an_author("Somebody Else"), status="review")
    given = a_draft("Given to me", by=an_author("Somebody Else"))
    given.assign(walter, by=None, at=NOW)
    theirs.steps.create(kind="note", note="Not for Walter.", at=NOW)
    Hold.ask(theirs, somebody_in("Editors", "ed@example.org"), at=NOW)
    client = Client()
    client.force_login(walter)

    said = lists(client)
    assert (said["review"], said["mine"]) == (["Mine"], ["Given to me"])
    page = client.get("/admin/").content.decode()
    assert "Not for Walter." not in page
    assert "Not mine" not in page
    assert "Not for Walter." in desk.get("/admin/").content.decode()
    assert "ed@example.org" in desk.get("/admin/").content.decode()


def test_the_subscription_desk_is_not_shown_what_is_being_written():
    a_draft("Secret until it is out", status="review")
    client = Client()
    client.force_login(somebody_in("Subscription desk"))

    page = client.get("/admin/").content.decode()

    assert "Secret until it is out" not in page
    assert "Being written" not in page


def test_html_in_a_note_or_a_headline_stays_words(desk):
    article = a_draft("<script>alert(1)</script>", status="review", slug="x")
    article.steps.create(kind="note", note="<b onclick=x()>", at=NOW)

    page = desk.get("/admin/").content.decode()

    assert "<script>alert(1)" not in page
    assert "<b onclick" not in page


def test_the_first_page_costs_the_same_however_many_articles_there_are(desk):
    desk.get("/admin/")
    costs = []
    for count in range(3):
        for number in range(4):
            a_draft(f"Draft {count} {number}", status="review", planned_on=TODAY)
            an_article(f"Later {count} {number}", published=TOMORROW)
        with CaptureQueriesContext(connection) as asked:
            desk.get("/admin/")
        costs.append(len(asked))
    assert costs[0] == costs[2] < 22
