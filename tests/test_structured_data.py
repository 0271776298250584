"""What search engines are told, held against what Google asks for of each kind of page."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from articles import structured_data
from articles.models import Article, Picture, Topic
from tests.make import NOW, a_plan, a_reader, a_section, a_subscription, an_article

pytestmark = pytest.mark.django_db
SITE = "http://localhost:8000"
# developers.google.com/search/docs/appearance/structured-data: article, paywalled content, breadcrumb, organization,
# image. A path names a field; `*` stands for each entry of a list.
ARTICLE = (
    *("headline", "image", "image.*.url", "datePublished", "dateModified", "author", "author.*.@type"),
    *("author.*.name", "author.*.url", "publisher.name", "publisher.logo.url", "mainEntityOfPage"),
)
PAYWALL = ("isAccessibleForFree", "hasPart.@type", "hasPart.isAccessibleForFree", "hasPart.cssSelector")
BREADCRUMB = ("itemListElement.*.@type", "itemListElement.*.position", "itemListElement.*.name")
ORGANIZATION = ("name", "url", "logo.url", "email")
WEBSITE = ("name", "url", "potentialAction.target.urlTemplate", "potentialAction.query-input")


@pytest.fixture(autouse=True)
def _now(at: Callable[..., None]) -> None:
    at(NOW)
    a_plan("year")


def data(path: str, client: Client | None = None) -> list[dict[str, Any]]:
    page = (client or Client()).get(path).content.decode()
    return [json.loads(one) for one in re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)]


def missing(facts: dict[str, Any], paths: tuple[str, ...]) -> list[str]:
    return [path for path in paths if not all(_found(facts, path.split(".")))]


def _found(facts: Any, path: list[str]) -> list[bool]:
    if not path:
        return [facts not in (None, "", [], {})]
    if path[0] == "*":
        return [found for one in facts for found in _found(one, path[1:])] or [False]
    return _found(facts[path[0]], path[1:]) if isinstance(facts, dict) and path[0] in facts else [False]


def a_picture() -> Picture:
    return Picture.objects.create(
        original="originals/x", width=1600, height=900, alt="A", credit="C", stem="0" * 20, widths=[320, 1280]
    )


def test_the_check_itself_misses_what_is_missing() -> None:
    assert missing({"author": [{"name": "A"}, {}]}, ("author.*.name", "author", "x")) == ["author.*.name", "x"]


def test_an_article_says_all_that_google_asks_for() -> None:
    article = an_article(hero=a_picture())
    facts, way = data(article.get_absolute_url())
    assert missing(facts, ARTICLE + PAYWALL) == []
    assert facts["hasPart"]["cssSelector"].startswith(".")
    assert facts["isAccessibleForFree"] is facts["hasPart"]["isAccessibleForFree"] is False
    sizes = [(one["width"], one["height"]) for one in facts["image"]]
    assert sizes == [(1280, 720), (1200, 630)]
    assert all(one["url"].startswith(SITE) for one in facts["image"])
    assert missing(way, BREADCRUMB) == []
    assert [one["name"] for one in way["itemListElement"]] == ["Viaduct", "Climate", article.headline]


@pytest.mark.parametrize(
    ("kicker", "kind"),
    [
        ("", "NewsArticle"),
        ("Exclusive", "NewsArticle"),
        ("Analysis", ["NewsArticle", "AnalysisNewsArticle"]),
        ("Explainer", ["NewsArticle", "BackgroundNewsArticle"]),
        ("Investigation", ["NewsArticle", "ReportageNewsArticle"]),
        ("Opinion", ["NewsArticle", "OpinionNewsArticle"]),
    ],
)
def test_every_kind_is_a_news_article_and_says_which(kicker: str, kind: Any) -> None:
    assert data(an_article(kicker=kicker).get_absolute_url())[0]["@type"] == kind


def test_every_kind_that_is_told_is_a_kind_of_ours() -> None:
    assert set(structured_data.KINDS) <= set(Article.Kind)


def test_whatever_stands_under_opinion_is_told_to_be_opinion() -> None:
    article = an_article(section=a_section("opinion", is_opinion=True), kicker="Analysis")
    assert data(article.get_absolute_url())[0]["@type"] == ["NewsArticle", "OpinionNewsArticle"]


def test_who_reads_all_of_it_is_told_of_no_wall_on_the_page(client: Client) -> None:
    reader = a_reader()
    a_subscription(reader)
    client.force_login(reader)
    facts = data(an_article().get_absolute_url(), client)[0]
    assert facts["isAccessibleForFree"] is False
    assert "hasPart" not in facts


def test_a_section_says_the_way_to_it() -> None:
    an_article()
    (way,) = data("/climate/")
    assert [one["item"] for one in way["itemListElement"]] == [SITE + "/", SITE + "/climate/"]


def test_the_front_page_says_who_we_are_and_how_to_search() -> None:
    publisher, site = data("/")[0]["@graph"]
    assert missing(publisher, ORGANIZATION) == []
    assert missing(site, WEBSITE) == []
    assert site["potentialAction"]["target"]["urlTemplate"] == f"{SITE}/search/?q={{search_term_string}}"
    assert site["publisher"]["@id"] == publisher["@id"]


def test_the_logo_is_there_and_large_enough() -> None:
    address = structured_data.publisher()["logo"]["url"]
    assert address == f"{SITE}/static/img/icon-512.png"


def test_those_who_share_it_see_headline_picture_and_address() -> None:
    article = an_article(hero=a_picture())
    page = Client().get(article.get_absolute_url() + "?utm_source=x").content.decode()
    tags = dict(re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)"', page))
    wanted = "og:site_name og:type og:locale og:title og:description og:url og:image og:image:width og:image:alt"
    wanted += " twitter:card twitter:title twitter:description twitter:image article:published_time"
    wanted += " article:modified_time article:section article:author author description"
    assert [name for name in wanted.split() if not tags.get(name)] == []
    assert tags["og:url"] == SITE + article.get_absolute_url()
    assert f'<link rel="canonical" href="{SITE}{article.get_absolute_url()}">' in page


@pytest.mark.parametrize("path", ["/", "/climate/", "/topics/rivers/", "/authors/ana-novak/", "/latest/", "/briefs/"])
def test_whatever_page_is_shared_has_a_name_a_line_and_its_address(path: str) -> None:
    an_article().topics.add(Topic.objects.create(name="Rivers", slug="rivers"))
    page = Client().get(path).content.decode()
    tags = re.findall(r'<meta property="(og:[^"]+)" content="([^"]+)"', page)
    assert {"og:site_name", "og:type", "og:title", "og:description", "og:url"} <= dict(tags).keys()
    assert len(tags) == len(dict(tags))
    assert dict(tags)["og:url"] == SITE + path
