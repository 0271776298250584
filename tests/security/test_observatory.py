"""Mozilla's Observatory gives A+: its rules, counted over what the site answers in production.

After the scoring that MDN publishes: a hundred points, what is missing takes some away, and from ninety on what is more
than asked for adds some. From a hundred on the grade is A+.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from articles.models import Article
from tests.make import NOW, a_plan, an_article
from tests.security.test_headers import policy_of
from tests.security.visitors import root

pytestmark = [pytest.mark.django_db, pytest.mark.anywhere]
HALF_A_YEAR = 15_768_000
STRICT_REFERRERS = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}


@pytest.fixture(autouse=True)
def article(at: Callable[[datetime], None], settings: Any) -> Article:
    """As production is set (tests/test_settings.py starts it so)."""
    at(NOW)
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 63_072_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    # Development posts to the local Stripe; production to none but the real one.
    pages = ["'self'", "https://checkout.stripe.com", "https://billing.stripe.com", "https://invoice.stripe.com"]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": policy | {"form-action": pages}}
    a_plan("year")
    return an_article()


def of_policy(answer: Any) -> int:
    """Points for the Content-Security-Policy."""
    if "Content-Security-Policy" not in answer:
        return -25
    policy = policy_of(answer)
    default = policy.get("default-src", ["*"])
    scripts, styles = policy.get("script-src", default), policy.get("style-src", default)
    if {"'unsafe-inline'", "data:", "*", "http:", "https:"} & set(scripts) or (
        "object-src" not in policy and default == ["*"]
    ):
        return -20
    if any(one.startswith("http:") for values in policy.values() for one in values):
        return -20
    if "'unsafe-eval'" in scripts:
        return -10
    if "'unsafe-inline'" in styles:
        return 0
    return 10 if default == ["'none'"] else 5


def of_cookies(answer: Any) -> int:
    """Points for cookies: all Secure, those of a session HttpOnly, all with SameSite."""
    cookies = list(answer.cookies.values())
    if not cookies:
        return 0
    if not all(cookie["secure"] for cookie in cookies):
        return -20
    sessions = [cookie for cookie in cookies if "sess" in cookie.key.lower() or "csrf" in cookie.key.lower()]
    if not all(cookie["httponly"] for cookie in sessions):
        return -30
    return 5 if all(cookie["samesite"] in ("Lax", "Strict") for cookie in cookies) else 0


def of_hsts(answer: Any) -> int:
    """Points for keeping to https."""
    said = answer.get("Strict-Transport-Security", "")
    seconds = int(said.partition("max-age=")[2].partition(";")[0] or 0)
    if not seconds:
        return -20
    if seconds < HALF_A_YEAR:
        return -10
    return 5 if "preload" in said and "includeSubDomains" in said else 0


def score(answer: Any, *, redirects: bool) -> int:
    """What the Observatory would say of an answer. `redirects`: plain http leads to https on the same host."""
    points = [
        of_policy(answer),
        of_cookies(answer),
        of_hsts(answer),
        0 if redirects else -20,
        # Others' scripts may read our answers.
        -50 if answer.get("Access-Control-Allow-Origin") == "*" and "html" in answer.get("Content-Type", "") else 0,
        5 if answer.get("Referrer-Policy") in STRICT_REFERRERS else 0 if "Referrer-Policy" not in answer else -5,
        0 if answer.get("X-Content-Type-Options") == "nosniff" else -5,
        5 if policy_of(answer).get("frame-ancestors") else 0 if answer.get("X-Frame-Options") else -20,
        10 if answer.get("Cross-Origin-Resource-Policy") in ("same-origin", "same-site") else 0,
    ]
    without_more = 100 + sum(one for one in points if one < 0)
    return without_more + (sum(one for one in points if one > 0) if without_more >= 90 else 0)


def graded(client: Client, path: str) -> int:
    plain = client.get(path)
    https = f"https://testserver{path}"
    answer = client.get(path, secure=True)
    got = score(answer, redirects=plain.status_code in (301, 308) and plain["Location"] == https)
    answer.close()
    return got


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/climate/",
        "/climate/ministers-agree-on-a-bridge/",
        "/search/?q=bridge",
        "/subscribe/",
        "/accounts/login/code/",
        "/no-such-page/",
        "/feed.xml",
        "/sitemap.xml",
        "/robots.txt",
        "/manifest.webmanifest",
        "/worker.js",
        "/admin/login/",
    ],
)
def test_pages_for_everybody_are_graded_a_plus(path: str) -> None:
    assert graded(Client(), path) >= 125


@pytest.mark.parametrize(
    "path", ["/account/", "/admin/", "/admin/articles/article/add/", "/admin/subscriptions/grant/add/"]
)
def test_pages_of_those_who_signed_in_are_graded_a_plus(path: str) -> None:
    client = Client()
    client.force_login(root(), "django.contrib.auth.backends.ModelBackend")
    client.cookies["sessionid"]["secure"] = True
    assert graded(client, path) >= 125


def test_what_somebody_uploaded_is_graded_a_plus() -> None:
    default_storage.save("pictures/0123456789abcdef0123-640.jpg", ContentFile(b"\xff\xd8\xff"))
    assert graded(Client(), "/media/pictures/0123456789abcdef0123-640.jpg") >= 115


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Security-Policy", "default-src 'none'; script-src 'unsafe-inline'"),
        ("Content-Security-Policy", "img-src 'self'"),
        ("Strict-Transport-Security", "max-age=60"),
        ("Access-Control-Allow-Origin", "*"),
        ("Referrer-Policy", "unsafe-url"),
    ],
)
def test_a_weaker_header_is_seen(name: str, value: str) -> None:
    answer = Client().get("/", secure=True)
    before = score(answer, redirects=True)
    answer[name] = value
    assert score(answer, redirects=True) < before
    assert score(answer, redirects=False) < 100
