"""An editor's day in a real browser: write, set the wall, upload a picture, preview, publish, take back."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image
from playwright.sync_api import Page, expect

from articles.models import Article, FullText, Picture, WorkingCopy
from readers.models import User
from tests.make import a_grant, a_reader, a_section, an_article, an_author, somebody_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
EDITOR = ".prose-editor .ProseMirror[contenteditable]"


@pytest.fixture
def enter(page: Page, site: str) -> Callable[[User], None]:
    """Sign somebody in without the way through a mail."""

    def with_session(user: User) -> None:
        client = Client()
        client.force_login(user)
        page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])

    return with_session


@pytest.fixture
def ferry(tmp_path: Path) -> Path:
    """A photo on the editor's disk."""
    buffer = io.BytesIO()
    Image.new("RGB", (900, 500), "teal").save(buffer, "JPEG")
    path = tmp_path / "ferry.jpg"
    path.write_bytes(buffer.getvalue())
    return path


def upload(page: Page, ferry: Path) -> None:
    """In the dialog beside the text."""
    dialog = page.locator("dialog")
    dialog.get_by_role("button", name="Upload a new one").click()
    dialog.get_by_label("File").set_input_files(ferry)
    dialog.get_by_label("Alternative text").fill("A white ferry")
    dialog.get_by_label("Caption").fill("The ferry leaves")
    dialog.get_by_label("Credit").fill("Photo: Nils Berg")
    dialog.get_by_role("button", name="Upload and use it").click()


def test_an_editor_writes_previews_publishes_and_takes_back(
    page: Page, site: str, enter: Callable[[User], None], complaints: list[str], ferry: Path
) -> None:
    enter(somebody_in("Editors"))
    a_section("economy")
    an_author("Ana Novak")
    page.goto(f"{site}/admin/articles/article/add/")

    page.locator("#id_headline").press_sequentially("Ferries return to the fjord")
    expect(page.locator("#id_slug")).to_have_value("ferries-return-to-the-fjord")
    page.locator("#id_standfirst").fill("After eleven years, boats again.")
    page.locator("#id_section").select_option(label="Economy")
    page.locator("#id_signed_by").select_option(label="Ana Novak")

    text = page.locator(EDITOR)
    text.click()
    page.keyboard.type("The first boat left on Monday.")
    page.get_by_role("button", name="The wall stands here").click()
    text.press("Control+End")
    page.keyboard.press("Enter")
    page.keyboard.type("Only subscribers read of the second.")
    expect(page.locator("[data-wall-words]")).to_have_text("6 words for everyone above, 6 words for subscribers below")

    page.get_by_role("button", name="A picture from the library").click()
    upload(page, ferry)
    figure = page.locator(".desk-picture")
    expect(figure.locator(".desk-picture__caption")).to_have_text("The ferry leaves")
    expect(figure.locator("img")).to_have_js_property("naturalWidth", 640)
    figure.get_by_role("button", name="Caption").click()
    page.locator("dialog textarea").fill("Seen from the pier")
    page.locator("dialog [type=submit]").click()
    expect(figure.locator(".desk-picture__caption")).to_have_text("Seen from the pier")

    page.locator("#lookup_id_hero").click()
    page.locator(".picture-shelf button").first.click()
    expect(page.locator("[data-shown]")).to_contain_text("The ferry leaves")

    with page.expect_popup() as opened:
        page.get_by_role("button", name="Preview as non-subscriber").click()
    preview = opened.value
    expect(preview.get_by_role("heading", name="Ferries return to the fjord")).to_be_visible()
    expect(preview.locator(".preview-bar")).to_contain_text("Nothing is saved")
    expect(preview.locator(".paywall")).to_be_visible()
    assert "Only subscribers" not in preview.content()
    preview.close()
    assert not Article.objects.exists()

    page.get_by_role("button", name="Save draft").click()
    expect(page.locator(".desk-state")).to_contain_text("Draft")
    article = Article.objects.get()
    picture = Picture.objects.get()
    assert article.hero == picture
    assert FullText.objects.get().html == (
        '<p>The first boat left on Monday.</p><hr class="wall"><p>Only subscribers read of the second.</p>'
        f'<figure data-picture="{picture.pk}"><figcaption>Seen from the pier</figcaption></figure>'
    )
    assert (article.words, article.words_behind_wall) == (16, 10)

    page.get_by_role("button", name="Publish now").click()
    expect(page.locator(".desk-state")).to_contain_text("Published")
    page.get_by_role("link", name="Read it on the site").click()
    expect(page.get_by_role("heading", name="Ferries return to the fjord")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Seen from the pier")
    page.go_back()
    page.get_by_role("button", name="Take back").click()
    expect(page.locator(".desk-state")).to_contain_text("Draft")


def test_the_wall_moves_when_it_is_set_again_and_never_into_a_list(
    page: Page, site: str, enter: Callable[[User], None], complaints: list[str]
) -> None:
    enter(somebody_in("Editors"))
    article = an_article(text="<p>One</p><ul><li><p>Two</p></li><li><p>Three</p></li></ul><p>Four</p>", published=None)
    page.goto(f"{site}/admin/articles/article/{article.pk}/change/")
    wall = page.get_by_role("button", name="The wall stands here")

    page.locator(f"{EDITOR} > p").first.click()
    wall.click()
    page.locator(f"{EDITOR} li").first.click()
    wall.click()

    expect(page.locator(".desk-wall")).to_have_count(1)
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator(".messagelist")).to_contain_text("Saved")
    assert FullText.objects.get().html == (
        '<p>One</p><ul><li><p>Two</p></li><li><p>Three</p></li></ul><hr class="wall"><p>Four</p>'
    )


def test_paste_from_a_word_processor_keeps_structure_and_drops_the_rest(
    page: Page, site: str, enter: Callable[[User], None], complaints: list[str]
) -> None:
    enter(somebody_in("Editors"))
    article = an_article(text="<p>Start</p>", published=None)
    page.goto(f"{site}/admin/articles/article/{article.pk}/change/")
    page.locator(EDITOR).press("Control+End")
    pasted = (
        "<style>p{color:red}</style>"
        '<b style="font-weight:normal"><p class=MsoNormal style="color:red"><b>Bold</b> words</p>'
        '<p><span style="font-weight:700">Heavy</span> <span style="font-style:italic">slanted</span> light</p></b>'
        '<h2 style="x">Title</h2><script>alert(1)</script>'
        '<p><a href="javascript:alert(1)">bad</a> <a href="https://example.org/" class="z">good</a></p>'
        "<ul><li>one</li></ul><img src=/static/img/icon.svg>"
    )
    page.evaluate(
        """html => { const data = new DataTransfer(); data.setData('text/html', html)
        document.querySelector('.ProseMirror[contenteditable]').dispatchEvent(
          new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })) }""",
        pasted,
    )
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator(".messagelist")).to_contain_text("Saved")

    html = FullText.objects.get().html
    for kept in (
        "<strong>Bold</strong> words",
        "<strong>Heavy</strong> <em>slanted</em> light",
        "<h2>Title</h2>",
        'href="https://example.org/"',
        # Wherever the caret was when it was pasted.
        "<ul><li><p>one",
    ):
        assert kept in html
    for dropped in ("style", "Mso", "script", "javascript", "<img", "z"):
        assert dropped not in html


def test_the_enter_key_never_publishes(page: Page, site: str, enter: Callable[[User], None]) -> None:
    enter(somebody_in("Editors"))
    article = an_article(published=None)
    page.goto(f"{site}/admin/articles/article/{article.pk}/change/")

    page.locator("#id_slug").press("Enter")

    expect(page.locator(".messagelist")).to_contain_text("Saved. Draft.")


def test_a_closed_lid_a_lost_session_and_a_lost_connection_lose_nothing(
    page: Page, site: str, enter: Callable[[User], None]
) -> None:
    eve = somebody_in("Editors")
    enter(eve)
    a_section("economy")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{site}/admin/articles/article/add/")
    page.locator("#id_headline").fill("Ferries return")
    page.locator("#id_section").select_option(label="Economy")
    page.locator(EDITOR).click()
    page.keyboard.type("The first boat left on Monday.")
    kept = page.locator("[data-kept]")
    expect(kept).to_contain_text("Not saved yet; kept at", timeout=15_000)
    assert WorkingCopy.objects.get().headline == "Ferries return"

    # The lid is closed, and opened another day.
    page.goto(f"{site}/admin/articles/article/add/")
    page.locator(".kept").get_by_text("Go on with it").click()
    expect(page.locator("#id_headline")).to_have_value("Ferries return")
    expect(page.locator(EDITOR)).to_have_text("The first boat left on Monday.")

    # The session ends, and is begun again in another window.
    page.context.clear_cookies()
    page.locator(EDITOR).press("Control+End")
    page.keyboard.type(" So did the second.")
    page.keyboard.press("Control+s")
    expect(kept).to_contain_text("You are logged out", timeout=15_000)
    assert not Article.objects.exists()
    enter(eve)
    with page.expect_navigation():
        page.keyboard.press("Control+s")
    expect(page.locator(".messagelist")).to_contain_text("Saved")
    assert FullText.objects.get().html == "<p>The first boat left on Monday. So did the second.</p>"

    # The connection is lost, and comes back.
    # A page that has just come holds its text a moment before it takes keys.
    page.locator(EDITOR).click()
    page.context.set_offline(True)
    page.locator(EDITOR).press("Control+End")
    page.keyboard.type(" Then nothing.")
    page.keyboard.press("Control+s")
    expect(kept).to_contain_text("No connection", timeout=15_000)
    page.context.set_offline(False)
    with page.expect_navigation():
        page.keyboard.press("Control+s")
    expect(page.locator(".messagelist")).to_contain_text("Saved")
    assert FullText.objects.get().html.endswith("Then nothing.</p>")
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('desk:'))") == []
    expect(page.locator(".kept")).to_have_count(0)


def test_from_a_new_article_to_a_published_one_by_keyboard_alone(
    page: Page, site: str, enter: Callable[[User], None], complaints: list[str], ferry: Path
) -> None:
    enter(somebody_in("Editors"))
    a_section("economy")
    an_author("Ana Novak")
    an_article("A second bridge is burnt")
    press, write = page.keyboard.press, page.keyboard.type

    def tab_to(selector: str, key: str = "Tab", most: int = 60) -> None:
        for _ in range(most):
            press(key)
            if page.evaluate("one => document.activeElement.matches(one)", selector):
                return
        raise AssertionError(f"{selector} is not reached by {key}")

    page.goto(f"{site}/admin/articles/article/")
    tab_to(".skip-to-content-link")
    press("Enter")
    tab_to("a.addlink[href$='/article/add/']")
    with page.expect_navigation():
        press("Enter")
    expect(page.locator("#id_headline")).to_be_focused()
    write("Ferries return to the fjord")
    tab_to("#id_standfirst")
    write("After eleven years, boats again.")
    tab_to(EDITOR)
    write("The first boat left on Monday.")
    press("Control+/")
    expect(page.locator("dialog")).to_contain_text("The wall stands here")
    press("Escape")
    press("Control+Alt+w")
    write("Only subscribers read of the second, as of ")
    press("Control+k")
    expect(page.locator(".link-found li")).to_have_count(1)
    tab_to("#desk-link-search")
    with page.expect_response(lambda response: "q=burnt" in response.url):
        write("burnt")
    expect(page.locator(".link-found li")).to_have_count(1)
    tab_to(".link-found button")
    press("Enter")
    write(". ")
    press("Control+Alt+p")
    tab_to("nav button[aria-pressed=false]", "Shift+Tab")
    press("Enter")
    # Only the choosing of a file is the browser's own dialog.
    page.locator("#desk-upload-original").set_input_files(ferry)
    tab_to("#desk-upload-alt")
    write("A white ferry")
    tab_to("#desk-upload-credit")
    write("Photo: Nils Berg")
    press("Enter")
    expect(page.locator(".desk-picture small")).to_have_text("Photo: Nils Berg")
    press("Control+Alt+x")
    write("Why it matters")
    press("Control+Alt+Enter")
    press("Control+Alt+t")
    write("Year")
    press("Control+Alt+Enter")
    tab_to("#id_section")
    write("Economy")
    tab_to("#id_signed_by")
    write("Ana")
    tab_to("[name=verb][value=publish]", most=80)
    press("Enter")
    expect(page.locator(".desk-state")).to_contain_text("Published")

    html = FullText.objects.get(article__slug="ferries-return-to-the-fjord").html
    for part in (
        '<p>The first boat left on Monday.</p><hr class="wall">',
        '<a href="/climate/a-second-bridge-is-burnt/">A second bridge is burnt</a>',
        f'<figure data-picture="{Picture.objects.get().pk}">',
        '<aside class="box"><h3>Explainer</h3><p>Why it matters</p></aside>',
        "<table><tbody><tr><th><p>Year</p></th>",
    ):
        assert part in html


def test_publishing_with_a_picture_without_credit_leads_to_its_field(
    page: Page, site: str, enter: Callable[[User], None], complaints: list[str]
) -> None:
    enter(somebody_in("Editors"))
    values = {"alt": "A ferry", "width": 700, "height": 400, "caption": "The ferry"}
    picture = Picture.objects.bulk_create([Picture(**values)])[0]
    article = an_article(published=None, hero=picture)
    page.goto(f"{site}/admin/articles/article/{article.pk}/change/")

    page.get_by_role("button", name="Publish now").click()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Mend it").click()

    expect(opened.value.locator("#id_credit")).to_be_in_viewport()
    opened.value.locator("#id_credit").fill("Photo: Nils Berg")


def test_leaving_with_unsaved_words_asks_first(page: Page, site: str, enter: Callable[[User], None]) -> None:
    enter(somebody_in("Editors"))
    article = an_article(published=None)
    page.goto(f"{site}/admin/articles/article/{article.pk}/change/")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.locator("#id_standfirst").press_sequentially("x")

    page.goto(f"{site}/admin/")

    assert asked == ["beforeunload"]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_desk_fits_its_window_and_keeps_the_policy(
    page: Page, site: str, enter: Callable[[User], None], complaints: list[str], width: int, scheme: Any
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)
    ada = a_reader("ada@example.org", is_staff=True, is_superuser=True)
    bob = a_reader()
    grant = a_grant(bob, by=ada)
    article = an_article("Night trains stall at three borders and nobody wants to pay for a fourth")
    enter(ada)
    for address in (
        "",
        "articles/article/",
        "articles/article/add/",
        f"articles/article/{article.pk}/change/",
        f"articles/article/{article.pk}/history/",
        "articles/picture/?_popup=1&_to_field=id",
        "articles/picture/add/",
        "articles/partneritem/add/",
        "readers/user/",
        f"readers/user/{bob.pk}/change/",
        f"subscriptions/grant/add/?reader={bob.pk}",
        f"subscriptions/grant/{grant.pk}/change/",
        "subscriptions/subscription/",
    ):
        page.goto(f"{site}/admin/{address}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
