"""What we got wrong: said on the article, in feeds and to machines; and what was withdrawn says so for good."""

import json
import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles import search
from articles.models import Article, Correction
from readers.models import User
from tests.make import NOW, TOMORROW, YESTERDAY, a_reader, an_article, somebody_in
from tests.test_desk import as_typed, page_of

pytestmark = pytest.mark.django_db
NOTE = "The bridge costs 9 million euro, not 90."


@pytest.fixture(autouse=True)
def _now(at: Any) -> None:
    at(NOW)


@pytest.fixture
def editor() -> User:
    return somebody_in("Chief editors")


@pytest.fixture
def desk(editor: User) -> Client:
    client = Client()
    client.force_login(editor, "django.contrib.auth.backends.ModelBackend")
    return client


def facts_of(page: str) -> dict[str, Any]:
    found = [json.loads(one) for one in re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)]
    return next(one for one in found if "headline" in one)


# --- Corrections --------------------------------------------------------------------------------------


def test_a_correction_stands_above_the_text_for_everybody() -> None:
    article = an_article()
    article.correct(NOTE, by=None, at=NOW, said="90 million", says_now="9 million")
    page = Client().get(article.get_absolute_url()).content.decode()
    assert page.index("Corrected on 17 November 2026.") < page.index("The first paragraph is for everyone.")
    assert NOTE in page
    assert "<del>90 million</del>" in page
    assert "<ins>9 million</ins>" in page


def test_machines_are_told_of_the_correction_and_of_the_day() -> None:
    article = an_article()
    article.correct(NOTE, by=None, at=NOW)
    facts = facts_of(Client().get(article.get_absolute_url()).content.decode())
    assert facts["correction"] == [{"@type": "CorrectionComment", "text": NOTE, "datePublished": NOW.isoformat()}]
    assert facts["dateModified"] > facts["datePublished"]
    assert "correction" not in facts_of(Client().get(an_article("Another").get_absolute_url()).content.decode())


def test_an_article_without_a_correction_costs_no_further_query() -> None:
    plain, corrected = an_article("Plain"), an_article("Corrected")
    corrected.correct(NOTE, by=None, at=NOW)
    assert queries_of(corrected) == queries_of(plain) + 1


def queries_of(article: Article) -> int:
    with CaptureQueriesContext(connection) as asked:
        Client().get(article.get_absolute_url())
    return len(asked)


def test_feeds_carry_the_correction_with_its_article_and_in_a_feed_of_their_own() -> None:
    article = an_article()
    article.correct(NOTE, by=None, at=NOW)
    (item,) = Client().get("/feed.json").json()["items"]
    assert item["content_html"].startswith(f"<p><em>Correction of 17 November 2026: {NOTE}</em></p>")
    (told,) = Client().get("/corrections/feed.json").json()["items"]
    assert told["title"] == f"Correction: {article.headline}"
    assert told["url"].endswith(article.get_absolute_url())
    assert told["content_html"] == f"<p>{NOTE}</p>"
    assert b"<rss" in Client().get("/corrections/feed.xml").content


def test_corrections_of_what_is_not_public_are_not_public() -> None:
    an_article(published=None).correct(NOTE, by=None, at=NOW)
    an_article("Later", published=TOMORROW).correct(NOTE, by=None, at=NOW)
    assert not Correction.objects.public(at=NOW).exists()
    assert Client().get("/corrections/feed.json").json()["items"] == []


def test_an_editor_corrects_while_mending_the_text(desk: Client, editor: User) -> None:
    article = an_article()
    assert "Correct it in public" in desk.get(page_of(article)).content.decode()
    assert desk.post(page_of(article), as_typed(article, correction=f" {NOTE}\n", it_said="90")).status_code == 302
    made = Correction.objects.get()
    assert (made.note, made.said, made.made_by, made.published_at) == (NOTE, "90", editor, NOW)
    assert NOTE in desk.get(page_of(article)).content.decode()


def test_saving_without_a_note_corrects_nothing(desk: Client) -> None:
    article = an_article()
    desk.post(page_of(article), as_typed(article))
    assert not Correction.objects.exists()


def test_quoted_words_alone_are_no_correction(desk: Client) -> None:
    article = an_article()
    answer = desk.post(page_of(article), as_typed(article, it_said="90"))
    assert "what was wrong" in answer.content.decode()
    assert not Correction.objects.exists()


def test_a_draft_is_mended_in_silence(desk: Client) -> None:
    article = an_article(published=None)
    assert "Correct it in public" not in desk.get(page_of(article)).content.decode()
    desk.post(page_of(article), as_typed(article, correction=NOTE))
    assert not Correction.objects.exists()


def test_the_preview_shows_the_correction_and_keeps_nothing(desk: Client) -> None:
    article = an_article()
    page = desk.post(
        f"{page_of(article).removesuffix('change/')}preview/?as=visitor", as_typed(article, correction=NOTE)
    )
    assert NOTE in page.content.decode()
    assert not Correction.objects.exists()


def test_a_correction_cannot_be_deleted_but_its_words_can_be_mended(desk: Client) -> None:
    made = an_article().correct(NOTE, by=None, at=NOW)
    page = f"/admin/articles/correction/{made.pk}/"
    assert desk.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    desk.post(f"{page}change/", {"note": "Nine million.", "said": "", "says_now": ""})
    made.refresh_from_db()
    assert (made.note, made.published_at) == ("Nine million.", NOW)


# --- Withdrawal ------------------------------------------------------------------------------------------


@pytest.fixture
def withdrawn() -> Article:
    article = an_article("A bridge that never was", standfirst="Zeppelins over the river.")
    article.withdraw(by=None, at=NOW, because="A source had invented it.\nWe should have asked a second one.")
    return article


def test_a_withdrawn_article_says_so_and_why_and_is_gone_for_machines(withdrawn: Article) -> None:
    answer = Client().get(withdrawn.get_absolute_url())
    page = answer.content.decode()
    assert answer.status_code == 410
    assert "A source had invented it." in page
    assert "We published this article on 16 November 2026 and withdrew it on 17 November 2026." in page
    assert '<meta name="robots" content="noindex">' in page
    for words in ("The first paragraph", "canaryword", "Zeppelins", "application/ld+json", "og:title"):
        assert words not in page


def test_its_older_addresses_lead_to_what_it_says(withdrawn: Article) -> None:
    withdrawn.move_to("elsewhere")
    for old in ("/climate/a-bridge-that-never-was/", "/economy/elsewhere/"):
        answer = Client().get(old)
        assert (answer.status_code, answer["Location"]) == (301, "/climate/elsewhere/")


def test_it_is_nowhere_else_any_more(withdrawn: Article) -> None:
    for path in (
        "/",
        "/climate/",
        "/latest/",
        "/feed.xml",
        "/authors/ana-novak/",
        "/archive/2026/11/",
        "/sitemap-news.xml",
    ):
        assert "never" not in Client().get(path).content.decode(), path
    assert Client().get("/sitemap-2026.xml").status_code == 404
    found = search.results(search.question("zeppelins"), None, at=NOW)
    assert not found.hits


def test_the_feed_of_corrections_tells_of_the_withdrawal(withdrawn: Article) -> None:
    (told,) = Client().get("/corrections/feed.json").json()["items"]
    assert told["title"] == "Withdrawn: A bridge that never was"


def test_a_withdrawal_needs_a_reason_and_something_public() -> None:
    with pytest.raises(ValidationError):
        an_article().withdraw(by=None, at=NOW, because="  ")
    with pytest.raises(ValidationError):
        an_article("Draft", published=None).withdraw(by=None, at=NOW, because="x")
    with pytest.raises(ValidationError):
        an_article("Later", published=TOMORROW).withdraw(by=None, at=NOW, because="x")


def test_the_database_knows_no_withdrawal_without_its_reason() -> None:
    article = an_article()
    with pytest.raises(IntegrityError), transaction.atomic():
        Article.objects.filter(pk=article.pk).update(status="withdrawn", withdrawn_at=NOW)


def test_what_was_put_back_stands_where_it_stood(withdrawn: Article) -> None:
    withdrawn.put_back()
    assert Client().get(withdrawn.get_absolute_url()).status_code == 200
    assert (withdrawn.published_at, withdrawn.withdrawn_at, withdrawn.withdrawn_because) == (YESTERDAY, None, "")


def test_a_chief_editor_withdraws_with_a_reason_and_can_undo_it(desk: Client, editor: User) -> None:
    article = an_article()
    withdraw = f"{page_of(article).removesuffix('change/')}withdraw/"
    assert withdraw in desk.get(page_of(article)).content.decode()
    assert "This field is required" in desk.post(withdraw, {"because": ""}).content.decode()
    assert desk.post(withdraw, {"because": "Invented."}).status_code == 302
    article.refresh_from_db()
    assert (article.status, article.withdrawn_by, article.withdrawn_because) == ("withdrawn", editor, "Invented.")
    page = desk.get(page_of(article)).content.decode()
    assert "Withdrawn 17 November 2026" in page
    assert "Publish now" not in page
    desk.post(f"{page_of(article).removesuffix('change/')}put-back/")
    article.refresh_from_db()
    assert article.is_published(at=NOW)


def test_nobody_else_withdraws() -> None:
    article = an_article()
    for group in ("Subscription desk", "Authors", "Editors"):
        clerk = Client()
        colleague = somebody_in(group, f"{group[:3].lower()}@example.org")
        clerk.force_login(colleague, "django.contrib.auth.backends.ModelBackend")
        assert clerk.post(f"{page_of(article).removesuffix('change/')}withdraw/", {"because": "x"}).status_code == 403
    reader = Client()
    reader.force_login(a_reader(), "django.contrib.auth.backends.ModelBackend")
    assert reader.post(f"{page_of(article).removesuffix('change/')}withdraw/", {"because": "x"}).status_code == 302
    article.refresh_from_db()
    assert article.status == "published"


def test_saving_a_withdrawn_article_leaves_it_withdrawn(desk: Client, withdrawn: Article) -> None:
    assert desk.post(page_of(withdrawn), as_typed(withdrawn)).status_code == 302
    withdrawn.refresh_from_db()
    assert withdrawn.status == "withdrawn"
