"""Who works on what: authors on their own drafts, editors on everybody's; and names with accounts behind them."""

from typing import Any

import pytest
from django.test import Client

from articles.models import Article, Author
from readers.models import User
from tests.security.routes import routes

from .make import NOW, a_reader, an_article, an_author, somebody_in
from .test_desk import as_typed, fields, page_of

pytestmark = pytest.mark.django_db
LIST, ADD = "/admin/articles/article/", "/admin/articles/article/add/"


@pytest.fixture(autouse=True)
def _now(at: Any) -> None:
    at(NOW)


@pytest.fixture
def ana() -> User:
    """Ana writes under her own name."""
    person = somebody_in("Authors", "ana@example.org")
    Author.objects.filter(pk=an_author("Ana Novak").pk).update(account=person)
    return person


@pytest.fixture
def desk(ana: User) -> Client:
    return signed_in(ana)


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    return client


# --- Authors: their own drafts ---------------------------------------------------------------------------


def test_an_author_finds_only_what_is_signed_with_the_authors_name(desk: Client) -> None:
    an_article("By Ana", published=None)
    an_article("By Zita", by=an_author("Zita Zabel"), published=None)

    page = desk.get(LIST).content.decode()

    assert "By Ana" in page
    assert "By Zita" not in page


def test_the_draft_of_a_colleague_answers_as_if_it_were_not_there(desk: Client) -> None:
    draft = an_article("By Zita", by=an_author("Zita Zabel"), published=None)
    missing = page_of(draft).replace(str(draft.pk), "999999")
    for end in ("change/", "history/", "delete/"):
        there, nowhere = (desk.get(one.removesuffix("change/") + end) for one in (page_of(draft), missing))
        assert there.status_code == nowhere.status_code == 302
    preview = f"{page_of(draft).removesuffix('change/')}preview/?as=subscriber"
    assert desk.get(preview).status_code == 404
    desk.post(page_of(draft), as_typed(draft, headline="Mine now"))
    draft.refresh_from_db()
    assert draft.headline == "By Zita"


def test_an_author_changes_and_deletes_a_draft_and_nothing_that_is_public(desk: Client) -> None:
    draft, public = an_article("A draft", published=None), an_article("Out")
    desk.post(page_of(draft), as_typed(draft, headline="A better draft"))
    draft.refresh_from_db()
    assert draft.headline == "A better draft"
    assert desk.get(page_of(public)).status_code == 200
    assert desk.post(page_of(public), as_typed(public, headline="Changed")).status_code == 403
    assert desk.post(f"{page_of(public).removesuffix('change/')}delete/", {"post": "yes"}).status_code == 403
    assert desk.post(f"{page_of(draft).removesuffix('change/')}delete/", {"post": "yes"}).status_code == 302
    assert list(Article.objects.all()) == [public]


def test_an_author_does_not_publish(desk: Client) -> None:
    draft = an_article("A draft", published=None)
    assert desk.post(page_of(draft), as_typed(draft, verb="publish")).status_code == 403
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_whoever_begins_an_article_stands_under_it_and_cannot_sign_it_away(desk: Client) -> None:
    zita = an_author("Zita Zabel")
    desk.post(ADD, fields(signed_by=[zita.pk]))
    article = Article.objects.get()
    assert [author.name for author in article.signed_by] == ["Ana Novak", "Zita Zabel"]
    desk.post(page_of(article), as_typed(article, signed_by=[zita.pk]))
    assert len(Article.objects.get().signed_by) == 2


def test_an_author_without_a_name_begins_nothing_and_sees_nothing() -> None:
    an_article()
    nameless = signed_in(somebody_in("Authors"))
    assert nameless.get(ADD).status_code == 403
    assert "Ministers agree" not in nameless.get(LIST).content.decode()


def test_an_author_may_relate_to_what_is_public_but_not_to_a_colleagues_draft(desk: Client) -> None:
    an_article("Bridge out", by=an_author("Zita Zabel"))
    an_article("Bridge draft", by=an_author("Zita Zabel"), published=None)
    asked = {"app_label": "articles", "model_name": "article", "field_name": "related", "term": "bridge"}
    found = desk.get("/admin/autocomplete/", asked).json()["results"]
    assert [one["text"] for one in found] == ["Bridge out"]


def test_no_page_of_the_desk_shows_a_colleagues_draft_and_none_changes_it(desk: Client) -> None:
    draft = an_article("Unheardof", text="<p>Quoshword.</p>", by=an_author("Zita Zabel"), published=None)
    draft.steps.create(kind="note", at=NOW, note="Quoshnote")
    ours = [route for route in routes() if route.name.startswith(("articles_article", "index", "autocomplete"))]
    assert len(ours) > 12
    for route in ours:
        path = route.path(dict.fromkeys(route.arguments, str(draft.pk)))
        if "<" in path or path.startswith("/admin/r/"):
            continue
        for query in ("", "?q=unheardof", "?q=quoshword", "?as=subscriber", "?draft=1"):
            answer = desk.get(path + query)
            said = answer.content.decode() if not answer.streaming else ""
            for word in ("Unheardof", "Quoshword", "Quoshnote"):
                assert word not in said, (path + query, answer.status_code)
        desk.post(path, as_typed(draft, headline="Mine now", verb="publish"))
    draft.refresh_from_db()
    assert (draft.headline, draft.status) == ("Unheardof", "draft")
    assert not draft.share_links.exists()


@pytest.mark.parametrize("group", ["Editors", "Chief editors"])
def test_editors_find_and_change_everybodys_articles(group: str) -> None:
    draft = an_article("By Zita", by=an_author("Zita Zabel"), published=None)
    desk = signed_in(somebody_in(group))
    assert "By Zita" in desk.get(LIST).content.decode()
    desk.post(page_of(draft), as_typed(draft, headline="Edited"))
    draft.refresh_from_db()
    assert draft.headline == "Edited"


@pytest.mark.parametrize(("group", "leads"), [("Editors", False), ("Chief editors", True)])
def test_only_the_chief_editor_marks_what_leads_the_front_page(group: str, leads: bool) -> None:
    article = an_article()
    signed_in(somebody_in(group)).post(page_of(article), as_typed(article, leads_front="on"))
    article.refresh_from_db()
    assert article.leads_front is leads


# --- Names and accounts ----------------------------------------------------------------------------------


def own_page(author: Author) -> str:
    return f"/admin/articles/author/{author.pk}/change/"


def test_authors_write_their_own_page_and_nobody_elses(desk: Client) -> None:
    mine, other = an_author("Ana Novak"), an_author("Zita Zabel")
    written = {"bio": "Writes about water.", "name": "The Chief", "slug": "chief", "is_guest": "on"}
    assert desk.post(own_page(mine), written | {"account_address": "zita@example.org"}).status_code == 302
    assert desk.get(own_page(other)).status_code == 302
    assert desk.post(own_page(other), written).status_code == 302
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.bio, mine.name, mine.slug, mine.is_guest) == ("Writes about water.", "Ana Novak", "ana-novak", False)
    assert mine.account
    assert mine.account.email == "ana@example.org"
    assert other.bio == ""


def test_an_editor_says_which_account_writes_under_a_name(ana: User) -> None:
    editor, zita = signed_in(somebody_in("Editors")), an_author("Zita Zabel")
    writes = somebody_in("Authors", "zita@example.org")
    page = {"name": zita.name, "slug": zita.slug}

    editor.post(own_page(zita), page | {"account_address": "Zita@Example.org"})
    zita.refresh_from_db()
    assert zita.account == writes
    assert 'value="zita@example.org"' in editor.get(own_page(zita)).content.decode()

    a_reader("reader@example.org")
    for address, words in (("reader@example.org", "Nobody on the staff"), (ana.email, "writes as Ana Novak already")):
        assert words in editor.post(own_page(zita), page | {"account_address": address}).content.decode()

    editor.post(own_page(zita), page | {"account_address": ""})
    zita.refresh_from_db()
    assert zita.account is None
