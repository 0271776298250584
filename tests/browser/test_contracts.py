"""Plans, order, account, contract and terms in a real browser: axe finds nothing, nothing is wider than the screen."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from readers.models import User
from subscriptions.models import Contract
from tests.browser.axe import run_axe
from tests.fakes import FakeBilling
from tests.make import NOW, a_plan, a_reader, a_section

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _newsroom(at: Any) -> None:
    at(NOW)
    a_plan("year")
    a_plan("month")
    a_section("climate")


def the_browser_of(reader: User, page: Page, site: str) -> Client:
    client = Client()
    client.force_login(reader)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site}])
    return client


def order(client: Client, billing: FakeBilling) -> str:
    """The yearly plan, ordered and paid; returns the number of the contract."""
    shown = client.get("/subscribe/confirm/", {"plan": "year"}).context["shown"]
    ordered = client.post("/subscribe/order/", {"plan": "year", "shown": shown})
    session = ordered.headers["Location"].rsplit("/", 1)[1]
    billing.pay(session)
    client.get("/subscribe/return/", {"session_id": session})
    return Contract.objects.get().number


def look_at(page: Page, site: str, *paths: str) -> None:
    for path in paths:
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(site + path)
            violations = run_axe(page).response["violations"]
            assert not violations, (path, width, [(one["id"], one["nodes"][0]["html"]) for one in violations])
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """axe comes in past the policy of our pages."""
    return browser_context_args | {"bypass_csp": True, "reduced_motion": "reduce"}


def test_the_way_to_an_order_is_for_everybody(page: Page, site: str) -> None:
    the_browser_of(a_reader(), page, site)
    look_at(page, site, "/subscribe/", "/subscribe/confirm/?plan=year", "/fr/terms/", "/account/")


def test_a_contract_is_for_everybody_to_read(page: Page, site: str, billing: FakeBilling) -> None:
    client = the_browser_of(a_reader(name="Bob de Vries"), page, site)
    number = order(client, billing)
    intention = client.get("/account/switch/").context["intention"]
    client.post("/account/switch/", {"to": "month", "intention": intention})
    look_at(page, site, "/account/", "/account/switch/", "/account/contracts/", f"/account/contracts/{number}/")


def test_a_contract_is_found_and_taken_home_by_keyboard(page: Page, site: str, billing: FakeBilling) -> None:
    client = the_browser_of(a_reader(), page, site)
    number = order(client, billing)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site}/account/")
    page.get_by_role("link", name="Your contracts").press("Enter")
    page.get_by_role("link", name=number, exact=True).press("Enter")
    with page.expect_download() as caught:
        page.get_by_role("link", name="Download", exact=True).press("Enter")
    assert caught.value.suggested_filename == f"{number}.html"
