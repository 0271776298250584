"""Nobody is sent from here to somewhere else, whatever an address, a form or a header says."""

import re
from collections.abc import Callable
from datetime import datetime
from itertools import cycle
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from articles.models import Article
from tests.make import NOW, a_plan, a_reader, an_article
from tests.security.routes import good_values, routes
from tests.security.visitors import Browser, Visitor, nobody, root, subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.anywhere]
NAMES = (
    *("next", "return", "return_to", "returnto", "return_url", "back", "url", "u", "uri", "to", "from", "goto"),
    *("redirect", "redirect_to", "redirect_uri", "redirect_url", "continue", "dest", "destination", "target", "path"),
    *(
        "RelayState",
        "rurl",
        "service",
        "callback",
        "success_url",
        "cancel_url",
        "checkout_url",
        "out",
        "view",
        "forward",
    ),
)
ELSEWHERE = (
    *("https://evil.example/", "//evil.example/", "///evil.example/", "////evil.example", "/\\evil.example"),
    *("\\\\evil.example/", "\\/evil.example", "https:evil.example", "https:/evil.example", "http:///evil.example"),
    *("/\t/evil.example", "/\n/evil.example", " //evil.example", "\x01//evil.example", "//evil.example%2f.."),
    *("https://testserver@evil.example/", "https://testserver.evil.example/", "https://evil.example\\@testserver/"),
    *(
        "javascript:alert('evil')",
        "JaVaScRiPt:alert('evil')",
        "data:text/html,evil",
        "//evil\u3002example/",
        "/.//evil.example",
    ),
)
LINK = re.compile(r"""\b(?:href|action|formaction|src|data-next)=["']([^"']*)""", re.IGNORECASE)


def leads_to(location: str, here: str = "http://testserver/a/b/") -> str:
    """The host to which a browser goes, or the scheme of what it runs; as browsers read addresses (WHATWG, URL)."""
    read = re.sub(r"[\t\r\n]", "", location).strip("".join(map(chr, range(33))))
    if script := re.match(r"(?i)(javascript|data|vbscript):", read):
        return script[1].lower()
    read = read.replace("\\", "/").replace("\u3002", ".")
    read = re.sub(r"(?i)^(https?):/*", r"\1://", read)
    read = re.sub(r"^//+", "//", read)
    return urlsplit(urljoin(here, read)).hostname or ""


def is_elsewhere(location: str) -> bool:
    """Whether that is the place of the attack."""
    return "evil" in leads_to(location) or leads_to(location) in ("javascript", "data", "vbscript")


@pytest.fixture
def article(at: Callable[[datetime], None]) -> Article:
    at(NOW)
    a_plan("year")
    return an_article()


@pytest.mark.parametrize("value", [value for value in ELSEWHERE if value != "/.//evil.example"])
def test_the_test_reads_addresses_as_browsers_do(value: str) -> None:
    assert is_elsewhere(value)


@pytest.mark.parametrize("value", ["/", "/account/", "?next=//evil.example", "https://testserver/evil.example", "evil"])
def test_the_test_takes_what_is_ours_for_ours(value: str) -> None:
    assert not is_elsewhere(value)


def is_for(visitor: Visitor, path: str) -> bool:
    """Where this visitor gets further than the others."""
    if visitor is root:
        return path.startswith("/admin/")
    ours = ("/account", "/subscribe", "/group", "/on-site", "/sign-on", "/gift", "/withdraw")
    return path.startswith(ours) if visitor is subscriber else not path.startswith("/admin/")


@pytest.mark.parametrize("visitor", [nobody, subscriber, root])
def test_no_address_sends_anybody_elsewhere(visitor: Visitor, article: Article) -> None:
    browser, good, values = Browser(visitor()), good_values(article), cycle(ELSEWHERE)
    found = []
    for route in routes():
        path = route.path({name: good.get(name, ["x"])[0] for name in route.arguments})
        if not is_for(visitor, path):
            continue
        for method in ("get", "post"):
            value = next(values)
            named = dict.fromkeys(NAMES, value)
            answer = getattr(browser, method)(path, named, HTTP_REFERER="https://evil.example/a/")
            links = [answer.get("Location", ""), answer.get("Refresh", "").partition("=")[2]]
            # The admin fills a form in from its address, and shows what stands in a field for addresses as a link.
            if "html" in answer.get("Content-Type", "") and not answer.streaming and not path.endswith("/add/"):
                links += LINK.findall(answer.content.decode(errors="replace"))
            found += [(method, path, value, link) for link in links if is_elsewhere(link)]
    assert not found, found[:10]


def after_signing_in(value: str, mailbox: list[Any]) -> Any:
    client = Client()
    client.post("/accounts/login/code/", {"email": "bob@example.org", "next": value})
    code = re.search(r"\b[0-9]{6}\b", mailbox[-1].body)
    assert code
    return client.post("/accounts/login/code/confirm/", {"code": code[0], "next": value})


@pytest.mark.parametrize("value", ELSEWHERE)
def test_signing_in_leads_on_to_our_own_pages_only(
    value: str, article: Article, mailoutbox: list[Any], settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    a_reader()
    answer = after_signing_in(value, mailoutbox)
    assert answer.status_code == 302
    assert not is_elsewhere(answer["Location"])


def test_signing_in_leads_on_to_a_page_of_ours(article: Article, mailoutbox: list[Any]) -> None:
    a_reader()
    assert after_signing_in("/climate/", mailoutbox)["Location"] == "/climate/"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/accounts/logout/", {}),
        ("/account/language/", {"language": "fr"}),
        ("/account/security/passkey/later/", {}),
        ("/admin/logout/", {}),
        ("/on-site/here/", {}),
        ("/sign-on/", {"email": "x@example.org"}),
        ("/subscribe/", {"plan": "year"}),
    ],
)
def test_every_form_that_leads_on_does_so_to_our_own_pages_only(
    path: str, fields: dict[str, str], article: Article
) -> None:
    browser = Browser(root())
    for value, name in zip(ELSEWHERE, cycle(("next", "back", "return")), strict=False):
        answer = browser.post(path, fields | {"next": value, name: value}, HTTP_REFERER="https://evil.example/?next=/")
        assert not is_elsewhere(answer.get("Location", "")), (path, name, value)
        answer = browser.get(path, fields | {"next": value, name: value})
        assert not is_elsewhere(answer.get("Location", "")), (path, name, value)


# --- Slashes and hosts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["//evil.example/climate", "//evil.example", "/\\evil.example/x", "//evil.example/%2e%2e", "/%2F/evil.example/a"],
)
def test_an_address_without_its_last_slash_leads_to_us(path: str, article: Article) -> None:
    for method in ("get", "head", "post"):
        answer = getattr(Client(raise_request_exception=False), method)(path)
        assert answer.status_code < 500
        assert not is_elsewhere(answer.get("Location", ""))


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_X_FORWARDED_HOST": "evil.example"},
        {"HTTP_X_FORWARDED_SERVER": "evil.example", "HTTP_X_HOST": "evil.example"},
        {"HTTP_FORWARDED": "host=evil.example;proto=https"},
        {"HTTP_X_ORIGINAL_HOST": "evil.example", "HTTP_X_REWRITE_URL": "//evil.example/"},
        {"HTTP_X_FORWARDED_PORT": "666", "HTTP_X_FORWARDED_PREFIX": "//evil.example"},
        {"HTTP_X_FORWARDED_PROTO": "javascript", "HTTP_X_FORWARDED_SCHEME": "evil"},
    ],
)
def test_no_header_changes_the_host_that_a_page_or_a_mail_names(
    headers: dict[str, str], article: Article, mailoutbox: list[Any]
) -> None:
    a_reader()
    for path in (
        "/",
        article.get_absolute_url(),
        "/feed.xml",
        "/sitemap.xml",
        "/account/",
        "/accounts/password/reset/",
    ):
        answer = Client().get(path, **headers)
        assert "evil" not in answer.content.decode() + str(answer.headers), path
    for path in ("/accounts/login/code/", "/accounts/password/reset/"):
        Client().post(path, {"email": "bob@example.org"}, **headers)
    assert len(mailoutbox) == 2
    for letter in mailoutbox:
        assert "evil" not in str(letter.message())


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "testserver.evil.example",
        "testserver@evil.example",
        "evil.example:80",
        "testserver, evil.example",
    ],
)
def test_a_reset_asked_for_at_a_strange_host_writes_to_nobody(
    host: str, article: Article, mailoutbox: list[Any]
) -> None:
    a_reader()
    answer = Client().post("/accounts/password/reset/", {"email": "bob@example.org"}, HTTP_HOST=host)
    assert answer.status_code == 400
    assert not mailoutbox
    assert host not in answer.content.decode()


def test_letters_name_the_address_of_the_settings_and_no_other(article: Article, mailoutbox: list[Any]) -> None:
    """A development host is allowed here, and even that one is not put into a letter."""
    a_reader()
    Client().post("/accounts/password/reset/", {"email": "bob@example.org"}, HTTP_HOST="127.0.0.1:81")
    (letter,) = mailoutbox
    links = re.findall(r"https?://[^\s\"'<>]+", str(letter.body))
    assert all(link.startswith(settings.SITE_URL) for link in links)
