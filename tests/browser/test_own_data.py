"""Everything about me as a file, and my account deleted: on a phone, by keyboard, without asking anybody."""

import re
import zipfile
from typing import Any

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY as METHODS
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from readers.models import User
from rights.models import Erasure
from subscriptions.models import Subscription
from tests.make import a_reader, a_subscription

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
EMAIL = "anna@example.org"


def code_in(mailoutbox: list) -> str:
    found = re.match(r"\d{6}", mailoutbox[-1].subject)
    assert found, mailoutbox[-1].subject
    return found[0]


def sign_in(page: Page, site: str, mailoutbox: list) -> None:
    page.goto(f"{site}/accounts/login/code/?next=/account/data/")
    page.get_by_label("Your email address").fill(EMAIL)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Six-digit code").fill(code_in(mailoutbox))
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.wait_for_url("**/account/data/")


def press_by_keyboard(page: Page, role: Any, name: str) -> None:
    """Walk to it with the Tab key, as far as it takes, and press Enter."""
    wanted = page.get_by_role("main").get_by_role(role, name=name, exact=True)
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"The keyboard does not reach {name}.")


def test_the_copy_is_one_press_away_and_complete(
    page: Page, site: str, mailoutbox: list, complaints: list[str], tmp_path: Any
) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    a_reader(EMAIL, name="Anna Novak")
    sign_in(page, site, mailoutbox)
    with page.expect_download() as coming:
        press_by_keyboard(page, "button", "Download my data")
    file = tmp_path / "mine.zip"
    coming.value.save_as(file)
    with zipfile.ZipFile(file) as archive:
        assert {"index.html", "user.json", "user.csv", "usersession.json"} <= set(archive.namelist())
        assert "Anna Novak" in archive.read("user.json").decode()
        archive.extractall(tmp_path)
    page.goto(f"file://{tmp_path}/index.html")
    expect(page.get_by_role("heading", name="Your data")).to_be_visible()
    page.get_by_role("link", name="For programs").first.click()
    assert page.url.endswith("user.json")


def test_the_account_is_gone_after_two_presses_and_the_receipt_is_there(
    page: Page, site: str, mailoutbox: list, complaints: list[str]
) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    reader = a_reader(EMAIL)
    a_subscription(reader, status="canceled", ends_at=reader.date_joined)
    sign_in(page, site, mailoutbox)
    presses = 0
    press_by_keyboard(page, "link", "Delete my account")
    presses += 1
    expect(page.get_by_role("heading", name="Kept for a time")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    press_by_keyboard(page, "button", "Delete my account")
    presses += 1
    expect(page.get_by_role("heading", name="Your account is deleted")).to_be_visible()
    assert presses == 2
    receipt = Erasure.objects.get()
    expect(page.get_by_text(receipt.number)).to_be_visible()
    assert mailoutbox[-1].to == [EMAIL]
    assert receipt.number in mailoutbox[-1].body
    expect(page.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()
    assert Subscription.objects.get().reader.is_deleted

    sign_in(page, site, mailoutbox)
    assert User.objects.get(email=EMAIL).pk != reader.pk, "the same address is somebody new"


def test_an_open_browser_is_not_enough_to_delete(page: Page, site: str, mailoutbox: list) -> None:
    a_reader(EMAIL)
    sign_in(page, site, mailoutbox)
    for row in Session.objects.all():
        store = SessionStore(row.session_key)
        store[METHODS] = [{**record, "at": record["at"] - 24 * 60 * 60} for record in store[METHODS]]
        store.save()
    page.goto(f"{site}/account/delete/")
    page.get_by_role("main").get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    assert User.objects.filter(email=EMAIL).exists()
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Six-digit code").fill(code_in(mailoutbox))
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("heading", name="Your account is deleted")).to_be_visible()
    assert not User.objects.filter(email=EMAIL).exists()
