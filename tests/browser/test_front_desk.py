"""The chief editor arranges the front page in a real browser: by mouse, by numbers, by keyboard alone."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from articles.front import front_page
from articles.models import Article, FrontVersion
from tests.browser.axe import STANDARDS, run_axe
from tests.browser.test_news_pages import sign_in
from tests.make import NOW, a_section, an_article, somebody_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK = "/admin/articles/frontversion/"


@pytest.fixture
def told(at: Any) -> list[Article]:
    at(NOW)
    sections = [a_section("climate"), a_section("tech")]
    return [
        an_article(f"Story {number}", section=sections[number % 2], published=NOW - timedelta(hours=1 + number))
        for number in range(14)
    ]


@pytest.fixture
def desk(page: Page, site: str, told: list[Article]) -> Page:
    sign_in(page, site, somebody_in("Chief editors"))
    page.goto(site + DESK)
    return page


def card(desk: Page, article: Article) -> Locator:
    return desk.locator(f"article[data-article='{article.pk}']")


def drag(desk: Page, article: Article, to: Locator) -> None:
    """By the words of the card, as its list is not a handle."""
    card(desk, article).locator("p.help").drag_to(to)


def place(desk: Page, value: str) -> Locator:
    return desk.locator(f"li[data-place='{value}']")


def leads() -> str:
    lead = front_page(at=NOW).lead
    return lead.headline if lead else ""


def test_by_mouse_what_stood_there_makes_room_and_a_change_is_undone(
    desk: Page, told: list[Article], complaints: list[str]
) -> None:
    drag(desk, told[9], place(desk, "second-1"))
    drag(desk, told[10], place(desk, "second-1"))
    expect(place(desk, "second-1")).to_contain_text("Story 10")
    expect(place(desk, "second-2")).to_contain_text("Story 9")
    drag(desk, told[9], place(desk, "second-1"))
    expect(place(desk, "second-2")).to_contain_text("Story 10")
    place(desk, "lead-1").locator(".front-rule").drag_to(place(desk, "second-3"))
    expect(place(desk, "second-3")).to_contain_text("Story 0")
    desk.get_by_role("button", name="Put it up now").click()
    desk.get_by_text("The front page is changed.").wait_for()
    page = front_page(at=NOW)
    assert [one.headline for one in page.second] == ["Story 9", "Story 10", "Story 0"]
    assert leads() == "Story 1"
    drag(desk, told[9], desk.locator(".front-pool h2"))
    assert card(desk, told[9]).get_by_role("combobox").input_value() == ""
    desk.get_by_role("button", name="Put it up now").click()
    desk.get_by_text("The front page is changed.").wait_for()
    assert front_page(at=NOW).second[0].headline == "Story 2"
    desk.get_by_role("button", name="Undo the last change").click()
    desk.get_by_text("Undone: what stood before stands again.").wait_for()
    assert front_page(at=NOW).second[0].headline == "Story 9"


def test_by_numbers_for_a_later_moment_with_a_look_at_it_before(
    desk: Page, told: list[Article], complaints: list[str]
) -> None:
    card(desk, told[8]).get_by_role("combobox").select_option("Lead")
    expect(place(desk, "lead-1")).to_contain_text("Story 8")
    desk.get_by_text("“Story 8” stands at Lead.").wait_for()
    with desk.context.expect_page() as opened:
        desk.get_by_role("button", name="Preview").click()
    look = opened.value
    expect(look.locator(".teaser--lead")).to_contain_text("Story 8")
    look.get_by_text("Nothing is changed.").wait_for()
    look.close()
    desk.get_by_label("Note for colleagues").fill("After the vote")
    desk.get_by_label("From").fill("2026-11-17T15:00")
    desk.get_by_role("button", name="Change it then").click()
    desk.get_by_text("The front page changes by itself on 17 November 2026, 15:00.").wait_for()
    assert leads() == "Story 0"
    later = front_page(at=NOW + timedelta(hours=2)).lead
    assert later
    assert later.headline == "Story 8"
    desk.get_by_role("button", name="Call off").click()
    desk.get_by_text("Called off: it does not begin.").wait_for()
    assert not FrontVersion.objects.waiting(at=NOW).exists()


def test_by_keyboard_alone(desk: Page, told: list[Article], complaints: list[str]) -> None:
    card(desk, told[7]).get_by_role("combobox").focus()
    desk.keyboard.type("Second leads 2")
    desk.keyboard.press("Tab")
    expect(place(desk, "second-2")).to_contain_text("Story 7")
    card(desk, told[6]).get_by_role("combobox").focus()
    for _ in range(3):
        desk.keyboard.press("ArrowDown")
    expect(place(desk, "second-2")).to_contain_text("Story 7")
    desk.keyboard.press("Enter")
    expect(place(desk, "second-2")).to_contain_text("Story 6")
    expect(place(desk, "second-3")).to_contain_text("Story 7")
    desk.get_by_role("button", name="Put it up now").focus()
    desk.keyboard.press("Enter")
    desk.get_by_text("The front page is changed.").wait_for()
    assert [one.headline for one in front_page(at=NOW).second] == ["Story 1", "Story 6", "Story 7"]


def test_without_script_the_lists_alone_do_it(browser: Any, site: str, told: list[Article]) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, site, somebody_in("Chief editors"))
        page.goto(site + DESK)
        card(page, told[5]).get_by_role("combobox").select_option("Lead")
        page.get_by_role("button", name="Put it up now").click()
        page.get_by_text("The front page is changed.").wait_for()
    assert leads() == "Story 5"


@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(desk: Page, told: list[Article], width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 900})
    desk.emulate_media(color_scheme="dark" if width == 390 else "light", reduced_motion="reduce")
    card(desk, told[9]).get_by_role("combobox").select_option("Second leads 1")
    found = run_axe(desk, options={"runOnly": {"type": "tag", "values": STANDARDS}})
    assert found.violations_count == 0, found.generate_report()
    assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")
