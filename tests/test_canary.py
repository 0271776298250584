"""A word that stands only in the paid part of an article, and a walk to every address the site has to look for it.

New addresses are walked by themselves. One whose arguments are unknown here fails the walk with its name: give it
values in `arguments`.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern

from articles.models import Article, Topic
from articles.models.version import keep_version
from edge.languages import LanguagePrefix
from readers.models import User
from tests.make import NOW, a_coverage, a_grant, a_plan, a_reader, a_subscription, an_article, an_entry

pytestmark = pytest.mark.django_db
CANARY, COMPANION = "quetzalcanary", "plumbagosentinel"
TEXT = (
    "<p>The first paragraph is for everyone.</p><p>So is the second.</p>"
    f"<p>The {CANARY} is paid for, and so is the {COMPANION} beside it.</p><h2>{CANARY}</h2>"
)
# Ways of asking that have opened other sites' doors.
DISGUISES: tuple[dict[str, Any], ...] = (
    {"HTTP_ACCEPT": "application/json"},
    {"HTTP_ACCEPT": "text/markdown"},
    {"HTTP_ACCEPT": "application/activity+json"},
    {"HTTP_USER_AGENT": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
    {"HTTP_USER_AGENT": "facebookexternalhit/1.1"},
    {"HTTP_X_FORWARDED_FOR": "66.249.66.1", "HTTP_REFERER": "https://www.google.com/"},
    {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"},
    {"HTTP_X_ORIGINAL_URL": "/admin/", "HTTP_X_HTTP_METHOD_OVERRIDE": "PUT"},
    {"query": {"format": "json"}},
    {"query": {"preview": "true", "as": "subscriber", "amp": "1", "full": "1", "gift": "x", "print": "1"}},
)
SUFFIXES = (
    *("amp/", "print/", "preview/", "feed/", "feed.xml", "index.html", "full", ".json", ".md", ".txt", "comments/"),
    *("?page=2", "?outputType=amp", "#continue", "%20", "a.css", "a.js", "%3Fx.css", ";x.css"),
)


@dataclass(frozen=True)
class Address:
    """A pattern of the site with arguments put in."""

    name: str
    path: str


@pytest.fixture(autouse=True)
def article(at: Callable[..., None]) -> Article:
    at(NOW)
    a_plan("year")
    a_plan("month")
    article = an_article("A walled bridge", text=TEXT, kicker="Interview", leads_front=True)
    other = an_article("Another bridge", text="<p>One.</p><p>Two.</p><p>Three.</p>")
    other.related.set([article])
    article.topics.add(Topic.objects.create(name="Bridges", slug="bridges"))
    keep_version(article, by=None, at=NOW)
    coverage = a_coverage("Live from the bridge", slug="live-bridge")
    an_entry(coverage, "It has begun", f"<p>The {CANARY} is paid for here too, and the {COMPANION}.</p>")
    return article


# --- Every address ----------------------------------------------------------------------------------


def arguments(article: Article) -> dict[str, list[str]]:
    """Values for every argument that a pattern of the site takes, by its name."""
    of_article, first = str(article.pk), "1"
    return {
        "section": [article.section.slug],
        "slug": [article.slug, "ana-novak", "bridges", "live-bridge"],
        "form": ["xml", "json"],
        "digest": ["x"],
        "number": ["VD-2026-000001"],
        "year": ["2026"],
        "month": ["11"],
        "name": ["x", "0123456789abcdef0123-640.avif"],
        "token": ["x"],
        "provider_id": ["x"],
        "organization_slug": ["x"],
        "key": ["x"],
        "url": ["no-such-page/"],
        "app_label": ["articles"],
        "content_type_id": [str(ContentType.objects.get_for_model(Article).pk)],
        "object_id": [of_article],
        "article_id": [of_article],
        "coverage_id": [first],
        "entry_id": [first],
        "picture_id": [first],
        "version_number": [first],
        "link_id": [first],
        "note_id": [first],
        "grant_id": [first],
        "group_id": [first],
        "list_id": [first],
        "invitation_id": [first],
        "seat_id": [first],
        "manager_id": [first],
        "reader_id": [first],
        "payment_id": ["pi_x"],
        "term_id": [first],
        "term_key": [first],
        "invoice_key": ["00000000-0000-4000-8000-000000000000"],
        "payment_key": [first],
        "pk": [of_article],
    }


def patterns(resolver: URLResolver, before: tuple[Any, ...] = ()) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for one in resolver.url_patterns:
        here = (*before, one.pattern)
        if isinstance(one, URLResolver):
            yield from patterns(one, here)
        elif isinstance(one, URLPattern):
            yield one.name or "/".join(map(str, here)), here


def paths(parts: tuple[Any, ...], known: dict[str, list[str]]) -> list[str]:
    """The pattern with every combination of known arguments. Raises KeyError for an argument that is not known."""
    texts = [""]
    for part in parts:
        texts = [text + more for text in texts for more in _paths_of_part(part, known)]
    return ["/" + text for text in texts]


def _paths_of_part(part: Any, known: dict[str, list[str]]) -> list[str]:
    if isinstance(part, LanguagePrefix):
        return ["", "fr/"]
    if isinstance(part, RoutePattern):
        return _filled(str(part._route), r"<(?:\w+:)?(\w+)>", known)
    if isinstance(part, RegexPattern):
        plain = str(part._regex).removeprefix("^").removesuffix("$").removesuffix(r"\Z")
        return _filled(plain, r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", known)
    raise KeyError(type(part).__name__)


def _filled(text: str, argument: str, known: dict[str, list[str]]) -> list[str]:
    texts = [text]
    while found := re.search(argument, texts[0]):
        values = known[found[1]]
        texts = [re.sub(argument, lambda _, value=value: value, one, count=1) for one in texts for value in values]
    return texts


def every_address(article: Article) -> list[Address]:
    known, unknown, found = arguments(article), [], []
    for name, parts in patterns(get_resolver()):
        try:
            found += [Address(name, path) for path in paths(parts, known)]
        except KeyError as error:
            unknown.append(f"{name} (argument {error})")
    assert not unknown, f"These addresses cannot be walked; give their arguments a value: {unknown}"
    return found


def test_the_walk_knows_every_address_of_the_site(article: Article) -> None:
    found = every_address(article)
    assert len(found) > 100
    assert Address("article", "/climate/a-walled-bridge/") in found
    assert {"front", "section", "author", "search", "site_feed", "section_feed", "sitemap_of_year", "picture"} <= {
        one.name for one in found
    }
    assert {"account", "plans", "account_login", "articles_article_change", "autocomplete"} <= {
        one.name for one in found
    }


# --- Every visitor ----------------------------------------------------------------------------------


def signed_in(reader: User | None) -> Client:
    client = Client(raise_request_exception=False)
    if reader:
        client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    return client


def everything_in(answer: HttpResponse) -> str:
    body = b"".join(answer) if answer.streaming else answer.content
    return body.decode(errors="replace") + str(answer.headers) + answer.cookies.output()


def assert_no_canary(client: Client, path: str, **how: Any) -> None:
    how = {"data" if key == "query" else key: value for key, value in how.items()}
    answer = client.get(path, **how)
    said = everything_in(answer)
    assert CANARY not in said, (path, how)
    assert COMPANION not in said, (path, how)
    assert answer.status_code != 500, (path, how)


def nobody() -> None:
    return None


def registered() -> User:
    return a_reader()


def lapsed() -> User:
    reader = a_reader("lapsed@example.org")
    a_subscription(reader, "canceled")
    return reader


@pytest.mark.anywhere
@pytest.mark.parametrize("visitor", [nobody, registered, lapsed])
def test_no_address_tells_those_who_are_not_entitled(visitor: Callable[[], User | None], article: Article) -> None:
    reader = visitor()
    for address in every_address(article):
        client = signed_in(reader)
        assert_no_canary(client, address.path)
        assert CANARY not in everything_in(client.head(address.path)), address


@pytest.mark.anywhere
def test_no_disguise_helps(article: Article) -> None:
    for address in every_address(article):
        if address.path.startswith("/admin/"):
            continue
        for disguise in DISGUISES:
            assert_no_canary(signed_in(None), address.path, **disguise)


@pytest.mark.anywhere
def test_no_disguise_helps_at_the_article_with_an_account(article: Article) -> None:
    for reader in (registered(), lapsed()):
        for disguise in DISGUISES:
            assert_no_canary(signed_in(reader), article.get_absolute_url(), **disguise)


@pytest.mark.anywhere
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_suffix_helps(suffix: str, article: Article) -> None:
    for path in (article.get_absolute_url(), article.get_absolute_url().rstrip("/"), "/climate/", "/"):
        assert_no_canary(signed_in(None), path + suffix, follow=True)


@pytest.mark.anywhere
def test_writing_tells_nothing_either(article: Article) -> None:
    for address in every_address(article):
        for method in ("post", "put", "delete", "options", "patch"):
            said = everything_in(getattr(signed_in(None), method)(address.path))
            assert CANARY not in said, (method, address)


@pytest.mark.anywhere
def test_staff_of_another_desk_find_it_nowhere_in_the_admin(article: Article) -> None:
    carol = a_reader("carol@example.org", is_staff=True)
    carol.groups.add(Group.objects.get(name="Subscription desk"))
    for address in every_address(article):
        if address.name not in ("article", "live"):  # where they read as everybody does who works here
            assert_no_canary(signed_in(carol), address.path)


@pytest.mark.parametrize("group", ["", "Subscription desk", "Editors"])
def test_the_autocompletion_of_the_admin_names_headlines_at_most(group: str, article: Article) -> None:
    carol = a_reader("carol@example.org", is_staff=True)
    if group:
        carol.groups.add(Group.objects.get(name=group))
    for term in ("bridge", CANARY):
        query = {"app_label": "articles", "model_name": "article", "field_name": "related", "term": term}
        said = everything_in(signed_in(carol).get("/admin/autocomplete/", query))
        assert COMPANION not in said
        assert f"The {CANARY}" not in said


# --- Search tells nothing by what it finds ------------------------------------------------------------


@pytest.mark.parametrize("visitor", [nobody, registered, lapsed])
def test_a_search_for_the_paid_word_answers_as_one_for_a_word_that_is_nowhere(visitor: Any, article: Article) -> None:
    reader = visitor()
    paid, nowhere = (
        signed_in(reader).get("/search/", {"q": word}).content.replace(word.encode(), b"")
        for word in (CANARY, "abcdefghijklm")
    )
    assert COMPANION.encode() not in paid
    assert paid == nowhere


@pytest.mark.parametrize("query", [f"bridge {CANARY}", f'"{CANARY}"', f"{CANARY[:4]}", f"section:{CANARY}", "%", "_"])
def test_no_way_of_asking_finds_it(query: str) -> None:
    page = signed_in(None).get("/search/", {"q": query}).content.decode()
    assert COMPANION not in page
    assert "A walled bridge" not in re.sub("<mark>|</mark>", "", page)


# --- When things break --------------------------------------------------------------------------------


def test_a_page_that_breaks_after_the_text_was_read_does_not_show_it(
    article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(article: Article, reading: Any, **more: Any) -> None:
        raise RuntimeError(reading.text)

    monkeypatch.setattr("articles.views.article_page", broken)
    reader = a_reader()
    a_subscription(reader)
    answer = signed_in(reader).get(article.get_absolute_url())
    assert answer.status_code == 500
    assert CANARY not in everything_in(answer)


def test_what_a_subscriber_reads_is_kept_for_nobody_else(article: Article) -> None:
    reader = a_reader()
    a_subscription(reader)
    for client, reads in ((signed_in(reader), True), (signed_in(None), False)) * 2:
        assert (CANARY in everything_in(client.get(article.get_absolute_url()))) is reads


def test_the_structured_data_of_a_subscribers_page_holds_no_paid_word(article: Article) -> None:
    reader = a_reader()
    a_subscription(reader)
    page = everything_in(signed_in(reader).get(article.get_absolute_url()))
    head = page[: page.index("</head>")]
    assert CANARY not in head
    assert json.loads(re.search(r'ld\+json">(.*?)</script>', head)[1])  # type: ignore[index]


# --- The walk can fail: those who are entitled find the word ----------------------------------------------


def subscriber() -> User:
    reader = a_reader("alice@example.org")
    a_subscription(reader)
    return reader


def granted() -> User:
    reader = a_reader("student@example.org")
    a_grant(reader, by=a_reader("carol@example.org", is_staff=True))
    return reader


def staff() -> User:
    return a_reader("carol@example.org", is_staff=True)


@pytest.mark.anywhere
@pytest.mark.parametrize("visitor", [subscriber, granted, staff])
def test_the_entitled_find_it_on_the_article_and_nowhere_else(visitor: Callable[[], User], article: Article) -> None:
    reader = visitor()
    found = [
        address.name
        for address in every_address(article)
        if CANARY in everything_in(signed_in(reader).get(address.path))
    ]
    assert found == ["live", "article"]


def test_the_editor_finds_it_on_the_desk(article: Article) -> None:
    edith = a_reader("edith@example.org", is_staff=True)
    edith.groups.add(Group.objects.get(name="Editors"))
    assert CANARY in everything_in(signed_in(edith).get(f"/admin/articles/article/{article.pk}/change/"))
