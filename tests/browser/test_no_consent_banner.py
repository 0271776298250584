"""Nothing to agree to (law.md L12): no cookie but ours, no request to anybody else, nothing stored in the browser.

The pages are those of the URL conf, so that a new page is looked at without anybody thinking of it.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch
from django.utils import timezone
from playwright.sync_api import Error

from readers.models import User
from subscriptions.billing import SubscriptionFacts
from subscriptions.models import Subscription
from tests.fakes import FakeBilling
from tests.make import a_partner_item, a_plan, a_reader, a_subscription, an_article

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Not pages for readers: the desk, Stripe's webhook, the mails of development, and what signs out.
NOT_FOR_READERS = ("/admin/", "/stripe/", "/dev/", "/accounts/logout/")
OURS = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
# A file to download, or an address that takes POST only: there is no page to look at.
NO_PAGE = ("Download is starting", "ERR_HTTP_RESPONSE_CODE_FAILURE", "ERR_ABORTED")
STORED = """async () => ({
  local: localStorage.length, session: sessionStorage.length, cookies: document.cookie,
  databases: (indexedDB.databases ? (await indexedDB.databases()).length : 0),
  caches: (window.caches ? (await caches.keys()).length : 0),
  workers: (navigator.serviceWorker ? (await navigator.serviceWorker.getRegistrations()).length : 0),
})"""
NOTHING = {"local": 0, "session": 0, "cookies": "", "databases": 0, "caches": 0, "workers": 0}


def names(patterns: list[Any]) -> Iterator[str]:
    """The names of all addresses, whoever includes them; those of the desk have a name-space and are left out."""
    for one in patterns:
        if isinstance(one, URLResolver) and not one.namespace:
            yield from names(one.url_patterns)
        elif isinstance(one, URLPattern) and one.name:
            yield one.name


def addresses() -> list[str]:
    """Every address that needs no argument, once, and one article, section, author and notice."""
    found = []
    for name in names(get_resolver().url_patterns):
        try:
            path = reverse(name)
        except NoReverseMatch:
            continue
        if not path.startswith(NOT_FOR_READERS) and path not in found:
            found.append(path)
    return found


@pytest.fixture
def pages() -> list[str]:
    """The pages of a site with something on each of them."""
    now = timezone.now()
    a_plan("year")
    a_plan("month")
    article = an_article(published=now - timedelta(days=1))
    free = an_article("Free for all", published=now - timedelta(days=1), is_free=True)
    notice = a_partner_item(is_political=True, starts_at=now, ends_at=now + timedelta(days=1))
    more = [article, free, article.section, article.signed_by[0]]
    return [*addresses(), *(one.get_absolute_url() for one in more), reverse("partner_notice", args=[notice.pk])]


def look_at(page: Any, site: str, path: str) -> set[str]:
    """Open a page and return the hosts that were asked for anything; an answer that is a file is fine, too."""
    hosts: set[str] = set()

    def note(request: Any) -> None:
        hosts.add(urlsplit(request.url).netloc)

    page.on("request", note)
    try:
        page.goto(site + path, wait_until="load")
    except Error as error:
        if not any(reason in str(error) for reason in NO_PAGE):
            raise
    return hosts - {""}


def test_a_visitor_is_given_nothing_and_sent_nowhere(new_context: Any, site: str, pages: list[str]) -> None:
    assert len(pages) > 40
    ours = urlsplit(site).netloc
    context = new_context()
    for path in pages:
        context.clear_cookies()
        page = context.new_page()
        assert look_at(page, site, path) <= {ours}, path
        cookies = {cookie["name"] for cookie in context.cookies()}
        assert cookies <= OURS, path
        response = Client().get(path, headers={"host": "localhost"})
        if "public" in response.get("Cache-Control", ""):
            assert not cookies, f"{path} is public and sets a cookie"
        if page.url.startswith(site):
            assert page.evaluate(STORED) == NOTHING, path
        page.close()


def test_a_reader_is_sent_nowhere_else_and_keeps_two_cookies(
    new_context: Any, site: str, pages: list[str], billing: FakeBilling
) -> None:
    alice = a_reader("alice@example.org")
    billing.states["sub_1"] = facts_of(a_subscription(alice, stripe_id="sub_1", at=timezone.now()))
    context = new_context()
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session_of(alice), "url": site, "httpOnly": True}]
    )
    ours = urlsplit(site).netloc
    for path in pages:
        page = context.new_page()
        assert look_at(page, site, path) <= {ours}, path
        assert {cookie["name"] for cookie in context.cookies()} <= OURS, path
        if page.url.startswith(site):
            assert page.evaluate(STORED) == NOTHING, path
        page.close()
    page = context.new_page()
    page.goto(site + "/account/")
    assert page.get_by_role("heading", name="Your account").is_visible(), "still logged in at the end"


def facts_of(row: Subscription) -> SubscriptionFacts:
    """What the billing provider says of a subscription that has a row."""
    return SubscriptionFacts(
        stripe_id=row.stripe_id,
        customer_id="cus_alice",
        status=row.status,
        price_id=row.plan.stripe_price_id,
        price_cents=row.plan.price_cents,
        interval=row.plan.interval,
        started_at=row.started_at,
        period_starts_at=row.period_starts_at,
        period_ends_at=row.period_ends_at,
    )


def session_of(reader: User) -> str:
    """The key of a new session of this reader."""
    client = Client()
    client.force_login(reader)
    key = client.session.session_key
    assert key
    assert SessionStore(key).exists(key)
    return key
