"""The standing pages and the pages of trouble."""

import re
from importlib import import_module
from typing import Any

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from newsroom import page_urls
from newsroom.models.page import BUILT_IN

# Those that have an address of their own; an editor may add others (test_page_desk.py).
PAGES = [pattern.name for pattern in page_urls.urlpatterns if pattern.name != "page"]


def boom(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def bad(request: HttpRequest) -> HttpResponse:
    raise BadRequest


def __getattr__(name: str) -> list:
    """The site's addresses and three that go wrong, made when asked, after the tests have switched DEBUG off."""
    if name != "urlpatterns":
        raise AttributeError(name)
    wrong = [path("boom/", boom), path("forbidden/", forbidden), path("bad/", bad)]
    return [*wrong, *import_module("newsroom.urls").urlpatterns]


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_a_standing_page_is_public_whole_and_ours(client: Client, name: str) -> None:
    [pattern] = [one for one in page_urls.urlpatterns if one.name == name]
    response = client.get(f"/{pattern.pattern}")
    text = response.content.decode()
    assert response.status_code == 200
    assert "public" in response["Cache-Control"]
    assert not response.cookies
    assert text.count("<h1") == 1
    assert "| Viaduct</title>" in text
    assert "{%" not in text
    assert "{{" not in text
    words = len(re.sub(r"<[^>]+>", " ", text.partition("<main")[2].partition("</main>")[0]).split())
    assert words > 90, "a page that says something"
    assert not re.search(r"lorem|todo|coming soon", text, re.I)


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_standing_page_leads_somewhere(client: Client, name: str) -> None:
    [pattern] = [one for one in page_urls.urlpatterns if one.name == name]
    text = client.get(f"/{pattern.pattern}").content.decode()
    for address in set(re.findall(r'<a [^>]*href="(/[^"#?]*)', text)) - {"/feed.xml"}:
        assert client.get(address).status_code in {200, 302}, address


@pytest.mark.django_db
def test_the_terms_say_their_version_and_what_matters(client: Client) -> None:
    text = client.get("/terms/").content.decode()
    for words in ("Version 2026-11", "30 days", "14 days", "renews", "cancel at any time", "withdraw"):
        assert words in text
    assert "ec.europa.eu/consumers/odr" not in text


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/cancel/", "/withdraw/"])
def test_the_ways_out_are_open_to_everybody(client: Client, address: str) -> None:
    text = client.get(address).content.decode()
    assert "mailto:readers@viaduct.example" in text


@pytest.mark.django_db
def test_the_brand_is_nowhere_spelled_in_these_pages(client: Client, settings: Any) -> None:
    settings.SITE_NAME, settings.SITE_PUBLISHER, settings.CONTACT_EMAIL = "Morning", "Morning asbl", "a@morning.example"
    settings.GROUPS_EMAIL = settings.STUDENTS_EMAIL = settings.CONTACT_EMAIL
    settings.CORRECTIONS_EMAIL = settings.ADVERTISING_EMAIL = settings.TIPS_EMAIL = settings.CONTACT_EMAIL
    for name in PAGES:
        assert "viaduct" not in client.get(f"/{name}/").content.decode().lower()


@pytest.mark.django_db
def test_a_page_that_does_not_exist_says_so(client: Client) -> None:
    response = client.get("/no-such-page/")
    assert response.status_code == 404
    assert "The road ends here" in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies


@pytest.mark.urls("tests.test_pages")
def test_a_broken_page_says_so_without_the_database(settings: Any) -> None:
    settings.SITE_NAME = "Bread & Roses"
    response = Client(raise_request_exception=False).get("/boom/")
    text = response.content.decode()
    assert response.status_code == 500
    assert "Something broke, and it was us" in text
    assert "Bread &amp; Roses" in text
    assert "readers@viaduct.example" in text


@pytest.mark.django_db
@pytest.mark.urls("tests.test_pages")
def test_a_closed_door_and_a_garbled_request_have_pages_of_ours(client: Client) -> None:
    closed = client.get("/forbidden/")
    assert closed.status_code == 403
    assert "This door is not for you" in closed.content.decode()
    garbled = client.get("/bad/")
    assert garbled.status_code == 400
    assert "We did not understand that" in garbled.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token_changes_nothing_and_says_why() -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/accounts/login/code/", {"email": "bob@example.org"})
    assert response.status_code == 403
    assert "Nothing was ordered, changed or lost" in response.content.decode()


def test_the_pages_are_listed_once() -> None:
    assert len(set(PAGES)) == len(PAGES)
    assert set(PAGES) | {"newsletters"} == set(BUILT_IN)
