"""The standing pages: written by editors in several languages, every version kept, and never a template."""

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from articles.changes import Piece, rows
from newsroom import first_pages, placeholders
from newsroom.models import Page, PageVersion
from newsroom.models.page import BUILT_IN, Words
from readers.models import User
from tests.make import NOW, TOMORROW, a_plan, an_article, somebody_in

pytestmark = pytest.mark.django_db
LIST = "/admin/newsroom/page/"
PARTS = ("title", "standfirst", "html")


@pytest.fixture(autouse=True)
def _now(at: Any) -> None:
    at(NOW)


@pytest.fixture
def editor() -> User:
    return somebody_in("Editors")


@pytest.fixture
def desk(editor: User) -> Client:
    client = Client()
    client.force_login(editor, "django.contrib.auth.backends.ModelBackend")
    return client


def the_page(slug: str = "about") -> Page:
    return Page.objects.get(slug=slug)


def form_of(page: Page | None = None, **changes: Any) -> dict[str, Any]:
    """What the form holds when it is opened, with what an editor typed into it."""
    fields: dict[str, Any] = {f"{part}_{code}": "" for part in (*PARTS, "note") for code in first_pages.LANGUAGES}
    fields |= {"footer": "", "footer_place": "0", "began_with": "", "is_published": "on"}
    if page:
        fields["began_with"] = str(page.versions.first().pk)  # type: ignore[union-attr]
        for version in PageVersion.objects.current().filter(page=page):
            fields |= {f"{part}_{version.language}": getattr(version, part) for part in PARTS}
    return fields | changes


def save(desk: Client, page: Page, **changes: Any) -> Any:
    return desk.post(f"{LIST}{page.pk}/change/", form_of(page, **changes))


def errors_in(answer: Any) -> dict[str, list[str]]:
    return dict(answer.context["adminform"].form.errors)


def main_of(path: str) -> str:
    answer = Client().get(path)
    assert answer.status_code == 200, path
    return answer.content.decode().partition("<main")[2].partition("</main>")[0]


def a_page(slug: str = "our-prizes", **fields: Any) -> Page:
    page = Page.objects.create(slug=slug, **{"published_at": NOW} | fields)
    page.write("en", Words("Our prizes", "", "<p>Two so far.</p>"), by=None, at=NOW)
    return page


# --- What readers see -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", first_pages.LANGUAGES)
@pytest.mark.parametrize("name", BUILT_IN)
def test_a_new_site_has_its_pages_in_four_languages(name: str, language: str) -> None:
    words = first_pages.words_of(name, language)
    assert not [problem for part in words.values() for problem in placeholders.problems_in(part)]
    main = main_of(f"/{name}/" if language == "en" else f"/{language}/{name}/")
    assert f"<h1>{words['title']}</h1>" in main
    assert "\N{NO-BREAK SPACE}" not in words["html"], "it would be written anew when it is saved"
    assert "{{" not in main
    assert "shown in English" not in main


def test_what_is_brought_in_is_brought_in_once(editor: User) -> None:
    the_page().write("en", Words("We", "", "<p>Us.</p>"), by=editor, at=NOW)
    from django.apps import apps

    first_pages.bring_in(apps.get_model, using="default")
    assert Page.objects.count() == len(BUILT_IN)
    assert "<h1>We</h1>" in main_of("/about/")


def test_a_page_says_when_it_was_last_changed(desk: Client) -> None:
    assert "Last changed on 1 November 2026." in main_of("/about/")
    save(desk, the_page(), title_en="Who we are")
    assert "Last changed on 17 November 2026." in main_of("/about/")
    assert "<h1>Who we are</h1>" in main_of("/about/")


def test_without_a_translation_the_english_text_is_shown_and_marked(desk: Client) -> None:
    assert save(desk, the_page(), title_fr="", standfirst_fr="", html_fr="").status_code == 302
    main = main_of("/fr/about/")
    assert '<div lang="en">' in main
    assert "<h1>About us</h1>" in main
    assert '<div lang="en">' not in main_of("/nl/about/")


def test_the_introduction_of_the_newsletters_is_written_at_the_desk(desk: Client) -> None:
    save(desk, the_page("newsletters"), title_en="Letters from us", html_en="<p>One on Tuesdays.</p>")
    assert "<h1>Letters from us</h1>" in main_of("/newsletters/")
    assert "One on Tuesdays." in main_of("/newsletters/")


def test_the_corrections_page_lists_every_correction_by_the_place_of_the_last_one() -> None:
    article = an_article()
    for number in range(31):
        article.correct(f"Mistake number {number}.", by=None, at=NOW)
    main = main_of("/corrections/")
    assert main.count("Mistake number") == 30
    assert "Mistake number 30." in main
    older = re.findall(r'href="(\?before=[^"]+)" rel="next"', main)
    assert "Mistake number 0." in main_of(f"/corrections/{older[0]}")
    assert main_of("/fr/corrections/").count("Mistake number") == 30


def test_the_corrections_page_lists_what_was_withdrawn() -> None:
    assert "What we withdrew" not in main_of("/corrections/")
    an_article("A bridge that never was").withdraw(by=None, at=NOW, because="Somebody had invented it.")
    main = main_of("/corrections/")
    assert "What we withdrew" in main
    assert "Somebody had invented it." in main


@pytest.mark.parametrize("place", ["x", "-1", "2", "9999", "2026-11-17T12:00:00Z-", "2026-11-17T12:00:00Z-١"])
def test_a_place_that_is_none_is_not_found(place: str) -> None:
    assert Client().get("/corrections/", {"before": place}).status_code == 404


# --- Pages that editors add ---------------------------------------------------------------------------------


def test_an_editor_adds_a_page_and_puts_it_into_the_footer(desk: Client) -> None:
    typed = form_of(slug="our-prizes", title_en="Our prizes", html_en="<p>Two so far.</p>", footer="newsroom")
    assert desk.post(f"{LIST}add/", typed).status_code == 302
    assert "Two so far." in main_of("/pages/our-prizes/")
    footer = Client().get("/").content.decode().partition("<footer")[2]
    assert '<a href="/pages/our-prizes/">Our prizes</a>' in footer
    french = Client().get("/fr/privacy/").content.decode().partition("<footer")[2]
    assert '<a href="/fr/pages/our-prizes/">Our prizes</a>' in french


def test_an_unpublished_page_is_found_by_nobody(desk: Client) -> None:
    page = a_page(footer="small print")
    assert "/pages/our-prizes/</loc>" in Client().get("/sitemap-pages.xml").content.decode()
    save(desk, page, is_published="", footer="small print")
    assert Client().get("/pages/our-prizes/").status_code == 404
    for path in ("/", "/sitemap-pages.xml"):
        assert "our-prizes" not in Client().get(path).content.decode()
    a_page("tomorrow", published_at=TOMORROW)
    assert Client().get("/pages/tomorrow/").status_code == 404


def test_a_page_the_site_needs_can_be_neither_hidden_nor_moved_nor_deleted(desk: Client) -> None:
    page = the_page("ownership")
    save(desk, page, is_published="", slug="elsewhere", title_en="Owners")
    assert "<h1>Owners</h1>" in main_of("/ownership/")
    assert desk.post(f"{LIST}{page.pk}/delete/", {"post": "yes"}).status_code == 403
    with pytest.raises(ValidationError):
        page.take_back()
    with pytest.raises(IntegrityError), transaction.atomic():
        Page.objects.filter(pk=page.pk).update(published_at=None)


def test_a_page_that_has_an_address_of_its_own_is_not_found_twice() -> None:
    answer = Client().get("/pages/about/")
    assert (answer.status_code, answer["Location"]) == (301, "/about/")
    assert Client().get("/pages/no-such-page/").status_code == 404


def test_no_database_keeps_a_page_without_english_words() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        the_page().write("en", Words("", "", ""), by=None, at=NOW)


# --- Writing --------------------------------------------------------------------------------------------------


def test_what_no_button_can_write_is_dropped(desk: Client) -> None:
    hostile = (
        '<p onclick="x()">A<script>alert(1)</script></p><p><a href="javascript:x()">B</a></p><img src=x onerror=x()>'
        '<hr class="wall"><figure data-picture="1"></figure>{% load static %}'.replace("{% load static %}", "")
    )
    save(desk, the_page(), html_en=hostile)
    said = PageVersion.objects.current().get(page__slug="about", language="en").html
    for dropped in ("script", "onclick", "onerror", "javascript", "<img", "<hr", "<figure"):
        assert dropped not in said
    assert "<p>A</p>" in said


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<p>{{ sitename }}</p>", "There is no placeholder “sitename”"),
        ("<p>{{ settings.SECRET_KEY }}</p>", "stands alone"),
        ("<p>{% load static %}</p>", "stands alone"),
        ("<p>{{ site_name|upper }}</p>", "stands alone"),
        ("<p>{# note #}</p>", "stands alone"),
        ("<p>{{ site_name</p>", "stands alone"),
    ],
)
def test_a_placeholder_that_is_none_is_refused_with_clear_words(desk: Client, text: str, complaint: str) -> None:
    answer = save(desk, the_page(), html_en=text)
    assert complaint in " ".join(errors_in(answer)["html_en"])
    assert PageVersion.objects.filter(page__slug="about", language="en").count() == 1


def test_a_text_from_the_database_is_never_run_as_a_template() -> None:
    the_page().write(
        "en", Words("T", "", "<p>{{ settings.SECRET_KEY }}{% now 'Y' %}{{ 7|add:7 }}</p>"), by=None, at=NOW
    )
    assert "{{ settings.SECRET_KEY }}{% now 'Y' %}{{ 7|add:7 }}" in main_of("/about/")


def test_half_a_translation_is_refused(desk: Client) -> None:
    assert "html_de" in errors_in(save(desk, the_page(), title_de="Über uns", html_de=""))
    assert "title_de" in errors_in(save(desk, the_page(), title_de="", html_de="<p>Wir.</p>"))
    assert "html_en" in errors_in(save(desk, the_page(), html_en="<p></p><script>x</script>".replace("<p></p>", "")))


def test_saving_what_is_there_makes_no_version(desk: Client) -> None:
    before = PageVersion.objects.count()
    for name in BUILT_IN:
        assert save(desk, the_page(name)).status_code == 302
    assert PageVersion.objects.count() == before


def test_two_editors_do_not_write_over_each_other_unseen(desk: Client, editor: User) -> None:
    page = the_page()
    typed = form_of(page, title_en="Mine")
    page.write("fr", Words("Nous", "", "<p>Nous.</p>"), by=editor, at=NOW)
    answer = desk.post(f"{LIST}{page.pk}/change/", typed)
    assert "while you were writing" in answer.content.decode()
    again = typed | {"began_with": answer.context["adminform"].form["began_with"].value()}
    assert desk.post(f"{LIST}{page.pk}/change/", again).status_code == 302
    assert "<h1>Mine</h1>" in main_of("/about/")


def test_the_preview_shows_what_is_typed_and_keeps_nothing(desk: Client) -> None:
    page, before = the_page(), PageVersion.objects.count()
    answer = desk.post(f"{LIST}{page.pk}/preview/?language=fr", form_of(page, title_fr="Nous voilà"))
    text = answer.content.decode()
    assert "<h1>Nous voilà</h1>" in text
    assert '<html lang="fr">' in text
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]
    assert PageVersion.objects.count() == before
    new = form_of(slug="x", title_en="New", html_en="<p>Here.</p>")
    assert "<h1>New</h1>" in desk.post(f"{LIST}add/preview/", new).content.decode()
    assert not Page.objects.filter(slug="x").exists()


def test_who_has_no_right_to_it_cannot_write(client: Client) -> None:
    page = the_page()
    client.force_login(somebody_in("Subscription desk"))
    assert client.get(f"{LIST}{page.pk}/versions/").status_code == 200
    version = page.versions.last()
    assert version
    for path in (f"{page.pk}/change/", f"{page.pk}/preview/", f"{page.pk}/versions/{version.pk}/restore/"):
        assert client.post(f"{LIST}{path}", form_of(page, title_en="X")).status_code == 403, path


# --- Versions --------------------------------------------------------------------------------------------------


def test_every_version_is_kept_with_who_when_and_why(desk: Client, editor: User) -> None:
    page = the_page()
    save(desk, page, title_en="Who we are", note_en="Shorter.")
    version = page.versions.first()
    assert version
    assert (version.saved_by, version.saved_at, version.note) == (editor, NOW, "Shorter.")
    listed = desk.get(f"{LIST}{page.pk}/versions/").content.decode()
    assert "Shorter." in listed
    assert "About us" in listed
    beside = desk.get(f"{LIST}{page.pk}/versions/{version.pk}/").content.decode()
    assert "<del>About us</del>" in beside
    assert "<ins>Who we are</ins>" in beside


def test_an_earlier_version_can_be_read_as_readers_saw_it_and_brought_back(desk: Client) -> None:
    page = the_page()
    first = page.versions.get(language="en")
    save(desk, page, title_en="Who we are")
    shown = desk.get(f"{LIST}{page.pk}/versions/{first.pk}/?shown").content.decode()
    assert "<h1>About us</h1>" in shown
    assert desk.post(f"{LIST}{page.pk}/versions/{first.pk}/restore/").status_code == 302
    assert "<h1>About us</h1>" in main_of("/about/")
    assert page.versions.filter(language="en").count() == 3
    desk.post(f"{LIST}{page.pk}/versions/{first.pk}/restore/")
    assert page.versions.filter(language="en").count() == 3


def test_a_version_of_another_page_is_not_brought_back_here(desk: Client) -> None:
    other = the_page("contact").versions.first()
    assert other
    assert desk.post(f"{LIST}{the_page().pk}/versions/{other.pk}/restore/").status_code == 404


def test_differences_are_marked_word_by_word() -> None:
    same, changed, gone = rows("<p>One.</p><p>Two old words.</p><p>Three.</p>", "<p>One.</p><p>Two new words.</p>")
    assert same.is_same
    assert changed.before == (Piece("same", "Two "), Piece("gone", "old "), Piece("same", "words."))
    assert changed.after == (Piece("same", "Two "), Piece("new", "new "), Piece("same", "words."))
    assert (gone.before, gone.after) == ((Piece("gone", "Three."),), ())


def test_another_address_behind_the_same_words_is_a_difference() -> None:
    (row,) = rows('<p><a href="/a">Here</a></p>', '<p><a href="/b">Here</a></p>')
    assert not row.is_same


@given(
    st.lists(st.text(alphabet="ab ", max_size=8), max_size=6), st.lists(st.text(alphabet="ab ", max_size=8), max_size=6)
)
def test_both_sides_together_lose_nothing(before: list[str], after: list[str]) -> None:
    found = rows("".join(f"<p>{text}</p>" for text in before), "".join(f"<p>{text}</p>" for text in after))
    for side, texts in ((0, before), (1, after)):
        said = ["".join(piece.text for piece in (row.before, row.after)[side]) for row in found]
        assert [text for text in said if text] == [" ".join(text.split()) for text in texts if text.strip()]


# --- Placeholders ------------------------------------------------------------------------------------------------


def test_the_site_fills_in_what_it_knows_in_the_manner_of_each_language() -> None:
    a_plan("year")
    page = a_page()
    for language in ("en", "fr"):
        html = '<p>{{ price_year }}, <a href="{{ plans_url }}">{{site_name}}</a>, {{ trial_days }}</p>'
        page.write(language, Words("{{ site_name }}", "", html), by=None, at=NOW)
    assert '€150, <a href="/subscribe/">Viaduct</a>, 30' in main_of("/pages/our-prizes/")
    assert "<h1>Viaduct</h1>" in main_of("/pages/our-prizes/")
    assert '<a href="/fr/subscribe/">' in main_of("/fr/pages/our-prizes/")
    assert "150\N{NO-BREAK SPACE}€" in main_of("/fr/pages/our-prizes/")


def test_values_are_escaped(settings: Any) -> None:
    settings.SITE_NAME = '<b>"Bread" & Roses</b>'
    a_page().write("en", Words("{{ site_name }}", "", "<p>{{ site_name }}</p>"), by=None, at=NOW)
    main = main_of("/pages/our-prizes/")
    assert "<b>" not in main
    assert "&lt;b&gt;" in main


def test_a_paragraph_that_needs_what_the_site_does_not_have_is_left_out(settings: Any) -> None:
    settings.TIPS_SIGNAL, settings.TIPS_ONION, settings.TIPS_PGP_FINGERPRINT = "", "", ""
    main = main_of("/contact/")
    for words in ("Signal", "Tor", "PGP", "<li></li>", "<strong></strong>"):
        assert words not in main
    assert "By post, without a sender" in main
    settings.TIPS_SIGNAL = "newsroom.27"
    assert "<strong>newsroom.27</strong>" in main_of("/contact/")


def test_a_list_of_which_nothing_is_left_goes_with_it(settings: Any) -> None:
    settings.TIPS_SIGNAL = ""
    assert placeholders.filled("<ul><li><p>{{ signal }}</p></li></ul><p>After.</p>") == "<p>After.</p>"


def test_braces_in_an_address_are_understood_as_the_browser_writes_them(desk: Client) -> None:
    save(desk, the_page(), html_en='<p><a href="%7B%7B%20plans_url%20%7D%7D">Plans</a></p>')
    assert '<a href="/subscribe/">Plans</a>' in main_of("/about/")
