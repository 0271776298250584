"""Every page of tests/showroom.py in a real browser: for everybody, in every light, on every screen, with no complaint.

Pages were rendered before; the browser is handed them with the headers they had, so that their policy holds.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.test import override_settings
from playwright.sync_api import Browser, Page, Route

from tests.browser.axe import LAY_OUT_ALL, STANDARDS
from tests.browser.conftest import WATCH_POLICY
from tests.fakes import FakeBilling
from tests.make import NOW
from tests.showroom import Shown, asked_for, rendered

pytestmark = [pytest.mark.browser]
AXE = Axe().axe_script
HOME = "http://localhost:8000"
# What other colours or larger letters can break; all else is the same page.
OF_COLOUR = ["color-contrast", "link-in-text-block"]
OF_SIZE = ["scrollable-region-focusable", "target-size"]
NOT_PAINTED = {"Content-Length", "Content-Encoding", "Strict-Transport-Security", "Speculation-Rules"}
# So many tests, so that several workers share the pages.
SHARES = 4
RUN_AXE = """options => axe.run(document, {resultTypes: ['violations'], ...options}).then(
  found => found.violations.map(one => one.id + ': ' + one.nodes[0].html.slice(0, 200)))"""


class Room:
    """One page of a browser, and what it is handed."""

    def __init__(self, browser: Browser, pages: dict[str, Shown], files: dict[str, tuple[bytes, str]]) -> None:
        self.pages, self._files = pages, files
        self._context = browser.new_context(base_url=HOME, reduced_motion="reduce", service_workers="block")
        self._context.add_init_script(WATCH_POLICY)
        self._context.route("**/*", self._hand)
        self.page: Page = self._context.new_page()
        self._now: Shown | None = None
        self.heard: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.heard.append(str(error)))

    def _hear(self, message: Any) -> None:
        # The status of a page that says that something is missing is no complaint about the page.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.heard.append(message.text)

    def _hand(self, route: Route) -> None:
        path = route.request.url.removeprefix(HOME)
        if route.request.is_navigation_request() and self._now:
            headers = {name: value for name, value in self._now.headers.items() if name not in NOT_PAINTED}
            route.fulfill(status=self._now.status, headers=headers, body=self._now.html)
        elif not route.request.url.startswith(HOME):
            self.heard.append(f"asks {route.request.url}")
            route.abort()
        elif (file := self._files.get(path)) or (file := asked_for(path)):
            route.fulfill(body=file[0], content_type=file[1])
        elif route.request.resource_type in {"image", "font", "stylesheet", "script"}:
            self.heard.append(f"asks for {path}, which is not there")
            route.fulfill(status=404)
        else:
            route.fulfill(status=204)

    def open(self, one: Shown, width: int = 1280, **media: Any) -> Page:
        """Open a page as the stranger or reader was given it."""
        self._now, self.heard[:] = one, []
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(
            **{"color_scheme": "light", "contrast": "no-preference", "forced_colors": "none"} | media
        )
        self.page.goto(one.path)
        self.page.evaluate(LAY_OUT_ALL)
        return self.page

    def close(self) -> None:
        self._context.close()


@pytest.fixture(scope="module")
def room(
    browser: Browser, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Room]:
    """Every page, rendered once, and a browser to look at them."""
    media, billing = tmp_path_factory.mktemp("media"), FakeBilling()
    quick = {"MEDIA_ROOT": media, "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]}
    with pytest.MonkeyPatch.context() as patch, override_settings(**quick), django_db_blocker.unblock():
        patch.setattr("subscriptions.billing.gateway", lambda: billing)
        patch.setattr("edge.clock.now", lambda: NOW)
        pages = rendered(billing)
        cache.clear()
        files = {f"/media/{path.relative_to(media)}": path for path in Path(media).rglob("*") if path.is_file()}
        known = {name: found for name in files if (found := asked_for(name))}
    room = Room(browser, pages, known)
    yield room
    room.close()


def wide(page: Page) -> str:
    """By how much the page can be pushed sideways, if at all."""
    across = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return f"{across} px wider than {page.viewport_size}" if across > 0 else ""


def wrong(page: Page, kind: str, values: list[str]) -> list[str]:
    """What axe finds by these standards (`tag`) or rules (`rule`): the rule and the first element."""
    return page.evaluate(RUN_AXE, {"runOnly": {"type": kind, "values": values}})


def all_that_is_wrong(room: Room, one: Shown) -> Iterator[str]:
    """Everything that is wrong with a page, in words; a translated one is looked at for the length of its words."""
    page = room.open(one)
    yield wide(page)
    if not one.is_translated:
        page.evaluate(AXE)
        yield from wrong(page, "tag", STANDARDS)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    yield wide(page) and f"at 200 %: {wide(page)}"
    if not one.is_translated:
        yield from (f"at 200 %: {what}" for what in wrong(page, "rule", OF_SIZE))
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size({"width": 320, "height": 700})
    yield wide(page)
    if not one.is_translated:
        page.emulate_media(color_scheme="dark")
        yield from (f"in the dark: {what}" for what in wrong(page, "rule", OF_COLOUR))
    yield from room.heard


@pytest.mark.parametrize("share", range(SHARES))
def test_every_page_is_for_everybody(room: Room, share: int) -> None:
    found = {
        one.name: problems
        for one in list(room.pages.values())[share::SHARES]
        if (problems := [what for what in all_that_is_wrong(room, one) if what])
    }
    assert not found, "\n".join(f"{name}: {what}" for name, problems in found.items() for what in problems)
