"""On the premises behind a shared cache that knows no networks: recognised, and nobody else's page changed.

The small cache here does what caches in front do (RFC 9111): it keeps what says `public`, by address and by the headers
that `Vary` names, gives it to everybody, and passes everything else on with the address of who came.
"""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from groups.models import GroupAccount, Network
from tests.make import NOW, a_plan, an_agreement, an_article

pytestmark = pytest.mark.django_db
ARTICLE = "/climate/ministers-agree-on-a-bridge/"
INSIDE, OUTSIDE, CACHE = "192.0.2.7", "198.51.100.7", "10.0.0.1"


class SharedCache:
    """A cache in front of the site, with what it keeps and how often it had to ask."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, ...], HttpResponse] = {}
        self.varies: dict[str, list[str]] = {}
        self.asked: list[str] = []

    def answer(self, browser: "Browser", method: str, path: str, data: dict[str, str]) -> HttpResponse:
        key = self._key(path, browser)
        if method == "GET" and key in self.kept:
            return self.kept[key]
        self.asked.append(f"{method} {path}")
        said = {"X-Forwarded-For": f"203.0.113.99, {browser.address}", "Cookie": browser.cookie}
        client = Client(REMOTE_ADDR=CACHE, headers={name: value for name, value in said.items() if value})
        response = client.get(path, data) if method == "GET" else client.post(path, data)
        if method == "GET" and response.status_code == 200 and "public" in response["Cache-Control"]:
            self.varies[path] = [name.strip() for name in response.get("Vary", "").split(",")]
            self.kept[self._key(path, browser)] = response
        return response

    def _key(self, path: str, browser: "Browser") -> tuple[str, ...]:
        headers = {"Cookie": browser.cookie}
        return (path, *(headers.get(name, "") for name in self.varies.get(path, [])))


class Browser:
    """Somebody's browser, somewhere."""

    def __init__(self, cache: SharedCache, address: str) -> None:
        self.cache, self.address, self.cookie = cache, address, ""

    def get(self, path: str) -> HttpResponse:
        return self._send("GET", path, {})

    def post(self, path: str, data: dict[str, str]) -> HttpResponse:
        return self._send("POST", path, data)

    def _send(self, method: str, path: str, data: dict[str, str]) -> HttpResponse:
        response = self.cache.answer(self, method, path, data)
        if response.cookies and "public" not in response["Cache-Control"]:
            self.cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in response.cookies.items())
        return response

    def reads(self) -> bool:
        return "canaryword" in self.get(ARTICLE).content.decode()


@pytest.fixture
def cache(at: Any, settings: Any) -> SharedCache:
    """In front of a site that has an article, and an institution with a network."""
    at(NOW)
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    a_plan("year")
    an_article()
    network = Network(group=an_agreement("Royal Library", seats=None), cidr="192.0.2.0/24", added_at=NOW)
    network.clean()
    network.save()
    return SharedCache()


def test_the_public_page_is_made_once_for_those_inside_and_outside(cache: SharedCache) -> None:
    for address in (OUTSIDE, INSIDE, OUTSIDE, INSIDE):
        assert not Browser(cache, address).reads()
    assert cache.asked == [f"GET {ARTICLE}"]


def test_the_wall_of_the_kept_page_leads_those_inside_to_the_text(cache: SharedCache) -> None:
    Browser(cache, OUTSIDE).get(ARTICLE)
    inside = Browser(cache, INSIDE)
    wall = inside.get(ARTICLE).content.decode()
    form = re.search(r'<form[^>]+action="([^"]+)" data-on-site="([^"]+)">', wall)
    assert form is not None
    assert inside.get(form[2]).json() == {"through": "Royal Library"}
    assert inside.post(form[1], {"next": ARTICLE})["Location"] == ARTICLE
    assert inside.reads()


def test_nobody_outside_ever_gets_what_somebody_inside_was_given(cache: SharedCache) -> None:
    inside, outside = Browser(cache, INSIDE), Browser(cache, OUTSIDE)
    for _ in range(3):
        assert inside.get("/on-site/here/").json()["through"] == "Royal Library"
        assert outside.get("/on-site/here/").json()["through"] == ""
        inside.post("/on-site/", {"next": ARTICLE})
        assert inside.reads()
        assert not outside.reads()
    assert not any(b"canaryword" in kept.content for kept in cache.kept.values())
    assert {path for path, *_ in cache.kept} == {ARTICLE}


def test_a_session_taken_out_of_the_building_opens_nothing_there(cache: SharedCache) -> None:
    inside = Browser(cache, INSIDE)
    inside.post("/on-site/", {"next": ARTICLE})
    assert inside.reads()
    inside.address = OUTSIDE
    assert not inside.reads()
    GroupAccount.objects.update(ended_at=NOW, ended_because="Over")
    inside.address = INSIDE
    assert not inside.reads()


def test_what_the_visitor_wrote_in_front_of_the_address_is_not_believed(cache: SharedCache) -> None:
    """The cache adds its hop at the end; whatever stands before it came from the visitor."""
    Network.objects.update(cidr="203.0.113.0/24", first=f"{0xFFFF_CB00_7100:032x}")
    assert Browser(cache, OUTSIDE).get("/on-site/here/").json() == {"through": ""}
