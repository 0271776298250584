"""Short things, the list of articles and its results at the desk, in a real browser."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from articles.models import AgendaItem, Article, ArticleDay, Brief, PartnerItem, Section
from tests.browser.axe import STANDARDS, run_axe
from tests.browser.test_news_pages import sign_in
from tests.make import NOW, a_partner_item, a_section, an_article, an_author, somebody_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ARTICLES = "/admin/articles/article/"


@pytest.fixture
def desk(page: Page, site: str, at: Any, complaints: list[str]) -> Page:
    """The page of an editor who has signed in; it fails at the end if the browser complained."""
    at(NOW)
    an_author("Ana Novak")
    sign_in(page, site, somebody_in("Editors"))
    return page


def looked_at(page: Page, name: str) -> None:
    """Keep a picture of it for a person (SHOTS_FOLDER), at both widths; nothing may be wider, nor hard to use."""
    folder = os.environ.get("SHOTS_FOLDER")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        if folder:
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
    page.set_viewport_size({"width": 1440, "height": 900})
    # What axe loads beforehand it puts into a style of its own, which the policy rightly refuses.
    options = {"runOnly": {"type": "tag", "values": STANDARDS}, "preload": False}
    found = run_axe(page, options=options)
    serious = [one for one in found.response["violations"] if one["impact"] in ("serious", "critical")]
    assert not serious, f"{name}: {found.generate_report()}"


def test_briefs_are_typed_one_after_the_other_by_keyboard_alone(desk: Page, site: str) -> None:
    desk.goto(f"{site}/admin/articles/brief/")
    for words in ("Ferries are back", "Talks go on", "Budget sent back"):
        expect(desk.get_by_label("News in a line")).to_be_focused()
        desk.keyboard.type(words)
        desk.keyboard.press("Enter")
        desk.get_by_text(f"Out: {words}").wait_for()
    assert Brief.objects.count() == 3
    looked_at(desk, "briefs")
    desk.goto(f"{site}/admin/articles/agendaitem/")
    desk.get_by_label("When").fill("2026-11-18T10:00")
    desk.get_by_label("What").fill("Council of ministers")
    desk.get_by_role("button", name="Add, and the next").click()
    expect(desk.get_by_label("When")).to_have_value("2026-11-18T10:00")
    assert AgendaItem.objects.count() == 1
    looked_at(desk, "agenda")


def test_a_political_item_asks_its_questions_and_is_shown_once_they_are_answered(desk: Page, site: str) -> None:
    desk.goto(f"{site}/admin/articles/partneritem/add/")
    desk.get_by_label("Payer").fill("Rivers Without Locks")
    desk.get_by_label("Headline").fill("Sign the charter")
    desk.get_by_label("Link").fill("https://example.org/")
    desk.get_by_label("Last shown").fill("2026-12-01T18:00")
    expect(desk.get_by_label("Who controls the sponsor")).to_be_hidden()
    desk.get_by_label("Yes", exact=True).check()
    expect(desk.get_by_label("Who controls the sponsor")).to_be_visible()
    desk.get_by_role("button", name="Show it in its time").click()
    desk.get_by_text("is not shown without this answer").first.wait_for()
    looked_at(desk, "partner")
    for name in ("sponsor", "sponsor_contact", "controlled_by", "amount_basis", "funds_from", "process", "targeting"):
        desk.locator(f"[name={name}]").fill(f"The answer to {name}")
    desk.locator("[name=amount]").fill("4800")
    desk.get_by_role("button", name="Show it in its time").click()
    desk.get_by_text("It is shown from").wait_for()
    item = PartnerItem.objects.get()
    assert (item.is_ready, item.amount_cents) == (True, 480_000)
    desk.get_by_role("link", name="Its public notice").click()
    desk.get_by_text("The answer to targeting").wait_for()
    desk.goto(f"{site}/admin/articles/partneritem/")
    a_partner_item("Lamp League", is_ready=False, headline="Buy lamps", is_political=None)
    desk.reload()
    looked_at(desk, "partners")


def test_many_articles_are_moved_after_a_look_at_what_becomes_of_each(desk: Page, site: str) -> None:
    tech = a_section("tech")
    an_article("Ferries return to the fjord", slug="ferries")
    an_article("A bridge too far", slug="bridge", section=tech)
    desk.goto(site + ARTICLES)
    for box in desk.locator("input.action-select").all():
        box.check()
    desk.locator("select[name=action]").select_option(label="Move to a section …")
    desk.get_by_role("button", name="Go").click()
    desk.get_by_label("Section").select_option(label=tech.name)
    desk.get_by_role("button", name="Look").click()
    desk.get_by_text("1 of 2 would change").wait_for()
    looked_at(desk, "bulk")
    desk.get_by_role("button", name="Move 1").click()
    desk.get_by_text("Done to 1. 1 stay as they are.").wait_for()
    assert Article.objects.filter(section=Section.objects.get(slug="tech")).count() == 2


def test_the_list_is_searched_narrowed_and_leads_to_what_readers_did(desk: Page, site: str) -> None:
    article = an_article("Ferries return to the fjord", slug="ferries")
    an_article("A bridge too far", slug="bridge", published=None)
    for age in range(30):
        opened = 40 + 37 * (age % 7) + 900 // (age + 1)
        day = NOW.date() - timedelta(days=age)
        ArticleDay.objects.create(article=article, day=day, opened=opened, wall_met=opened // 3, checkouts=age % 3)
    desk.goto(site + ARTICLES)
    looked_at(desk, "list")
    desk.get_by_label("Search").fill("canaryw")
    desk.keyboard.press("Enter")
    desk.get_by_text("2 found").wait_for()
    desk.locator("summary", has_text="State").click()
    desk.locator("#changelist-filter").get_by_role("link", name="Published", exact=True).click()
    desk.get_by_text("1 found").wait_for()
    desk.locator(".field-opened a").click()
    desk.get_by_role("img", name="Opened in the last 30 days").wait_for()
    looked_at(desk, "results")
