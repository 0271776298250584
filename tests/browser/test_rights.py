"""Leaving by right, in Chromium on a phone: by keyboard, signed out and signed in, each click counted."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from playwright.sync_api import Page, expect

from articles.models import Article
from rights import handling
from rights.models import Handling, Statement
from subscriptions import billing
from subscriptions.billing import BillingUnavailable
from subscriptions.models import Subscription
from tests.browser.axe import STANDARDS, run_axe
from tests.journeys.test_from_the_wall_to_the_last_day import ANNA, may_read, order, own_path, sign_in
from tests.make import an_article
from tests.world import World, contract, local_stripe, world

__all__ = ["contract", "local_stripe", "world"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def article(world: World) -> Article:
    return an_article(published=world.now() - timedelta(days=1))


@pytest.fixture
def anna(client: Client, world: World, article: Article) -> Client:
    """Anna in her own browser, in the trial of the yearly plan."""
    sign_in(client, world, ANNA, "/")
    client.get(own_path(world.pay(order(client))))
    world.settle()
    return client


@pytest.fixture
def phone(page: Page, site: str, complaints: list[str]) -> "Phone":
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    return Phone(page, site)


class Phone:
    """A page of 390 px that is walked through by keyboard only, and counts what is pressed."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site, self.clicks = page, site, 0

    def is_annas(self, client: Client, world: World) -> None:
        """Sign Anna in here, too."""
        session = client.cookies["sessionid"].value
        self.page.context.add_cookies([{"name": "sessionid", "value": session, "url": self.site}])

    def open(self, path: str) -> None:
        self.page.goto(self.site + path)

    def press(self, role: Any, name: str, *, within: str = "main") -> None:
        """Walk to it with the Tab key, as far as it takes, and press Enter."""
        wanted = self.page.locator(within).get_by_role(role, name=name, exact=True)
        self._walk_to(wanted, name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.clicks += 1
        self.is_narrow_enough()

    def type(self, label: str, words: str) -> None:
        """Walk to a field and type."""
        self._walk_to(self.page.get_by_role("main").get_by_label(label), label)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(words)

    def is_narrow_enough(self) -> None:
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), self.page.url

    def passes_axe(self) -> None:
        found = run_axe(self.page, options={"runOnly": {"type": "tag", "values": STANDARDS}})
        assert found.violations_count == 0, f"{self.page.url}: {found.generate_report()}"

    def _walk_to(self, wanted: Any, name: str) -> None:
        for _ in range(120):
            if wanted.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"The keyboard does not reach {name}.")


def at_stripe() -> str:
    return billing.gateway().subscription(Subscription.objects.get().stripe_id).status


def refunded_cents(world: World) -> int:
    return world._ask("/_sandbox/state")["money"]["refunded"]


# --- Withdrawing ---------------------------------------------------------------------------------------


def test_signed_out_in_the_trial_three_presses_undo_the_contract(
    anna: Client, phone: Phone, world: World, article: Article
) -> None:
    phone.open("/")
    phone.press("link", "Withdraw from contract here", within="footer")
    phone.passes_axe()
    phone.type("Your name", "Anna Szabo")
    phone.type("Your email address", ANNA)
    phone.press("button", "Continue")
    phone.passes_axe()
    phone.press("button", "Confirm withdrawal")
    phone.passes_axe()
    assert phone.clicks == 3
    expect(phone.page.get_by_role("heading", name="We have your withdrawal")).to_be_visible()
    assert "sessionid" not in {cookie["name"] for cookie in phone.page.context.cookies()}
    world.settle()
    assert at_stripe() == "canceled"
    assert (world.charged_cents(), refunded_cents(world)) == (0, 0)
    assert not may_read(anna, article)
    subjects = world.letters_to(ANNA)
    assert [one for one in subjects if "received your withdrawal" in one]
    assert "Your contract with Viaduct is undone" in subjects
    world.pass_time(days=60)
    assert world.charged_cents() == 0


def test_signed_in_after_the_first_charge_every_cent_comes_back(
    anna: Client, phone: Phone, world: World, article: Article
) -> None:
    world.pass_time(days=40)
    assert world.charged_cents() == 15_000
    assert may_read(anna, article)
    phone.is_annas(anna, world)
    phone.open("/account/")
    phone.press("link", "Withdraw from contract here", within="footer")
    phone.type("Your name", "Anna Szabo")
    phone.passes_axe()
    phone.press("button", "Continue")
    phone.press("button", "Confirm withdrawal")
    assert phone.clicks == 3
    expect(phone.page.get_by_text("€150.00 go back to the card")).to_be_visible()
    world.settle()
    assert refunded_cents(world) == 15_000
    assert at_stripe() == "canceled"
    assert not may_read(anna, article)
    told = [one for one in world.letters_to(ANNA) if "undone" in one or "back" in one]
    assert told == ["Your contract with Viaduct is undone"]


def test_while_stripe_is_away_the_receipt_is_there_and_the_effect_follows(
    anna: Client, phone: Phone, world: World, article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.pass_time(days=40)
    real = billing.gateway
    phone.is_annas(anna, world)

    def nobody() -> Any:
        raise BillingUnavailable("Stripe does not answer.")

    monkeypatch.setattr("subscriptions.billing.gateway", nobody)
    phone.open("/withdraw/")
    phone.type("Your name", "Anna Szabo")
    phone.press("button", "Continue")
    phone.press("button", "Confirm withdrawal")
    expect(phone.page.get_by_text("It is being carried out")).to_be_visible()
    sent_at = Statement.objects.get().sent_at
    assert [one for one in mail.outbox if "received your withdrawal" in one.subject]
    monkeypatch.setattr("subscriptions.billing.gateway", real)
    world.pass_time(days=6)
    assert world.now() - sent_at > timedelta(days=5), "more than fourteen days after the charge"
    handling.handle_waiting(at=world.now())
    world.settle()
    assert refunded_cents(world) == 15_000
    assert not may_read(anna, article)
    phone.page.reload()
    expect(phone.page.get_by_text("€150.00 go back to the card")).to_be_visible()


# --- Cancelling ----------------------------------------------------------------------------------------


def test_signed_out_two_presses_cancel_and_the_receipt_can_be_printed(
    anna: Client, phone: Phone, world: World, article: Article
) -> None:
    phone.open(article.get_absolute_url())
    phone.press("link", "Cancel a subscription", within="footer")
    phone.passes_axe()
    phone.type("Your name", "Anna Szabo")
    phone.type("Your email address", ANNA)
    phone.press("button", "Cancel now")
    assert phone.clicks <= 3
    phone.passes_axe()
    expect(phone.page.get_by_role("heading", name="We have your cancellation")).to_be_visible()
    expect(phone.page.get_by_text("Brussels time (UTC+")).to_be_visible()
    phone.page.emulate_media(media="print")
    expect(phone.page.get_by_text("I cancel the contract named below")).to_be_visible()
    expect(phone.page.get_by_role("link", name="Back to the news")).to_be_hidden()
    world.settle()
    assert may_read(anna, article), "what is free is read to its end"
    world.pass_time(days=31)
    assert (at_stripe(), world.charged_cents()) == ("canceled", 0)
    assert not may_read(anna, article)


def test_signed_in_the_public_page_says_until_when_and_one_press_takes_it_back(
    anna: Client, phone: Phone, world: World
) -> None:
    phone.is_annas(anna, world)
    phone.open("/cancel/")
    phone.type("Your name", "Anna Szabo")
    phone.press("button", "Cancel now")
    assert phone.clicks == 1
    expect(phone.page.get_by_text("Your subscription is cancelled. You can read until")).to_be_visible()
    phone.press("button", "Undo, keep my subscription")
    assert Subscription.objects.get().ends_at is None


def test_in_the_account_two_presses_cancel_and_one_undoes_it(anna: Client, phone: Phone, world: World) -> None:
    phone.is_annas(anna, world)
    phone.open("/account/")
    phone.press("link", "Cancel subscription")
    phone.passes_axe()
    phone.press("button", "Cancel my subscription")
    assert phone.clicks == 2
    expect(phone.page.get_by_role("heading", name="Your subscription is cancelled")).to_be_visible()
    phone.press("button", "Undo, keep my subscription")
    assert Subscription.objects.get().ends_at is None


def test_everything_works_without_script(browser: Any, site: str, anna: Client, world: World) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto(f"{site}/cancel/")
    page.get_by_label("Your name").fill("Anna Szabo")
    page.get_by_label("Your email address").fill(ANNA)
    page.get_by_text("Extraordinary: for good cause").click()
    page.get_by_label("The cause").fill("You printed my address.")
    page.get_by_role("button", name="Cancel now").click()
    assert page.get_by_role("heading", name="We have your cancellation").is_visible()
    context.close()
    about = Handling.objects.get()
    assert (about.outcome, about.needs_a_person) == ("cancelled", True)
