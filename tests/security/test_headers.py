"""Every answer at every address tells the browser what to refuse."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from articles.models import Article
from tests.make import NOW, a_plan, an_article
from tests.security.routes import good_values, routes
from tests.security.visitors import Visitor, nobody, root, subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.anywhere]
# What the scripts of a page may never be allowed.
FORBIDDEN = ("'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'", "*", "http:", "https:", "blob:", "'strict-dynamic'")


@pytest.fixture
def article(at: Callable[[datetime], None]) -> Article:
    at(NOW)
    a_plan("year")
    return an_article()


def policy_of(answer: Any) -> dict[str, list[str]]:
    """The Content-Security-Policy by directive."""
    parts = [part.split() for part in answer["Content-Security-Policy"].split(";") if part.strip()]
    return {name: values for name, *values in parts}


def wrong(answer: Any, path: str) -> list[str]:
    """What is missing or too weak in the headers of an answer; by the rules of Mozilla's Observatory and ASVS 3.4."""
    said = []
    if "Content-Security-Policy" not in answer:
        return [f"{path}: no policy"]
    policy = policy_of(answer)
    if policy.get("default-src") != ["'none'"]:
        said.append("default-src")
    for name in ("script-src", "style-src"):
        if set(policy.get(name, [])) & set(FORBIDDEN):
            said.append(name)
    if "sandbox" not in policy and policy.get("base-uri") != ["'none'"]:
        said.append("base-uri")
    if policy.get("frame-ancestors") != ["'none'"]:
        said.append("frame-ancestors")
    if (
        not path.startswith("/admin/")
        and "sandbox" not in policy
        and policy.get("require-trusted-types-for") != ["'script'"]
    ):
        said.append("trusted types")
    wanted = {
        "X-Content-Type-Options": {"nosniff"},
        "X-Frame-Options": {"DENY"},
        "Referrer-Policy": {"strict-origin-when-cross-origin", "same-origin", "no-referrer"},
        "Cross-Origin-Opener-Policy": {"same-origin"},
        "Cross-Origin-Resource-Policy": {"same-origin", "cross-origin"},
    }
    said += [name for name, values in wanted.items() if answer.get(name) not in values]
    if "camera=()" not in answer.get("Permissions-Policy", ""):
        said.append("Permissions-Policy")
    if "Cache-Control" not in answer:
        said.append("Cache-Control")
    for name in ("Server", "X-Powered-By"):
        if name in answer:
            said.append(name)
    for cookie in answer.cookies.values():
        if cookie.key != "language" and not (cookie["httponly"] and cookie["samesite"] in {"Lax", "Strict"}):
            said.append(f"cookie {cookie.key}")
    return [f"{path} ({answer.status_code}): {one}" for one in said]


@pytest.mark.parametrize("visitor", [nobody, subscriber, root])
def test_every_page_says_what_to_refuse(visitor: Visitor, article: Article) -> None:
    person, good, found = visitor(), good_values(article), []
    client = Client(raise_request_exception=False)
    if person:
        client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    session = client.cookies.output(header="")
    for route in routes():
        path = route.path({name: good.get(name, ["x"])[0] for name in route.arguments})
        client.cookies.clear()
        client.cookies.load(session)
        found += wrong(client.get(path), path)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", ["/no-such-page/", "/media/pictures/x", "/%00", "/admin/no-such-page/"])
def test_pages_of_errors_do_so_too(path: str, article: Article) -> None:
    assert not wrong(Client(raise_request_exception=False).get(path), path)


def test_a_page_that_breaks_does_so_too(article: Article, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("articles.views.article_page", broken)
    answer = Client(raise_request_exception=False).get(article.get_absolute_url())
    assert answer.status_code == 500
    assert not wrong(answer, "500")


def test_a_foreign_host_is_told_nothing_and_refused(article: Article) -> None:
    answer = Client(raise_request_exception=False).get("/", HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()
    assert not wrong(answer, "400")


def test_a_picture_may_be_shown_anywhere_and_can_do_nothing(article: Article) -> None:
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    default_storage.save("pictures/0123456789abcdef0123-640.jpg", ContentFile(b"\xff\xd8\xff<script>alert(1)</script>"))
    answer = Client().get("/media/pictures/0123456789abcdef0123-640.jpg")
    answer.close()
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/jpeg"
    assert policy_of(answer) == {"default-src": ["'none'"], "sandbox": [], "frame-ancestors": ["'none'"]}
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_production_speaks_https_only_and_asks_to_be_preloaded() -> None:
    """As `test_settings` starts it; here what follows from it."""
    source = (settings.BASE_DIR / "newsroom" / "settings.py").read_text()
    assert "SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True" in source
    assert '"SECURE_HSTS_SECONDS", default=63_072_000' in source


def test_https_answers_carry_hsts_with_preload(settings: Any, article: Article) -> None:
    settings.SECURE_HSTS_SECONDS = 63_072_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    answer = Client().get("/", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains; preload"


@pytest.mark.parametrize(
    "path", ["/climate/a%00b/", "/group/join/a%00b/", "/search/?q=a%00b", "/admin/articles/article/?q=%00"]
)
def test_a_zero_byte_in_an_address_is_a_bad_request(path: str, article: Article) -> None:
    answer = Client(raise_request_exception=False).get(path)
    assert answer.status_code == 400
    assert not wrong(answer, "400")
