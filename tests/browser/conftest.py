"""A real Chromium, and the site on a port of localhost: browsers make passkeys there and on https only."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.chromium import CHROMIUM, QUIET

# Playwright runs an event loop in this thread; the database calls of the tests themselves are ordinary ones.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
WATCH_POLICY = """document.addEventListener('securitypolicyviolation', event =>
  console.error('POLICY ' + event.violatedDirective + ' ' + event.blockedURI))"""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium, which asks nobody for updates."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    return browser_type_launch_args | {"executable_path": CHROMIUM, "args": list(QUIET)}


@pytest.fixture
def site(live_server: Any) -> str:
    """The address of the running site, on localhost."""
    assert live_server.url.startswith("http://localhost:")
    return live_server.url


@pytest.fixture
def complaints(page: Any) -> Iterator[list[str]]:
    """What the browser complains about in its console; a test that uses it fails at the end if there is anything."""
    heard: list[str] = []
    page.add_init_script(WATCH_POLICY)
    page.on("console", lambda message: heard.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    yield heard
    assert not heard
