"""What programs put on the clipboard, written in the shape in which each of them writes it, pasted into the editor."""

from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from articles.models import FullText
from tests.make import an_article, somebody_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
EDITOR = ".prose-editor .ProseMirror[contenteditable]"
PASTED = Path(__file__).parent / "pasted"
PASTE = """html => { const data = new DataTransfer(); data.setData('text/html', html)
  document.querySelector('.ProseMirror[contenteditable]').dispatchEvent(
    new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })) }"""
NOTE = '<span class="footnote">Council minutes, page 4.</span>'
ORDERED = '<ol data-type="decimal"><li><p>Cast off</p></li><li><p>Wave</p></li></ol>'
NESTED = "<ul><li><p>Two ferries</p><ul><li><p>One is new</p></li></ul></li><li><p>Four crews</p></li></ul>"

KEPT = {
    "word": (
        "<h2>The harbour reopens</h2>"
        f"<p><strong>Boats</strong> are back, <em>said</em> the mayor.{NOTE}</p>"
        f"{NESTED}<p>In this order:</p>{ORDERED}"
        "<p>Gone: a new one.</p>"
        "<table><tbody><tr><td><p>Year</p></td><td><p>Boats</p></td></tr>"
        "<tr><td><p>2026</p></td><td><p>2</p></td></tr></tbody></table>"
    ),
    "google_docs": (
        "<h2>The harbour reopens</h2>"
        "<p><strong>Boats</strong> are back, <em>said</em> the mayor, "
        '<a href="https://example.org/minutes?a=1">in minutes</a>.</p>'
        f"{NESTED}<h3>Below</h3>"
        "<table><tbody><tr><td><p>Year</p></td><td><p>Boats</p></td></tr>"
        "</tbody></table>"
    ),
    "mail": (
        "<p>Dear all,</p><p>the <strong>ferry</strong> sails on <strong>Monday</strong>.<br>It is late.</p>"
        '<p><a href="https://example.org/timetable">The timetable</a></p>'
        "<blockquote><p>What do you know of it?</p></blockquote><p>Only a column.</p>"
    ),
    "writer": (f"<h2>The harbour reopens</h2><p><strong>Boats</strong> are back.{NOTE}</p>{ORDERED}"),
}
TOLD = {
    "word": "Pasted without 1 comment, 1 deleted passage, 1 picture. Pictures are uploaded one by one.",
    "google_docs": "Pasted without 1 picture. Pictures are uploaded one by one.",
    "mail": ("Pasted without 1 script, 1 hidden passage, 1 signature, 1 picture. Pictures are uploaded one by one."),
    "writer": "",
}


def test_what_each_program_pastes_keeps_its_structure_and_what_was_left_out_is_told(
    page: Page, site: str, complaints: list[str]
) -> None:
    client = Client()
    client.force_login(somebody_in("Editors"))
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
    article = an_article(text="", published=None)
    for program, kept in KEPT.items():
        page.goto(f"{site}/admin/articles/article/{article.pk}/change/")
        page.locator(EDITOR).click()
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
        page.evaluate(PASTE, (PASTED / f"{program}.html").read_text())
        expect(page.locator(".desk-pasted")).to_have_text(TOLD[program])
        page.get_by_role("button", name="Save draft").click()
        expect(page.locator(".messagelist")).to_contain_text("Saved")
        assert FullText.objects.get().html == kept, program


def test_300_kilobytes_of_hostile_html_are_pasted_and_saved_in_a_moment(
    page: Page, site: str, complaints: list[str]
) -> None:
    client = Client()
    client.force_login(somebody_in("Editors"))
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
    article = an_article(text="", published=None)
    page.goto(f"{site}/admin/articles/article/{article.pk}/change/")
    page.locator(EDITOR).click()
    hostile = (
        "<p style='x' onclick='ran()'>Words.</p><script>window.ran = 1</script><img src=x onerror='window.ran = 1'>"
    )

    page.evaluate(PASTE, hostile * (300_000 // len(hostile) + 1))
    page.get_by_role("button", name="Save draft").click()

    expect(page.locator(".messagelist")).to_contain_text("Saved")
    html = FullText.objects.get().html
    assert set(html.split("<p>")) == {"", "Words.</p>"}
    assert page.evaluate("window.ran") is None
