"""The editor's desk: writing, previewing, publishing, scheduling, taking back."""

import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from articles.admin.article import in_words
from articles.models import Article, Author, FormerAddress, FullText, Picture

from .make import NOW, TEXT, TOMORROW, YESTERDAY, a_reader, a_section, an_article, an_author, somebody_in

pytestmark = pytest.mark.django_db
LIST = "/admin/articles/article/"
ADD = "/admin/articles/article/add/"


@pytest.fixture(autouse=True)
def _now(at: Callable[[datetime], None]) -> None:
    at(NOW)


@pytest.fixture
def desk(client: Client) -> Client:
    """Eve's browser."""
    client.force_login(somebody_in("Editors", "eve@example.org"))
    return client


def page_of(article: Article) -> str:
    return f"/admin/articles/article/{article.pk}/change/"


def fields(**changes: Any) -> dict[str, Any]:
    """What the form of an article sends."""
    return {
        "headline": "Ferries return to the fjord",
        "slug": "ferries-return",
        "standfirst": "After eleven years, boats again.",
        "section": a_section().pk,
        "kicker": "",
        "language": "en",
        "text": TEXT,
        "signed_by": [an_author().pk],
        "hero": "",
        "hero_caption": "",
        "publish_at": "",
    } | changes


def as_typed(article: Article, **changes: Any) -> dict[str, Any]:
    return fields(headline=article.headline, slug=article.slug, standfirst=article.standfirst) | changes


def errors_in(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


def a_picture(**changes: Any) -> Picture:
    buffer = io.BytesIO()
    Image.new("RGB", (700, 400), "teal").save(buffer, "JPEG")
    values = {"alt": "A ferry", "caption": "The ferry", "credit": "Photo: Nils Berg"} | changes
    picture = Picture(original=ContentFile(buffer.getvalue(), name="ferry.jpg"), **values)
    picture.save()
    picture.make_renditions()
    return picture


# --- Writing ---------------------------------------------------------------------------------------


def test_save_draft_keeps_everything_and_shows_it_to_nobody(desk):
    answer = desk.post(ADD, fields(is_free="on", kicker="Analysis"))

    article = Article.objects.get(slug="ferries-return")
    assert answer.url == page_of(article)
    assert article.status == Article.Status.DRAFT
    assert article.is_free
    assert article.kicker == "Analysis"
    assert [byline.author for byline in article.bylines.all()] == [an_author()]
    assert FullText.objects.get(article=article).html == TEXT
    assert article.teaser == "<p>The first paragraph is for everyone.</p><p>So is the second one.</p>"
    assert desk.get(article.get_absolute_url()).status_code == 404


def test_the_page_shows_what_was_written(desk):
    article = an_article(text="<p>One &amp; two.</p>", published=None)

    form = desk.get(page_of(article)).context["adminform"].form
    assert form["text"].value() == "<p>One &amp; two.</p>"
    assert form["signed_by"].value() == [an_author().pk]


def test_names_stand_in_the_order_in_which_they_were_chosen(desk):
    zoe, ana, bo = an_author("Zoe Last"), an_author("Ana Novak"), an_author("Bo Lind")

    desk.post(ADD, fields(signed_by=[zoe.pk, "", ana.pk, bo.pk, ana.pk]))

    article = Article.objects.get()
    assert [byline.author for byline in article.bylines.all()] == [zoe, ana, bo]
    page = desk.get(page_of(article)).content.decode()
    assert re.findall(r'<option value="(\d+)" selected>(?:Zoe|Ana|Bo)', page) == [
        str(author.pk) for author in (zoe, ana, bo)
    ]


def test_a_name_that_does_not_exist_is_refused(desk):
    assert "signed_by" in errors_in(desk.post(ADD, fields(signed_by=["999999"])))


def test_without_an_address_one_is_made_from_the_headline(desk):
    desk.post(ADD, fields(slug=""))
    desk.post(ADD, fields(slug=""))
    desk.post(ADD, fields(slug="", headline="⛴⛴⛴"))

    assert set(Article.objects.values_list("slug", flat=True)) == {
        "ferries-return-to-the-fjord",
        "ferries-return-to-the-fjord-2",
        "article",
    }


@pytest.mark.parametrize("slug", ["⛴-ferries", "two words", "a/b", "x" * 121, "<script>"])
def test_an_address_that_is_none_is_refused(desk, slug):
    assert "slug" in errors_in(desk.post(ADD, fields(slug=slug)))


def test_an_address_that_exists_is_refused_and_nothing_typed_is_lost(desk):
    an_article(slug="ferries-return")

    answer = desk.post(ADD, fields(text="<p>Long work.</p>"))

    assert errors_in(answer)["slug"] == ["Another article has this address already; please choose a different one."]
    assert "&lt;p&gt;Long work.&lt;/p&gt;" in answer.content.decode()


def test_an_address_that_old_links_use_is_refused(desk):
    article = an_article(slug="old")
    article.move_to("new")

    assert errors_in(desk.post(ADD, fields(slug="old")))["slug"] == [
        "Old links with this address lead to “Ministers agree on a bridge”; please choose a different one."
    ]


def test_a_new_address_of_a_published_article_keeps_the_old_one(desk):
    article = an_article(slug="old")

    desk.post(page_of(article), as_typed(article, slug="new"))

    assert Article.objects.get().slug == "new"
    assert FormerAddress.objects.get().slug == "old"
    assert desk.get("/climate/old/").url == "/climate/new/"


def test_a_new_address_of_a_draft_leaves_no_trace(desk):
    article = an_article(slug="old", published=None)

    desk.post(page_of(article), as_typed(article, slug="new"))

    assert Article.objects.get().slug == "new"
    assert not FormerAddress.objects.exists()


def test_a_headline_pasted_in_two_lines_stands_in_one(desk):
    desk.post(ADD, fields(headline="Ferries\r\n  return "))

    assert Article.objects.get().headline == "Ferries return"


def test_too_long_a_headline_is_refused_with_words(desk):
    assert "120" in errors_in(desk.post(ADD, fields(headline="x" * 200)))["headline"][0]


def test_html_in_the_text_is_cleaned_when_it_is_kept(desk):
    desk.post(ADD, fields(text='<p onclick="x()">a</p><script>alert(1)</script><a href="javascript:x()">b</a>'))

    assert FullText.objects.get().html == "<p>a</p><a>b</a>"


def test_html_in_every_other_field_is_shown_as_it_was_typed(desk):
    tag = "<script>alert(1)</script>"
    desk.post(ADD, fields(headline=tag, standfirst=tag, hero_caption=tag))
    article = Article.objects.get()

    assert article.headline == tag
    preview = reverse("admin:articles_article_preview", args=[article.pk])
    for address in (LIST, page_of(article), preview, f"{page_of(article)[:-7]}history/"):
        page = desk.get(address).content.decode()
        assert tag not in page
        assert "&lt;script&gt;" in page


def test_related_articles_are_found_by_every_word_of_them(desk):
    article = an_article()
    ask = "/admin/autocomplete/?app_label=articles&model_name=article&field_name=related&term="

    answer = desk.get(f"{ask}bridge").json()
    assert answer["results"] == [{"id": str(article.pk), "text": "Ministers agree on a bridge"}]
    assert desk.get(f"{ask}canaryword").json() == answer
    assert desk.get(f"{ask}elsewhere").json()["results"] == []


# --- Publishing --------------------------------------------------------------------------------------


def test_publish_now_puts_it_on_the_site_and_the_log_says_who(desk):
    desk.post(ADD, fields(verb="publish"))

    article = Article.objects.get()
    assert article.published_at == NOW
    assert desk.get(article.get_absolute_url()).status_code == 200
    assert LogEntry.objects.filter(change_message="Published 13:00.", user__email="eve@example.org").exists()


def test_publishing_without_a_headline_standfirst_or_text_names_what_is_missing(desk):
    answer = desk.post(ADD, fields(headline="", standfirst="", text="<p></p>", verb="publish"))

    assert set(errors_in(answer)) == {"headline", "standfirst", "text"}
    assert not Article.objects.exists()


def test_a_refused_publication_leaves_the_draft_and_everything_typed(desk):
    article = an_article(published=None)

    answer = desk.post(page_of(article), as_typed(article, standfirst="", text="<p>New words</p>", verb="publish"))

    assert errors_in(answer) == {"standfirst": ["Write a standfirst: it is what readers and search engines see."]}
    assert "&lt;p&gt;New words&lt;/p&gt;" in answer.content.decode()
    assert Article.objects.get().status == Article.Status.DRAFT


def test_a_moment_in_the_future_schedules_it_in_brussels_time(desk, at, client):
    desk.post(ADD, fields(verb="publish_at", publish_at="2026-11-18T09:00"))
    article = Article.objects.get()

    assert article.published_at.isoformat() == "2026-11-18T08:00:00+00:00"
    assert desk.get(article.get_absolute_url()).status_code == 404
    assert "Scheduled for 18 November 2026, 09:00 (in 20\xa0hours)" in desk.get(page_of(article)).content.decode()
    at(article.published_at)
    assert client.get(article.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("moment", ["2026-11-17T12:59", "2026-11-17T13:00", "1999-01-01T00:00"])
def test_a_moment_that_has_passed_is_refused(desk, moment):
    answer = desk.post(ADD, fields(verb="publish_at", publish_at=moment))

    assert errors_in(answer)["publish_at"] == ["This moment has passed. To publish at once, press “Publish now”."]
    assert "This moment has passed" in answer.content.decode()


def test_scheduling_without_a_moment_asks_for_it(desk):
    answer = desk.post(ADD, fields(verb="publish_at"))

    assert errors_in(answer) == {"publish_at": ["Choose the day and the time first."]}


@pytest.mark.parametrize("moment", ["tomorrow", "2026-13-45T99:99", "2027-03-28T02:30"])
def test_a_moment_that_does_not_exist_is_refused(desk, moment):
    assert "publish_at" in errors_in(desk.post(ADD, fields(verb="publish_at", publish_at=moment)))


def test_two_editors_do_not_write_over_each_other_unseen(desk):
    article = an_article(published=None)
    page = desk.get(page_of(article))
    began_with = page.context["adminform"].form.initial["began_with"]
    first = desk.post(page_of(article), as_typed(article, standfirst="What Anna wrote.", began_with=began_with))
    assert first.status_code == 302

    second = desk.post(page_of(article), as_typed(article, hero_caption="What Ben wrote.", began_with=began_with))
    assert "saved this article at" in second.content.decode()
    assert "What Ben wrote." in second.content.decode(), "nothing typed is lost"
    article.refresh_from_db()
    assert article.standfirst == "What Anna wrote."

    again = as_typed(article, hero_caption="What Ben wrote.")
    again["began_with"] = second.context["adminform"].form.data["began_with"]
    assert desk.post(page_of(article), again).status_code == 302


def test_take_back_makes_it_a_draft_again(desk):
    article = an_article()

    desk.post(page_of(article), as_typed(article, verb="take_back"))

    article.refresh_from_db()
    assert article.status == Article.Status.DRAFT
    assert desk.get(article.get_absolute_url()).status_code == 404
    assert LogEntry.objects.filter(change_message="Taken back.").exists()


def test_saving_a_published_article_does_not_move_its_date(desk):
    article = an_article()

    desk.post(page_of(article), as_typed(article, headline="A better headline"))

    article.refresh_from_db()
    assert (article.headline, article.published_at) == ("A better headline", YESTERDAY)


def test_a_published_article_is_not_saved_without_what_its_readers_need(desk):
    article = an_article()

    answer = desk.post(page_of(article), as_typed(article, standfirst="", text=""))

    assert set(errors_in(answer)) == {"standfirst", "text"}
    assert desk.post(page_of(article), as_typed(article, standfirst="", verb="take_back")).status_code == 302


def test_a_word_that_is_no_verb_only_saves(desk):
    desk.post(ADD, fields(verb="delete_everything"))

    assert Article.objects.get().status == Article.Status.DRAFT


def test_whoever_may_write_but_not_publish_can_do_neither_to_what_is_published(client):
    writer = a_reader("walter@example.org", is_staff=True)
    wanted = ["view_article", "add_article", "change_article", "delete_article"]
    writer.user_permissions.add(*Permission.objects.filter(codename__in=wanted))
    Author.objects.filter(pk=an_author().pk).update(account=writer)
    client.force_login(writer)
    draft, published = an_article("A draft", published=None), an_article("Out")

    page = client.get(page_of(draft)).content.decode()
    assert "Save draft" in page
    assert "Publish now" not in page
    assert client.post(page_of(draft), as_typed(draft, verb="publish")).status_code == 403
    assert client.post(page_of(published), as_typed(published)).status_code == 403
    assert client.post(page_of(published), as_typed(published, verb="take_back")).status_code == 403
    draft.refresh_from_db()
    assert draft.status == Article.Status.DRAFT


def test_what_was_ever_published_cannot_be_deleted(desk):
    draft, published = an_article("A draft", published=None), an_article("Out")
    published.take_back()

    assert desk.post(f"/admin/articles/article/{published.pk}/delete/", {"post": "yes"}).status_code == 403
    assert desk.post(f"/admin/articles/article/{draft.pk}/delete/", {"post": "yes"}).status_code == 302
    assert list(Article.objects.all()) == [published]


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (None, "Draft"),
        (NOW - timedelta(hours=1), "Published 12:00"),
        (datetime.fromisoformat("2026-11-16T22:59:00+00:00"), "Published 16 November 2026, 23:59"),
        (datetime.fromisoformat("2026-11-16T23:00:00+00:00"), "Published 00:00"),
        (NOW + timedelta(hours=3), "Scheduled for 17 November 2026, 16:00 (in 3\xa0hours)"),
        (TOMORROW, "Scheduled for 18 November 2026, 13:00 (in 1\xa0day)"),
    ],
)
def test_the_state_is_said_in_words(moment, words):
    assert in_words(an_article(published=moment), at=NOW) == words


# --- The list ----------------------------------------------------------------------------------------


def test_the_list_filters_by_state(desk):
    an_article("A draft", published=None)
    an_article("Out")
    an_article("Waiting", published=TOMORROW)

    def shown(state: str) -> list[str]:
        return [article.headline for article in desk.get(f"{LIST}?state={state}").context["cl"].result_list]

    assert shown("draft") == ["A draft"]
    assert shown("published") == ["Out"]
    assert shown("scheduled") == ["Waiting"]
    assert "Scheduled in 1\xa0day" in desk.get(LIST).content.decode()


def test_the_list_is_searched_by_headline_standfirst_text_address_and_author(desk):
    an_article("Ferries", standfirst="Boats again", slug="fjord", by=an_author("Nils Berg"))
    an_article("Trains")

    for term in ("ferries", "BOATS", "fjord", "nils"):
        found = desk.get(LIST, {"q": term}).context["cl"].result_list
        assert [article.headline for article in found] == ["Ferries"]
    assert len(desk.get(LIST, {"q": "canaryword"}).context["cl"].result_list) == 2
    assert desk.get(LIST, {"q": "x" * 5000}).status_code == 200


def test_the_list_asks_as_little_for_many_articles_as_for_few(desk, django_assert_num_queries):
    an_article("First")
    desk.get(LIST)
    with django_assert_num_queries(11):
        desk.get(LIST)
    for number in range(30):
        an_article(f"Number {number}", by=an_author(f"Author {number}"), section=a_section(f"section-{number}"))
    with django_assert_num_queries(11):
        desk.get(LIST)


# --- The preview ---------------------------------------------------------------------------------------


def preview_of(article: Article, who: str) -> str:
    return f"/admin/articles/article/{article.pk}/preview/?as={who}"


def test_the_preview_shows_what_each_reader_would_see(desk):
    article = an_article(published=None)

    visitor, subscriber = desk.get(preview_of(article, "visitor")), desk.get(preview_of(article, "subscriber"))

    assert "canaryword" not in visitor.content.decode()
    assert "paywall" in visitor.content.decode()
    assert "canaryword" in subscriber.content.decode()
    for answer in (visitor, subscriber):
        assert answer["Cache-Control"] == "private, no-store"
        assert "noindex" in answer["X-Robots-Tag"]
        assert "This article is not published." in answer.content.decode()


def test_the_preview_as_a_stranger_shows_no_staff(desk):
    page = desk.get(preview_of(an_article(published=None), "visitor")).content.decode()

    assert "Log in" in page
    assert "eve@example.org" not in page
    assert "Back to the desk" in page
    assert "Log in" not in desk.get(preview_of(Article.objects.get(), "subscriber")).content.decode()


def test_what_is_typed_is_previewed_and_not_saved(desk):
    article = an_article()

    answer = desk.post(preview_of(article, "subscriber"), as_typed(article, headline="Typed", text="<p>unsaved</p>"))

    page = answer.content.decode()
    assert "Typed" in page
    assert "unsaved" in page
    article.refresh_from_db()
    assert article.headline == "Ministers agree on a bridge"
    assert "canaryword" in FullText.objects.get().html
    assert not LogEntry.objects.exists()


def test_a_new_article_is_previewed_before_it_is_saved(desk):
    answer = desk.post("/admin/articles/article/add/preview/?as=visitor", fields())

    assert "Ferries return to the fjord" in answer.content.decode()
    assert not Article.objects.exists()


def test_previewing_never_publishes(desk):
    article = an_article(published=None)

    desk.post(preview_of(article, "visitor"), as_typed(article, verb="publish"))

    article.refresh_from_db()
    assert article.status == Article.Status.DRAFT


def test_a_preview_that_cannot_be_made_says_why(desk):
    answer = desk.post("/admin/articles/article/add/preview/?as=visitor", fields(headline=""))

    assert answer.status_code == 422
    assert "Headline:" in answer.content.decode()


@pytest.mark.parametrize("who", ["admin", "", "visitor2"])
def test_a_preview_as_nobody_we_know_is_not_found(desk, who):
    assert desk.get(preview_of(an_article(published=None), who)).status_code == 404


def test_for_everybody_else_a_preview_is_not_found_like_an_article_that_is_not_there(client):
    article = an_article(published=None)
    missing = "/admin/articles/article/999999/preview/?as=subscriber"
    bob, desk_member = a_reader(), somebody_in("Subscription desk")

    for user in (None, bob, desk_member):
        client.logout()
        if user:
            client.force_login(user)
        for address in (preview_of(article, "subscriber"), missing, "/admin/articles/article/add/preview/"):
            assert client.get(address).status_code == 404
            assert client.post(address, fields()).status_code == 404


def test_an_editor_gets_not_found_for_an_article_that_is_not_there(desk):
    assert desk.get("/admin/articles/article/999999/preview/?as=visitor").status_code == 404
    assert desk.get("/admin/articles/article/add/preview/?as=visitor").status_code == 404


# --- Pictures ------------------------------------------------------------------------------------------


def upload(content: bytes, name: str = "ferry.jpg", **changes: Any) -> dict[str, Any]:
    file = SimpleUploadedFile(name, content)
    return {
        "original": file,
        "alt": "A ferry",
        "credit": "Photo: Nils Berg",
        "focus_x": "0.5",
        "focus_y": "0.5",
    } | changes


def a_jpeg(size: tuple[int, int] = (700, 400)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, "JPEG")
    return buffer.getvalue()


def test_an_upload_is_kept_and_its_renditions_are_made(desk):
    desk.post("/admin/articles/picture/add/", upload(a_jpeg()))

    picture = Picture.objects.get()
    assert picture.widths == [320, 640]
    assert default_storage.exists(f"pictures/{picture.stem}-640.jpg")
    assert f"{picture.stem}-320.avif" in desk.get("/admin/articles/picture/").content.decode()


@pytest.mark.parametrize(
    "content",
    [b"This is text.", b"", b"<svg onload='alert(1)'/>", b"GIF89a\xff\xff\xff\xff" + b"\0" * 30, a_jpeg()[:300]],
)
def test_a_bad_upload_is_refused_with_words_and_the_rest_of_the_form_stays(desk, content):
    answer = desk.post("/admin/articles/picture/add/", upload(content, caption="Typed already"))

    assert answer.status_code == 200
    assert "original" in errors_in(answer)
    assert "Typed already" in answer.content.decode()
    assert not Picture.objects.exists()


def test_a_picture_without_alternative_text_or_credit_is_refused(desk):
    answer = desk.post("/admin/articles/picture/add/", upload(a_jpeg(), alt="", credit=""))

    assert set(errors_in(answer)) == {"alt", "credit"}


@pytest.mark.parametrize("value", ["-0.1", "1.1", "nan", "inf", "left"])
def test_the_point_that_matters_lies_on_the_picture(desk, value):
    assert "focus_x" in errors_in(desk.post("/admin/articles/picture/add/", upload(a_jpeg(), focus_x=value)))


def test_the_words_of_a_picture_change_without_a_new_upload(desk):
    picture = a_picture()
    stem = picture.stem

    desk.post(
        f"/admin/articles/picture/{picture.pk}/change/",
        {"alt": "Two ferries", "caption": "", "credit": "Photo: B", "focus_x": "0.2", "focus_y": "0.8"},
    )

    picture.refresh_from_db()
    assert (picture.alt, picture.focus_x, picture.stem) == ("Two ferries", 0.2, stem)


def test_no_page_of_the_desk_links_to_an_original(desk):
    picture = a_picture()
    article = an_article(hero=picture)

    for address in ("/admin/articles/picture/", f"/admin/articles/picture/{picture.pk}/change/", page_of(article)):
        assert "originals/" not in desk.get(address).content.decode()
    assert desk.get(f"/media/{picture.original.name}").status_code == 404


def test_the_card_of_a_picture_is_for_those_who_may_see_the_library(client):
    picture = a_picture()
    card = f"/admin/articles/picture/{picture.pk}/card/"

    assert client.get(card).status_code == 302
    client.force_login(somebody_in("Subscription desk"))
    assert client.get(card).status_code == 403
    client.force_login(somebody_in("Editors", "eve@example.org"))
    assert client.get(card).json() == {
        "id": picture.pk,
        "thumbnail": f"/media/pictures/{picture.stem}-640.avif",
        "alt": "A ferry",
        "caption": "The ferry",
        "credit": "Photo: Nils Berg",
        "warning": "",
    }
    for missing in ("999999", "9" * 30):
        assert client.get(f"/admin/articles/picture/{missing}/card/").status_code == 404


def test_a_picture_in_the_text_is_shown_with_its_own_caption_or_the_librarys(desk):
    picture = a_picture()
    html = "".join(
        f'<figure data-picture="{picture.pk}"><img src="https://evil.example/x"><figcaption>{caption}</figcaption></figure>'
        for caption in ("Seen from the pier", "")
    )
    desk.post(ADD, fields(text=f"<p>a</p>{html}<p>b</p>", is_free="on"))

    page = desk.get(preview_of(Article.objects.get(), "visitor")).content.decode()
    assert "Seen from the pier" in page
    assert "The ferry" in page
    assert "Nils Berg" in page
    assert "evil.example" not in page


def test_a_main_picture_that_does_not_exist_is_refused(desk):
    for key in ("999999", "x", "9" * 30):
        assert "hero" in errors_in(desk.post(ADD, fields(hero=key)))


# --- The short things ------------------------------------------------------------------------------------


def test_a_brief_is_dated_now_unless_told_otherwise(desk):
    form = desk.get("/admin/articles/brief/add/").context["adminform"].form

    assert 'value="2026-11-17T13:00"' in str(form["published_at"])
