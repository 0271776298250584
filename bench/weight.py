"""`python -m bench.weight`: what a first visit to each page transfers, on a phone and at a desk, over a slow line.

Prints a table and ends with 1 where a budget is passed. Needs Chromium.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

from bench.public_site import SESSION, PublicSite, public_site
from tests.browser.chromium import CHROMIUM, QUIET

KB = 1000
KINDS = {"Document": "html", "Stylesheet": "css", "Script": "script", "Font": "fonts", "Image": "pictures"}
# Lighthouse's slow 4G: what comes late moves the page, where it is not kept in its place.
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1_638_400 / 8, "uploadThroughput": 750_000 / 8}
WIDTHS = {"phone": (390, 844, 2), "desk": (1280, 900, 1)}
SIGNED_IN = ("entitled", "account")
# In bytes, compressed as they travel, headers included; letters in KiB, as the design counts them.
BUDGETS = {"html": 30 * KB, "css": 8 * KB, "script": 6 * KB, "fonts": 80 * 1024, "third parties": 0}
TOTALS = {"article": 100 * KB}
MOST_SHIFT = 0.005
# A busy machine takes its time over a slow line.
PATIENCE_MS = 120_000
WATCH = """
window.seen = {shift: 0, largest: 0, what: ''};
new PerformanceObserver(list => { for (const one of list.getEntries())
  if (!one.hadRecentInput) seen.shift += one.value; }).observe({type: 'layout-shift', buffered: true});
new PerformanceObserver(list => { for (const one of list.getEntries()) {
  seen.largest = one.startTime; seen.what = one.element ? one.element.tagName : '?'; }
}).observe({type: 'largest-contentful-paint', buffered: true});
"""


@dataclass
class Visit:
    """What one first visit transferred, in bytes by kind, and how the page came to stand."""

    name: str
    width: str
    bytes_of: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    third_parties: list[str] = field(default_factory=list)
    shift: float = 0
    largest_ms: float = 0
    largest_is: str = ""

    @property
    def total(self) -> int:
        """Everything."""
        return sum(self.bytes_of.values())

    def passed(self) -> Iterator[str]:
        """The budgets that were passed, in words."""
        for kind, most in BUDGETS.items():
            weight = len(self.third_parties) if kind == "third parties" else self.bytes_of.get(kind, 0)
            if weight > most:
                yield f"{self.name} on a {self.width}: {kind} {weight:,}, the budget is {most:,}"
        if self.total > TOTALS.get(self.name, sys.maxsize):
            yield f"{self.name} on a {self.width}: {self.total:,} bytes in all, the budget is {TOTALS[self.name]:,}"
        if self.shift > MOST_SHIFT:
            yield f"{self.name} on a {self.width}: what was there moved by {self.shift:.3f}"


def main() -> int:
    """Measure, print, judge."""
    argparse.ArgumentParser(prog="python -m bench.weight", description=__doc__).parse_args()
    if CHROMIUM is None:
        raise SystemExit("Needs Chromium: apt-get install chromium")
    with public_site() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, "--ignore-certificate-errors"])
        visits = [visit(browser, site, name, path, width) for width in WIDTHS for name, path in _pages(site)]
        browser.close()
    show(visits)
    passed = [words for one in visits for words in one.passed()]
    print("\n".join(["", "Budgets passed:", *passed]) if passed else "\nEvery budget is kept.")
    return 1 if passed else 0


def _pages(site: PublicSite) -> list[tuple[str, str]]:
    pages = list(site.paths.items())
    return [*pages, ("entitled", site.paths["article"])]


def visit(browser: Browser, site: PublicSite, name: str, path: str, width: str) -> Visit:
    """Open a page with nothing in any cache, and wait until nothing more comes."""
    across, down, density = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": across, "height": down}, device_scale_factor=density, ignore_https_errors=True
    )
    if name in SIGNED_IN:
        context.add_cookies([{"name": SESSION, "value": site.session_key, "url": site.url, "secure": True}])
    page = context.new_page()
    page.add_init_script(WATCH)
    found, ours = Visit(name, width), urlsplit(site.url).netloc
    kinds: dict[str, str] = {}

    def asked(event: dict[str, Any]) -> None:
        address = urlsplit(event["request"]["url"])
        if address.scheme in ("http", "https") and address.netloc != ours:
            found.third_parties.append(address.netloc)

    def answered(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = KINDS.get(event["type"], "other")

    def arrived(event: dict[str, Any]) -> None:
        kind = kinds.get(event["requestId"], "other")
        found.bytes_of[kind] = found.bytes_of.get(kind, 0) + int(event["encodedDataLength"])
        found.requests += 1

    line = context.new_cdp_session(page)
    line.on("Network.requestWillBeSent", asked)
    line.on("Network.responseReceived", answered)
    line.on("Network.loadingFinished", arrived)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW_4G)
    answer = page.goto(site.url + path, wait_until="networkidle", timeout=PATIENCE_MS)
    assert answer is not None
    assert answer.ok, (path, answer.status)
    page.wait_for_timeout(300)
    seen = page.evaluate("window.seen")
    found.shift, found.largest_ms, found.largest_is = seen["shift"], seen["largest"], seen["what"].lower()
    context.close()
    return found


def show(visits: list[Visit]) -> None:
    """The table: kilobytes of a thousand bytes."""
    columns = [*KINDS.values(), "other"]
    head = "".join(f"{column:>10}" for column in [*columns, "all", "requests", "shift", "largest"])
    print(f"{'':18}{head}")
    for one in visits:
        weights = "".join(f"{one.bytes_of.get(column, 0) / KB:10.1f}" for column in columns)
        rest = (
            f"{one.total / KB:10.1f}{one.requests:10}{one.shift:10.3f}{one.largest_ms / 1000:8.2f} s {one.largest_is}"
        )
        print(f"{one.name + ', ' + one.width:18}{weights}{rest}")


if __name__ == "__main__":
    sys.exit(main())
