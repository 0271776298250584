"""A group in a real browser, on a desk and on a phone: a manager invites, a colleague joins and leaves again."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from edge import clock
from groups import lists
from groups.models import InvitationList, Seat
from readers.models import User
from tests.make import a_domain, a_manager, a_term, an_agreement, an_article

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
BJORN = "b.ekstrom@harbourvale.example"


def press(page: Any, name: str) -> None:
    """Press the button with that name and wait for the next page."""
    page.get_by_role("button", name=name).first.click()
    page.wait_for_load_state()


def come_in(page: Any, site: str, reader: User) -> None:
    """Log a reader in, in this browser."""
    client = Client()
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    for name, morsel in client.cookies.items():
        page.context.add_cookies([{"name": name, "value": morsel.value, "url": site}])


def link_to(address: str, mails: list[Any]) -> str:
    """The path of the page that the newest invitation to this address leads to."""
    body = next(mail.body for mail in reversed(mails) if mail.to == [address])
    found = re.search(r"https?://[^/\s]+(/group/invitation/\S+)", body)
    assert found
    return found[1]


def code_to(address: str, mails: list[Any]) -> str:
    found = [re.search(r"\b\d{6}\b", mail.body) for mail in reversed(mails) if mail.to == [address]]
    return next(one for one in found if one)[0]


@pytest.fixture
def anna() -> User:
    """Anna manages three seats of this year."""
    this_year = clock.now().year
    group = an_agreement(seats=3, starts_on=date(this_year, 1, 1), ends_on=date(this_year, 12, 31))
    a_term(group, seats=3, starts_on=date(this_year + 1, 1, 1), ends_on=date(this_year + 1, 12, 31))
    a_domain(group, is_open=False)
    return a_manager(group, at=clock.now())


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["1280", "390"])
def test_a_manager_invites_and_a_colleague_joins_reads_and_leaves(
    page: Any, site: str, anna: User, mailoutbox: list[Any], complaints: list[str], size: dict[str, int], browser: Any
) -> None:
    article = an_article(published=clock.now() - timedelta(days=1))
    page.set_viewport_size(size)
    come_in(page, site, anna)
    page.goto(site + "/account/")
    page.get_by_role("link", name="Manage the seats").click()
    page.get_by_role("heading", name="0 of 3 seats used").wait_for()
    page.get_by_label("Email addresses, one per line").fill(f"Björn Ekström <{BJORN}>\nnobody")
    press(page, "Send invitations")
    page.get_by_role("heading", name="1 of 2 lines invited").wait_for()
    expect(page.get_by_role("row", name="nobody")).to_contain_text("Not a complete email address")
    page.get_by_role("link", name="Seats").first.click()
    expect(page.get_by_text("2 seats left.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]

    colleagues = browser.new_context(viewport=size)
    theirs = colleagues.new_page()
    theirs.goto(site + link_to(BJORN, mailoutbox))
    theirs.get_by_role("heading", name="Harbour & Vale pays for you to read Viaduct").wait_for()
    steps = 0
    press(theirs, "Send me the code")
    steps += 1
    theirs.get_by_label("Six-digit code").fill(code_to(BJORN, mailoutbox))
    press(theirs, "Log in")
    steps += 1
    press(theirs, "Take the seat")
    steps += 1
    assert steps == 3, "the letter, the code, the seat: no form asks for anything else"
    theirs.get_by_role("heading", name="Harbour & Vale pays for you").first.wait_for()
    theirs.goto(site + article.get_absolute_url())
    assert "canaryword" in theirs.content()

    page.reload()
    page.get_by_role("heading", name="1 of 3 seats used").wait_for()
    expect(page.get_by_text(BJORN).first).to_be_visible()

    theirs.goto(site + "/account/")
    theirs.get_by_role("link", name="Leave the group").first.click()
    press(theirs, "Leave the group of Harbour & Vale")
    theirs.goto(site + article.get_absolute_url())
    assert "canaryword" not in theirs.content()
    colleagues.close()


def test_a_stranger_with_the_letter_gets_no_seat(page: Any, site: str, anna: User, mailoutbox: list[Any]) -> None:
    come_in(page, site, anna)
    page.goto(f"{site}/group/")
    page.get_by_label("Email addresses, one per line").fill(BJORN)
    press(page, "Send invitations")
    page.goto(site + link_to(BJORN, mailoutbox))
    assert page.get_by_text(f"This invitation is for {BJORN}. You are logged in as {anna.email}.").is_visible()
    assert page.get_by_role("button", name="Take the seat").count() == 0
    press(page, "Log out, to log in with that address")
    page.get_by_role("button", name="Send me the code").wait_for()
    assert not Seat.objects.exists()


def test_a_long_list_shows_how_far_it_has_got_by_itself(
    page: Any, site: str, anna: User, monkeypatch: pytest.MonkeyPatch, complaints: list[str]
) -> None:
    monkeypatch.setattr(lists, "AT_ONCE", 0)
    come_in(page, site, anna)
    page.goto(f"{site}/group/")
    page.get_by_label("Email addresses, one per line").fill("a@x.example\nb@x.example\nc@x.example\nd@x.example")
    press(page, "Send invitations")
    page.get_by_role("heading", name="0 of 4 lines done").wait_for()
    lists.carry_on(InvitationList.objects.get(), at=clock.now())
    page.get_by_role("heading", name="3 of 4 lines invited").wait_for(timeout=60_000)
    expect(page.get_by_role("row", name="d@x.example")).to_contain_text("No seat was left")


def test_a_whole_group_is_managed_without_script(browser: Any, site: str, anna: User, mailoutbox: list[Any]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    come_in(page, site, anna)
    page.goto(f"{site}/group/")
    page.get_by_label("Email addresses, one per line").fill(BJORN)
    press(page, "Send invitations")
    press(page, f"Send again to {BJORN}")
    press(page, f"Withdraw the invitation to {BJORN}")
    press(page, "Make a link")
    assert "/group/join/" in page.get_by_label("Pass it around").input_value()
    context.close()
