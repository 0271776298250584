"""Live coverage in a real browser: the page says that there is more and moves nothing; the desk writes by keyboard."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from articles.models import LiveCoverage, LiveEntry
from tests.browser.axe import STANDARDS, run_axe
from tests.browser.test_news_pages import sign_in
from tests.make import NOW, a_coverage, a_plan, an_author, an_entry, somebody_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def coverage(at: Any) -> LiveCoverage:
    at(NOW)
    a_plan("year")
    coverage = a_coverage()
    for number in range(6):
        an_entry(coverage, f"Entry {number}", published_at=NOW - timedelta(hours=number + 1), is_free=number == 5)
    LiveEntry.objects.get(headline="Entry 3").pin(at=NOW)
    return coverage


def test_what_is_new_is_offered_and_comes_when_asked_for(
    page: Page, site: str, coverage: LiveCoverage, complaints: list[str]
) -> None:
    page.clock.install()
    page.goto(site + coverage.get_absolute_url())
    an_entry(coverage, "Breaking", published_at=NOW)
    page.clock.fast_forward(31_000)
    offer = page.get_by_role("link", name="One new entry")
    expect(offer).to_be_visible()
    assert page.get_by_role("heading", name="Breaking").count() == 0
    offer.click()
    page.get_by_role("heading", name="Breaking").wait_for()
    assert page.get_by_role("link", name="One new entry").count() == 0


@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    page: Page, site: str, coverage: LiveCoverage, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if width == 320 else "light", reduced_motion="reduce")
    for path in (coverage.get_absolute_url(), "/live/"):
        page.goto(site + path)
        found = run_axe(page, options={"runOnly": {"type": "tag", "values": STANDARDS}})
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_an_entry_is_written_without_touching_the_mouse(
    page: Page, site: str, coverage: LiveCoverage, complaints: list[str]
) -> None:
    sign_in(page, site, somebody_in("Editors"))
    an_author("Ana Novak")
    page.goto(f"{site}/admin/articles/livecoverage/{coverage.pk}/desk/")
    page.locator(".ProseMirror[contenteditable]").wait_for()
    expect(page.get_by_label("What has happened")).to_be_focused()
    page.keyboard.type("Talks resume")
    page.locator(".ProseMirror[contenteditable]").focus()
    page.keyboard.type("They are back in the room.")
    page.keyboard.press("Control+Enter")
    page.get_by_role("link", name="Talks resume").wait_for()
    page.goto(site + coverage.get_absolute_url())
    page.get_by_text("They are back in the room.").wait_for()
