"""Hot pages have a price, and it does not grow with the archive."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from articles.models import AgendaItem, Article, Brief, Picture
from tests.make import (
    NOW,
    YESTERDAY,
    a_partner_item,
    a_plan,
    a_reader,
    a_section,
    a_subscription,
    an_article,
    an_author,
)

pytestmark = pytest.mark.django_db
FRONT, ARTICLE, SUBSCRIBERS_MORE = 11, 12, 4
ADDRESS = "/climate/story-0/"


@pytest.fixture(params=[5, 60])
def _archive(request: Any, at: Any) -> None:
    at(NOW)
    a_plan("year")
    a_plan("month")
    sections = [a_section(slug) for slug in ("climate", "tech", "economy")]
    sections.append(a_section("opinion", is_opinion=True))
    for count in range(request.param):
        an_article(
            f"Story {count}",
            section=sections[count % 4],
            published=YESTERDAY - timedelta(hours=count),
            hero=a_picture(count),
            leads_front=count == 0,
            kicker="Investigation" if count == 3 else "",
        )
        Brief.objects.create(headline=f"Brief {count}", published_at=YESTERDAY)
        a_partner_item(f"League {count}")
    AgendaItem.objects.create(title="A council", starts_at=NOW)
    article = Article.objects.get(slug="story-0")
    article.sign([an_author("Ana Novak"), an_author("Zita Zabel")])
    article.related.set(Article.objects.exclude(pk=article.pk)[:2])
    pictures = [a_picture(900 + count).pk for count in range(3)]
    article.write(
        "<p>One.</p><p>Two.</p>"
        + "".join(f'<figure data-picture="{pk}"><figcaption>c</figcaption></figure><p>More.</p>' for pk in pictures)
    )


def a_picture(number: int) -> Picture:
    return Picture.objects.create(
        original="originals/x", width=1280, height=720, alt="a", credit="c", stem=f"{number:020}", widths=[320, 1280]
    )


@pytest.mark.usefixtures("_archive")
def test_the_front_page_costs_eleven_queries(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(FRONT):
        assert Client().get("/").status_code == 200


@pytest.mark.usefixtures("_archive")
def test_an_article_costs_twelve_queries(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(ARTICLE):
        assert b"paywall" in Client().get(ADDRESS).content


@pytest.mark.usefixtures("_archive")
def test_a_subscriber_costs_four_more_even_with_pictures_in_the_paid_part(django_assert_num_queries: Any) -> None:
    reader = a_reader()
    a_subscription(reader)
    client = Client()
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    with django_assert_num_queries(ARTICLE + SUBSCRIBERS_MORE):
        page = client.get(ADDRESS).content
    assert page.count(b"<figure") == 4


@pytest.mark.usefixtures("_archive")
@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/climate/", 10),
        ("/authors/ana-novak/", 5),
        ("/latest/", 7),
        ("/briefs/", 6),
        ("/search/", 2),
        ("/search/?q=story", 5),
        ("/feed.xml", 4),
        ("/climate/feed.xml", 4),
        ("/sitemap.xml", 2),
        ("/sitemap-2026.xml", 2),
        ("/sitemap-news.xml", 2),
        ("/robots.txt", 1),
    ],
)
def test_the_other_pages_have_their_price_too(path: str, queries: int, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(queries):
        assert Client().get(path).status_code == 200
