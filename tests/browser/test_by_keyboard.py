"""The whole path by keyboard, each thing found by role and name: wall, code, order, card, text, account, cancel."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from newsroom.templatetags.newsroom import day
from subscriptions.models import Subscription
from tests.browser.test_rights import Phone
from tests.make import an_article
from tests.world import World, contract, local_stripe, world

__all__ = ["contract", "local_stripe", "world"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
EMAIL = "anna@example.org"
WALL = """
- heading "Thank you for reading Viaduct!" [level=2]
- group "Choose a plan":
  - radio "Yearly €150 per year €12.50 a month. Saves €30." [checked]
  - radio "Monthly €15 per month €180 over a year."
- button "Start 30-day free trial"
"""
CARD = """
- paragraph: Free trial
- heading "30 days left of your free trial" [level=2]
- link "Read the news"
- link "Switch to monthly"
- link "Cancel subscription"
"""


def test_from_the_wall_to_the_last_day_without_a_mouse(
    page: Page, site: str, world: World, complaints: list[str]
) -> None:
    article = an_article(published=world.now() - timedelta(days=1))
    page.set_viewport_size({"width": 1280, "height": 900})
    keys = Phone(page, site)
    keys.open(article.get_absolute_url())

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    wall = page.get_by_role("region", name="Thank you for reading Viaduct!")
    expect(wall).to_match_aria_snapshot(WALL)
    keys.press("button", "Start 30-day free trial")

    expect(page.get_by_role("heading", level=1, name="Your email address")).to_be_visible()
    keys.type("Your email address", EMAIL)
    keys.press("button", "Send me a code")
    expect(page.get_by_role("heading", level=1, name="Type your code")).to_be_visible()
    keys.type("Six-digit code", "12345")
    keys.press("button", "Continue")
    field = page.get_by_role("textbox", name="Six-digit code")
    assert field.get_attribute("aria-invalid") == "true"
    expect(field).to_have_accessible_description("That is five digits. The code has six.")
    keys.type("Six-digit code", world.code_sent_to(EMAIL))
    keys.press("button", "Continue")

    expect(page.get_by_role("heading", level=1, name="Read all of it, free for 30 days")).to_be_visible()
    order = page.get_by_role("main").get_by_role("button").first
    says = f"Start 30-day free trial then pay €150 per year from {day(world.now() + timedelta(days=30))}"
    expect(order).to_have_accessible_name(says)
    keys.press("button", says)
    keys.press("button", "Start trial", within="body")

    expect(page.get_by_text("canaryword")).to_be_visible()
    keys.press("link", "Your account", within="footer")
    expect(page.get_by_role("heading", level=1, name="Your account")).to_be_visible()
    expect(page.get_by_role("region", name="30 days left of your free trial")).to_match_aria_snapshot(CARD)
    keys.press("link", "Cancel subscription")
    keys.press("button", "Cancel my subscription")
    expect(page.get_by_role("heading", level=1, name="Your subscription is cancelled")).to_be_visible()
    assert Subscription.objects.get().ends_at is not None
