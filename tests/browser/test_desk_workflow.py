"""An author, an editor and the chief editor bring an article out, in real browsers side by side."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from articles.models import Article, ArticleVersion, Hold
from articles.models.version import keep_version
from readers.models import User
from tests.browser.axe import run_axe
from tests.make import a_section, an_article, an_author, somebody_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
EDITOR = ".prose-editor .ProseMirror[contenteditable]"


def signed_in(page: Page, site: str, user: User) -> Page:
    """The page of a browser in which that person is signed in."""
    client = Client()
    client.force_login(user)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
    return page


@pytest.fixture
def another(browser: Browser, site: str) -> Any:
    """Browsers of further people."""
    contexts = []

    def of(user: User) -> Page:
        contexts.append(browser.new_context())
        return signed_in(contexts[-1].new_page(), site, user)

    yield of
    for context in contexts:
        context.close()


@pytest.fixture
def walter() -> User:
    """Walter writes under his name."""
    user = somebody_in("Authors", "walter@example.org")
    User.objects.filter(pk=user.pk).update(name="Walter Vale")
    author = an_author("Walter Vale")
    author.account = user
    author.save()
    return User.objects.get(pk=user.pk)


def save(page: Page, name: str) -> None:
    """Press a button of the action row, and wait until it is done."""
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator(".messagelist")).to_be_visible()


def test_an_author_an_editor_and_the_chief_editor_bring_an_article_out_and_take_it_away(
    page: Page, site: str, another: Callable[[User], Page], walter: User, complaints: list[str]
) -> None:
    a_section("economy")
    author = signed_in(page, site, walter)
    author.goto(f"{site}/admin/articles/article/add/")
    author.locator("#id_headline").fill("Ferries return to the fjord")
    author.locator("#id_standfirst").fill("After eleven years, boats again.")
    author.locator("#id_section").select_option(label="Economy")
    author.locator(EDITOR).click()
    author.keyboard.type("The first boat left on Monday.")
    author.locator("#id_note").fill("The minister has not called back.")
    save(author, "Send for review")
    expect(author.locator(".desk-state")).to_contain_text("In review")
    expect(author.get_by_role("button", name="Publish now")).to_have_count(0)
    author.goto(f"{site}/admin/")

    editor = another(somebody_in("Editors", "eve@example.org"))
    editor.goto(f"{site}/admin/")
    expect(editor.get_by_role("region", name="In review")).to_contain_text("Ferries return to the fjord")
    expect(editor.get_by_role("region", name="Notes")).to_contain_text("The minister has not called back.")
    editor.get_by_role("region", name="In review").get_by_role("link").click()
    editor.locator("#id_headline").fill("Ferries are back on the fjord")
    save(editor, "Ready")
    expect(editor.locator(".desk-state .state")).to_have_text("Ready")
    evening = timezone.localtime() + timedelta(hours=3)
    editor.locator("#id_publish_at").fill(f"{evening:%Y-%m-%dT%H:%M}")
    save(editor, "Schedule")
    expect(editor.locator("[data-countdown]")).to_contain_text("goes out in 2 hours, ")
    save(editor, "Publish now")
    expect(editor.locator(".desk-state .state")).to_contain_text("Published")
    editor.locator("#id_standfirst").fill("After twelve years, boats again.")
    save(editor, "Save changes")
    editor.get_by_role("link", name="Versions").click()
    editor.get_by_role("link", name="Changed after publication: 1").click()
    editor.locator(".desk-table a").first.click()
    expect(editor.locator("ins")).to_contain_text("twelve")

    chief = another(somebody_in("Chief editors", "cara@example.org"))
    article = Article.objects.get()
    chief.goto(f"{site}/admin/articles/article/{article.pk}/change/")
    chief.get_by_role("link", name="Withdraw …").click()
    chief.locator("#id_because").fill("The ferry never left.")
    chief.get_by_role("button", name="Withdraw this article").click()
    expect(chief.locator(".desk-state .state")).to_contain_text("Withdrawn")
    expect(chief.locator(".story")).to_contain_text("The ferry never left.")


def test_two_people_do_not_write_the_same_article_unknowingly(
    page: Page, site: str, another: Callable[[User], Page], walter: User
) -> None:
    article = an_article(published=None, by=walter.author)
    address = f"{site}/admin/articles/article/{article.pk}/change/"
    author, editor = signed_in(page, site, walter), another(somebody_in("Editors", "eve@example.org"))
    author.goto(address)
    author.locator("#id_standfirst").fill("What Walter typed.")
    editor.goto(address)
    expect(editor.locator(".desk-held")).to_contain_text("Walter Vale is writing this article now")
    expect(editor.locator("#article_form")).to_have_attribute("inert", "")

    editor.get_by_role("button", name="Take over").click()
    expect(editor.locator(".desk-held")).to_be_hidden()
    # What the page says by itself every twenty seconds, and whenever it comes to the front.
    author.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(author.locator(".desk-held")).to_contain_text("What you typed is still on this page.")
    expect(author.locator("#id_standfirst")).to_have_value("What Walter typed.")

    author.get_by_role("button", name="Take over").click()
    expect(author.locator(".desk-held")).to_be_hidden()
    assert Hold.objects.get().editor == walter


def test_closing_the_page_gives_the_article_free(
    page: Page, site: str, another: Callable[[User], Page], walter: User
) -> None:
    article = an_article(published=None, by=walter.author)
    address = f"{site}/admin/articles/article/{article.pk}/change/"
    author, editor = signed_in(page, site, walter), another(somebody_in("Editors", "eve@example.org"))
    author.goto(address)
    assert Hold.objects.exists()
    author.goto(f"{site}/admin/")
    # The browser sends it when it comes to it.
    for _ in range(100):
        if not Hold.objects.exists():
            break
        author.wait_for_timeout(50)
    editor.goto(address)

    expect(editor.locator(".desk-held")).to_be_hidden()


def test_a_lawyer_reads_what_is_not_published_until_the_link_is_ended(
    page: Page, site: str, another: Callable[[User], Page], complaints: list[str]
) -> None:
    article = an_article(published=None)
    editor = signed_in(page, site, somebody_in("Editors", "eve@example.org"))
    editor.goto(f"{site}/admin/articles/article/{article.pk}/change/")
    editor.get_by_role("link", name="Show it to somebody outside").click()
    editor.locator("#id_shown_to").fill("our lawyer")
    editor.get_by_role("button", name="Make a link").click()
    path = "/" + editor.locator("#made").input_value().split("/", 3)[3]

    # Chromium without a window says so in its name, and counts as a robot.
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
    lawyer = editor.context.browser.new_context(user_agent=agent).new_page()
    lawyer.goto(site + path)
    expect(lawyer.locator(".preview-bar")).to_contain_text("Shown in confidence to: our lawyer.")
    expect(lawyer.locator("main")).to_contain_text("canaryword")
    editor.get_by_role("button", name="End it").click()
    expect(editor.locator(".desk-table")).to_contain_text("1 time")
    lawyer.reload()
    expect(lawyer.get_by_role("heading", name="This link has ended")).to_be_visible()
    lawyer.context.close()


def test_a_phone_frame_shows_what_a_phone_shows(page: Page, site: str, complaints: list[str]) -> None:
    article = an_article(published=None)
    signed_in(page, site, somebody_in("Editors", "eve@example.org"))
    page.set_viewport_size({"width": 1440, "height": 900})

    page.goto(f"{site}/admin/articles/article/{article.pk}/preview/?as=subscriber&width=phone")

    inside = page.frame_locator("iframe")
    expect(inside.locator("main")).to_contain_text("canaryword")
    assert inside.locator("html").evaluate("node => node.ownerDocument.defaultView.innerWidth") == 390
    page.get_by_role("link", name="Visitor").click()
    expect(page.frame_locator("iframe").locator(".paywall")).to_be_visible()
    page.get_by_role("link", name="Full width").click()
    expect(page.locator("iframe")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_of_the_desk_fit_and_are_open_to_everybody(page: Page, site: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    eve = somebody_in("Editors", "eve@example.org")
    signed_in(page, site, eve)
    article = an_article("Night trains stall at three borders and nobody wants to pay for a fourth", published=None)
    keep_version(article, by=eve, at=timezone.now())
    article.write("<p>The first paragraph is for everyone, too.</p><p>Donaudampfschifffahrtsgesellschaft.</p>")
    keep_version(article, by=eve, at=timezone.now())
    article.send_for_review(by=eve, at=timezone.now())
    article.assign(eve, by=eve, at=timezone.now())
    article.steps.create(kind="note", note="Ask the ministry.", by=eve, at=timezone.now())
    assert ArticleVersion.objects.count() == 2
    own = f"articles/article/{article.pk}"
    for address in ("", f"{own}/change/", f"{own}/versions/", f"{own}/versions/2/", f"{own}/share/"):
        page.goto(f"{site}/admin/{address}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        found = run_axe(page, context=None, options={"runOnly": ["wcag2a", "wcag2aa"]}).response["violations"]
        serious = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
        assert not serious, (address, serious)
