"""From draft to published: each step with who and when, the embargo, the plan, and one person writing at a time."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from articles.admin.workflow import colleagues
from articles.models import Article, Hold, Step
from articles.models.hold import HOLD_LASTS
from readers.models import User

from .make import NOW, TOMORROW, YESTERDAY, a_reader, an_article, an_author, somebody_in
from .test_desk import ADD, as_typed, errors_in, fields, page_of

pytestmark = pytest.mark.django_db
LATER = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now(at: Callable[[datetime], None]) -> None:
    at(NOW)


@pytest.fixture
def eve() -> User:
    return somebody_in("Editors", "eve@example.org")


@pytest.fixture
def desk(client: Client, eve: User) -> Client:
    """Eve's browser: an editor."""
    client.force_login(eve)
    return client


@pytest.fixture
def walter() -> User:
    """Walter writes; others publish."""
    user = somebody_in("Authors", "walter@example.org")
    author = an_author("Walter Vale")
    author.account = user
    author.save()
    return user


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def a_draft(**fields: Any) -> Article:
    return an_article(published=None, **fields)


def kinds(article: Article) -> list[str]:
    return [one.kind for one in article.steps.order_by("pk")]


# --- Steps ----------------------------------------------------------------------------------------------


def test_an_article_goes_from_draft_to_published_and_each_step_says_who_and_when(desk, eve):
    desk.post(ADD, fields())
    article = Article.objects.get()
    for verb in ("review", "ready", "publish"):
        assert desk.post(page_of(article), as_typed(article, verb=verb)).status_code == 302

    article.refresh_from_db()
    assert article.is_published(at=NOW)
    assert kinds(article) == ["begun", "review", "ready", "published"]
    assert {(one.by, one.at) for one in article.steps.all()} == {(eve, NOW)}


@pytest.mark.parametrize(
    ("begin", "verb", "ends"),
    [
        ("draft", "review", "review"),
        ("draft", "ready", "ready"),
        ("review", "ready", "ready"),
        ("review", "send_back", "draft"),
        ("ready", "send_back", "draft"),
        ("ready", "review", "review"),
    ],
)
def test_the_states_lead_to_each_other(desk, begin, verb, ends):
    article = a_draft()
    Article.objects.update(status=begin)

    desk.post(page_of(article), as_typed(article, verb=verb))

    assert Article.objects.get().status == ends


@pytest.mark.parametrize("verb", ["review", "ready", "send_back"])
def test_what_is_published_does_not_become_a_draft_by_the_way(desk, verb):
    article = an_article()

    answer = desk.post(page_of(article), as_typed(article, verb=verb))

    assert "by now; look at it again" in str(errors_in(answer))
    assert Article.objects.get().status == "published"
    step = {"review": article.send_for_review, "ready": article.approve, "send_back": article.send_back}[verb]
    with pytest.raises(ValidationError):
        step(by=None, at=NOW)


def test_ready_asks_for_what_readers_need(desk):
    article = a_draft()

    assert "standfirst" in errors_in(desk.post(page_of(article), as_typed(article, standfirst="", verb="ready")))
    assert Article.objects.get().status == "draft"


@pytest.mark.parametrize("state", ["draft", "review", "ready"])
def test_what_is_being_written_is_seen_by_nobody(client, state):
    article = a_draft()
    Article.objects.update(status=state, published_at=YESTERDAY)

    assert client.get(article.get_absolute_url()).status_code == 404
    assert not Article.objects.published(at=NOW).exists()
    assert not Article.objects.get().is_published(at=NOW)


def test_an_author_sends_for_review_and_cannot_say_that_it_is_ready(walter):
    article = a_draft(by=walter.author)
    browser = browser_of(walter)

    assert browser.post(page_of(article), as_typed(article, verb="ready")).status_code == 403
    assert Article.objects.get().status == "draft"
    browser.post(page_of(article), as_typed(article, verb="review"))
    assert Article.objects.get().status == "review"
    page = browser.get(page_of(article)).content.decode()
    assert "Back to draft" in page
    assert "Publish now" not in page
    assert 'value="ready"' not in page


def test_what_is_ready_stays_as_it_was_read_until_somebody_who_may_publish_sends_it_back(walter, desk):
    article = a_draft(by=walter.author)
    article.approve(by=None, at=NOW)

    assert browser_of(walter).post(page_of(article), as_typed(article, headline="Another")).status_code == 403
    desk.post(page_of(article), as_typed(article, verb="send_back", signed_by=[walter.author.pk]))
    assert browser_of(walter).post(page_of(article), as_typed(article, headline="Another")).status_code == 302


def test_what_was_only_scheduled_and_taken_back_has_never_been_published(desk):
    article = a_draft()
    article.publish(at=TOMORROW, pressed_at=NOW)

    desk.post(page_of(article), as_typed(article, verb="take_back"))

    article.refresh_from_db()
    assert (article.status, article.published_at) == ("draft", None)
    assert kinds(article) == ["scheduled", "taken back"]


# --- The embargo ----------------------------------------------------------------------------------------


def test_nothing_goes_out_before_its_embargo(desk):
    article = a_draft()
    words = "The embargo holds until 18 November 2026, 09:00 (Brussels). Publish it then, or later."
    embargo = {"embargo_until": "2026-11-18T09:00"}

    now = desk.post(page_of(article), as_typed(article, verb="publish", **embargo))
    assert errors_in(now) == {"embargo_until": [words]}
    early = as_typed(article, verb="publish_at", publish_at="2026-11-18T08:59", **embargo)
    assert errors_in(desk.post(page_of(article), early)) == {"publish_at": [words]}
    on_time = as_typed(article, verb="publish_at", publish_at="2026-11-18T09:00", **embargo)
    assert desk.post(page_of(article), on_time).status_code == 302
    assert Article.objects.get().published_at == LATER


def test_the_verb_and_the_database_keep_the_embargo_too():
    article = a_draft(embargo_until=LATER)

    with pytest.raises(ValidationError, match="embargo holds"):
        article.publish(at=LATER - timedelta(minutes=1))
    article.publish(at=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        Article.objects.update(published_at=NOW)


def test_an_embargo_that_comes_later_stops_what_is_scheduled_too_early(desk):
    article = a_draft()
    article.publish(at=LATER, pressed_at=NOW)
    longer = {"embargo_until": "2026-11-18T12:00"}

    assert "embargo_until" in errors_in(desk.post(page_of(article), as_typed(article, **longer)))
    moved = as_typed(article, verb="publish_at", publish_at="2026-11-18T12:00", **longer)
    assert desk.post(page_of(article), moved).status_code == 302
    assert Article.objects.get().published_at == LATER + timedelta(hours=3)


def test_the_page_warns_of_an_embargo_and_counts_down_to_what_is_scheduled(desk, at):
    article = a_draft(embargo_until=LATER)
    article.publish(at=LATER, pressed_at=NOW)

    page = desk.get(page_of(article)).content.decode()
    assert "Embargo until 18 November" in page
    assert '<time class="desk-countdown" datetime="2026-11-18T09:00:00+01:00" data-countdown>' in page
    at(LATER)
    page = desk.get(page_of(article)).content.decode()
    assert "Embargo until 18 November" not in page
    assert "data-countdown" not in page


# --- Whose it is, and what colleagues say -----------------------------------------------------------------


def test_an_article_is_assigned_and_noted_about_and_readers_are_told_of_neither(desk, eve, walter):
    article = a_draft()
    before = article.changed_at
    desk.post(
        page_of(article),
        as_typed(article, assigned_to=walter.pk, planned_on="2026-11-19", note=" Ask  the ministry. "),
    )

    article.refresh_from_db()
    assert (article.assigned_to, article.planned_on) == (walter, date(2026, 11, 19))
    assert [(one.kind, one.note, one.by) for one in article.steps.order_by("pk")] == [
        ("assigned", str(walter), eve),
        ("note", "Ask the ministry.", eve),
    ]
    assert "Ask the ministry." in desk.get(page_of(article)).content.decode()
    article.publish(at=YESTERDAY)
    assert "Ask the ministry." not in Client().get(article.get_absolute_url()).content.decode()
    changed = Article.objects.get().changed_at
    article.assign(eve, by=eve, at=NOW)
    assert Article.objects.get().changed_at == changed != before


def test_an_author_finds_what_was_assigned_to_them(walter):
    article = a_draft(by=an_author("Somebody Else"))
    assert browser_of(walter).get(page_of(article)).status_code == 302

    article.assign(walter, by=None, at=NOW)

    assert browser_of(walter).get(page_of(article)).status_code == 200


def test_articles_are_assigned_to_whoever_writes_here_and_to_nobody_else(eve, walter):
    somebody_in("Subscription desk", "dora@example.org")
    a_reader()
    gone = somebody_in("Editors", "gone@example.org")
    gone.is_active = False
    gone.save()

    assert set(colleagues()) == {eve, walter}


def test_a_note_that_says_nothing_is_none():
    with pytest.raises(IntegrityError), transaction.atomic():
        Step.objects.create(article=a_draft(), kind="note", at=NOW)


# --- Who is writing it now --------------------------------------------------------------------------------


def holding(article: Article) -> str:
    return f"/admin/articles/article/{article.pk}/holding/"


def test_whoever_opens_it_first_writes_it_and_the_next_one_is_told(desk, eve, walter):
    article = a_draft(by=walter.author)

    first = desk.get(page_of(article))
    assert first.context["hold"]["token"]
    assert first.context["hold"]["who"] == ""
    second = browser_of(walter).get(page_of(article))
    assert second.context["hold"]["who"] == "eve@example.org"
    assert second.context["hold"]["token"] == ""
    assert "is writing this article now" in second.content.decode()
    assert Hold.objects.get().editor == eve


def test_a_hold_ends_by_itself_when_its_page_says_nothing_more(desk, eve, walter, at):
    article = a_draft(by=walter.author)
    token = desk.get(page_of(article)).context["hold"]["token"]

    at(NOW + HOLD_LASTS - timedelta(seconds=1))
    assert desk.post(holding(article), {"token": token}).json() == {"token": token, "who": ""}
    at(NOW + 2 * HOLD_LASTS - timedelta(seconds=2))
    assert browser_of(walter).get(page_of(article)).context["hold"]["who"]
    at(NOW + 2 * HOLD_LASTS)
    assert browser_of(walter).get(page_of(article)).context["hold"]["token"]
    assert Hold.objects.get().editor == walter
    assert desk.post(holding(article), {"token": token}).json()["who"] == "walter@example.org"


def test_closing_the_page_lets_go_at_once(desk, walter):
    article = a_draft(by=walter.author)
    token = desk.get(page_of(article)).context["hold"]["token"]

    desk.post(holding(article), {"token": token, "gone": "1"})

    assert browser_of(walter).get(page_of(article)).context["hold"]["token"]


def test_taking_over_tells_the_other_page_and_loses_nothing_that_is_typed_there(desk, eve, walter):
    article = a_draft(by=walter.author)
    page = desk.get(page_of(article))
    typed = as_typed(article, standfirst="What Eve typed.", holds=page.context["hold"]["token"])
    typed["began_with"] = page.context["adminform"].form.initial["began_with"]

    browser_of(walter).post(f"/admin/articles/article/{article.pk}/take-over/")
    told = desk.post(holding(article), {"token": page.context["hold"]["token"]}).json()
    assert told == {"token": "", "who": "walter@example.org", "since": "13:00"}
    refused = desk.post(page_of(article), typed)
    assert "has been writing this article since 13:00" in refused.content.decode()
    assert "What Eve typed." in refused.content.decode()
    assert Article.objects.get().standfirst != "What Eve typed."

    typed["holds"] = refused.context["adminform"].form.data["holds"]
    assert desk.post(page_of(article), typed).status_code == 302
    assert Article.objects.get().standfirst == "What Eve typed."
    assert Hold.objects.get().editor == eve
    assert kinds(article) == ["taken over", "taken over"]


def test_saving_keeps_the_article_in_the_same_hands(desk, eve):
    article = a_draft()
    token = desk.get(page_of(article)).context["hold"]["token"]

    assert desk.post(page_of(article), as_typed(article, holds=token)).status_code == 302
    assert desk.get(page_of(article)).context["hold"]["token"] == token


def test_only_who_may_write_it_holds_it_or_takes_it_over(walter):
    article = a_draft(by=an_author("Somebody Else"))
    other, stranger = browser_of(walter), browser_of(somebody_in("Subscription desk"))

    for browser in (other, stranger):
        assert browser.post(holding(article)).status_code == 403
        assert browser.post(f"/admin/articles/article/{article.pk}/take-over/").status_code == 403
    assert not Hold.objects.exists()


def test_a_preview_is_in_nobodys_way(desk, walter):
    article = a_draft(by=walter.author)
    desk.get(page_of(article))

    answer = browser_of(walter).post(
        f"/admin/articles/article/{article.pk}/preview/", as_typed(article, headline="Only a look", holds="")
    )

    assert answer.status_code == 200
    assert "Only a look" in answer.content.decode()
    assert not article.steps.exists()
