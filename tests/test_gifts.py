"""Giving articles away, and the private feed: who may, how many, how long, and what ends them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from articles import gifts
from articles.models import Article, GiftLink, PrivateFeed
from readers.models import User
from tests.make import BY_BROWSER, NOW, TEXT, a_reader, a_subscription, an_article

pytestmark = pytest.mark.django_db
PAID = "canaryword"
JUST_BEFORE = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _now(at: Callable[..., None]) -> None:
    at(NOW)


@pytest.fixture
def alice() -> User:
    reader = a_reader("alice@example.org")
    a_subscription(reader)
    return reader


@pytest.fixture
def article() -> Article:
    return an_article(text=TEXT)


def signed_in(reader: User) -> Client:
    client = Client()
    client.force_login(reader, "django.contrib.auth.backends.ModelBackend")
    return client


def given(giver: User, article: Article, *, at: datetime = NOW) -> str:
    return f"/gift/{gifts.give(giver, article, at=at).token}/"


# --- Giving -----------------------------------------------------------------------------------------


def test_a_subscriber_gets_a_link_that_opens_the_article_for_anybody(alice: User, article: Article) -> None:
    page = signed_in(alice).post("/gift/", {"article": article.pk})
    assert page.status_code == 201
    address = next(part for part in page.content.decode().split('"') if "/gift/" in part and part.startswith("http"))
    assert "9 gifts left" in page.content.decode()
    answer = Client().get(address.removeprefix("http://localhost:8000"))
    assert PAID in answer.content.decode()
    assert "A subscriber has given you this article. The link works until 1 December 2026" in answer.content.decode()


def test_what_was_given_is_kept_by_nobody_and_found_by_no_search_engine(alice: User, article: Article) -> None:
    answer = Client().get(given(alice, article))
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Robots-Tag"] == "noindex"
    assert f'rel="canonical" href="http://localhost:8000{article.get_absolute_url()}"' in answer.content.decode()
    assert not answer.cookies


def test_the_database_does_not_hold_what_opens_an_article(alice: User, article: Article) -> None:
    token = gifts.give(alice, article, at=NOW).token
    assert not GiftLink.objects.filter(token_hash=token).exists()
    assert token not in signed_in(alice).get("/account/gifts/").content.decode()


def test_ten_may_be_given_in_a_month_of_brussels_and_ending_one_makes_no_room(alice: User, article: Article) -> None:
    for _ in range(10):
        link = gifts.give(alice, article, at=NOW).link
    link.revoke(at=NOW)
    with pytest.raises(gifts.NoGiftsLeft):
        gifts.give(alice, article, at=NOW)
    last_second = datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC)
    assert gifts.gifts_left(alice, at=last_second) == 0
    assert gifts.gifts_left(alice, at=last_second + JUST_BEFORE) == 10
    assert signed_in(alice).post("/gift/", {"article": article.pk})["Location"] == article.get_absolute_url()
    assert GiftLink.objects.count() == 10


def test_who_is_not_entitled_gives_nothing_away(article: Article) -> None:
    assert signed_in(a_reader()).post("/gift/", {"article": article.pk})["Location"] == article.get_absolute_url()
    assert "/accounts/login/" in Client().post("/gift/", {"article": article.pk})["Location"]
    assert not GiftLink.objects.exists()


@pytest.mark.parametrize("pk", ["", "x", "-1", "9" * 30, "999999"])
def test_what_does_not_exist_cannot_be_given(alice: User, pk: str) -> None:
    assert signed_in(alice).post("/gift/", {"article": pk}).status_code == 404


def test_a_draft_cannot_be_given(alice: User) -> None:
    draft = an_article("Draft", published=None)
    assert signed_in(alice).post("/gift/", {"article": draft.pk}).status_code == 404


# --- Opening ----------------------------------------------------------------------------------------


def test_a_gift_lasts_fourteen_days_to_the_second(alice: User, article: Article, at: Any) -> None:
    address = given(alice, article)
    at(NOW + gifts.GIFT_LASTS - JUST_BEFORE)
    assert PAID in Client().get(address).content.decode()
    at(NOW + gifts.GIFT_LASTS)
    answer = Client().get(address)
    assert answer.status_code == 410
    assert PAID not in answer.content.decode()


def test_an_ended_gift_opens_nothing(alice: User, article: Article) -> None:
    address, client = given(alice, article), signed_in(alice)
    client.post(f"/account/gifts/{GiftLink.objects.get().pk}/end/")
    assert Client().get(address).status_code == 410
    assert "ended" in client.get("/account/gifts/").content.decode()


def test_a_gift_ends_with_the_account_of_its_giver_and_with_the_article(alice: User, article: Article) -> None:
    address = given(alice, article)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert Client().get(address).status_code == 410
    User.objects.filter(pk=alice.pk).update(is_active=True)
    article.take_back()
    assert Client().get(address).status_code == 404


def test_a_gift_opens_its_own_article_and_no_other(alice: User, article: Article) -> None:
    other = an_article("Another", text=TEXT)
    given(alice, article)
    assert PAID not in Client().get(other.get_absolute_url()).content.decode()
    assert Client().get("/gift/nonsense/").status_code == 404


def test_openings_are_counted_but_not_by_whom(alice: User, article: Article) -> None:
    address = given(alice, article)
    assert "not yet" in signed_in(alice).get("/account/gifts/").content.decode()
    for _ in range(3):
        Client().get(address, headers=BY_BROWSER)
    assert GiftLink.objects.get().times_opened == 3
    assert "3 times" in signed_in(alice).get("/account/gifts/").content.decode()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
        {"User-Agent": "WhatsApp/2.24.1 A"},
        BY_BROWSER | {"User-Agent": "Mozilla/5.0 HeadlessChrome/140.0 Safari/537.36"},
        BY_BROWSER | {"User-Agent": "Mozilla/5.0 (compatible; bingbot/2.0) Chrome/140.0"},
        BY_BROWSER | {"Sec-Fetch-Dest": "iframe"},
        BY_BROWSER | {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    ],
)
def test_who_only_looks_at_a_link_reads_it_and_is_not_counted(
    alice: User, article: Article, said: dict[str, str]
) -> None:
    address = given(alice, article)
    assert PAID in Client().get(address, headers=said).content.decode()
    Client().head(address, headers=BY_BROWSER)
    assert GiftLink.objects.get().times_opened == 0
    Client().get(address, headers=BY_BROWSER | {"User-Agent": "Mozilla/5.0 (Linux; CUBOT NOTE 20) Chrome/140.0"})
    assert GiftLink.objects.get().times_opened == 1


def test_nobody_ends_the_gift_of_another(alice: User, article: Article) -> None:
    given(alice, article)
    link = GiftLink.objects.get()
    assert signed_in(a_reader()).post(f"/account/gifts/{link.pk}/end/").status_code == 404
    link.refresh_from_db()
    assert link.revoked_at is None


# --- The private feed -------------------------------------------------------------------------------


def my_feed(reader: User, form: str = "xml") -> str:
    page = signed_in(reader).post("/account/feed/new/").content.decode()
    address = next(part for part in page.split('"') if "/feeds/" in part and part.endswith(form))
    return address.removeprefix("http://localhost:8000")


@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_subscriber_reads_full_articles_in_a_feed_reader(alice: User, article: Article, form: str) -> None:
    answer = Client().get(my_feed(alice, form))
    assert PAID in answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"


def test_the_feed_is_dead_when_the_subscription_is(alice: User, article: Article) -> None:
    address = my_feed(alice)
    alice.subscriptions.update(status="canceled")
    assert Client().get(address).status_code == 404


def test_a_new_address_ends_the_old_one_and_ending_ends_it(alice: User, article: Article) -> None:
    old, new = my_feed(alice), my_feed(alice)
    assert Client().get(old).status_code == 404
    assert Client().get(new).status_code == 200
    signed_in(alice).post("/account/feed/end/")
    assert Client().get(new).status_code == 404
    assert not PrivateFeed.objects.exists()


def test_a_cut_address_leads_nowhere(alice: User, article: Article) -> None:
    address = my_feed(alice)
    token = address.split("/")[-1].removesuffix(".xml")
    for wrong in (token[:-1], token.upper(), "x"):
        assert Client().get(f"/feeds/{wrong}.xml").status_code == 404


def test_who_is_not_entitled_gets_no_feed(article: Article) -> None:
    assert signed_in(a_reader()).post("/account/feed/new/").status_code == 302
    assert not PrivateFeed.objects.exists()
    assert "/accounts/login/" in Client().get("/account/feed/")["Location"]
