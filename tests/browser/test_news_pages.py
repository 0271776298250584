"""The pages of the news in a real browser: nothing wider than a small phone, nobody else asked."""

from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image
from playwright.sync_api import Page

from articles.models import AgendaItem, Article, Brief, Picture
from readers.models import User
from tests.make import NOW, YESTERDAY, a_partner_item, a_plan, a_reader, a_section, a_subscription, an_article

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = ("/", "/climate/", "/climate/story-0/", "/authors/ana-novak/", "/latest/", "/briefs/", "/search/?q=story")
WATCH_SHIFTS = """window.moved = 0; new PerformanceObserver(list => {
  for (const one of list.getEntries()) window.moved += one.value }).observe({type: 'layout-shift', buffered: true})"""
LONG = "Donaudampfschifffahrtsgesellschaftskapitän"


@pytest.fixture
def newsroom(at: Any) -> User:
    """A small newsroom with a long word and a picture in it; its subscriber."""
    at(NOW)
    a_plan("year")
    a_plan("month")
    picture = a_picture()
    for count in range(12):
        an_article(
            f"Story {count}",
            section=a_section("opinion", is_opinion=True) if count % 4 == 3 else a_section("climate"),
            published=NOW - timedelta(hours=count),
            hero=picture if count % 2 == 0 else None,
            standfirst=f"What {LONG} means for those who pay.",
            kicker="Investigation" if count == 2 else "",
        )
        Brief.objects.create(headline=f"Brief {count}", text="In short.", published_at=YESTERDAY)
    a_partner_item(is_political=True)
    AgendaItem.objects.create(title="A council of ministers with a long name", starts_at=NOW)
    article = Article.objects.get(slug="story-0")
    article.write(
        f'<p>One.</p><p>Two.</p><figure data-picture="{picture.pk}"><figcaption>A pier</figcaption></figure>'
        f'<h2>{LONG}</h2><p>Three.</p><aside class="pull-quote"><p>“{LONG}”</p></aside>'
        "<blockquote><p>A quotation.</p></blockquote>"
    )
    reader = a_reader()
    a_subscription(reader)
    return reader


def a_picture() -> Picture:
    file = ContentFile(b"", name="x.png")
    Image.new("RGB", (700, 400), "teal").save(file, "PNG")
    picture = Picture(original=file, alt="A bridge", caption="The bridge.", credit="Photo: Ana Novak")
    picture.save()
    picture.make_renditions()
    return picture


def test_nothing_is_wider_than_a_small_phone(page: Page, site: str, newsroom: User, complaints: list[str]) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    for path in PAGES:
        page.goto(site + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    sign_in(page, site, newsroom)
    page.goto(site + "/climate/story-0/")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_nobody_else_is_asked_for_anything(page: Page, site: str, newsroom: User, complaints: list[str]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in PAGES:
        page.goto(site + path)
    assert not [url for url in asked if not url.startswith((site, "data:"))]


def test_the_wall_shows_the_price_of_the_plan_that_is_chosen(page: Page, site: str, newsroom: User) -> None:
    page.goto(site + "/climate/story-0/")
    assert page.get_by_text("Then €150 per year").is_visible()
    page.get_by_label("Monthly").check()
    assert page.get_by_text("Then €15 per month").is_visible()
    assert not page.get_by_text("Then €150 per year").is_visible()
    page.get_by_role("button", name="Start 30-day free trial").click()
    asked = unquote(unquote(page.url))
    assert "plan=month" in asked
    assert "next=/climate/story-0/" in unquote(asked)


def test_paper_carries_the_article_and_nothing_around_it(page: Page, site: str, newsroom: User) -> None:
    sign_in(page, site, newsroom)
    page.goto(site + "/climate/story-0/")
    page.emulate_media(media="print")
    assert page.get_by_text("Printed from Viaduct on 17 November 2026.").is_visible()
    for part in ("nav.sections", "aside.aside", "footer", ".tools"):
        assert not page.locator(part).first.is_visible(), part


def test_what_is_laid_out_late_moves_nothing_and_is_printed(page: Page, site: str, newsroom: User) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(reduced_motion="reduce")
    page.add_init_script(WATCH_SHIFTS)
    page.goto(site + "/climate/story-0/")
    late = page.locator(".paywall")
    assert late.evaluate("one => getComputedStyle(one).contentVisibility") == "auto"
    for down in range(0, 6000, 400):
        page.evaluate("down => new Promise(done => { scrollTo(0, down); requestAnimationFrame(done) })", down)
    assert page.evaluate("window.moved") < 0.005
    page.emulate_media(media="print")
    assert late.evaluate("one => getComputedStyle(one).contentVisibility") == "visible"


def sign_in(page: Page, site: str, reader: User) -> None:
    client = Client()
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
