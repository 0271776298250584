"""axe over a page as it is when all of it is laid out."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What is far below the fold is not laid out before it comes near: it could not be found to be too wide, and has no
# colours yet.
LAY_OUT_ALL = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* {content-visibility: visible !important}');
  document.adoptedStyleSheets.push(sheet);
}"""


def run_axe(page: Page, **chosen: Any) -> Any:
    """What axe finds there; `chosen` is what Axe.run takes."""
    page.evaluate(LAY_OUT_ALL)
    return Axe().run(page, **chosen)
