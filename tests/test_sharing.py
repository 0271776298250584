"""An article before it is published: looked at as each kind of reader, and shown to one person outside."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.test import Client

from articles.models import Article, ShareLink
from readers.models import User

from .make import BY_BROWSER, NOW, TOMORROW, YESTERDAY, a_plan, an_article, somebody_in

pytestmark = pytest.mark.django_db
PAID = "canaryword"


@pytest.fixture(autouse=True)
def _now(at: Callable[[datetime], None]) -> None:
    at(NOW)


@pytest.fixture
def desk(client: Client) -> Client:
    """Eve's browser: an editor."""
    client.force_login(somebody_in("Editors", "eve@example.org"))
    return client


def shares_of(article: Article) -> str:
    return f"/admin/articles/article/{article.pk}/share/"


def address_made_for(desk: Client, article: Article, **fields: str) -> str:
    answer = desk.post(shares_of(article), {"shown_to": "our lawyer", "days": "3"} | fields)
    assert answer.status_code == 201
    return answer.context["address"].removeprefix("http://localhost:8000")


# --- The preview, as each kind of reader ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "reads", "says"),
    [
        ("visitor", False, "Already have an account?"),
        ("registered", False, "You are logged in as a.reader@example.invalid"),
        ("trial", True, "Free trial until"),
        ("subscriber", True, "You are a subscriber"),
        ("group", True, "You read this through an organisation until"),
    ],
)
def test_the_preview_is_the_page_of_that_reader(desk, who, reads, says):
    a_plan()
    article = an_article(published=None)

    answer = desk.get(f"/admin/articles/article/{article.pk}/preview/?as={who}")

    page = answer.content.decode()
    assert (PAID in page) is reads
    assert says in page
    assert answer["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert not User.objects.filter(email__endswith=".invalid").exists(), "nobody is left over"


def test_a_phone_is_a_frame_of_its_width_around_the_same_page(desk):
    article = an_article(published=None)

    answer = desk.get(f"/admin/articles/article/{article.pk}/preview/?as=subscriber&width=phone")

    frame = re.search(r'<iframe[^>]* width="390"[^>]* srcdoc="([^"]*)"', answer.content.decode())
    inside = unescape(frame[1])
    assert "<!doctype html>" in inside
    assert PAID in inside
    assert "preview-bar" not in inside
    assert answer["X-Frame-Options"] == "DENY"


def test_a_reader_who_is_none_is_not_found(desk):
    article = an_article(published=None)
    assert desk.get(f"/admin/articles/article/{article.pk}/preview/?as=thief").status_code == 404


# --- Showing it to somebody outside -----------------------------------------------------------------------


def test_whoever_has_the_link_reads_all_of_it_marked_as_not_published(desk):
    article = an_article(published=None)
    address = address_made_for(desk, article)

    answer = Client().get(address)

    page = answer.content.decode()
    assert PAID in page
    assert "Not published." in page
    assert "Shown in confidence to: our lawyer." in page
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert '<meta name="robots" content="noindex,nofollow,noarchive">' in page
    for told_to_machines in ("application/ld+json", "og:title", 'rel="canonical"', 'data-js="copy"'):
        assert told_to_machines not in page
    assert not answer.cookies


def test_the_token_stands_in_the_address_and_in_no_row(desk):
    article = an_article(published=None)
    token = address_made_for(desk, article).strip("/").rpartition("/")[2]

    assert len(token) >= 32
    assert token not in str(ShareLink.objects.values_list().get())
    assert token not in desk.get(shares_of(article)).content.decode()


def test_opening_is_counted_and_looking_ahead_or_scanning_is_not(desk):
    article = an_article(published=None)
    address = address_made_for(desk, article)

    Client().get(address, headers=BY_BROWSER)
    Client().head(address, headers=BY_BROWSER)
    Client().get(address)
    assert Client().get(address, headers=BY_BROWSER | {"Sec-Purpose": "prefetch"}).status_code == 503
    Client().get(address, headers=BY_BROWSER)

    assert ShareLink.objects.get().times_opened == 2
    assert "2 times" in desk.get(shares_of(article)).content.decode()


def test_a_link_shows_the_article_as_it_is_saved_now(desk):
    article = an_article(published=None)
    address = address_made_for(desk, article)

    article.write("<p>a</p><p>b</p><p>Other words.</p>")

    assert "Other words." in Client().get(address).content.decode()


def test_a_link_ends_by_itself_and_when_it_is_ended(desk, at):
    article = an_article(published=None)
    first, second = address_made_for(desk, article, days="1"), address_made_for(desk, article, shown_to="a source")

    desk.post(f"{shares_of(article)}{ShareLink.objects.first().pk}/end/")
    assert Client().get(second).status_code == 410
    assert Client().get(first).status_code == 200
    at(TOMORROW - timedelta(seconds=1))
    assert Client().get(first).status_code == 200
    at(TOMORROW)
    gone = Client().get(first)
    assert gone.status_code == 410
    assert PAID not in gone.content.decode()
    assert "This link has ended" in gone.content.decode()


def test_publishing_ends_every_link_for_good(desk, at):
    article = an_article(published=None)
    address = address_made_for(desk, article)

    article.publish(at=NOW + timedelta(hours=1), pressed_at=NOW)
    assert Client().get(address).status_code == 200, "scheduled is not yet published"
    at(NOW + timedelta(hours=1))
    over = Client().get(address)
    assert over.status_code == 410
    assert article.get_absolute_url() in over.content.decode()
    article.take_back(at=NOW + timedelta(hours=2))
    at(NOW + timedelta(hours=2))
    over = Client().get(address)
    assert over.status_code == 410
    assert article.get_absolute_url() not in over.content.decode()
    assert article.headline not in over.content.decode()
    assert Client().get(address_made_for(desk, article)).status_code == 200, "a new one may be made for the draft"


def test_a_withdrawn_article_is_shown_to_nobody_and_none_is_made_for_what_is_out(desk):
    article = an_article(published=None)
    address = address_made_for(desk, article)
    article.publish(at=YESTERDAY)
    assert desk.post(shares_of(article), {"shown_to": "x", "days": "1"}).status_code == 200
    article.withdraw(by=None, at=NOW, because="It was wrong.")

    assert Client().get(address).status_code == 410
    desk.post(shares_of(article), {"shown_to": "x", "days": "1"})
    assert ShareLink.objects.count() == 1


@pytest.mark.parametrize("token", ["x", "0" * 32, "%00", "a" * 5000])
def test_a_token_of_none_is_not_found(token):
    assert Client().get(f"/shared/{token}/").status_code in (400, 404)


@pytest.mark.parametrize("wrong", [{"shown_to": ""}, {"shown_to": "x" * 121}, {"days": "365"}, {"days": "x"}])
def test_a_link_says_for_whom_and_lasts_no_longer_than_offered(desk, wrong):
    article = an_article(published=None)

    assert desk.post(shares_of(article), {"shown_to": "our lawyer", "days": "3"} | wrong).status_code == 200
    assert not ShareLink.objects.exists()


def test_only_who_may_change_the_article_shows_it_to_others(desk):
    article = an_article(published=None)
    address_made_for(desk, article)
    stranger = Client()
    stranger.force_login(somebody_in("Subscription desk"))

    assert stranger.get(shares_of(article)).status_code == 403
    assert stranger.post(shares_of(article), {"shown_to": "x", "days": "1"}).status_code == 403
    assert stranger.post(f"{shares_of(article)}{ShareLink.objects.get().pk}/end/").status_code == 403
    assert ShareLink.objects.get().revoked_at is None
