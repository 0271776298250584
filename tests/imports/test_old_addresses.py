"""Whoever comes by an address that an article had on another site is led to it; pages that exist pay nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from articles.models import Article, OldAddress
from tests.make import NOW, a_section, an_article

pytestmark = pytest.mark.django_db


@pytest.fixture
def article(at: Any) -> Article:
    at(NOW)
    article = an_article("The bridge")
    for path in ("/2019/05/the-bridge/", "/the-bridge-of-2019/", "/Straße/Brücke.html", "/%C3%A9t%C3%A9/"):
        OldAddress.objects.create(path=OldAddress.plain(path), article=article)
    return article


@pytest.mark.parametrize(
    "path",
    [
        *("/2019/05/the-bridge/", "/2019/05/the-bridge", "/2019/05/The-Bridge/", "//2019/05/the-bridge/"),
        *("/the-bridge-of-2019/", "/the-bridge-of-2019", "/stra%C3%9Fe/br%C3%BCcke.html", "/%c3%a9t%c3%a9/"),
    ],
)
def test_an_old_address_leads_to_the_article(article: Article, path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer["Location"]) == (301, "/climate/the-bridge/")
    assert answer["Cache-Control"].startswith("public")


def test_what_was_asked_with_it_stays(article: Article) -> None:
    answer = Client().get("/2019/05/the-bridge/?utm_source=letter")
    assert answer["Location"] == "/climate/the-bridge/?utm_source=letter"


def test_it_leads_to_wherever_the_article_has_moved_since(article: Article) -> None:
    article.section = a_section("tech")
    article.move_to("the-new-bridge")
    article.save()
    assert Client().get("/2019/05/the-bridge/")["Location"] == "/tech/the-new-bridge/"


def test_nothing_leads_to_what_the_public_may_not_see(article: Article, at: Any) -> None:
    article.publish(at=NOW + timedelta(hours=1))
    assert Client().get("/2019/05/the-bridge/").status_code == 404
    at(NOW + timedelta(hours=2))
    assert Client().get("/2019/05/the-bridge/").status_code == 301


def test_only_readers_are_led_on(article: Article) -> None:
    assert Client().post("/2019/05/the-bridge/").status_code in (403, 404)
    assert Client().get("/2019/05/another/").status_code == 404
    assert Client().get("/" + "x" * 3000 + "/").status_code == 404


def test_a_page_that_exists_asks_for_no_old_address(article: Article, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(60) as asked:
        assert Client().get(article.get_absolute_url()).status_code == 200
    assert not [query for query in asked.captured_queries if "oldaddress" in query["sql"]]
