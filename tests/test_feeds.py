"""Feeds, sitemaps and robots.txt: valid, absolute, and never more than the teaser."""

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from articles.models import Brief, Topic
from tests.make import NOW, TOMORROW, YESTERDAY, a_coverage, a_partner_item, a_section, an_article, an_author

pytestmark = pytest.mark.django_db
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"


@pytest.fixture(autouse=True)
def _now(at: Any) -> None:
    at(NOW)


def xml(path: str) -> ElementTree.Element:
    answer = Client().get(path)
    assert answer.status_code == 200, path
    assert "xml" in answer["Content-Type"]
    return ElementTree.fromstring(answer.content)


def addresses(path: str) -> list[str]:
    return [element.text or "" for element in xml(path).iter(f"{SITEMAP}loc")]


def test_the_feed_carries_standfirst_and_teaser_and_nothing_of_the_rest() -> None:
    article = an_article(kicker="Interview")
    article.sign([an_author("Zita Zabel"), an_author("Ana Novak")])
    (item,) = xml("/feed.xml").iter("item")
    assert item.findtext("title") == "Ministers agree on a bridge"
    assert item.findtext("link") == f"http://localhost:8000{article.get_absolute_url()}"
    assert item.findtext("description") == (
        "<p><strong>A bridge is agreed, and nobody knows who pays.</strong></p>"
        "<p>The first paragraph is for everyone.</p><p>So is the second one.</p>"
    )
    assert item.findtext("{http://purl.org/dc/elements/1.1/}creator") == "Zita Zabel, Ana Novak"
    assert [element.text for element in item.iter("category")] == ["Climate", "Interview"]
    assert item.findtext("pubDate") == "Mon, 16 Nov 2026 12:00:00 +0000"


def test_an_item_keeps_its_name_when_its_address_changes() -> None:
    article = an_article()
    before = next(xml("/feed.xml").iter("guid"))
    article.move_to("elsewhere")
    after = next(xml("/feed.xml").iter("guid"))
    assert before.text == after.text
    assert after.get("isPermaLink") == "false"


def test_a_section_has_a_feed_of_its_own() -> None:
    an_article("Of climate")
    an_article("Of tech", section=a_section("tech"))
    assert [item.findtext("title") for item in xml("/tech/feed.xml").iter("item")] == ["Of tech"]
    assert xml("/tech/feed.xml").findtext("channel/link") == "http://localhost:8000/tech/"


def test_feeds_hold_thirty_items_newest_first_and_nothing_unpublished() -> None:
    for count in range(35):
        an_article(f"Story {count:02}", published=NOW - timedelta(hours=count))
    an_article("A draft", published=None)
    an_article("Scheduled", published=TOMORROW)
    assert [item.findtext("title") for item in xml("/feed.xml").iter("item")] == [f"Story {n:02}" for n in range(30)]


def test_html_and_control_characters_cannot_break_a_feed() -> None:
    an_article("A <b>\x0b bridge ]]> & \x01", slug="x", standfirst="<script>&\x1f", text="<p>One ]]&gt; &amp;</p>")
    (item,) = xml("/feed.xml").iter("item")
    assert item.findtext("title") == "A <b> bridge ]]> & "
    assert "&lt;script&gt;" in (item.findtext("description") or "")


def test_pictures_in_the_teaser_leave_no_trace_in_the_feed() -> None:
    an_article(text='<p>One.</p><figure data-picture="7"><figcaption>c</figcaption></figure><p>Two.</p><p>Three.</p>')
    (item,) = xml("/feed.xml").iter("item")
    assert "figure" not in (item.findtext("description") or "")


@pytest.mark.parametrize("path", ["/feed", "/climate/feed", "/authors/ana-novak/feed", "/topics/gas/feed"])
def test_every_feed_comes_as_json_feed_too_and_says_the_same(path: str) -> None:
    an_article(kicker="Interview").topics.add(Topic.objects.create(name="Gas", slug="gas"))
    answer = Client().get(f"{path}.json")
    feed = answer.json()
    (item,) = feed["items"]
    (rss,) = xml(f"{path}.xml").iter("item")
    assert answer["Content-Type"] == "application/feed+json"
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == f"http://localhost:8000{path}.json"
    assert item["id"] == rss.findtext("guid")
    assert item["content_html"] == rss.findtext("description")
    assert item["authors"] == [{"name": "Ana Novak"}]
    assert (item["url"], item["title"]) == (rss.findtext("link"), rss.findtext("title"))
    assert "canaryword" not in answer.content.decode()


def test_briefs_have_a_feed_that_leads_to_each_of_them() -> None:
    brief = Brief.objects.create(headline="A brief", text="All <of> it.", published_at=YESTERDAY)
    Brief.objects.create(headline="Later", text="Not yet.", published_at=TOMORROW)
    (item,) = Client().get("/briefs/feed.json").json()["items"]
    assert item["url"] == f"http://localhost:8000/briefs/#b{brief.pk}"
    assert item["content_html"] == "<p>All &lt;of&gt; it.</p>"


def test_what_partners_pay_for_says_so_in_the_feed_and_ends_on_its_day() -> None:
    a_partner_item("Acme", headline="Buy")
    a_partner_item("Acme", headline="Over", ends_at=NOW)
    (item,) = xml("/feed.xml").iter("item")
    assert item.findtext("title") == "Paid for by Acme: Buy"
    assert item.findtext("category") == "Partner content"
    a_section()
    assert list(xml("/climate/feed.xml").iter("item")) == []


def test_feeds_and_sitemaps_never_import_the_full_text() -> None:
    for name in ("feeds", "sitemaps", "front", "beside", "structured_data"):
        tree = ast.parse((Path(__file__).parent.parent / f"articles/{name}.py").read_text())
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
        assert not imported & {"FullText", "reading_of", "paywall"}, name


def test_the_sitemap_leads_to_every_published_article_and_page() -> None:
    now, old = an_article("Now"), an_article("Long ago", published=NOW.replace(year=2013))
    an_article("A draft", published=None)
    an_article("Scheduled", published=TOMORROW)
    files = addresses("/sitemap.xml")
    assert [one.removeprefix("http://localhost:8000") for one in files][:3] == [
        "/sitemap-pages.xml",
        "/sitemap-news.xml",
        "/sitemap-2026.xml",
    ]
    assert files[-1].endswith("/sitemap-2013.xml")
    assert addresses("/sitemap-2026.xml") == [f"http://localhost:8000{now.get_absolute_url()}"]
    assert addresses("/sitemap-2013.xml") == [f"http://localhost:8000{old.get_absolute_url()}"]
    pages = addresses("/sitemap-pages.xml")
    for path in ("/", "/climate/", "/authors/ana-novak/", "/about/", "/subscribe/"):
        assert f"http://localhost:8000{path}" in pages


@pytest.mark.parametrize("year", ["1850", "2020", "99999", "9999", "0"])
def test_a_year_without_articles_has_no_sitemap(year: str) -> None:
    an_article()
    assert Client().get(f"/sitemap-{year}.xml").status_code == 404


def test_an_empty_site_has_valid_sitemaps() -> None:
    assert len(addresses("/sitemap.xml")) == 2
    assert addresses("/sitemap-news.xml") == []


def test_the_news_sitemap_holds_the_last_48_hours() -> None:
    an_article("Fresh & <new>", slug="fresh", published=NOW - timedelta(hours=47))
    an_article("Stale", published=NOW - timedelta(hours=49))
    a_coverage("As it happens", published=NOW - timedelta(hours=47), language="fr")
    a_coverage("As it happened", published=NOW - timedelta(hours=49))
    tree = xml("/sitemap-news.xml")
    assert [element.text for element in tree.iter(f"{NEWS}title")] == ["As it happens", "Fresh & <new>"]
    assert [element.text for element in tree.iter(f"{NEWS}language")] == ["fr", "en"]
    assert [element.text for element in tree.iter(f"{NEWS}name")] == ["Viaduct", "Viaduct"]


def test_a_headline_with_a_control_character_spoils_no_sitemap() -> None:
    an_article("Bad \x0c news", slug="bad")
    assert [element.text for element in xml("/sitemap-news.xml").iter(f"{NEWS}title")] == ["Bad  news"]


def test_the_index_names_the_years_that_have_a_sitemap_and_no_others() -> None:
    for year in (2015, 2016, 2024):
        an_article(f"Of {year}", published=NOW.replace(year=year))
    years = [address for address in addresses("/sitemap.xml") if "sitemap-2" in address]
    assert [address[-8:-4] for address in years] == ["2024", "2016", "2015"]
    assert {Client().get(address.removeprefix("http://localhost:8000")).status_code for address in years} == {200}


def test_of_a_draft_nobody_learns_its_topics_nor_its_authors() -> None:
    secret = an_article("Draft", published=None, by=an_author("Unda Cover"))
    secret.topics.add(Topic.objects.create(name="Canarygate", slug="canarygate", about="What we look into."))
    an_article()
    for path in ("/topics/canarygate/", "/topics/canarygate/feed.xml"):
        assert Client().get(path).status_code == 404
    for path in ("/sitemap-pages.xml", "/search/suggestions/?q=canary", "/search/suggestions/?q=unda"):
        page = Client().get(path).content.decode().lower()
        assert "canarygate" not in page.replace("q=canary", "")
        assert "unda" not in page.replace("q=unda", "")


def test_robots_are_shown_the_sitemaps_and_kept_from_accounts() -> None:
    text = Client().get("/robots.txt").content.decode()
    assert "Sitemap: http://localhost:8000/sitemap.xml" in text
    assert "Disallow: /account/" in text
    assert "Disallow: /\n" not in text.partition("\n\n")[0] + "\n"
