"""What stands in the text while somebody writes, and the lists beside it, looked at by axe."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from articles.models import FormerAddress, OldAddress
from readers.models import User
from tests.browser.axe import run_axe
from tests.make import YESTERDAY, an_article, somebody_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
EDITOR = ".prose-editor .ProseMirror[contenteditable]"


@pytest.fixture
def look(page: Page) -> Callable[[str], None]:
    """Have axe look at the page, the dialogs on it included."""

    def serious(what: str) -> None:
        found = run_axe(page, context=None, options={"runOnly": ["wcag2a", "wcag2aa"]}).response["violations"]
        worst = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
        assert not worst, (what, worst)

    return serious


def sign_in(page: Page, site: str, user: User) -> None:
    client = Client()
    client.force_login(user)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_boxes_tables_and_notes_in_the_text_are_open_to_everybody(
    page: Page, site: str, look: Callable[[str], None], width: int, scheme: Any
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    sign_in(page, site, somebody_in("Editors", "eve@example.org"))
    text = (
        '<p>One<span class="footnote">A note.</span></p><hr class="wall"><p>Two</p>'
        '<aside class="box"><h3>Explainer</h3><p>Why it matters</p></aside>'
        '<aside class="pull-quote"><p>“No”</p></aside>'
        "<table><tbody><tr><th><p>Year</p></th></tr><tr><td><p>2026</p></td></tr></tbody></table>"
    )
    article = an_article("A bridge is burnt", text=text, published=None)
    page.goto(f"{site}/admin/articles/article/{article.pk}/change/")
    page.locator(f"{EDITOR} td").click()
    look("in a table")
    page.locator(f"{EDITOR} .footnote").click()
    look("in a footnote")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_lists_of_old_links_and_ticked_notes_are_open_to_everybody(
    page: Page, site: str, look: Callable[[str], None]
) -> None:
    page.set_viewport_size({"width": (width := 390), "height": 900})
    eve = somebody_in("Editors", "eve@example.org")
    sign_in(page, site, eve)
    article = an_article("Night trains stall at three borders and nobody wants to pay for a fourth")
    here = FormerAddress.objects.create(slug="night-trains", article=article)
    OldAddress.objects.create(path="2019/05/night-trains-stall-at-three-borders-and-nobody-pays", article=article)
    for note in ("Ask the ministry.", "Call the driver back."):
        article.steps.create(kind="note", note=note, by=eve, at=YESTERDAY)
    page.goto(f"{site}/admin/")
    page.get_by_role("button", name="Done: Ask the ministry.").click()
    expect(page.locator(".messagelist")).to_contain_text("Ticked off.")
    page.get_by_text("Ticked off since yesterday").click()
    expect(page.get_by_role("button", name="Open again: Ask the ministry.")).to_be_visible()
    look("the desk")
    for address in ("formeraddress/", "formeraddress/add/", f"formeraddress/{here.pk}/change/", "oldaddress/"):
        page.goto(f"{site}/admin/articles/{address}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        look(address)
    page.goto(f"{site}/admin/articles/article/{article.pk}/change/")
    expect(page.get_by_label("Call the driver back.")).to_be_visible()
    look("the article")
