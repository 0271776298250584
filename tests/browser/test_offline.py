"""Saved articles on a device without a network: only where it was asked for, and only as long as one may read them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from articles.models import Article, SavedArticle
from readers.models import User
from subscriptions.models import Subscription
from tests.browser.test_news_pages import sign_in
from tests.make import a_plan, a_reader, a_subscription, an_article

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# The device's clock is the real one: what ends soon after this moment has long ended for it.
LONG_AGO = datetime(2024, 1, 15, 12, 0, tzinfo=UTC)
PAID = "canaryword"
STORED = """async () => {
  const names = await caches.keys(), found = {};
  for (const name of names) {
    const kept = await (await caches.open(name)).keys();
    found[name] = kept.map(one => new URL(one.url).pathname);
  }
  return found;
}"""


@pytest.fixture
def article(at: Callable[[datetime], None]) -> Article:
    at(LONG_AGO)
    a_plan("year")
    return an_article(published=LONG_AGO - timedelta(days=1))


@pytest.fixture
def alice(article: Article) -> User:
    reader = a_reader("alice@example.org")
    far = datetime(9000, 1, 1, tzinfo=UTC)
    a_subscription(reader, at=LONG_AGO, period_ends_at=far)
    SavedArticle.objects.put_aside(reader.pk, article, at=LONG_AGO)
    return reader


def switch_on(page: Page, site: str, *, kept: int) -> None:
    page.goto(site + "/account/saved/")
    page.get_by_role("button", name="Keep them on this device").click()
    expect(page.get_by_text(f"Kept on this device: {kept}.")).to_be_visible()


def stored(page: Page) -> dict[str, list[str]]:
    return page.evaluate(STORED)


def texts(page: Page) -> list[str]:
    """The addresses of articles whose pages are kept anywhere."""
    return [path for paths in stored(page).values() for path in paths if path.count("/") == 3 and "static" not in path]


def test_a_saved_article_is_read_without_a_network_and_gone_after_signing_out(
    page: Page, site: str, article: Article, alice: User
) -> None:
    sign_in(page, site, alice)
    page.goto(site + article.get_absolute_url())
    assert stored(page) == {}, "nothing is kept before it was asked for"
    switch_on(page, site, kept=1)
    names = list(stored(page))
    assert len(names) == 2
    assert not [name for name in names if str(alice.pk) == name or alice.email in name]
    assert texts(page) == [article.get_absolute_url()]

    page.context.set_offline(True)
    page.goto(site + article.get_absolute_url())
    expect(page.get_by_text(PAID)).to_be_visible()
    assert page.get_by_role("button", name="Gift this article").count() == 0
    page.goto(site + "/latest/")
    page.get_by_role("heading", name="Without a network").wait_for()
    page.get_by_role("link", name=article.headline).click()
    expect(page.get_by_text(PAID)).to_be_visible()
    page.goto(site + "/account/")
    page.get_by_role("heading", name="Without a network").wait_for()

    page.context.set_offline(False)
    page.goto(site + "/account/")
    page.get_by_role("button", name="Log out").first.click()
    page.wait_for_url(site + "/")
    assert texts(page) == []
    page.context.set_offline(True)
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        page.goto(site + article.get_absolute_url())


def test_when_the_entitlement_has_ended_the_texts_go_and_the_headline_of_what_is_free_stays(
    page: Page, site: str, article: Article, alice: User
) -> None:
    free = an_article("A free bridge", is_free=True, published=LONG_AGO - timedelta(days=2))
    SavedArticle.objects.put_aside(alice.pk, free, at=LONG_AGO)
    sign_in(page, site, alice)
    switch_on(page, site, kept=2)
    Subscription.objects.update(status="canceled")
    page.goto(site + "/account/saved/")
    expect(page.get_by_text("Kept on this device: 1.")).to_be_visible()
    assert texts(page) == [free.get_absolute_url()]
    page.context.set_offline(True)
    page.goto(site + article.get_absolute_url())
    page.get_by_role("link", name=free.headline).wait_for()
    assert page.get_by_text(article.headline).count() == 0


def test_a_device_that_cannot_ask_shows_no_paid_text_once_the_period_is_over(
    page: Page, site: str, article: Article, alice: User
) -> None:
    Subscription.objects.update(ends_at=LONG_AGO + timedelta(minutes=1))
    sign_in(page, site, alice)
    switch_on(page, site, kept=1)
    page.context.set_offline(True)
    page.goto(site + article.get_absolute_url())
    page.get_by_text("can be read once there is a network again").wait_for()
    assert page.get_by_text(PAID).count() == 0
    assert page.get_by_text(article.headline).is_visible()
    assert texts(page) == []


def test_a_device_that_could_not_ask_for_too_long_shows_the_list_without_the_texts(
    page: Page, site: str, article: Article, alice: User, settings: Any
) -> None:
    settings.OFFLINE_HOURS = 0
    sign_in(page, site, alice)
    switch_on(page, site, kept=1)
    page.context.set_offline(True)
    page.goto(site + "/")
    page.get_by_text("can be read once there is a network again").wait_for()
    page.goto(site + article.get_absolute_url())
    assert page.get_by_text(PAID).count() == 0
    assert texts(page) == []


def test_somebody_else_on_the_same_device_finds_nothing_of_the_reader_before(
    page: Page, site: str, article: Article, alice: User
) -> None:
    sign_in(page, site, alice)
    switch_on(page, site, kept=1)
    bob = a_reader("bob@example.org")
    sign_in(page, site, bob)
    page.goto(site + "/account/saved/")
    expect(page.get_by_text("Kept on this device: 0.")).to_be_visible()
    assert texts(page) == []


def test_what_is_saved_later_comes_along_and_what_is_removed_goes(
    page: Page, site: str, article: Article, alice: User
) -> None:
    other = an_article("Another bridge", published=LONG_AGO - timedelta(days=2))
    sign_in(page, site, alice)
    switch_on(page, site, kept=1)
    page.goto(site + other.get_absolute_url())
    page.get_by_role("button", name="Save for later").click()
    page.get_by_role("button", name="Saved", exact=True).wait_for()
    page.wait_for_function(f"async () => !!(await caches.match('{other.get_absolute_url()}', {{ ignoreVary: true }}))")
    page.goto(site + article.get_absolute_url())
    page.get_by_role("button", name="Saved", exact=True).click()
    page.get_by_role("button", name="Save for later").wait_for()
    page.wait_for_function(f"async () => !(await caches.match('{article.get_absolute_url()}', {{ ignoreVary: true }}))")
    assert texts(page) == [other.get_absolute_url()]


def test_who_wants_it_no_longer_leaves_nothing_behind(page: Page, site: str, article: Article, alice: User) -> None:
    sign_in(page, site, alice)
    switch_on(page, site, kept=1)
    page.get_by_role("button", name="Keep them no longer").click()
    page.get_by_role("button", name="Keep them on this device").wait_for()
    assert stored(page) == {}
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0
