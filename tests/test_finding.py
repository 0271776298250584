"""Finding articles at the desk, and doing one thing to many."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles.admin import bulk
from articles.models import Article, ArticleDay, Picture, Section, Topic
from articles.search import postgresql
from articles.search.question import question

from .make import NOW, TOMORROW, YESTERDAY, a_section, an_article, an_author, somebody_in

pytestmark = pytest.mark.django_db
LIST = "/admin/articles/article/"
QUERIES = 12


@pytest.fixture(autouse=True)
def _now(at: Callable[[datetime], None]) -> None:
    at(NOW)


@pytest.fixture
def desk(client: Client) -> Client:
    """Eve's browser."""
    client.force_login(somebody_in("Editors", "eve@example.org"))
    return client


def found(desk: Client, **asked: str) -> list[str]:
    return [one.headline for one in desk.get(LIST, asked).context["cl"].result_list]


def picture(until: datetime | None = None) -> Picture:
    shown = {"usable_until": until.date()} if until else {}
    return Picture.objects.create(original="originals/x", width=640, height=360, alt="a", credit="c", **shown)


# --- Words -------------------------------------------------------------------------------------------------


def test_every_word_of_every_article_is_found_drafts_and_withdrawn_ones_too(desk):
    an_article("Out", text="<p>Free.</p><p>One.</p><p>Behind the wall stands zebrafish.</p>")
    an_article("Draft", text="<p>A zebrafish swims.</p>", published=None)
    an_article("Planned", text="<p>Zebrafish.</p>", published=TOMORROW)
    gone = an_article("Gone", text="<p>Zebrafish.</p>")
    gone.withdraw(by=None, at=NOW, because="It was wrong.")
    an_article("Other")

    assert found(desk, q="zebrafish") == ["Gone", "Planned", "Draft", "Out"]
    assert found(desk, q="zebraf") == ["Gone", "Planned", "Draft", "Out"]
    assert found(desk, q="zebrafish -swims -wall") == ["Gone", "Planned"]
    assert found(desk, q="zebrafish", state="draft") == ["Draft"]
    assert found(desk, q="nothing of the kind") == []
    assert found(desk, q="\"' OR 1=1 --") == []


def test_names_and_topics_are_found_and_what_changes_is_found_anew(desk):
    article = an_article("Ferries", slug="one-of-ours", published=None)
    article.sign([an_author("Ana Novák")])
    article.topics.add(Topic.objects.create(name="Fjords", slug="fjords"))
    assert found(desk, q="novak fjords") == ["Ferries"]

    article.headline = "Bridges"
    article.save()
    assert found(desk, q="ferries") == []
    article.publish(at=NOW)
    assert found(desk, q="bridges") == ["Bridges"]
    article.take_back(at=NOW)
    assert found(desk, q="bridges") == ["Bridges"]
    article.delete()
    assert found(desk, q="bridges") == []


def test_an_address_old_or_new_leads_to_its_article(desk):
    article = an_article("Moved", slug="first-address")
    an_article("Other about first address")
    article.move_to("second-address")
    for typed in ("first-address", "https://example.org/climate/first-address/?a=b", "/climate/second-address/#x"):
        assert found(desk, q=typed) == ["Moved"]
    for typed in ("https://[", "//[x", "a" * 300 + "-b", "-", "/"):
        assert found(desk, q=typed) == []


def test_what_the_public_cannot_see_stays_out_of_its_search(client):
    an_article("Draft about otters", published=None)
    assert "Draft about otters" not in client.get("/search/?q=otters").content.decode()


@pytest.mark.postgres
def test_the_index_is_asked_once_for_what_is_the_same_in_every_language():
    asked, spoken = postgresql._expression(question("bank lighthouse"), half_typed=True)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ({asked})::text", spoken)
        assert cursor.fetchone() == ("'bank' & 'lighthous':* | 'bank' & 'lighthouse':*",)


# --- Filters and speed -------------------------------------------------------------------------------------


def test_the_filters_that_matter(desk):
    zita = an_author("Zita Zabel")
    lasting = picture()
    ends, over = picture(NOW + timedelta(days=9)), picture(YESTERDAY)
    an_article("Signed", hero=lasting, section=a_section("tech")).sign([zita])
    an_article("Bare", published=NOW - timedelta(days=9))
    an_article("Ends", hero=ends, published=None)
    an_article("Over", hero=lasting, published=TOMORROW)
    Article.objects.filter(headline="Over").update(hero=over)
    Article.objects.filter(headline="Ends").update(status="review")

    tech = str(Section.objects.get(slug="tech").pk)
    assert found(desk, section__id__exact=tech) == ["Signed"]
    assert found(desk, author=zita.slug) == ["Signed"]
    assert found(desk, needs="picture") == ["Bare"]
    assert found(desk, needs="ends-soon") == ["Over", "Ends"]
    assert "Signed" not in found(desk, needs="author")
    assert found(desk, state="review") == ["Ends"]
    assert found(desk, state="scheduled") == ["Over"]
    assert found(desk, state="published") == ["Bare", "Signed"]
    assert found(desk, since="week") == ["Signed"]
    for name in ("section__id__exact", "author", "needs", "state", "since"):
        assert desk.get(LIST, {name: "\x00nonsense' --"}).status_code < 500


def test_the_list_asks_as_little_for_many_as_for_few(desk):
    def queries(**asked: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asking:
            desk.get(LIST, asked)
        return len(asking)

    an_article("One").sign([an_author("Ana Novak")])
    few = queries()
    for count in range(60):
        article = an_article(f"Story {count}", slug=f"story-{count}")
        article.sign([an_author(f"Author {count % 9}")])
        ArticleDay.objects.create(article=article, day=NOW.date(), opened=count)
    assert queries() <= few + 1 <= QUERIES
    assert queries(q="story", state="published", needs="picture") <= QUERIES


def test_many_are_counted_up_to_a_point_only(desk, monkeypatch):
    monkeypatch.setattr("edge.desk.MOST_COUNTED", 2)
    for count in range(3):
        an_article(f"Story {count}", slug=f"story-{count}")
    assert "More than 2 articles" in desk.get(LIST).content.decode()
    assert "1 article<" in desk.get(LIST, {"q": "“story 2”"}).content.decode()


# --- Many at once ------------------------------------------------------------------------------------------


def chosen(act: str, *articles: Article, **typed: Any) -> dict[str, Any]:
    return {"action": act, "_selected_action": [one.pk for one in articles]} | typed


def test_many_are_moved_only_after_a_page_said_what_becomes_of_each(desk):
    tech = a_section("tech")
    here, there = an_article("Here"), an_article("There", section=tech)

    first = desk.post(LIST, chosen("move", here, there, index="0")).content.decode()
    assert "Choose first" in first
    look = desk.post(LIST, chosen("move", here, there, chosen=tech.pk)).content.decode()
    assert "1 of 2 would change" in look
    assert "Its old address leads to the new one" in look
    assert "Is there already" in look
    assert Article.objects.get(pk=here.pk).section != tech

    desk.post(LIST, chosen("move", here, there, chosen=tech.pk, do="1"))
    assert Article.objects.get(pk=here.pk).section == tech
    assert [str(entry.object_id) for entry in LogEntry.objects.all()] == [str(here.pk)]
    assert desk.get("/climate/here/").url == "/tech/here/"


@pytest.mark.parametrize(
    ("act", "becomes"),
    [
        ("open", lambda one: one.is_free),
        ("review", lambda one: one.status == "review"),
        ("take_back", lambda one: one.status == "draft"),
    ],
)
def test_each_act_does_what_it_says(desk, act, becomes):
    article = an_article("One", published=None if act == "review" else YESTERDAY)
    desk.post(LIST, chosen(act, article))
    assert not (act != "review" and becomes(Article.objects.get()))
    desk.post(LIST, chosen(act, article, do="1"))
    assert becomes(Article.objects.get())


def test_the_wall_is_put_back_only_where_a_mark_says_where_it_stands(desk):
    walled = an_article("Walled", is_free=True)
    bare = an_article("Bare", text="<p>All of it.</p>", is_free=True)
    Article.objects.filter(pk=bare.pk).update(words_behind_wall=0)
    page = desk.post(LIST, chosen("close", walled, bare)).content.decode()
    assert "1 of 2 would change" in page
    assert "No mark in its text" in page


def test_a_topic_is_given_to_many(desk):
    topic = Topic.objects.create(name="Fjords", slug="fjords")
    articles = [an_article("One"), an_article("Two")]
    desk.post(LIST, chosen("give_topic", *articles, chosen=topic.pk, do="1"))
    assert topic.articles.count() == 2


def test_more_than_anybody_reads_are_not_changed_at_all(desk, monkeypatch):
    monkeypatch.setattr(bulk, "MOST", 1)
    articles = [an_article("One"), an_article("Two")]
    desk.post(LIST, chosen("open", *articles, do="1"))
    assert not Article.objects.filter(is_free=True).exists()


def test_nobody_changes_in_bulk_what_they_may_not_change_one_by_one(client):
    client.force_login(somebody_in("Authors", "ben@example.org"))
    article = an_article("Not theirs", published=None)
    client.post(LIST, chosen("open", article, do="1"))
    assert not Article.objects.get().is_free


# --- A section with articles in it -------------------------------------------------------------------------


def test_a_section_with_articles_in_it_is_not_deleted_and_says_how_to_empty_it(admin_client):
    section = an_article("One").section
    page = f"/admin/articles/section/{section.pk}/delete/"
    for answer in (admin_client.get(page, follow=True), admin_client.post(page, {"post": "yes"}, follow=True)):
        text = answer.content.decode()
        assert "has articles in it and is not deleted" in text
        assert f"{LIST}?section__id__exact={section.pk}" in text
    assert Section.objects.filter(pk=section.pk).exists()

    empty = a_section("empty")
    admin_client.post(f"/admin/articles/section/{empty.pk}/delete/", {"post": "yes"})
    assert not Section.objects.filter(pk=empty.pk).exists()
