"""Writing at the desk: what is lost to nobody, what is told of what was left out, what may be linked to."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils.html import escape

from articles import body, dropped
from articles.models import Article, FullText, Picture, WorkingCopy

from .make import NOW, TOMORROW, YESTERDAY, a_reader, a_section, an_article, an_author, somebody_in
from .test_desk import a_jpeg, a_picture, errors_in, fields, page_of, upload

pytestmark = pytest.mark.django_db
ADD = "/admin/articles/article/add/"
KEEP = "/admin/articles/article/unsaved/keep/"
DROP = "/admin/articles/article/unsaved/drop/"
KEY = "6f1c2c0e-0a52-4b5e-9a53-0d8b8c1f0a11"
OTHER_KEY = "00000000-0000-4000-8000-000000000001"


@pytest.fixture(autouse=True)
def _now(at: Callable[[datetime], None]) -> None:
    at(NOW)


@pytest.fixture
def desk(client: Client) -> Client:
    """Eve's browser."""
    client.force_login(somebody_in("Editors", "eve@example.org"))
    return client


def told(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


# --- Nothing is lost, and nothing is saved twice -------------------------------------------------------


def test_what_is_typed_is_kept_without_touching_the_article(desk):
    article = an_article(published=None)

    answer = desk.post(KEEP, fields(headline="Half a head", form_key=KEY, of_article=article.pk))

    assert answer.json() == {"kept": "13:00"}
    article.refresh_from_db()
    assert article.headline == "Ministers agree on a bridge"
    assert "Half a head" not in desk.get(f"/admin/articles/article/{article.pk}/history/").content.decode()


def test_what_was_not_saved_is_offered_and_gone_on_with_as_it_was(desk):
    article = an_article(published=None)
    nils = an_author("Nils Berg")
    typed = fields(headline="Half a", text="<p>Half a text</p>", signed_by=[nils.pk], is_free="on")
    desk.post(KEEP, typed | {"form_key": KEY, "of_article": article.pk, "began_with": article.changed_at.isoformat()})

    page = desk.get(page_of(article)).content.decode()
    assert "What you typed here on 17 November, 13:00 was not saved." in page
    assert f"?take_up={KEY}" in page

    taken_up = desk.get(f"{page_of(article)}?take_up={KEY}")
    form = taken_up.context["adminform"].form
    assert form["headline"].value() == "Half a"
    assert form["text"].value() == "<p>Half a text</p>"
    assert form["signed_by"].value() == [str(nils.pk)]
    assert form["is_free"].value()
    assert f'name="form_key" value="{KEY}"' in taken_up.content.decode()


def test_a_new_article_that_was_never_saved_is_offered_by_its_headline(desk):
    desk.post(KEEP, fields(headline="Ferries <return>", form_key=KEY))

    assert escape("“Ferries <return>”") in desk.get(ADD).content.decode()
    assert desk.get(f"{ADD}?take_up={KEY}").context["adminform"].form["headline"].value() == "Ferries <return>"


def test_saving_empties_what_was_kept(desk):
    desk.post(KEEP, fields(form_key=KEY))
    desk.post(ADD, fields(form_key=KEY))

    copy = WorkingCopy.objects.get()
    assert copy.typed == {}
    assert copy.article == Article.objects.get()
    assert "was not saved" not in desk.get(ADD).content.decode()
    # What arrives late from the page that was left does not come back.
    assert desk.post(KEEP, fields(form_key=KEY)).json() == {"kept": ""}
    assert WorkingCopy.objects.get().typed == {}


def test_what_was_kept_is_thrown_away_when_asked(desk):
    article = an_article(published=None)
    desk.post(KEEP, fields(form_key=KEY, of_article=article.pk))

    assert desk.post(DROP, {"drop": KEY}).url == page_of(article)
    assert not WorkingCopy.objects.exists()
    assert desk.post(DROP, {"drop": KEY}).url == ADD
    assert desk.post(DROP, {"drop": "x"}).status_code == 404


def test_a_form_that_is_sent_twice_makes_one_article_and_keeps_the_later_words(desk):
    first = desk.post(ADD, fields(form_key=KEY))
    again = desk.post(ADD, fields(form_key=KEY, standfirst="Typed while it hung."))

    assert first.url == again.url
    assert Article.objects.get().standfirst == "Typed while it hung."


def test_a_form_of_an_article_that_is_sent_twice_is_no_collision_with_oneself(desk):
    article = an_article(published=None)
    sent = fields(slug=article.slug, form_key=KEY, began_with=article.changed_at.isoformat())
    desk.post(page_of(article), sent)

    assert desk.post(page_of(article), sent | {"headline": "Later"}).status_code == 302
    assert Article.objects.get().headline == "Later"


def test_a_form_sent_again_over_somebody_elses_version_is_a_collision(desk, at):
    article = an_article(published=None)
    sent = fields(slug=article.slug, form_key=KEY, began_with=article.changed_at.isoformat())
    desk.post(page_of(article), sent)
    at(NOW + timedelta(minutes=5))
    article.refresh_from_db()
    article.write("<p>Somebody else.</p>")

    assert "while you were writing" in desk.post(page_of(article), sent).content.decode()


def test_publishing_twice_keeps_the_first_moment(desk, at):
    desk.post(ADD, fields(form_key=KEY, verb="publish"))
    at(NOW + timedelta(minutes=1))
    desk.post(ADD, fields(form_key=KEY, verb="publish"))

    assert Article.objects.get().published_at == NOW


def test_a_form_that_was_refused_is_saved_once_it_is_mended(desk):
    assert "headline" in errors_in(desk.post(ADD, fields(form_key=KEY, headline="")))
    desk.post(ADD, fields(form_key=KEY))

    assert WorkingCopy.objects.get().saved_at == NOW


def test_a_preview_saves_nothing_and_keeps_what_was_typed(desk):
    desk.post(KEEP, fields(form_key=KEY))
    desk.post("/admin/articles/article/add/preview/?as=visitor", fields(form_key=KEY, text="<p>a</p><u>b</u>"))

    assert WorkingCopy.objects.get().saved_at is None
    assert not told(desk.get(ADD))


def test_nobody_reads_or_throws_away_or_saves_over_what_somebody_else_typed(desk, client):
    desk.post(KEEP, fields(headline="Eve's secret", form_key=KEY))
    client.force_login(somebody_in("Editors", "max@example.org"))

    assert "secret" not in client.get(ADD).content.decode()
    assert "secret" not in client.get(f"{ADD}?take_up={KEY}").content.decode()
    assert client.post(KEEP, fields(headline="Max", form_key=KEY)).json() == {"kept": ""}
    client.post(DROP, {"drop": KEY})
    client.post(ADD, fields(form_key=KEY))
    copy = WorkingCopy.objects.get()
    assert (copy.headline, copy.saved_at) == ("Eve's secret", None)


def test_only_who_may_write_it_keeps_anything(client):
    article = an_article()
    for somebody in (a_reader(), somebody_in("Subscription desk")):
        client.force_login(somebody)
        assert client.post(KEEP, fields(form_key=KEY)).status_code in {302, 403}
        assert client.post(KEEP, fields(form_key=KEY, of_article=article.pk)).status_code in {302, 403, 404}
    assert not WorkingCopy.objects.exists()


@pytest.mark.parametrize("key", ["", "x", "9" * 50])
def test_a_form_without_a_key_is_not_kept_but_saved(desk, key):
    assert desk.post(KEEP, fields(form_key=key)).status_code == 400
    assert desk.post(ADD, fields(form_key=key)).status_code == 302
    assert not WorkingCopy.objects.exists()


def test_what_is_larger_than_a_book_is_left_to_the_browser(desk):
    assert desk.post(KEEP, fields(form_key=KEY, text="x" * 2_100_000)).status_code == 413
    assert desk.post(KEEP, fields(form_key=KEY, of_article="999999")).status_code == 404


def test_what_is_kept_holds_no_null_character(desk):
    assert desk.post(KEEP, fields(form_key=KEY, headline="a\0b")).json() == {"kept": "13:00"}
    assert WorkingCopy.objects.get().headline == "ab"


def test_the_database_holds_that_what_is_saved_is_not_kept_a_second_time(desk):
    desk.post(ADD, fields(form_key=KEY))

    with pytest.raises(IntegrityError), transaction.atomic():
        WorkingCopy.objects.update(typed={"headline": ["x"]})


def test_a_form_learns_what_it_must_carry_after_a_new_login(desk, client):
    assert desk.get("/admin/articles/article/unsaved/token/").json()["token"]
    client.logout()
    assert client.get("/admin/articles/article/unsaved/token/").status_code == 302


# --- What was left out is told -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("<p>a</p>", ()),
        ("<p>a</p><p></p>", ()),
        ("<script>1</script><script>2</script><p>a</p>", ("script (2)",)),
        ("<p onclick=x style=y>a <u>b</u></p>", ("onclick=… (1)", "style=… (1)", "u (1)")),
        ("".join(f"<x{n}>" for n in range(20)), (*(f"x{n} (1)" for n in (0, 1, *range(10, 20))), "and 8 more")),
    ],
)
def test_what_cleaning_took_out_has_names_and_numbers(typed, names):
    assert dropped.between(typed, body.clean(typed)) == names


def test_what_was_left_out_is_told_after_saving_and_only_then(desk):
    answer = desk.post(ADD, fields(text="<p>a</p><script>x</script><u>b</u>"), follow=True)

    assert "The text was kept without what an article cannot hold: script (1), u (1)." in told(answer)
    assert not [words for words in told(desk.post(ADD, fields(slug="x"), follow=True)) if "without" in words]


def test_300_kilobytes_of_pasted_html_are_saved_without_their_scripts(desk):
    pasted = "<p style='x'>Some words.</p><script>alert(1)</script><img src=x onerror=y>" * 4_300

    assert len(pasted) > 300_000
    assert desk.post(ADD, fields(text=pasted)).status_code == 302
    assert FullText.objects.get().html == "<p>Some words.</p>" * 4_300


@pytest.mark.parametrize("field", ["headline", "standfirst"])
def test_a_line_that_is_too_long_is_refused_with_numbers(desk, field):
    [words] = errors_in(desk.post(ADD, fields(**{field: "x" * 301})))[field]

    assert words == f"This has 301 characters; there is room for {120 if field == 'headline' else 300}."


def test_an_address_of_emoji_is_refused_and_one_from_a_headline_of_emoji_is_made(desk):
    assert "a to z" in errors_in(desk.post(ADD, fields(slug="🚢-fjord")))["slug"][0]
    assert "kicker" in errors_in(desk.post(ADD, fields(kicker="x" * 200)))
    desk.post(ADD, fields(headline="🚢🚢", slug=""))
    assert Article.objects.get().slug == "article"


# --- What may stand in a text --------------------------------------------------------------------------


def test_tables_and_boxes_survive_cleaning():
    html = (
        '<aside class="box"><h3>Explainer</h3><p>Why</p></aside>'
        '<aside class="box the-list"><h3>The list</h3><ul><li><p>One</p></li></ul></aside>'
        '<table><tbody><tr><th colspan="2" rowspan="1"><p>Year</p></th></tr><tr><td><p>1</p></td></tr></tbody></table>'
    )

    assert body.clean(html) == html


def test_a_table_scrolls_in_a_frame_of_its_own_on_the_page(client):
    article = an_article(text="<p>a</p><table><tbody><tr><td><p>1</p></td></tr></tbody></table>", is_free=True)

    page = client.get(article.get_absolute_url()).content.decode()
    assert '<div class="scroll" role="region" tabindex="0" aria-label="Table"><table class="table">' in page
    assert page.count("</table></div>") == 1


def test_links_to_our_own_pages_say_where_we_are_when_read_elsewhere():
    html = (
        '<p><a href="/climate/a&amp;b/">a</a> <a href="https://example.org/">b</a> <a href="//evil.example/">c</a></p>'
    )

    assert body.with_absolute_links(html, lambda path: f"https://news.example{path}") == (
        '<p><a href="https://news.example/climate/a&amp;b/">a</a> <a href="https://example.org/">b</a> '
        '<a href="//evil.example/">c</a></p>'
    )


# --- Links to articles ---------------------------------------------------------------------------------


def test_articles_to_link_to_are_found_by_their_words_and_only_published_ones(desk):
    bridge = an_article()
    an_article("A bridge of tomorrow", published=TOMORROW)
    an_article("A bridge in a drawer", published=None)

    def found(words: str) -> list[str]:
        answer = desk.get("/admin/articles/article/links/", {"q": words}).json()
        return [one["address"] for one in answer["articles"]]

    assert found("bridge") == found("") == [bridge.get_absolute_url()]
    # While the word is being typed.
    assert found("minist") == [bridge.get_absolute_url()]
    assert found("zebra") == []


def test_links_and_the_library_are_for_those_who_see_articles_and_pictures(client):
    client.force_login(somebody_in("Subscription desk"))

    for address in ("/admin/articles/article/links/", "/admin/articles/picture/library/"):
        assert client.get(address).status_code == 403
    assert client.post("/admin/articles/picture/put-in/", upload(a_jpeg())).status_code == 403


# --- Pictures beside a text ----------------------------------------------------------------------------


def library(desk: Client, **asked: str) -> list[str]:
    return [card["caption"] for card in desk.get("/admin/articles/picture/library/", asked).json()["pictures"]]


def bare(caption: str = "The ferry", **changes: Any) -> Picture:
    """A row of the library without files: quick, for what looks at no file."""
    values = {"alt": "A ferry", "credit": "Photo: Nils Berg", "width": 700, "height": 400} | changes
    return Picture.objects.bulk_create([Picture(caption=caption, **values)])[0]


def test_the_library_is_searched_and_turned_over_by_the_page(desk):
    bare("Seen from the pier", rights_holder="Harbour Museum")
    for number in range(30):
        bare(f"Ferry {number}")

    assert library(desk)[0] == "Ferry 29"
    assert len(library(desk)) == 24
    assert library(desk, page="2")[-1] == "Seen from the pier"
    assert library(desk, q="harbour") == library(desk, q="PIER") == ["Seen from the pier"]
    for nonsense in ("0", "-1", "x", "9" * 30, "²"):
        assert desk.get("/admin/articles/picture/library/", {"page": nonsense}).status_code == 200


def test_an_upload_from_the_dialog_is_kept_and_answered_with_its_card(desk):
    sent = upload(a_jpeg(), rights_holder="Harbour Museum", usable_until="2026-12-01")
    answer = desk.post("/admin/articles/picture/put-in/", sent)

    picture = Picture.objects.get()
    assert answer.status_code == 201
    assert answer.json()["id"] == picture.pk
    assert answer.json()["warning"] == "Rights end 1 December 2026"
    assert (picture.rights_holder, picture.widths) == ("Harbour Museum", [320, 640])


@pytest.mark.parametrize("content", [b"<svg onload='alert(1)'/>", b"GIF89a", a_jpeg()[:300], b"text"])
def test_a_bad_upload_from_the_dialog_is_refused_field_by_field(desk, content):
    answer = desk.post("/admin/articles/picture/put-in/", upload(content, alt="", credit=""))

    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {"original", "alt", "credit"}
    assert not Picture.objects.exists()


# --- Rights --------------------------------------------------------------------------------------------

LAST_DAY = NOW.date()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"alt": " "}, "alt"),
        ({"credit": ""}, "credit"),
        ({"usable_until": LAST_DAY - timedelta(days=1)}, "usable_until"),
    ],
)
@pytest.mark.parametrize("place", ["hero", "text"])
def test_nothing_is_published_with_a_picture_that_lacks_something_and_the_words_lead_there(desk, changes, field, place):
    picture = bare(**changes)
    text = f'<p>a</p><figure data-picture="{picture.pk}"><figcaption></figcaption></figure>'
    typed = fields(verb="publish", **({"hero": picture.pk} if place == "hero" else {"text": text}))

    [words] = errors_in(desk.post(ADD, typed))[place]
    assert f'href="/admin/articles/picture/{picture.pk}/change/#id_{field}"' in words
    assert desk.post(ADD, typed | {"verb": ""}).status_code == 302
    article = Article.objects.get()
    with pytest.raises(Exception, match="The picture"):
        article.publish(at=NOW)


def test_a_picture_may_be_shown_through_its_last_day_in_brussels(desk):
    picture = bare(usable_until=LAST_DAY)

    assert picture.obstacles(at=datetime.fromisoformat("2026-11-17T22:59:00+00:00")) == []
    [obstacle] = picture.obstacles(at=datetime.fromisoformat("2026-11-17T23:00:00+00:00"))
    assert obstacle.words == "The picture “The ferry” could be shown until 17 November 2026 only."


def test_an_article_scheduled_for_after_the_rights_end_is_refused(desk):
    picture = bare(usable_until=LAST_DAY)
    typed = fields(hero=picture.pk, verb="publish_at")

    assert "hero" in errors_in(desk.post(ADD, typed | {"publish_at": "2026-11-18T09:00"}))
    assert desk.post(ADD, typed | {"publish_at": "2026-11-17T18:00"}).status_code == 302


def test_what_is_published_stays_and_is_still_corrected_when_rights_end(desk):
    article = an_article(hero=bare(usable_until=LAST_DAY - timedelta(days=1)), published=None)
    Article.objects.filter(pk=article.pk).update(status="published", published_at=YESTERDAY)

    typed = fields(slug=article.slug, hero=article.hero_id, standfirst="Mended.")
    assert desk.post(page_of(article), typed).status_code == 302


def test_the_library_lists_what_ends_soon_and_what_lacks_something_as_each_picture_says_it(desk):
    for days in (-2, -1, 0, 1, 29, 30, 31):
        bare(f"{days} days", usable_until=LAST_DAY + timedelta(days=days))
    bare("For ever")
    bare("No words", alt="", credit="")

    def listed(rights: str) -> set[str]:
        page = desk.get(f"/admin/articles/picture/?rights={rights}")
        return {picture.caption for picture in page.context["cl"].result_list}

    assert listed("ended") == {"-2 days", "-1 days"}
    assert listed("soon") == {"0 days", "1 days", "29 days"}
    assert listed("lacking") == {"No words"}
    warned = {picture.caption for picture in Picture.objects.all() if picture.warning(at=NOW)}
    assert warned == listed("ended") | listed("soon") | listed("lacking")
    assert "Rights end 18 November 2026" in desk.get("/admin/articles/picture/").content.decode()


def test_a_working_copy_is_named_for_its_headline():
    copy = WorkingCopy(key=UUID(KEY), editor=a_reader("eve@example.org"), typed={"headline": ["A  head\nline"]})

    assert copy.headline == "A head line"
    assert "A head line" in str(copy)


def test_an_article_with_a_good_picture_is_published(desk):
    a_section("economy")
    desk.post(ADD, fields(hero=a_picture().pk, verb="publish"))

    assert Article.objects.get().is_published(at=NOW)
