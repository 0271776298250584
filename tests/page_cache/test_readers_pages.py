"""A reader's page is put together from what all share; what ends is felt at once, and nobody sees another's part."""

import gzip
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.messages.storage.session import SessionStorage
from django.contrib.sessions.models import Session
from django.test import Client

from articles.models import Article, SavedArticle
from readers.choices import READING_HISTORY
from readers.models import Consent, User
from subscriptions.models import Grant, Subscription
from tests.make import NOW, a_grant, a_plan, a_reader, a_section, a_subscription, an_article, somebody_in

from .conftest import COMMITS, Front, Got

pytestmark = pytest.mark.django_db(transaction=COMMITS)
ARTICLE = "/climate/ministers-agree-on-a-bridge/"
PAGES = (ARTICLE, "/", "/climate/", "/latest/", "/about/", "/authors/ana-novak/", "/briefs/")
SECRET = "A" * 32
PAID = b"canaryword"
TOKEN = re.compile(rb'(csrfmiddlewaretoken" value=")[A-Za-z0-9]{64}')


@pytest.fixture(autouse=True)
def clock(db: None, at: Any) -> Callable[[datetime], None]:
    at(NOW)
    a_plan("year")
    a_plan("month")
    an_article()
    return at


class Browser:
    """Somebody's, with a session of theirs."""

    def __init__(self, front: Front, reader: User) -> None:
        self.front, self.reader, self.client = front, reader, Client()
        self.client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
        self.client.get("/robots.txt")
        self.session_key = self.client.cookies["sessionid"].value

    def get(self, path: str = ARTICLE, **headers: str) -> Got:
        """A page through the front."""
        return self.front.get(path, HTTP_COOKIE=f"sessionid={self.session_key}; csrftoken={SECRET}", **headers)

    def from_django(self, path: str = ARTICLE) -> bytes:
        """The same page past the front."""
        self.client.cookies["csrftoken"] = SECRET
        return self.client.get(path).content

    def forget_first_use(self) -> "Browser":
        """The first page notes that the device is in use; from then on it is quiet."""
        self.get()
        return self


@pytest.fixture
def bob(front: Front) -> Browser:
    """A subscriber."""
    reader = a_reader()
    a_subscription(reader)
    return Browser(front, reader).forget_first_use()


def same(page: bytes) -> bytes:
    return TOKEN.sub(rb"\1", page)


def test_a_warm_page_costs_no_query_but_the_look(bob: Browser, django_assert_num_queries: Any) -> None:
    bob.get()
    made = len(bob.front.made)
    with django_assert_num_queries(1):
        got = bob.get()
    assert PAID in got.body
    assert len(bob.front.made) == made


@pytest.mark.parametrize("path", PAGES)
def test_it_is_what_django_would_have_said(bob: Browser, path: str) -> None:
    for _ in range(2):
        assert same(bob.get(path).body) == same(bob.from_django(path))


def test_compressed_it_is_the_same(bob: Browser) -> None:
    got = bob.get(HTTP_ACCEPT_ENCODING="gzip, br")
    assert got.headers["content-encoding"] == "gzip"
    assert got.headers["content-length"] == str(len(got.body))
    assert same(gzip.decompress(got.body)) == same(bob.from_django())
    lengths = {len(bob.get(HTTP_ACCEPT_ENCODING="gzip").body) for _ in range(12)}
    assert len(lengths) > 1


@pytest.mark.parametrize("path", PAGES)
def test_no_cache_may_keep_it(bob: Browser, path: str) -> None:
    for _ in range(2):
        got = bob.get(path)
        assert got.headers["cache-control"] == "private, no-store"
        assert "etag" not in got.headers
        assert "set-cookie" not in got.headers


def test_its_forms_are_accepted(bob: Browser) -> None:
    token = re.search(rb'csrfmiddlewaretoken" value="([^"]+)"', bob.get().body)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["sessionid"], strict.cookies["csrftoken"] = bob.session_key, SECRET
    article = Article.objects.get()
    assert token
    answer = strict.post(
        f"/account/saved/{article.pk}/save/", {"csrfmiddlewaretoken": token[1].decode(), "from": "article"}
    )
    assert answer.status_code == 302
    assert SavedArticle.objects.filter(reader=bob.reader).exists()
    assert b'aria-pressed="true"' in bob.get().body
    assert b'aria-pressed="false"' not in bob.get().body


def test_readers_of_a_kind_share_a_page_and_see_nothing_of_one_another(front: Front, bob: Browser) -> None:
    other = a_reader("eve@example.org", name="Eve Example")
    a_subscription(other)
    eve = Browser(front, other).forget_first_use()
    SavedArticle.objects.put_aside(bob.reader.pk, Article.objects.get(), at=NOW)
    assert b'aria-pressed="true"' in bob.get().body
    page = eve.get().body
    assert b'aria-pressed="false"' in page
    assert b"bob@example.org" not in page
    assert bob.session_key.encode() not in page
    shared = [key for key in front.cache.store.pages if key[2] == ARTICLE]
    assert len(shared) == 1


def test_a_visitor_gets_the_wall_whoever_read_before(front: Front, bob: Browser) -> None:
    bob.get()
    assert PAID not in front.get(ARTICLE).body
    assert PAID not in front.get(ARTICLE, HTTP_COOKIE=f"sessionid=; csrftoken={SECRET}").body
    assert PAID not in front.get(ARTICLE, HTTP_COOKIE=f"sessionid={'z' * 32}; csrftoken={SECRET}").body


@pytest.mark.parametrize(
    "trick",
    [
        {"HTTP_PAGE_STAND_IN": "1"},
        {"HTTP_COOKIE": "page.stand_in=1; sessionid=x"},
        {"QUERY_STRING": "page.stand_in=1"},
        {"HTTP_X_ORIGINAL_URL": ARTICLE},
    ],
)
def test_nobody_can_ask_for_the_shared_page(front: Front, bob: Browser, trick: dict[str, str]) -> None:
    bob.get()
    assert PAID not in front.get(ARTICLE, **trick).body


# --- What ends is felt at the next request -----------------------------------------------------------

ENDINGS: dict[str, Callable[[Browser], object]] = {
    "the subscription is cancelled at once": lambda b: Subscription.objects.update(status="canceled", ends_at=NOW),
    "the money goes back": lambda b: Subscription.objects.all().delete(),
    "the payment fails for good": lambda b: Subscription.objects.update(status="unpaid"),
    "the reader logs out": lambda b: b.client.logout(),
    "the session is ended from another device": lambda b: Session.objects.filter(pk=b.session_key).delete(),
    "the account is closed": lambda b: User.objects.filter(pk=b.reader.pk).update(is_active=False),
    "the password is changed": lambda b: User.objects.filter(pk=b.reader.pk).update(password="another"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_ends_is_felt_at_once(bob: Browser, ending: str) -> None:
    assert PAID in bob.get().body
    ENDINGS[ending](bob)
    assert PAID not in bob.get().body


def test_a_grant_that_is_ended_is_felt_at_once(front: Front) -> None:
    dora, reader = somebody_in("Subscription desk"), a_reader("student@example.org")
    a_grant(reader, by=dora)
    browser = Browser(front, reader).forget_first_use()
    assert PAID in browser.get().body
    Grant.objects.get().end(by=dora, at=NOW)
    assert PAID not in browser.get().body


def test_access_ends_on_its_second(front: Front, bob: Browser, clock: Callable[[datetime], None]) -> None:
    end = NOW + timedelta(minutes=10)
    Subscription.objects.update(ends_at=end)
    clock(end - timedelta(microseconds=1))
    assert PAID in bob.get().body
    clock(end)
    assert PAID not in bob.get().body


def test_a_pause_begins_on_its_second(front: Front, bob: Browser, clock: Callable[[datetime], None]) -> None:
    start = NOW + timedelta(minutes=10)
    Subscription.objects.update(period_ends_at=start, pause_starts_at=start, pause_ends_at=start + timedelta(days=30))
    clock(start - timedelta(microseconds=1))
    assert PAID in bob.get().body
    clock(start)
    assert PAID not in bob.get().body


def test_what_begins_is_felt_too(front: Front) -> None:
    reader = a_reader("new@example.org")
    browser = Browser(front, reader).forget_first_use()
    assert PAID not in browser.get().body
    a_subscription(reader)
    assert PAID in browser.get().body


def test_the_text_follows_the_editor(bob: Browser) -> None:
    bob.get()
    Article.objects.get().write("<p>One.</p><p>Two.</p><p>Three.</p><p>Four.</p><p>Another ending.</p>")
    assert b"Another ending." in bob.get().body


def test_the_database_away_opens_nothing(bob: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    bob.get()
    made = len(bob.front.made)
    monkeypatch.setattr(bob.front.cache.changes, "look", lambda: False)
    bob.get()
    assert len(bob.front.made) == made + 1


# --- Whose pages Django makes ------------------------------------------------------------------------

UNLIKE: dict[str, Callable[[Browser], object]] = {
    "who works here": lambda b: User.objects.filter(pk=b.reader.pk).update(is_staff=True),
    "who keeps a reading history": lambda b: Consent.objects.create(
        reader=b.reader, purpose=READING_HISTORY, given_at=NOW
    ),
    "whose payment failed": lambda b: Subscription.objects.update(
        status="past_due", unpaid_since=NOW - timedelta(days=1)
    ),
    "whose renewal is late": lambda b: Subscription.objects.update(period_ends_at=NOW - timedelta(hours=1)),
}


@pytest.mark.parametrize("somebody", UNLIKE)
def test_who_is_not_like_the_others_goes_in(bob: Browser, somebody: str) -> None:
    UNLIKE[somebody](bob)
    bob.get()
    made = len(bob.front.made)
    assert same(bob.get().body) == same(bob.from_django())
    assert len(bob.front.made) == made + 1


def test_a_message_is_shown_once(bob: Browser) -> None:
    session = bob.client.session
    session[SessionStorage.session_key] = '[["__json_message",0,25,"Well done",""]]'
    session.save()
    assert b"Well done" in bob.get().body
    assert b"Well done" not in bob.get().body


def test_without_the_cookie_for_forms_django_gives_one(front: Front, bob: Browser) -> None:
    got = front.get(ARTICLE, HTTP_COOKIE=f"sessionid={bob.session_key}")
    assert PAID in got.body
    assert "csrftoken" in got.headers["set-cookie"]


def test_a_page_to_be_kept_for_later_is_another_one(bob: Browser) -> None:
    bob.get()
    made = len(bob.front.made)
    bob.get(HTTP_X_KEPT_FOR_LATER="1")
    assert len(bob.front.made) == made + 1


def test_a_reader_is_spoken_to_in_their_language(front: Front, bob: Browser) -> None:
    assert b"Your account" in bob.get().body
    User.objects.filter(pk=bob.reader.pk).update(language="fr")
    page = bob.get().body
    assert b'<html lang="fr"' in page
    assert same(page) == same(bob.from_django())


def test_what_is_marked_as_ones_own_is_cut_out_of_the_shared_page(front: Front, bob: Browser) -> None:
    bob.get()
    page = next(page for key, page in front.cache.store.pages.items() if key[2] == ARTICLE)
    holes = [part.name for part in page.parts if hasattr(part, "name")]
    assert {"why", "saved", "csrf"} <= set(holes)
    assert all(b"You are a subscriber" not in part.plain for part in page.parts if hasattr(part, "plain"))


@pytest.mark.usefixtures("bob")
def test_a_page_with_a_section_more_is_another_page(front: Front, bob: Browser) -> None:
    bob.get("/")
    a_section("economy")
    an_article("Money", section=a_section("economy"))
    assert b"Money" in bob.get("/").body
