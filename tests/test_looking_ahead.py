"""The next page fetched early: for whom nothing is counted, and counting nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from articles.looking_ahead import NEVER
from articles.models import Article, GiftLink, OpenedArticle
from articles.models.gift import hash_of
from articles.models.section import RESERVED
from readers.models import User
from tests.make import BY_BROWSER, NOW, a_grant, a_plan, a_reader, a_subscription, an_article

pytestmark = pytest.mark.django_db
AHEAD = {"Sec-Purpose": "prefetch"}


@pytest.fixture(autouse=True)
def _now(at: Callable[..., None]) -> None:
    at(NOW)
    a_plan("year")


@pytest.fixture
def article() -> Article:
    return an_article()


@pytest.fixture
def alice(client: Client) -> User:
    reader = a_reader("alice@example.org")
    a_subscription(reader)
    client.force_login(reader)
    return reader


def may(client: Client, article: Article) -> bool:
    return "Speculation-Rules" in client.get(article.get_absolute_url())


def test_a_subscriber_may_look_ahead_and_a_visitor_may_not(client: Client, alice: User, article: Article) -> None:
    assert client.get(article.get_absolute_url())["Speculation-Rules"] == '"/speculation-rules.json"'
    assert not may(Client(), article)


def test_who_keeps_a_list_of_what_they_read_may_not_since_it_would_miss_pages(
    client: Client, alice: User, article: Article
) -> None:
    client.post("/account/choices/", {"wanted": ["reading_history"]})
    assert not may(client, article)
    client.get(article.get_absolute_url(), headers=AHEAD)
    assert OpenedArticle.objects.count() == 1, "the visit above, and not the one ahead"


def test_who_reads_at_the_expense_of_others_may_not_since_their_reading_may_be_counted(
    client: Client, article: Article
) -> None:
    student = a_reader("student@example.org")
    a_grant(student, by=a_reader("carol@example.org", is_staff=True))
    client.force_login(student)
    assert not may(client, article)


def test_a_gift_is_not_opened_ahead_and_not_counted(article: Article, alice: User) -> None:
    link = GiftLink.objects.create(
        giver=alice, article=article, token_hash=hash_of("t"), made_at=NOW, expires_at=NOW + timedelta(days=14)
    )
    assert Client().get("/gift/t/", headers=AHEAD).status_code == 503
    assert Client().get("/gift/t/", headers=BY_BROWSER).status_code == 200
    link.refresh_from_db()
    assert link.times_opened == 1


def test_the_rules_are_of_their_own_kind_and_fetch_no_page_of_an_account() -> None:
    answer = Client().get("/speculation-rules.json")
    assert answer["Content-Type"] == "application/speculationrules+json"
    assert "public" in answer["Cache-Control"]
    (rule,) = answer.json()["prefetch"]
    assert rule["eagerness"] == "moderate"
    assert {"/account/*", "/accounts/*", "/gift/*", "/subscribe/*", "/stripe/*", "/admin/*"} <= set(NEVER)


def test_every_first_part_that_belongs_to_another_page_is_kept_out() -> None:
    with_two_parts = {path.split("/")[1] for path in NEVER}
    assert with_two_parts <= RESERVED
