"""Requests that nobody means: any address, any method, any field, values that have broken other sites.

`make fuzz` sends 10,000 of them at random, `make test` 500 that are always the same.
"""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.test import Client
from hypothesis import strategies as st

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
            return send(path, data=self.body, content_type=self.kind, **extra)
        values: dict[str, list[str]] = {}
        for name, value in self.fields:
            values.setdefault(name, []).append(value)
        return send(path, data=values, **extra) if self.method == "POST" else send(path, **extra)


@dataclass
class Forms:
    """The names and values in the forms of a page, looked up once for each visitor."""

    client: Client
    _seen: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)

    def at(self, path: str) -> tuple[list[str], list[str]]:
        """Names of the fields, and values that stand in them."""
        if path not in self._seen:
            answer = self.client.get(quote(path, safe="/%"))
            html = "" if answer.streaming else answer.content.decode(errors="replace")
            self._seen[path] = sorted(set(FIELD.findall(html))), sorted(set(VALUE.findall(html)))[:200]
        return self._seen[path]


@st.composite
def attacks(draw: Any, routes: list[Route], good: dict[str, list[str]], forms: Forms) -> Attack:
    """Any request to any of the routes; half of them to addresses that exist, with the fields of their forms."""
    route = draw(st.sampled_from(routes))
    sense = draw(st.integers(0, 3))
    values = {}
    for name in route.arguments:
        known = good.get(name, ["x"])
        values[name] = draw(st.sampled_from(known if sense else [*known, *NASTY]))
    path = route.path(values)
    method = draw(st.sampled_from(("GET",) * 5 + ("POST",) * 6 + ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH")))
    value = st.sampled_from(NASTY) | st.text(max_size=20)
    query = draw(st.lists(st.tuples(st.sampled_from(NAMES) | st.text(min_size=1, max_size=8), value), max_size=3))
    headers = draw(st.lists(st.sampled_from(sorted(HEADERS)), max_size=2, unique=True)) if draw(st.booleans()) else []
    chosen = tuple((name, draw(st.sampled_from(HEADERS[name]))) for name in headers)
    if method != "POST":
        return Attack(method, path, tuple(query), headers=chosen)
    if draw(st.integers(0, 5)) == 0:
        body, kind = draw(st.sampled_from(BODIES)), draw(st.sampled_from(KINDS))
        return Attack(method, path, tuple(query), headers=chosen, body=body, kind=kind)
    names, standing = forms.at(path)
    filled = [
        (name, draw(st.sampled_from(standing) | value if standing else value))
        for name in names
        if draw(st.integers(0, 5))
    ]
    more = draw(st.lists(st.tuples(st.sampled_from(NAMES), value), max_size=2))
    return Attack(method, path, tuple(query), fields=(*filled, *more), headers=chosen)
