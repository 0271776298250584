"""Notes that colleagues leave each other with an article, until somebody ticks them off."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, transaction
from django.test import Client

from articles.models import Article, PartnerItem, Step

from .make import NOW, an_article, an_author, somebody_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(at: Callable[[datetime], None]) -> None:
    at(NOW)


@pytest.fixture
def desk(client: Client) -> Client:
    """Eve's browser."""
    client.force_login(somebody_in("Editors", "eve@example.org"))
    return client


def a_note(note: str = "Ask the minister.", article: Article | None = None) -> Step:
    article = article or an_article("Ferries", published=None)
    return article.steps.create(kind=Step.Kind.NOTE, note=note, at=NOW - timedelta(hours=1))


def address(note: Step) -> str:
    return f"/admin/articles/article/{note.article_id}/notes/{note.pk}/done/"


def test_a_note_stands_on_the_desk_until_it_is_ticked_off_and_can_be_opened_again(desk):
    note = a_note()
    assert desk.get("/admin/").context["desk"].notes == (note,)

    desk.post(address(note))
    first = desk.get("/admin/").context["desk"]
    assert (first.notes, first.done) == ((), (note,))
    note.refresh_from_db()
    assert (note.done_at, str(note.done_by)) == (NOW, "eve@example.org")
    assert LogEntry.objects.get().get_change_message() == "Note ticked off: Ask the minister."

    desk.post(address(note), {"open": "1"})
    assert desk.get("/admin/").context["desk"].notes == (note,)
    note.refresh_from_db()
    assert (note.done_at, note.done_by) == (None, None)


def test_whoever_ticked_it_off_first_stays_known(desk):
    note = a_note()
    note.tick_off(by=None, at=NOW - timedelta(minutes=5))
    desk.post(address(note))
    note.refresh_from_db()
    assert (note.done_at, note.done_by) == (NOW - timedelta(minutes=5), None)


def test_what_was_ticked_off_leaves_the_desk_after_a_day(desk):
    a_note().tick_off(by=None, at=NOW - timedelta(days=1, minutes=1))
    first = desk.get("/admin/").context["desk"]
    assert (first.notes, first.done) == ((), ())


def test_notes_are_ticked_off_with_the_article_and_its_story_says_by_whom(desk):
    note = a_note("Check <b>his</b> name.")
    other = a_note("Call back.", note.article)
    page = desk.get(f"/admin/articles/article/{note.article_id}/change/")
    assert "Check &lt;b&gt;his&lt;/b&gt; name." in page.content.decode()
    form = page.context["adminform"].form
    typed = {name: value for name in form.fields if (value := form.get_initial_for_field(form[name].field, name))}

    desk.post(page.request["PATH_INFO"], typed | {"section": note.article.section_id, "done": [note.pk]})

    note.refresh_from_db()
    other.refresh_from_db()
    assert (note.done_at, other.done_at) == (NOW, None)
    assert "Done: 17 November 2026" in desk.get(page.request["PATH_INFO"]).content.decode()


def test_authors_tick_off_what_stands_with_their_own_articles_only(client):
    walter = somebody_in("Authors", "walter@example.org")
    own = an_author("Walter Vale")
    own.account = walter
    own.save()
    mine = a_note(article=an_article("Mine", published=None, by=own))
    theirs = a_note(article=an_article("Theirs", published=None, by=an_author("Somebody Else")))
    client.force_login(walter)

    assert client.post(address(mine)).status_code == 302
    assert client.post(address(theirs)).status_code == 404
    assert client.get(address(mine)).status_code == 405
    assert list(Step.objects.open_notes()) == [theirs]


def test_only_notes_are_ticked_off(desk):
    article = an_article("Ferries", published=None)
    step = article.steps.create(kind=Step.Kind.BEGUN, at=NOW)
    assert desk.post(address(step)).status_code == 404
    with pytest.raises(IntegrityError), transaction.atomic():
        Step.objects.filter(pk=step.pk).update(done_at=NOW)


# --- Beside them on the first page ---------------------------------------------------------------------------


def test_the_desk_names_partner_items_that_end_soon_to_those_who_see_to_them(desk, client):
    for headline, days in (("Later", 13), ("Next", 2), ("Far off", 15), ("Over", -1)):
        ends = NOW + timedelta(days=days)
        PartnerItem.objects.create(
            organisation="A bank",
            headline=headline,
            is_political=False,
            starts_at=NOW - timedelta(days=9),
            ends_at=ends,
        )
    PartnerItem.objects.create(organisation="A bank", headline="Draft", is_ready=False, ends_at=NOW + timedelta(days=1))

    assert [one.headline for one in desk.get("/admin/").context["desk"].partners] == ["Next", "Later"]
    client.force_login(somebody_in("Authors", "walter@example.org"))
    assert client.get("/admin/").context["desk"].partners == ()
