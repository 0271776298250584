"""The pages of the news: what stands where, at which address, and what happens to hostile ones."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpResponse
from django.test import Client

from articles.front import front_page
from articles.models import AgendaItem, Article, Brief, PartnerItem, Picture, Section
from articles.models.partner import ANSWERS
from tests.make import NOW, TOMORROW, YESTERDAY, a_partner_item, a_reader, a_section, an_article, an_author

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(at: Any) -> None:
    at(NOW)


def get(path: str, **more: Any) -> HttpResponse:
    return Client().get(path, **more)


def html(path: str) -> str:
    answer = get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def a_picture(stem: str = "0123456789abcdef0123") -> Picture:
    return Picture.objects.create(
        original="originals/x",
        width=1280,
        height=720,
        alt="A bridge",
        caption="The bridge in winter.",
        credit="Photo: Ana Novak",
        stem=stem,
        widths=[320, 1280],
    )


def many_articles(number: int, **fields: Any) -> list[Article]:
    return [
        an_article(f"Story number {count}", published=NOW - timedelta(hours=count), **fields)
        for count in range(1, number + 1)
    ]


# --- Addresses --------------------------------------------------------------------------------------


def test_an_article_stands_at_its_section_and_slug() -> None:
    article = an_article(slug="methane-rules")
    assert article.get_absolute_url() == "/climate/methane-rules/"
    assert get("/climate/methane-rules/").status_code == 200


def test_another_section_in_the_address_leads_to_the_right_one_and_keeps_the_query() -> None:
    an_article(slug="methane-rules")
    a_section("economy")
    answer = get("/economy/methane-rules/?utm_source=letter&x=1")
    assert answer.status_code == 301
    assert answer["Location"] == "/climate/methane-rules/?utm_source=letter&x=1"


def test_a_former_address_leads_to_the_present_one() -> None:
    article = an_article(slug="methane-rules")
    article.move_to("methane-law")
    answer = get("/climate/methane-rules/")
    assert (answer.status_code, answer["Location"]) == (301, "/climate/methane-law/")


def test_draft_scheduled_taken_back_and_unknown_answer_alike() -> None:
    an_article("A draft", published=None)
    an_article("A scheduled one", published=TOMORROW)
    an_article("One taken back").take_back()
    answers = [
        get(f"/climate/{slug}/") for slug in ("a-draft", "a-scheduled-one", "one-taken-back", "there-is-no-such-thing")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({re.sub(rb"next=[^\"]*", b"", answer.content) for answer in answers}) == 1
    for answer in answers:
        del answer.headers["Content-Length"]  # the page repeats its address
    assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1


def test_the_former_address_of_a_draft_is_unknown_too() -> None:
    article = an_article(published=None, slug="old")
    article.move_to("new")
    assert get("/climate/old/").status_code == 404


def test_a_scheduled_article_appears_when_its_time_comes(at: Any) -> None:
    article = an_article(published=TOMORROW)
    assert get(article.get_absolute_url()).status_code == 404
    at(TOMORROW)
    assert get(article.get_absolute_url()).status_code == 200


@pytest.mark.parametrize(
    "suffix", ["amp/", "index.html", ".css", "x.js", "feed.xml", "%2e%2e/", "1/", ";v=1/", "print/"]
)
def test_a_suffix_on_an_article_is_not_found(suffix: str) -> None:
    assert get(an_article().get_absolute_url() + suffix).status_code == 404


@pytest.mark.parametrize("path", ["/no-such-section/", "/authors/nobody/", "/partners/1/", "/no-such-section/feed.xml"])
def test_what_does_not_exist_is_not_found(path: str) -> None:
    assert get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/climate/", "/latest/", "/briefs/", "/search/?q=bridge", "/authors/ana-novak/"])
def test_head_answers_as_get_does_without_a_body(path: str) -> None:
    an_article()
    head, body = Client().head(path), get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Length"] == body["Content-Length"]


def test_pages_are_read_and_not_written() -> None:
    article = an_article()
    for path in ("/", article.get_absolute_url(), "/search/"):
        assert Client().post(path).status_code == 405


# --- The article ------------------------------------------------------------------------------------


def test_an_article_shows_all_its_public_parts() -> None:
    article = an_article(
        "Anti-EU bridge <opens>",
        slug="bridge",
        kicker="Interview",
        hero=a_picture(),
        hero_caption="Its first morning.",
        text='<p>One.</p><figure data-picture="{}"><figcaption>A pier</figcaption></figure><p>Two.</p><p>Paid.</p>',
        published=NOW - timedelta(hours=2),
    )
    second = a_picture("ffffffffffffffffffff")
    article.write(
        f'<p>One.</p><figure data-picture="{second.pk}"><figcaption>A pier</figcaption></figure><p>Two.</p><p>Paid.</p>'
    )
    article.sign([an_author("Zita Zabel"), an_author("Ana Novak")])
    page = html("/climate/bridge/")
    for part in (
        "<h1>Anti\u2011EU bridge &lt;opens&gt;</h1>",
        "<title>Anti-EU bridge &lt;opens&gt; | Viaduct</title>",
        'Interview <span><a href="/climate/">Climate</a></span>',
        '<p class="standfirst">A bridge is agreed, and nobody knows who pays.</p>',
        "Its first morning. <small>(Photo: Ana Novak)</small>",
        "A pier <small>(Photo: Ana Novak)</small>",
        '/media/pictures/0123456789abcdef0123-1280.avif 1280w"',
        'By <a href="/authors/zita-zabel/">Zita Zabel</a> and <a href="/authors/ana-novak/">Ana Novak</a>',
        "17 November 2026, 11:00",
        "1 min read",
        '<time datetime="2026-11-17">Tuesday 17 November 2026</time>',
    ):
        assert part in page, part


def test_an_old_article_says_that_it_is_from_the_archive() -> None:
    old = an_article("Old news", published=NOW - timedelta(days=3 * 365))
    assert "From the archive. This article is of 18 November 2023" in html(old.get_absolute_url())
    assert "From the archive" not in html(an_article("New news").get_absolute_url())


def test_related_articles_are_the_editors_choice_filled_up_from_the_section() -> None:
    article, chosen = an_article("The one"), an_article("Chosen", section=a_section("economy"))
    an_article("Of the same section")
    hidden = an_article("A draft", published=None)
    article.related.set([chosen, hidden])
    page = html(article.get_absolute_url())
    related = page[page.index('id="related"') :]
    assert related.index("Chosen") < related.index("Of the same section")
    assert "A draft" not in page


def test_beside_the_article_stand_latest_briefs_and_labelled_partner_content() -> None:
    article = an_article("The one")
    an_article("Another one", section=a_section("economy"))
    an_article("A scheduled one", published=TOMORROW)
    Brief.objects.create(headline="A brief", published_at=YESTERDAY)
    Brief.objects.create(headline="A later brief", published_at=TOMORROW)
    a_partner_item("Lamp League", headline="Buy lamps")
    a_partner_item("Old League", ends_at=YESTERDAY)
    a_partner_item("Unready League", is_ready=False)
    a_partner_item("Dining League", label=PartnerItem.Label.SPONSORED)
    page = html(article.get_absolute_url())
    aside = page[page.index('<aside class="aside"') :]
    assert "Another one" in aside
    assert "The one" not in aside
    assert "A brief" in aside
    assert "Partner content" in aside
    assert '<small>Lamp League</small><a href="https://example.org/" rel="sponsored noopener">Buy lamps</a>' in aside
    assert "<small>Dining League · Sponsored event</small>" in aside
    for hidden in ("A scheduled one", "A later brief", "Old League", "Unready League"):
        assert hidden not in page


def test_a_political_advertisement_leads_to_its_notice() -> None:
    answers = {name: f"The answer to {name}" for name in ANSWERS}
    item = a_partner_item("Vote League", is_political=True, **answers, amount_cents=123_400)
    older = a_partner_item("Old", is_political=True, **dict.fromkeys(ANSWERS, ""), former_notice="Sponsor: us")
    hidden = a_partner_item("Not yet", is_political=True, is_ready=False)
    assert f'<a href="/partners/{item.pk}/">Political advertisement: see notice</a>' in html("/")
    page = html(f"/partners/{item.pk}/")
    for shown in (*answers.values(), "€1,234", "Vote League"):
        assert shown in page
    assert "Sponsor: us" in html(f"/partners/{older.pk}/")
    assert Client().get(f"/partners/{hidden.pk}/").status_code == 404


def structured_data(path: str) -> dict[str, Any]:
    return json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', html(path), re.DOTALL)[1])  # type: ignore[index]


def test_search_engines_are_told_that_a_part_is_paid_for_and_where_the_wall_is() -> None:
    article = an_article()
    facts = structured_data(article.get_absolute_url())
    assert facts["@type"] == "NewsArticle"
    assert facts["isAccessibleForFree"] is False
    assert facts["hasPart"] == {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".paywall"}
    assert facts["author"] == [
        {"@type": "Person", "name": "Ana Novak", "url": "http://localhost:8000/authors/ana-novak/"}
    ]
    assert 'class="paywall"' in html(article.get_absolute_url())


def test_a_free_article_is_told_to_be_free_and_names_no_wall() -> None:
    facts = structured_data(an_article(is_free=True).get_absolute_url())
    assert facts["isAccessibleForFree"] is True
    assert "hasPart" not in facts


def test_no_headline_can_end_the_script_it_stands_in() -> None:
    headline = '</script><script>alert("1")</script> & <!--'
    article = an_article(headline, slug="x")
    assert structured_data(article.get_absolute_url())["headline"] == headline
    assert "<script>alert" not in html(article.get_absolute_url())


@pytest.mark.parametrize(
    "path", ["/", "/climate/", "/latest/", "/briefs/", "/search/?q=evil", "/authors/ana-novak/", "/climate/x/"]
)
def test_html_in_any_text_field_is_shown_and_not_run(path: str) -> None:
    evil = "evil <img src=x onerror=alert(1)>"
    picture = a_picture()
    Picture.objects.update(alt=evil, caption=evil, credit=evil)
    a_section("climate", remit=evil)
    author = an_author()
    author.bio = author.role = evil
    author.save()
    article = an_article(evil, slug="x", standfirst=evil, hero=picture, hero_caption=evil, published=NOW)
    an_article("Other").related.set([article])
    Brief.objects.create(headline=evil, text=evil, published_at=YESTERDAY)
    a_partner_item(evil, headline=evil)
    AgendaItem.objects.create(title=evil, starts_at=NOW)
    page = html(path)
    assert "<img src=x" not in page
    assert "evil" in page


# --- The front page ---------------------------------------------------------------------------------


def test_a_front_page_without_articles_works_and_says_so() -> None:
    assert "There is no news here yet" in html("/")


def test_the_newest_marked_article_leads_else_the_newest_report() -> None:
    an_article("A column", section=a_section("opinion", is_opinion=True), published=NOW)
    newest = an_article("Newest", published=NOW - timedelta(hours=1))
    assert front_page(at=NOW).lead == newest
    marked = an_article("Marked", leads_front=True, published=YESTERDAY - timedelta(days=3))
    an_article("Marked and scheduled", leads_front=True, published=TOMORROW)
    assert front_page(at=NOW).lead == marked


def test_nothing_stands_twice_on_the_front_page() -> None:
    sections = [a_section(slug) for slug in ("climate", "tech", "economy")]
    opinion = a_section("opinion", is_opinion=True)
    for count in range(60):
        an_article(
            f"Story {count}",
            section=opinion if count % 4 == 3 else sections[count % 4],
            published=NOW - timedelta(hours=count),
            kicker="Investigation" if count == 5 else "",
        )
    page = front_page(at=NOW)
    shown = [page.lead, *page.second, *page.also, *page.voices, page.investigation]
    shown += [*page.latest, *(one for desk in page.desks for one in (desk.lead, *desk.more))]
    assert len(shown) == len(set(shown)) == 1 + 3 + 4 + 3 + 1 + 8 + 3 * 4
    assert [one.headline for one in page.latest[:2]] == ["Story 6", "Story 8"]
    assert {one.section for one in page.voices} == {opinion}
    assert opinion not in {desk.section for desk in page.desks}


def test_the_front_page_shows_no_draft_and_nothing_of_tomorrow() -> None:
    an_article("A draft", published=None, leads_front=True)
    an_article("Of tomorrow", published=TOMORROW, leads_front=True, kicker="Investigation")
    page = html("/")
    assert "A draft" not in page
    assert "Of tomorrow" not in page


def test_the_agenda_is_of_today_in_brussels_and_hidden_when_empty() -> None:
    an_article()
    assert "Today in Brussels" not in html("/")
    AgendaItem.objects.create(
        title="Just after midnight", starts_at=NOW.replace(hour=23, minute=30) - timedelta(days=1)
    )
    AgendaItem.objects.create(title="Of yesterday", starts_at=NOW.replace(hour=22, minute=30) - timedelta(days=1))
    page = html("/")
    assert "Just after midnight" in page
    assert "Of yesterday" not in page


def test_the_picture_of_the_lead_is_fetched_first_and_all_others_later() -> None:
    for count in range(16):
        an_article(f"Story {count}", hero=a_picture(f"{count:020}"), published=NOW - timedelta(hours=count))
    page = html("/")
    assert page.count('fetchpriority="high"') == 2  # the preload and the picture
    assert page.count('loading="lazy"') == page.count("<picture>") - 1 > 0


def test_pages_without_any_picture_have_no_empty_frames() -> None:
    article = an_article()
    for path in ("/", "/climate/", article.get_absolute_url()):
        assert "<img" not in html(path)
        assert "<figure" not in html(path)


# --- Rivers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/climate/", "/authors/ana-novak/", "/latest/"])
def test_a_river_leads_to_every_article_once(path: str) -> None:
    same_moment = NOW - timedelta(hours=1)
    expected = {an_article(f"Story {count:03}", published=same_moment).headline for count in range(90)}
    seen: list[str] = []
    address = path
    while True:
        page = html(address)
        river = page[page.index("</header>", page.index("page-head")) : page.index("<aside")]
        seen += re.findall(r">(Story \d{3})</a>", river)
        older = re.search(r'href="(\?before=[^"]*)" rel="next"', page)
        if not older:
            break
        address = path + older[1].replace("&amp;", "&")
    assert sorted(seen) == sorted(expected)


@pytest.mark.parametrize(
    "before",
    [
        *(
            "x",
            "-1",
            "2026-11-17",
            "2026-11-17T12:00:00Z",
            "2026-11-17T12:00:00-5",
            "2026-11-17T12:00:00Z--5",
            "9" * 5000,
        ),
        *("2026-11-17T12:00:00Z-" + "9" * 30, "٣", "2026-11-17T12:00:00Z-٣", "2026-13-45T00:00:00Z-1"),
    ],
)
def test_a_place_that_makes_no_sense_is_not_found(before: str) -> None:
    an_article()
    for path in ("/climate/", "/latest/", "/briefs/", "/authors/ana-novak/"):
        assert get(f"{path}?before={before}").status_code == 404


def test_the_ends_of_time_are_places_too() -> None:
    an_article()
    assert "There is nothing older" in html("/climate/?before=0001-01-01T00:00:00Z-1")
    assert "Ministers agree" in html("/climate/?before=9999-12-31T23:59:59Z-1")


def test_an_empty_section_says_so() -> None:
    a_section("tech")
    assert "Nothing has been published in this section yet." in html("/tech/")


def test_briefs_are_read_in_full_for_free() -> None:
    brief = Brief.objects.create(headline="A brief", text="All of it.", published_at=YESTERDAY)
    page = html("/briefs/")
    assert f'id="b{brief.pk}"' in page
    assert "All of it." in page


# --- Search -----------------------------------------------------------------------------------------


def found(query: str) -> list[str]:
    page = re.sub(r"</?mark>", "", html(f"/search/?{query}"))
    return re.findall(r'<h2 class="teaser__title"><a href="[^"]*">([^<]*)</a>', page)


def test_search_finds_headline_standfirst_teaser_and_author_in_any_case() -> None:
    an_article("About methane", standfirst="s", text="<p>t</p><p>t</p><p>p</p>")
    an_article("Two", standfirst="Methane here", text="<p>t</p><p>t</p><p>p</p>")
    an_article("Three", standfirst="s", text="<p>Some METHANE</p><p>t</p><p>p</p>")
    an_article("Four", by=an_author("Olga Methane"))
    an_article("Five")
    assert found("q=mEthane") == ["About methane", "Two", "Four", "Three"]


def test_search_never_finds_what_is_paid_for_nor_drafts_nor_markup() -> None:
    an_article()
    an_article("A draft about bridges", published=None)
    for words in ("canaryword", "draft", "strong", "href", "p", "%", "_", "class"):
        assert found(f"q={words.replace('%', '%25')}") in ([], ["Ministers agree on a bridge"] if words == "p" else [])
    assert found("q=figure") == []


def test_every_word_must_be_found_and_the_headline_counts_most() -> None:
    an_article("Only bridge", standfirst="s", text="<p>x</p>", published=NOW)
    an_article("Other", standfirst="A toll on a bridge", text="<p>x</p>", published=NOW - timedelta(hours=1))
    an_article("A bridge and its toll", standfirst="s", text="<p>x</p>", published=NOW - timedelta(hours=2))
    assert found("q=bridge+toll") == ["A bridge and its toll", "Other"]
    assert found("q=bridge+toll&order=newest") == ["Other", "A bridge and its toll"]


def test_search_narrows_down_by_section_and_period() -> None:
    an_article("Bridge one", published=NOW - timedelta(days=3))
    an_article("Bridge two", published=NOW - timedelta(days=20), section=a_section("tech"))
    assert found("q=bridge&section=tech") == ["Bridge two"]
    assert found("q=bridge&period=week") == ["Bridge one"]
    assert len(found("q=bridge&section=nonsense&period=nonsense&order=nonsense")) == 2


def test_found_words_are_marked_and_nothing_else_is_trusted() -> None:
    an_article("A bridge <b>", slug="x", standfirst="No <i>bridge</i>")
    page = html("/search/?q=bridge")
    assert "A <mark>bridge</mark> &lt;b&gt;" in page
    assert "No &lt;i&gt;<mark>bridge</mark>&lt;/i&gt;" in page


def test_a_passage_of_the_teaser_is_shown_where_the_word_stands_there() -> None:
    an_article(text=f"<p>{'word ' * 60}methane {'more ' * 60}</p><p>two</p><p>three</p>")
    page = html("/search/?q=methane")
    assert re.search(r"… (word )+<mark>methane</mark>( more)+ …", page)


@pytest.mark.parametrize(
    "query",
    [
        *("", "q=", "q=%20%20", "q=%F0%9F%8C%89", "q=" + "x" * 10_000, "q=" + "a+" * 3_000, "q=%22%22", "q=("),
        *("q=%5C", "q=<script>alert(1)</script>", "q=a&q=b", "q=' OR 1=1 --", "q=%ff%fe", "q=.*", "q=["),
    ],
)
def test_search_survives_whatever_is_typed(query: str) -> None:
    an_article()
    page = html(f"/search/?{query}")
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    "address", ["/search/?q=%00", "/search/?q=a&section=%00", "/latest/?before=%00", "/climate/%00/"]
)
def test_a_zero_byte_is_refused(address: str) -> None:
    assert get(address).status_code == 400


@pytest.mark.parametrize("page", ["0", "-1", "2", "99999999999999999999", "x", "1.5", ""])
def test_a_page_of_results_that_does_not_exist_is_not_found(page: str) -> None:
    an_article()
    assert get(f"/search/?q=bridge&page={page}").status_code == 404


def test_results_come_twenty_to_a_page_and_are_counted_to_two_hundred() -> None:
    many_articles(45)
    page = html("/search/?q=story")
    assert "<b>45 articles</b> mention" in page
    assert 'href="?q=story&amp;page=3"' in page
    assert len(found("q=story&page=3")) == 5


# --- Pictures ---------------------------------------------------------------------------------------


def test_a_rendition_is_served_to_be_kept_for_ever() -> None:
    default_storage.save("pictures/0123456789abcdef0123-640.avif", ContentFile(b"bytes"))
    answer = get("/media/pictures/0123456789abcdef0123-640.avif")
    assert b"".join(answer) == b"bytes"
    assert answer["Content-Type"] == "image/avif"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "originals/0123456789abcdef",
        "pictures/0123456789abcdef0123-641.avif",
        "pictures/../originals/0123456789abcdef",
        "pictures/..%2foriginals%2f0123456789abcdef",
        "pictures/x.svg",
        "pictures/",
        "pictures/0123456789abcdef0123-640.avif.html",
        "pictures/0123456789abcdef0123-640.avif%0a",
        "../settings.py",
    ],
)
def test_nothing_else_in_the_storage_has_an_address(path: str) -> None:
    default_storage.save("originals/0123456789abcdef", ContentFile(b"secret"))
    default_storage.save("pictures/0123456789abcdef0123-640.avif", ContentFile(b"bytes"))
    assert get(f"/media/{path}").status_code == 404


# --- The brand, and who is looking ------------------------------------------------------------------


def test_the_brand_is_a_setting(settings: Any) -> None:
    settings.SITE_NAME = settings.SITE_PUBLISHER = "The Lantern"
    article = an_article()
    for path in ("/", "/climate/", article.get_absolute_url(), "/search/", "/feed.xml"):
        assert "Viaduct" not in html(path).replace("viaduct.example", "")
        assert "The Lantern" in html(path)


def test_the_header_knows_who_is_logged_in() -> None:
    an_article()
    assert ">Log in</a>" in html("/")
    client = Client()
    client.force_login(a_reader(), backend="django.contrib.auth.backends.ModelBackend")
    assert ">Your account</a>" in client.get("/").content.decode()


def test_the_section_one_is_in_is_marked_in_the_masthead() -> None:
    an_article()
    for path in ("/climate/", Article.objects.get().get_absolute_url()):
        assert '<a href="/climate/" aria-current="page">Climate</a>' in html(path)
    assert Section.objects.count() == 1
