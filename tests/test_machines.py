"""What machines are told and shown: robots.txt, reserved rights, search engines that prove themselves, cards."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from PIL import Image

from articles import cards, search_crawlers
from articles.models import Article, Crawler
from tests.make import NOW, TEXT, an_article

pytestmark = pytest.mark.django_db
PAID = "canaryword"
GOOGLE = {"headers": {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}}


@pytest.fixture(autouse=True)
def _now(at: Callable[..., None]) -> None:
    at(NOW)
    cache.clear()


@pytest.fixture
def article() -> Article:
    return an_article(text=TEXT)


# --- robots.txt and the reservation of rights ---------------------------------------------------------


def test_crawlers_that_train_models_are_kept_out_and_those_that_link_are_not() -> None:
    text = Client().get("/robots.txt").content.decode()
    closed = next(group for group in text.split("\n\n") if group.endswith("\nDisallow: /"))
    assert "User-agent: GPTBot" in closed
    assert "User-agent: *" not in closed
    assert "OAI-SearchBot" not in text


def test_a_switch_in_the_admin_lets_a_crawler_in_or_out(admin_client: Client) -> None:
    crawler = Crawler.objects.get(name="GPTBot")
    address = f"/admin/articles/crawler/{crawler.pk}/change/"
    fields = {"name": "GPTBot", "operator": "OpenAI", "purpose": "training", "may_read": "on"}
    assert admin_client.post(address, fields).status_code == 302
    assert "GPTBot" not in Client().get("/robots.txt").content.decode()


def test_rights_are_reserved_in_a_file_and_in_every_answer(settings: Any) -> None:
    (rule,) = Client().get("/.well-known/tdmrep.json").json()
    assert rule == {"location": "/", "tdm-reservation": 1, "tdm-policy": "http://localhost:8000/terms/"}
    assert Client().get("/")["TDM-Reservation"] == "1"
    settings.TDM_RESERVED = False
    assert Client().get("/.well-known/tdmrep.json").json() == [{"location": "/", "tdm-reservation": 0}]
    assert "TDM-Reservation" not in Client().get("/")


# --- Search engines -----------------------------------------------------------------------------------


def answers(monkeypatch: pytest.MonkeyPatch, name: str, *addresses: str) -> None:
    monkeypatch.setattr(search_crawlers, "_name_of", lambda address: name)
    monkeypatch.setattr(search_crawlers, "_addresses_of", lambda name: set(addresses))


def test_nobody_is_let_in_for_what_they_say_while_the_setting_is_off(
    article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, "crawl-1.googlebot.com", "127.0.0.1")
    assert PAID not in Client().get(article.get_absolute_url(), **GOOGLE).content.decode()


def test_an_engine_proved_in_both_directions_reads_what_no_cache_may_keep(
    article: Article, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SEARCH_CRAWLERS = ("googlebot",)
    answers(monkeypatch, "crawl-1.googlebot.com", "127.0.0.1")
    answer = Client().get(article.get_absolute_url(), **GOOGLE)
    page = answer.content.decode()
    assert PAID in page.partition('<div class="paywall">')[2]
    assert '"cssSelector": ".paywall"' in page
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Robots-Tag"] == "noarchive"
    assert PAID not in Client().get(article.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("name", "leads_to"),
    [
        ("crawl-1.googlebot.com", "66.249.66.1"),
        ("googlebot.com.evil.example", "127.0.0.1"),
        ("evilgooglebot.com", "127.0.0.1"),
        ("crawl.search.msn.com", "127.0.0.1"),
    ],
)
def test_whoever_only_says_so_meets_the_wall(
    name: str, leads_to: str, article: Article, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SEARCH_CRAWLERS = ("googlebot", "bingbot")
    answers(monkeypatch, name, leads_to)
    assert PAID not in Client().get(article.get_absolute_url(), **GOOGLE).content.decode()


def test_a_look_up_that_fails_lets_nobody_in(article: Article, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(address: str) -> str:
        raise OSError("No such host")

    settings.SEARCH_CRAWLERS = ("googlebot",)
    monkeypatch.setattr(search_crawlers, "_name_of", fails)
    answer = Client().get(article.get_absolute_url(), **GOOGLE)
    assert answer.status_code == 200
    assert PAID not in answer.content.decode()


def test_a_forwarded_address_is_not_believed_without_a_proxy_of_ours(
    article: Article, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    settings.SEARCH_CRAWLERS = ("googlebot",)
    monkeypatch.setattr(search_crawlers, "_name_of", lambda address: asked.append(address) or "x.googlebot.com")
    monkeypatch.setattr(search_crawlers, "_addresses_of", lambda name: {"66.249.66.1"})
    headers = GOOGLE["headers"] | {"X-Forwarded-For": "66.249.66.1"}
    assert PAID not in Client().get(article.get_absolute_url(), headers=headers).content.decode()
    assert asked == ["127.0.0.1"]


# --- Cards ----------------------------------------------------------------------------------------------


def test_a_published_article_has_a_card_that_caches_may_keep_for_ever(article: Article) -> None:
    address = cards.address_of(article)
    assert (
        f'property="og:image" content="http://localhost:8000{address}"'
        in Client().get(article.get_absolute_url()).content.decode()
    )
    answer = Client().get(address)
    assert Image.open(io.BytesIO(answer.content)).size == (1200, 630)
    assert "immutable" in answer["Cache-Control"]
    assert Client().get(address).content == answer.content


def test_a_new_headline_has_a_new_card_and_old_addresses_lead_to_it(article: Article) -> None:
    before = cards.address_of(article)
    article.headline = "Ministers disagree"
    article.save(update_fields=["headline"])
    assert cards.address_of(article) != before
    assert Client().get(before)["Location"] == cards.address_of(article)
    assert Client().get(f"/media/cards/{article.pk}-../../x.jpg").status_code == 404


def test_what_is_not_out_has_no_card() -> None:
    draft = an_article("Draft", published=None)
    assert Client().get(cards.address_of(draft)).status_code == 404


@pytest.mark.parametrize("headline", ["A", "W" * 120, "Ž " * 60, "🌉 Bridge", "x" * 60 + " " + "y" * 59])
def test_any_headline_fits_on_a_card(headline: str) -> None:
    article = an_article(headline, slug="x")
    assert Client().get(cards.address_of(article)).status_code == 200


FOR_MACHINES = ("robots.txt", "sitemap.xml", "sitemap-news.xml", "sitemap-2026.xml", "feed.xml", "feed.json")
FOR_PROGRAMS = (".well-known/tdmrep.json", "worker.js", "manifest.webmanifest", "speculation-rules.json", "favicon.ico")


@pytest.mark.parametrize("language", ["en", "fr", "nl", "de"])
def test_what_machines_fetch_has_one_address_whatever_language_stands_before_it(language: str) -> None:
    an_article()
    for name in (*FOR_MACHINES, *FOR_PROGRAMS, "", "latest/", "oembed/", "healthz/", "climate/story/"):
        assert Client().get(f"/{language}/{name}").status_code == 404, name
