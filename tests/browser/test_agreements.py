"""Staff make an agreement in Chromium: quote, the organisation's yes, invoice, paid. And what it looks like."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from playwright.sync_api import Page, expect

from groups.models import GroupAccount, GroupInvoice, Manager
from groups.models.term import State, day_of
from newsroom.demo import groups as demo
from newsroom.demo import people
from readers.models import User
from tests.browser.axe import STANDARDS, run_axe
from tests.make import a_reader, somebody_in
from tests.world import World, contract, local_stripe, world

__all__ = ["contract", "local_stripe", "world"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def enter(page: Page, site: str) -> Callable[[User], None]:
    """Sign somebody in without the way through a mail."""

    def with_session(user: User) -> None:
        client = Client()
        client.force_login(user)
        page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])

    return with_session


def is_sound(page: Page) -> None:
    """Nothing that keeps somebody out, and nothing wider than the window."""
    found = run_axe(page, options={"runOnly": STANDARDS}).response["violations"]
    assert not found, [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_staff_make_an_agreement_and_the_organisation_accepts_and_pays(
    page: Page, site: str, enter: Callable[[User], None], world: World, complaints: list[str]
) -> None:
    today = day_of(world.now())
    enter(somebody_in("Subscription desk"))
    page.goto(f"{site}/admin/groups/groupaccount/add/")
    page.get_by_label("Organisation").fill("Harbour & Vale")
    page.locator("#id_kind").select_option("company")
    page.get_by_label("Who signs").fill("Anna Szabó")
    page.get_by_label("Their address").fill("anna@harbour.example")
    page.get_by_label("First day").fill(str(today))
    page.get_by_label("Last day").fill(str(today - timedelta(days=1)))
    page.get_by_label("Seats").fill("25")
    page.get_by_label("Price, in euro").fill("1875")
    page.get_by_label("Country").fill("BE")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The last day is before the first.")).to_be_visible()
    page.get_by_label("Last day").fill(str(today + timedelta(days=364)))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Draft: nobody of it reads")).to_be_visible()

    page.get_by_role("link", name="Send the quote").click()
    page.get_by_role("button", name="Send the quote").click()
    expect(page.get_by_text("The quote is on its way.")).to_be_visible()

    letter = next(one for one in mail.outbox if one.to == ["anna@harbour.example"])
    quote = re.search(r"http://[^/]+(/group/quote/\S+)", letter.body)[1]  # type: ignore[index]
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site + quote)
    expect(page.get_by_text("€1,987.50")).to_be_visible()
    is_sound(page)
    page.get_by_label("Your name").fill("Anna Szabó")
    page.get_by_label("Your email address").fill("anna@harbour.example")
    page.get_by_role("button", name="Accept, with an obligation to pay").click()
    page.get_by_label("I may conclude this contract for the organisation.").check()
    page.get_by_role("button", name="Accept, with an obligation to pay").click()
    expect(page.get_by_role("heading", name="Thank you, it is agreed")).to_be_visible()
    is_sound(page)

    group = GroupAccount.objects.get()
    desk = f"{site}/admin/groups/groupaccount/{group.pk}/change/"
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(desk)
    expect(page.get_by_role("heading", name="Accepted: nobody of it reads")).to_be_visible()
    page.get_by_role("link", name="Make the invoice").click()
    page.get_by_label("Bank transfer, recorded here").check()
    page.get_by_role("button", name="Make the invoice").click()
    invoice = GroupInvoice.objects.get()
    expect(page.get_by_text(f"The invoice {invoice.number} is on its way.")).to_be_visible()

    page.get_by_role("link", name="it was paid").click()
    page.get_by_label("Amount, in euro").fill("1987.50")
    page.get_by_label("The bank’s number of it").fill("B-1")
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("heading", name="Active: its people read")).to_be_visible()
    assert group.state(at=world.now()) == State.ACTIVE
    page.get_by_role("heading", name="What happened").scroll_into_view_if_needed()
    for words in ("sent a quote", "accepted the quote", "made an invoice", "recorded a transfer", "paid in full"):
        expect(page.get_by_role("cell", name=words, exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_what_managers_see_of_the_contract_fits_and_is_sound(
    page: Page, site: str, enter: Callable[[User], None], world: World, complaints: list[str], width: int
) -> None:
    a_reader(people.STAFF.email, is_staff=True)
    group = demo.a_university(at=world.now())
    manager = a_reader("liesbeth@scheldt-university.example")
    Manager.objects.create(group=group, reader=manager, address=manager.email, made_at=world.now())
    enter(manager)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site}/group/{group.pk}/contract/")
    expect(page.get_by_text("€50.00 too much: we send it back")).to_be_visible()
    is_sound(page)
    page.get_by_role("link", name=GroupInvoice.objects.get().number).click()
    expect(page.get_by_role("heading", name="Factuur")).to_be_visible()
    is_sound(page)
