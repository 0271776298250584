"""A new editor is led to set up a passkey, and comes to the desk with it."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_passkeys import with_authenticator
from tests.make import somebody_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _enforced(settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = True


def log_in(page: Page, mailoutbox: list) -> None:
    """From the page that asks for an address, with the code from the mail."""
    page.get_by_label("Your email address").fill("eve@example.org")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_role("heading", name="Type your code")).to_be_visible()
    code = re.match(r"\d{6}", mailoutbox[-1].subject)
    assert code
    page.get_by_label("Six-digit code").fill(code[0])
    page.get_by_role("main").get_by_role("button", name="Log in").click()


def test_the_desk_opens_with_the_passkey_that_was_just_set_up(page: Page, site: str, mailoutbox: list) -> None:
    with_authenticator(page)
    somebody_in("Editors", "eve@example.org")
    page.goto(f"{site}/admin/")
    log_in(page, mailoutbox)
    page.get_by_role("link", name="Set up a passkey").click()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url(lambda url: "/webauthn/add" not in url)
    page.goto(f"{site}/admin/")
    expect(page.get_by_role("heading", name="The desk")).to_be_visible()
