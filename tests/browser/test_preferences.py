"""What a reader has asked of the device is kept: more contrast, colours of their own, no movement."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from readers.models import User
from tests.browser.axe import run_axe
from tests.browser.test_news_pages import newsroom, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["newsroom"]
ANYBODY = ("/", "/climate/", "/climate/story-0/", "/search/?q=story", "/subscribe/")
ENHANCED = {"runOnly": {"type": "rule", "values": ["color-contrast-enhanced"]}}


def style(found: Locator, name: str) -> str:
    return str(found.evaluate("(element, name) => getComputedStyle(element)[name]", name))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_whoever_asks_for_more_contrast_gets_seven_to_one(page: Page, site: str, newsroom: User, scheme: Any) -> None:
    page.emulate_media(contrast="more", color_scheme=scheme, reduced_motion="reduce")
    for path in ANYBODY:
        page.goto(site + path)
        found = run_axe(page, options=ENHANCED)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"


def test_in_colours_of_ones_own_what_is_chosen_and_where_one_is_can_be_seen(
    page: Page, site: str, newsroom: User
) -> None:
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    page.goto(site + "/climate/")
    here, elsewhere = page.locator(".sections [aria-current]"), page.locator(".sections a:not([aria-current])").first
    assert style(here, "borderBlockEndColor") != style(elsewhere, "borderBlockEndColor")
    page.goto(site + "/climate/story-0/")
    assert style(page.locator(".paywall"), "borderBlockStartStyle") == "solid"
    page.goto(site + "/subscribe/")
    chosen, other = page.locator(".choice:has(:checked)").first, page.locator(".choice:not(:has(:checked))").first
    assert (style(chosen, "outlineStyle"), style(other, "outlineStyle")) == ("solid", "none")
    page.keyboard.press("Tab")
    assert style(page.locator(":focus"), "outlineStyle") == "solid"


def test_nothing_moves_for_whoever_asked_for_rest(page: Page, site: str, newsroom: User) -> None:
    sign_in(page, site, newsroom)
    moving = """() => [...document.querySelectorAll("*")].filter((one) => {
      const style = getComputedStyle(one);
      return style.scrollBehavior === "smooth" || style.animationName !== "none"
        || !/^0s(, 0s)*$/.test(style.transitionDuration);
    }).map((one) => one.outerHTML.slice(0, 80))"""
    page.goto(site + "/climate/story-0/")
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moving) != []
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == []
    expect(page.locator("html")).to_have_css("scroll-behavior", "auto")
