"""Requests that nobody means: any address, any method, any field, values that have broken other sites.

`make fuzz` sends 10,000 of them at random, `make test` 500 that are always the same.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote

from django.test import Client

from tests.security.routes import Route

NASTY = (
    *(
        "",
        " ",
        "0",
        "-1",
        "1",
        "2",
        "99999999999999999999",
        "9223372036854775808",
        "1e309",
        "NaN",
        "-0.0",
        "٣",
        "½",
        "1_000",
    ),
    *(
        "\x00",
        "a\x00b",
        "\ufeff",
        "\u202e",
        "\u0130",
        "ß",
        "ﬃ",
        "😀",
        "e\u0301" * 40,
        "a" * 300,
        "a" * 9_000,
        "\n" * 50,
    ),
    *("../../etc/passwd", "..%2f", "//evil.example", "https://evil.example/", "javascript:alert(1)", "\\evil.example"),
    *("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "${7*7}", "%s%n", "' OR 1=1 --"),
    *(
        "\r\nSet-Cookie: a=b",
        "=1+1",
        "null",
        "undefined",
        "true",
        "on",
        "[]",
        "{}",
        '{"a": 1}',
        "[[[[[[",
        "%",
        "%00",
        "%zz",
    ),
    *("0001-01-01", "9999-12-31", "2026-02-30", "2026-11-17T12:00", "25:61", "00000000-0000-0000-0000-000000000000"),
    *(
        "a@b",
        "bob@example.org",
        "BOB@EXAMPLE.ORG",
        "bob@exämple.org",
        "bob@example.org\r\nBcc: eve@example.org",
        '"a b"@x.org',
    ),
    *("and", "OR", 'NEAR("', "*", "~", "id", "-id", "password", "__class__", "pk__in", "1,2,3", "1~2"),
)
NAMES = (
    *("q", "page", "p", "o", "e", "all", "next", "from", "to", "date", "section", "author", "kind", "period", "order"),
    *("_popup", "_to_field", "_changelist_filters", "action", "_selected_action", "select_across", "index", "format"),
    *(
        "status__exact",
        "id__in",
        "is_staff__exact",
        "published_at__gte",
        "term",
        "app_label",
        "model_name",
        "field_name",
    ),
    *(
        "email",
        "code",
        "token",
        "session_id",
        "plan",
        "interval",
        "csrfmiddlewaretoken",
        "_method",
        "month",
        "year",
        "lang",
    ),
)
HEADERS: dict[str, tuple[str, ...]] = {
    "HTTP_ACCEPT": ("*/*", "application/json", "text/markdown", "image/avif", ";;;", "a" * 2_000),
    "HTTP_ACCEPT_LANGUAGE": ("fr", "xx-" * 300, "*", ",,,;q=", "nl;q=NaN"),
    "HTTP_RANGE": ("bytes=0-0", "bytes=-1", "bytes=9-1", "bytes=0-1,2-3,4-5", "lines=1"),
    "HTTP_IF_NONE_MATCH": ("*", '"x"', "W/", "x" * 2_000),
    "HTTP_IF_MODIFIED_SINCE": ("yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 32 Foo 99999 00:00:00 GMT"),
    "HTTP_REFERER": ("http://testserver/", "https://evil.example/", "http://[", "\x7f"),
    "HTTP_USER_AGENT": ("", "Googlebot/2.1", "x" * 3_000, "é"),
    "HTTP_X_FORWARDED_FOR": ("127.0.0.1", "::1, evil", "999.1.1.1", ","),
    "HTTP_X_FORWARDED_PROTO": ("https", "gopher"),
    "HTTP_HOST": ("evil.example", "testserver:99999", "testserver@evil.example", "[::1", "a" * 300),
    "HTTP_ORIGIN": ("null", "https://evil.example", "http://["),
    "HTTP_COOKIE": ("sessionid=x", "csrftoken=", "=; ;;", "a=" + "b" * 5_000, 'language="\\377', "sessionid=\x80"),
    "HTTP_AUTHORIZATION": ("Basic !!!", "Bearer x", "Basic Ym9iOmJvYg=="),
    "HTTP_STRIPE_SIGNATURE": ("t=1,v1=x", "t=x", ",", "v1=é"),
    "HTTP_X_HTTP_METHOD_OVERRIDE": ("DELETE", "TRACE"),
    "HTTP_SEC_FETCH_SITE": ("cross-site", "none", "?"),
}
KINDS = (
    "application/json",
    "text/plain",
    "application/xml",
    "multipart/form-data; boundary=",
    "x",
    "application/x-www-form-urlencoded; charset=utf-7",
)
BODIES = (b"", b"{", b"\xff\xfe", b'{"id": []}', b"[1]", b"null", b"a=%ff&b", b"--\r\n", b"<x/>", b'{"a":' * 500)
FIELD = re.compile(r"<(?:input|select|textarea|button)\b[^>]*?\bname=[\"']([^\"'>]+)", re.IGNORECASE)
VALUE = re.compile(r"<(?:input|option)\b[^>]*?\bvalue=[\"']([^\"'>]{1,60})", re.IGNORECASE)


@dataclass(frozen=True)
class Attack:
    """One request."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    kind: str = ""

    def send(self, client: Client) -> Any:
        """The answer; a 500 is one, too."""
        extra: dict[str, Any] = dict(self.headers)
        path = quote(self.path, safe="/%~:@!$&'()*+,;=-._")
        if self.query:
            path += "?" + "&".join(f"{quote(name)}={quote(value)}" for name, value in self.query)
        if self.method in {"GET", "HEAD", "OPTIONS", "TRACE"}:
            return getattr(client, self.method.lower())(path, **extra)
        send = getattr(client, self.method.lower())
        if self.body is not None:
            return client.generic(self.method, path, self.body, self.kind, **extra)
        values: dict[str, list[str]] = {}
        for name, value in self.fields:
            values.setdefault(name, []).append(value)
        return send(path, data=values, **extra) if self.method == "POST" else send(path, **extra)


@dataclass(frozen=True)
class Page:
    """What there is to fill in at an address, and whether it can be looked at."""

    names: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    is_for_looking: bool = True


@dataclass
class Forms:
    """The pages as one visitor sees them, each looked at once."""

    client: Client
    _seen: dict[str, Page] = field(default_factory=dict)

    def at(self, path: str) -> Page:
        """The names of its fields, and values that stand in them."""
        if path not in self._seen:
            answer = self.client.get(quote(path, safe="/%"))
            html = "" if answer.streaming else answer.content.decode(errors="replace")
            names, values = sorted(set(FIELD.findall(html))), sorted(set(VALUE.findall(html)))[:200]
            self._seen[path] = Page(tuple(names), tuple(values), answer.status_code != 405)
        return self._seen[path]


@dataclass
class Attacker:
    """Makes up requests of one visitor: every address in turn, most of them to pages that exist and their forms.

    Plain chance, and not a search that lingers where it found something: what counts is to have been everywhere.
    """

    routes: list[Route]
    good: dict[str, list[str]]
    forms: Forms
    in_admin: float
    chance: Random

    def attacks(self, many: int) -> Iterator[Attack]:
        """So many requests. Of ten addresses `in_admin` times ten are the admin's, which has most of them."""
        public = [route for route in self.routes if not route.pieces[0].startswith("admin/")]
        inside = [route for route in self.routes if route.pieces[0].startswith("admin/")]
        turns = {True: self._in_turn(inside), False: self._in_turn(public)}
        for _ in range(many):
            yield self._attack(next(turns[self.chance.random() < self.in_admin]))

    def _in_turn(self, routes: list[Route]) -> Iterator[Route]:
        while True:
            yield from self.chance.sample(routes, len(routes))

    def _attack(self, route: Route) -> Attack:
        path = route.path({name: self._argument(name) for name in route.arguments})
        page, query = self.forms.at(path), tuple((self._name(), self._value()) for _ in range(self._few()))
        method = self._method(page)
        headers = tuple((name, self._one(HEADERS[name])) for name in self.chance.sample(sorted(HEADERS), self._few()))
        if method != "POST":
            return Attack(method, path, query, headers=headers)
        if self.chance.random() < 0.15:
            return Attack(method, path, query, headers=headers, body=self._one(BODIES), kind=self._one(KINDS))
        fields = [(name, self._field(page)) for name in page.names if self.chance.random() < 0.85]
        return Attack(
            method, path, query, (*fields, *((self._name(), self._value()) for _ in range(self._few()))), headers
        )

    def _method(self, page: Page) -> str:
        if self.chance.random() < 0.15:
            return self._one(("POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"))
        if not page.is_for_looking:
            return "POST"
        return self._one(("GET", "POST")) if page.names else "GET"

    def _argument(self, name: str) -> str:
        known = self.good.get(name, ["x"])
        return self._one(known if self.chance.random() < 0.75 else NASTY)

    def _field(self, page: Page) -> str:
        return self._one(page.values) if page.values and self.chance.random() < 0.5 else self._value()

    def _name(self) -> str:
        return self._one(NAMES) if self.chance.random() < 0.8 else self._noise() or "x"

    def _value(self) -> str:
        return self._one(NASTY) if self.chance.random() < 0.8 else self._noise()

    def _noise(self) -> str:
        letters = (
            chr(self.chance.choice((self.chance.randrange(1, 128), self.chance.randrange(128, 0xD800))))
            for _ in "12345678"
        )
        return "".join(letters)[: self.chance.randrange(9)]

    def _few(self) -> int:
        return self.chance.choice((0, 0, 1, 2))

    def _one(self, among: Sequence[Any]) -> Any:
        return self.chance.choice(among)
