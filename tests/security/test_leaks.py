"""A hostile, patient reader with every trick of those who go round walls gets the teaser."""

import os
from collections.abc import Iterator
from itertools import chain, cycle, islice
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import Client, RequestFactory

from articles.models import Article
from groups.models import Network
from page_cache.front_door import PageCache
from readers.models import User
from tests.make import NOW, an_agreement
from tests.security.leaks import COOKIES, Trick, respelt, tricks
from tests.security.visitors import Visitor, lapsed, nobody, reader, subscriber
from tests.test_canary import CANARY, COMPANION, article, every_address

__all__ = ["article"]
pytestmark = [pytest.mark.django_db, pytest.mark.anywhere]
# `make leaks` tries every trick at every address as everybody; without it each address meets some of them.
ALL = "LEAKS" in os.environ
LIVE = "/live/live-bridge/"


@pytest.fixture(autouse=True)
def _as_open_as_the_settings_allow(settings: Any) -> None:
    """Search engines that prove themselves read, and so does an organisation's network; a header is neither."""
    settings.SEARCH_CRAWLERS = ("googlebot", "bingbot")
    group = an_agreement("Royal Library", seats=None)
    network = Network(group=group, cidr="192.0.2.0/24", added_at=NOW)
    network.clean()
    network.save()


class Front:
    """The site with its ready pages in front, as a server asks it: nothing on the line is mended."""

    def __init__(self) -> None:
        self._application = PageCache(get_wsgi_application())

    def get(self, trick: Trick, page: str, *, session: str = "") -> bytes:
        """Status, headers and body in one."""
        at, _, query = trick.path(page).partition("?")
        cookies = "; ".join(filter(None, [session, trick.cookie]))
        said = trick.environ() | ({"HTTP_COOKIE": cookies} if cookies else {})
        environ = RequestFactory().generic(trick.method, "/", **said).environ
        # As a server hands it on: decoded once, byte for byte (PEP 3333).
        environ |= {"PATH_INFO": unquote_to_bytes(at.encode()).decode("latin-1"), "QUERY_STRING": query}
        head: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            head.extend([status, str(headers)])

        body = b"".join(self._application(environ, start))
        return "\n".join(head).encode() + b"\n" + body


@pytest.fixture
def front(monkeypatch: pytest.MonkeyPatch) -> Front:
    monkeypatch.setattr("page_cache.changes.LOOK_EVERY", 0.0)
    # Django closes connections at the end of a request; the one of the test holds its transaction.
    monkeypatch.setattr("django.core.handlers.wsgi.signals.request_started.send", lambda **facts: None)
    monkeypatch.setattr("django.http.response.signals.request_finished.send", lambda **facts: None)
    return Front()


def session_of(person: User | None) -> str:
    client = Client()
    if person:
        client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    return "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())


def is_told(answer: bytes) -> bool:
    return CANARY.encode() in answer or COMPANION.encode() in answer


def every_trick() -> Iterator[Trick]:
    yield from tricks()
    yield from (Trick(cookie=cookie) for cookie in COOKIES)


def pages(article: Article) -> list[str]:
    return [article.get_absolute_url(), LIVE]


@pytest.mark.parametrize("visitor", [nobody, reader, lapsed])
def test_no_trick_tells_the_paid_text_even_after_a_subscriber_used_it(
    visitor: Visitor, article: Article, front: Front
) -> None:
    """The subscriber goes first and asks in the same way: what a cache kept of that is what a stranger would get."""
    theirs, ours = session_of(subscriber()), session_of(visitor())
    told = []
    for page in pages(article):
        # Who has no account meets every trick, and the others a part of them: they are told nothing by other means.
        step = 1 if ALL or (visitor is nobody and page != LIVE) else 5
        for trick in islice(every_trick(), 0, None, step):
            front.get(trick, page, session=theirs)
            if is_told(front.get(trick, page, session=ours)):
                told.append((page, trick))
    assert not told, told[:5]


@pytest.mark.parametrize("visitor", [nobody, reader])
def test_no_other_spelling_of_an_address_tells_it(visitor: Visitor, article: Article, front: Front) -> None:
    theirs, ours = session_of(subscriber()), session_of(visitor())
    for page in pages(article):
        for path in respelt(page):
            front.get(Trick(), path, session=theirs)
            assert not is_told(front.get(Trick(), path, session=ours)), path


@pytest.mark.parametrize("visitor", [nobody, reader, lapsed] if ALL else [nobody])
def test_no_address_tells_it_to_any_trick(visitor: Visitor, article: Article, front: Front) -> None:
    """Every address of the site; each meets some of the tricks in turn, or with `make leaks` all of them."""
    session, turns = session_of(visitor()), cycle(every_trick())
    told = []
    for address in every_address(article):
        if address.path.startswith("/admin/") and not ALL:
            continue
        for trick in every_trick() if ALL else islice(turns, 2):
            if is_told(front.get(trick, address.path, session=session)):
                told.append((address.path, trick))
    assert not told, told[:5]


@pytest.mark.parametrize(
    "change",
    [
        lambda key: key[:-1],
        lambda key: key[:-1] + ("a" if key[-1] != "a" else "b"),
        lambda key: key.upper(),
        lambda key: key + "x",
        lambda key: f'"{key}x"',
        lambda key: key[::-1],
        lambda key: "0" * len(key),
    ],
)
def test_a_session_that_was_cut_or_forged_is_nobodys(change: Any, article: Article, front: Front) -> None:
    name, _, key = session_of(subscriber()).partition("=")
    assert is_told(front.get(Trick(), article.get_absolute_url(), session=f"{name}={key}"))
    assert not is_told(front.get(Trick(), article.get_absolute_url(), session=f"{name}={change(key)}"))


def test_a_session_that_has_ended_is_nobodys(article: Article, front: Front) -> None:
    person = subscriber()
    client = Client()
    client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    session = f"sessionid={client.cookies['sessionid'].value}"
    assert is_told(front.get(Trick(), article.get_absolute_url(), session=session))
    client.post("/accounts/logout/")
    assert not is_told(front.get(Trick(), article.get_absolute_url(), session=session))


def test_two_sessions_in_one_request_are_the_last_or_none(article: Article, front: Front) -> None:
    """A proxy that keeps by the first cookie and a site that reads the second would disagree: so nothing is kept."""
    theirs = session_of(subscriber())
    for session in (f"{theirs}; sessionid=x", f"sessionid=x; {theirs}"):
        answer = front.get(Trick(), article.get_absolute_url(), session=session)
        assert not is_told(answer) or b"no-store" in answer
        assert not is_told(front.get(Trick(), article.get_absolute_url(), session="sessionid=x"))


def test_what_a_subscriber_gets_is_kept_by_nothing_in_between(article: Article, front: Front) -> None:
    session = session_of(subscriber())
    for trick in chain(islice(every_trick(), 0, None, 7), [Trick(query="a=b"), Trick(headers={"Accept": "*/*"})]):
        answer = front.get(trick, article.get_absolute_url(), session=session)
        if is_told(answer):
            assert b"no-store" in answer.partition(b"\n\n")[0], trick
            assert b"private" in answer.partition(b"\n\n")[0], trick


def test_the_walk_can_fail(article: Article, front: Front) -> None:
    """Who may read does, through the same front."""
    session = session_of(subscriber())
    assert is_told(front.get(Trick(), article.get_absolute_url(), session=session))
    assert is_told(front.get(Trick(headers={"X-Forwarded-For": "192.0.2.10"}), LIVE, session=session))
    assert len(list(every_trick())) > 250


def test_an_address_on_the_line_counts_and_one_in_a_header_does_not(article: Article) -> None:
    inside, outside = Client(REMOTE_ADDR="192.0.2.10"), Client(REMOTE_ADDR="198.51.100.7")
    for client, headers, reads in (
        (inside, {}, True),
        (outside, {"HTTP_X_FORWARDED_FOR": "192.0.2.10"}, False),
        (outside, {"HTTP_FORWARDED": "for=192.0.2.10", "HTTP_X_REAL_IP": "192.0.2.10"}, False),
        (outside, {"HTTP_TRUE_CLIENT_IP": "192.0.2.10", "HTTP_CF_CONNECTING_IP": "192.0.2.10"}, False),
    ):
        client.post("/on-site/", {"next": article.get_absolute_url()}, **headers)
        page = client.get(article.get_absolute_url(), **headers).content
        assert is_told(page) is reads, headers
