"""The tools beside an article, in a real browser: copied, read aloud, set larger, printed, and its notes."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest as Request
from playwright.sync_api import Page, expect

from articles.models import Article
from readers.models import User
from tests.browser.test_news_pages import sign_in
from tests.make import NOW, a_plan, a_reader, a_subscription, an_article

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOTE = '<span class="footnote">{}</span>'
TEXT = (
    f"<p>The first paragraph{NOTE.format('A public source.')} is for everyone.</p><p>So is the second one.</p>"
    f"<p>The third says canaryword{NOTE.format('A paid source.')}.</p><ul><li><p>An item.</p></li></ul>"
)
# A browser without a screen has no voices: one that reads a piece at once and notes it, and one that is not ours.
VOICES = """
const said = window.said = [];
const voices = [
  { name: 'Cloud', lang: 'en-GB', localService: false }, { name: 'Ada', lang: 'en-GB', localService: true },
];
Object.defineProperty(window, 'SpeechSynthesisUtterance', { value: function (text) { this.text = text; } });
Object.defineProperty(window, 'speechSynthesis', { value: {
  getVoices: () => voices, cancel() {},
  speak(words) {
    said.push([words.text, words.voice.name, words.rate]);
    if (said.length !== 2) setTimeout(words.onend);
  },
} });"""


@pytest.fixture
def article(at: Any) -> Article:
    at(NOW)
    a_plan("year")
    return an_article(text=TEXT, published=NOW - timedelta(hours=1))


@pytest.fixture
def alice(article: Article) -> User:
    reader = a_reader("alice@example.org")
    a_subscription(reader)
    return reader


def test_an_article_is_read_aloud_by_the_devices_own_voice_and_stops_where_asked(
    page: Page, site: str, article: Article, alice: User, complaints: list[str]
) -> None:
    page.add_init_script(VOICES)
    sign_in(page, site, alice)
    page.goto(site + article.get_absolute_url())
    page.get_by_text("Listen, 1 min").click()
    expect(page.get_by_text("Read by a computer’s voice, on this device: Ada")).to_be_visible()
    page.get_by_role("button", name="Play").click()
    # The voice keeps at the second piece until it is stopped.
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    page.get_by_role("button", name="Pause").click()
    page.get_by_label("Speed").select_option("very quick")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    said = page.evaluate("said")
    assert {voice for _, voice, _ in said} == {"Ada"}
    assert [text for text, _, _ in said] == [
        article.headline,
        article.standfirst,
        article.standfirst,
        "The first paragraph is for everyone.",
        "So is the second one.",
        "The third says canaryword.",
        "An item.",
    ]
    assert [rate for _, _, rate in said][-1] == 1.6


def test_where_the_device_has_no_voice_it_says_so(page: Page, site: str, article: Article, alice: User) -> None:
    page.add_init_script(VOICES.replace("localService: true", "localService: false"))
    sign_in(page, site, alice)
    page.goto(site + article.get_absolute_url())
    page.get_by_text("Listen, 1 min").click()
    expect(page.get_by_text("This device has no voice of its own for this language.")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_disabled()


def test_before_the_wall_there_is_nothing_to_listen_to(page: Page, site: str, article: Article) -> None:
    page.goto(site + article.get_absolute_url())
    assert page.get_by_text("Listen").count() == 0
    assert page.get_by_role("button", name="Print").count() == 0


def test_a_larger_text_is_kept_in_the_browser_until_the_usual_one_is_chosen_again(
    page: Page, site: str, article: Article, complaints: list[str]
) -> None:
    def size() -> float:
        return page.evaluate("parseFloat(getComputedStyle(document.querySelector('.prose p')).fontSize)")

    address = site + article.get_absolute_url()
    page.goto(address)
    usual = size()
    assert page.evaluate("localStorage.length") == 0
    page.get_by_text("Text size").first.click()
    page.get_by_label("Very large").check()
    assert size() > usual * 1.4
    page.goto(address)
    assert size() > usual * 1.4
    page.emulate_media(media="print")
    assert size() < usual
    page.emulate_media(media="screen")
    page.get_by_text("Text size").first.click()
    page.get_by_label("Normal").check()
    assert size() == usual
    assert page.evaluate("localStorage.length") == 0


def test_a_larger_text_works_without_script(browser: Any, site: str, article: Article) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + article.get_absolute_url())
    before = page.locator(".prose p").first.bounding_box()
    page.get_by_text("Text size").first.click()
    page.get_by_label("Large", exact=True).check()
    assert page.locator(".prose p").first.bounding_box()["height"] > before["height"]
    for name in ("Copy link", "Print"):
        assert page.get_by_role("button", name=name, exact=True).count() == 0
    context.close()


def test_the_address_is_copied_without_what_came_with_the_visit(page: Page, site: str, article: Article) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(site + article.get_absolute_url() + "?utm_source=x")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Link copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"http://localhost:8000{article.get_absolute_url()}"


def test_a_note_is_reached_and_left_by_keyboard(page: Page, site: str, article: Article, alice: User) -> None:
    page.goto(site + article.get_absolute_url())
    assert page.get_by_role("doc-endnotes").count() in (0, 1)
    assert page.locator(".notes li").count() == 1
    sign_in(page, site, alice)
    page.goto(site + article.get_absolute_url())
    page.get_by_label("Note 2", exact=True).focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#note-2")
    expect(page.locator("#note-2")).to_be_in_viewport()
    page.get_by_label("Back to note 2 in the text").focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#ref-2")
    expect(page.locator("#ref-2")).to_be_in_viewport()


def test_a_subscribers_next_article_is_there_before_the_click(
    page: Page, site: str, article: Article, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = an_article("Another bridge", published=NOW - timedelta(hours=2))
    asked: list[tuple[str, str]] = []
    server = Request.__init__

    def noting(self: Any, environ: dict[str, Any]) -> None:
        asked.append((environ["PATH_INFO"], environ.get("HTTP_SEC_PURPOSE", "")))
        server(self, environ)

    monkeypatch.setattr(Request, "__init__", noting)
    sign_in(page, site, alice)
    page.goto(site + article.get_absolute_url())
    page.get_by_role("link", name=other.headline).first.hover()
    page.wait_for_timeout(1500)
    page.get_by_role("link", name=other.headline).first.click()
    page.get_by_role("heading", name=other.headline).wait_for()
    assert [purpose for path, purpose in asked if path == other.get_absolute_url()] == ["prefetch"]
