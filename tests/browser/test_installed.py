"""The site as an installed app, in a real browser: it has its worker, under the policy that every page has."""

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# A browser without a screen installs nothing: it is told that this window is the app's.
AS_AN_APP = """
const real = window.matchMedia.bind(window);
window.matchMedia = (query) => query.includes("standalone") ? { matches: true } : real(query);"""
WORKERS = "() => navigator.serviceWorker.getRegistrations().then((all) => all.length)"


def test_the_installed_app_has_its_worker(page: Page, site: str, complaints: list[str]) -> None:
    page.add_init_script(AS_AN_APP)
    page.goto(site + "/")
    page.wait_for_function(f"async () => await ({WORKERS})() === 1", timeout=10_000)


def test_a_browser_that_nobody_asked_has_none(page: Page, site: str, complaints: list[str]) -> None:
    page.goto(site + "/", wait_until="networkidle")
    assert page.evaluate(WORKERS) == 0
