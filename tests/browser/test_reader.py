"""A reader in a real browser, on a desk and on a phone: from the front page to the last day."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from subscriptions.models import Subscription
from tests.make import an_article
from tests.world import World, contract, local_stripe, world

__all__ = ["contract", "local_stripe", "world"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
LONG = "".join(
    f"<p>Paragraph {number} of a long story about a bridge that nobody pays for.</p>" for number in range(40)
)


def press(page: Any, name: str) -> None:
    """Press the button with that name and wait for the next page."""
    page.get_by_role("button", name=name).first.click()
    page.wait_for_load_state()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["1280", "390"])
def test_from_the_front_page_through_wall_trial_reading_account_and_cancel(
    page: Any, site: str, world: World, complaints: list[str], size: dict[str, int]
) -> None:
    article = an_article(text=LONG + "<p>At the end stands canaryword.</p>", published=world.now() - timedelta(days=1))
    page.set_viewport_size(size)
    email = f"anna{size['width']}@example.org"
    steps = 0

    page.goto(site + "/")
    page.get_by_role("link", name=article.headline).first.click()
    assert "canaryword" not in page.content()
    page.get_by_role("heading", name="Thank you for reading Viaduct!").wait_for()

    press(page, "Start 30-day free trial")
    steps += 1
    page.get_by_label("Your email address").fill(email)
    press(page, "Send me a code")
    steps += 1
    page.get_by_label("Six-digit code").fill(world.code_sent_to(email))
    press(page, "Continue")
    steps += 1
    assert page.get_by_text("€150 per year, VAT included").is_visible()
    press(page, "Start 30-day free trial")
    steps += 1
    assert page.url.startswith(world.sandbox.url)
    press(page, "Start trial")
    steps += 1

    assert page.url == f"{site}{article.get_absolute_url()}#continue"
    assert steps == 5, "wall, address, code, order, card: no form asks for anything else"
    page.get_by_text("canaryword").wait_for()
    # The page scrolls smoothly to where the wall stood.
    expect(page.get_by_text("Paragraph 2 of a long story")).to_be_in_viewport()

    page.get_by_role("link", name="Your account").first.click()
    page.get_by_role("heading", name="30 days left of your free trial").wait_for()
    clicks = 0
    page.get_by_role("link", name="Cancel subscription").click()
    clicks += 1
    press(page, "Cancel my subscription")
    clicks += 1
    page.get_by_role("heading", name="Your subscription is cancelled").wait_for()
    assert clicks == 2
    press(page, "Undo, keep my subscription")
    page.get_by_text("Your subscription goes on as before.").wait_for()
    assert Subscription.objects.get().ends_at is None


def test_nothing_is_wider_than_a_phone(page: Any, site: str, world: World) -> None:
    article = an_article(published=world.now() - timedelta(days=1))
    page.set_viewport_size({"width": 320, "height": 640})
    for address in (
        "/",
        article.get_absolute_url(),
        "/subscribe/",
        "/accounts/login/code/",
        "/search/?q=bridge",
        "/terms/",
    ):
        page.goto(site + address)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 320, f"{address} is {wide} px wide"


def test_the_whole_way_works_without_script(browser: Any, site: str, world: World) -> None:
    article = an_article(published=world.now() - timedelta(days=1))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + article.get_absolute_url())
    press(page, "Start 30-day free trial")
    page.get_by_label("Your email address").fill("anna@example.org")
    press(page, "Send me a code")
    page.get_by_label("Six-digit code").fill(world.code_sent_to("anna@example.org"))
    press(page, "Continue")
    press(page, "Start 30-day free trial")
    press(page, "Start trial")
    assert "canaryword" in page.content()
    context.close()
