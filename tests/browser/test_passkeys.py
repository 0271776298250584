"""A passkey is offered after the first sign-in, takes the place of the code, and can be given back."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def with_authenticator(page: Page) -> None:
    """Give the browser a built-in device that always says yes, as a fingerprint reader would."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_in_by_code(page: Page, site: str, mailoutbox: list, email: str) -> None:
    page.goto(f"{site}/accounts/login/code/?next=/account/security/")
    page.get_by_label("Your email address").fill(email)
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_role("heading", name="Type your code")).to_be_visible()
    code = re.match(r"\d{6}", mailoutbox[-1].subject)
    assert code
    page.get_by_label("Six-digit code").fill(f"{code[0][:3]} {code[0][3:]}")
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.wait_for_url("**/account/security/")


def test_a_passkey_opens_the_account_without_a_code(
    page: Page, site: str, mailoutbox: list, complaints: list[str]
) -> None:
    with_authenticator(page)
    sign_in_by_code(page, site, mailoutbox, "anna@example.org")

    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name of this passkey").fill("Laptop")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/account/security/")
    expect(page.get_by_text("You have 1 passkey.")).to_be_visible()
    assert "A passkey was added" in mailoutbox[-1].subject
    mails = len(mailoutbox)

    page.get_by_role("button", name="Log out here").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()
    page.goto(f"{site}/accounts/login/code/?next=/terms/")
    page.get_by_role("link", name="Use a passkey or your password instead").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/terms/")
    expect(page.get_by_role("link", name="Your account").first).to_be_visible()
    assert len(mailoutbox) == mails

    page.goto(f"{site}/account/security/")
    page.get_by_role("link", name="See your passkeys").click()
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    expect(page.get_by_text("You have no passkey yet.")).to_be_visible()


def test_on_another_device_a_code_still_lets_the_reader_in(
    page: Page, site: str, mailoutbox: list, new_context: Any
) -> None:
    with_authenticator(page)
    sign_in_by_code(page, site, mailoutbox, "anna@example.org")
    page.goto(f"{site}/accounts/2fa/webauthn/add/")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/account/security/")

    telephone = new_context(viewport={"width": 390, "height": 800}).new_page()
    sign_in_by_code(telephone, site, mailoutbox, "anna@example.org")
    expect(telephone.get_by_text("You have 1 passkey.")).to_be_visible()
