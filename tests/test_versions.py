"""Every version of an article: kept with who and when, compared, brought back, and read by the desk alone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles.changes import Piece, rows
from articles.models import Article, ArticleVersion, FullText, Topic
from articles.models.version import keep_version
from readers.models import User

from .make import NOW, TOMORROW, YESTERDAY, a_reader, a_section, an_article, an_author, somebody_in
from .test_desk import ADD, a_picture, as_typed, fields, page_of

pytestmark = pytest.mark.django_db
ONE, TWO = "<p>One is for everyone.</p>", "<p>Two is new here.</p>"


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


def versions_of(article: Article) -> str:
    return f"/admin/articles/article/{article.pk}/versions/"


def numbers(article: Article) -> list[int]:
    return [one.number for one in ArticleVersion.objects.filter(article=article).order_by("number")]


def test_every_save_keeps_a_version_with_who_and_when(desk, eve, at):
    desk.post(ADD, fields(text=ONE))
    article = Article.objects.get()
    at(NOW + timedelta(hours=1))
    desk.post(page_of(article), as_typed(article, text=TWO))

    kept = ArticleVersion.objects.order_by("number")
    assert [(one.number, one.html, one.saved_by, one.saved_at) for one in kept] == [
        (1, ONE, eve, NOW),
        (2, TWO, eve, NOW + timedelta(hours=1)),
    ]


def test_saving_the_same_again_keeps_no_further_version(desk):
    desk.post(ADD, fields(text=ONE))
    article = Article.objects.get()
    desk.post(page_of(article), as_typed(article, text=ONE))

    assert numbers(article) == [1]


@pytest.mark.parametrize(
    "change", [{"headline": "Another"}, {"kicker": "Analysis"}, {"is_free": "on"}, {"signed_by": []}, {"slug": "other"}]
)
def test_what_stands_around_the_text_is_kept_too(desk, change):
    desk.post(ADD, fields(text=ONE))
    article = Article.objects.get()

    desk.post(page_of(article), as_typed(article, text=ONE, **change))

    assert numbers(article) == [1, 2]


def test_what_was_there_before_the_desk_kept_versions_is_the_first_one(desk):
    article = an_article(text=ONE, published=None)

    desk.post(page_of(article), as_typed(article, text=TWO))

    first, second = ArticleVersion.objects.order_by("number")
    assert (first.html, first.saved_by, second.html) == (ONE, None, TWO)


def test_a_preview_keeps_none(desk):
    article = an_article(text=ONE, published=None)

    desk.post(f"/admin/articles/article/{article.pk}/preview/", as_typed(article, text=TWO))

    assert not ArticleVersion.objects.exists()


def test_changes_after_publication_are_marked_and_listed_and_others_are_not(desk):
    article = an_article(text=ONE, published=None)
    desk.post(page_of(article), as_typed(article, text=ONE, headline="Before it was out"))
    article.refresh_from_db()
    article.publish(at=NOW)
    desk.post(page_of(article), as_typed(article, text=ONE, topics=[Topic.objects.create(name="T", slug="t").pk]))
    desk.post(page_of(article), as_typed(article, text=TWO))

    marked = ArticleVersion.objects.after_publication()
    assert [one.number for one in marked] == [4]
    assert article.steps.filter(kind="updated").count() == 1
    page = desk.get(f"{versions_of(article)}?after").content.decode()
    assert "Version 4" in page
    assert "Version 3" not in page
    assert "Changed after publication: 1" in page


def test_two_versions_stand_side_by_side_with_what_differs_marked(desk):
    desk.post(ADD, fields(text="<p>The river is the Sava.</p><p>It is long.</p>"))
    article = Article.objects.get()
    desk.post(
        page_of(article), as_typed(article, text="<p>The river is the Drava.</p><p>It is long.</p>", is_free="on")
    )

    page = desk.get(f"{versions_of(article)}2/").content.decode()

    assert "<del>Sava.</del>" in page
    assert "<ins>Drava.</ins>" in page
    assert '<tr class="same"><td lang="en">It is long.</td>' in page
    assert '<th scope="row">Free to read</th>' in page
    same = desk.get(f"{versions_of(article)}1/?with=2").content.decode()
    assert "<ins>Drava.</ins>" in same
    assert "1 paragraph differs." in page


def test_a_moved_wall_an_exchanged_picture_and_another_address_are_differences():
    assert rows('<p>a</p><hr class="wall"><p>b</p>', '<p>a</p><p>b</p><hr class="wall">')
    told = rows(
        '<figure data-picture="1"><figcaption>c</figcaption></figure>',
        '<figure data-picture="2"><figcaption>c</figcaption></figure>',
    )
    assert told[0].before == (Piece("same", "[Picture "), Piece("gone", "1] "), Piece("same", "c"))
    assert [
        one.is_same
        for one in rows('<p><a href="https://a.example/">x</a></p>', '<p><a href="https://b.example/">x</a></p>')
    ] == [False]


def test_a_version_that_differs_only_in_bold_letters_says_so(desk):
    desk.post(ADD, fields(text="<p>It is long.</p>"))
    article = Article.objects.get()
    desk.post(page_of(article), as_typed(article, text="<p>It is <strong>long</strong>.</p>"))

    assert "The words are the same" in desk.get(f"{versions_of(article)}2/").content.decode()


def test_an_earlier_version_is_brought_back_as_a_new_one_and_nothing_is_lost(desk, eve):
    picture, ana, bo = a_picture(), an_author("Ana Novak"), an_author("Bo Lind")
    tech = a_section("tech")
    desk.post(ADD, fields(text=ONE, headline="First", hero=picture.pk, section=tech.pk, signed_by=[ana.pk, bo.pk]))
    article = Article.objects.get()
    desk.post(page_of(article), as_typed(article, text=TWO, headline="Second", slug="second", signed_by=[bo.pk]))

    answer = desk.post(f"{versions_of(article)}1/restore/")

    assert answer.url == page_of(article)
    article.refresh_from_db()
    assert (article.headline, article.hero, article.section) == ("First", picture, tech)
    assert article.signed_by == [ana, bo]
    assert FullText.objects.get().html == ONE
    assert article.teaser == ONE
    assert article.slug == "second", "the address stays: others may link to it"
    third = ArticleVersion.objects.first()
    assert (third.number, third.note, third.saved_by) == (3, "Version 1 brought back", eve)
    assert numbers(article) == [1, 2, 3]


def test_what_is_gone_is_left_out_and_named(desk):
    picture, ana = a_picture(), an_author("Ana Novak")
    desk.post(ADD, fields(text=ONE, hero=picture.pk, signed_by=[ana.pk]))
    article = Article.objects.get()
    desk.post(page_of(article), as_typed(article, text=TWO, hero="", signed_by=[]))
    picture.delete()
    ana.delete()

    page = desk.post(f"{versions_of(article)}1/restore/", follow=True).content.decode()

    assert "Gone meanwhile" in page
    assert "“Ana Novak” (authors)" in page
    article.refresh_from_db()
    assert (article.hero, article.signed_by) == (None, [])


def test_what_is_published_cannot_be_brought_back_to_what_lacks_something(desk):
    article = an_article(text=ONE, published=None, standfirst="")
    keep_version(article, by=None, at=YESTERDAY)
    article.standfirst = "Now it has one."
    article.save()
    article.publish(at=YESTERDAY)

    page = desk.post(f"{versions_of(article)}1/restore/", follow=True).content.decode()

    assert "Not brought back: Write a standfirst" in page
    assert Article.objects.get().standfirst == "Now it has one."


def test_a_version_is_looked_at_as_readers_saw_it_and_nothing_changes(desk):
    desk.post(ADD, fields(text="<p>a</p><p>b</p><p>The old words.</p>", headline="First"))
    article = Article.objects.get()
    desk.post(page_of(article), as_typed(article, text=TWO, headline="Second"))

    page = desk.get(f"{versions_of(article)}1/?shown&as=subscriber").content.decode()
    assert "The old words." in page
    assert "<strong>Version 1 as a subscriber</strong>" in page
    assert "The old words." not in desk.get(f"{versions_of(article)}1/?shown&as=visitor").content.decode()
    assert Article.objects.get().headline == "Second"
    assert numbers(article) == [1, 2]


@pytest.mark.parametrize("query", ["with=99999999999", "with=x", "with=²", "with=-1", "shown&as=nobody"])
def test_hostile_questions_are_answered_calmly(desk, query):
    desk.post(ADD, fields(text=ONE))
    article = Article.objects.get()

    assert desk.get(f"{versions_of(article)}1/?{query}").status_code in (200, 404)
    assert desk.get(f"{versions_of(article)}99/").status_code == 404
    assert desk.get(f"{versions_of(article)}1/restore/").status_code == 405


def test_versions_are_for_whoever_sees_the_article_at_the_desk(desk):
    article = an_article(text=ONE, published=None, by=an_author("Somebody Else"))
    keep_version(article, by=None, at=NOW)
    walter = somebody_in("Authors", "walter@example.org")
    own = an_author("Walter Vale")
    own.account = walter
    own.save()
    others = [walter, somebody_in("Subscription desk", "dora@example.org"), a_reader()]
    for user in others:
        client = Client()
        client.force_login(user)
        for page in ("", "1/", "1/?shown&as=subscriber"):
            assert client.get(versions_of(article) + page).status_code in (302, 403, 404), (user, page)
        assert client.post(f"{versions_of(article)}1/restore/").status_code in (302, 403, 404)
    assert numbers(article) == [1]


def test_a_list_of_versions_costs_the_same_however_long_it_is_and_loads_no_text(desk):
    article = an_article(text=ONE, published=None)
    costs = []
    for count in range(4):
        article.headline = f"Headline {count}"
        article.save()
        keep_version(article, by=None, at=TOMORROW)
        with CaptureQueriesContext(connection) as asked:
            desk.get(versions_of(article))
        costs.append(len(asked))
        assert not [one for one in asked.captured_queries if '"articles_articleversion"."html"' in one["sql"]]
    assert costs[1] == costs[3] < 12


def test_every_field_that_is_kept_is_one_of_the_article() -> None:
    from articles.models.version import SHOWN_TO_READERS, said_by

    article = an_article()
    said: dict[str, Any] = said_by(article)
    assert set(SHOWN_TO_READERS) <= set(said)
    assert all(hasattr(article, name) for name in said)
