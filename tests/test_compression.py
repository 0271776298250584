"""What is compressed, how, and what never is."""

import gzip
from typing import Any

import brotli
import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from edge.compression import accepted, compress
from edge.middleware import PRIVATE, public
from tests.make import NOW, a_plan, a_reader, a_subscription, an_article

PAGE = b"<p>The bridge is open.</p>" * 100


def answered(
    coding: str, content: bytes = PAGE, is_public: bool = True, headers: dict[str, str] | None = None
) -> HttpResponse:
    """What becomes of an answer on its way to a browser that reads this coding."""
    response = HttpResponse(content, headers={"Cache-Control": public()} | (headers or {}))
    response.is_public = is_public  # type: ignore[attr-defined]
    request = RequestFactory().get("/", headers={"accept-encoding": coding})
    done = compress(lambda _: response)(request)
    assert isinstance(done, HttpResponse)
    return done


def test_a_page_that_is_the_same_for_everybody_comes_in_brotli() -> None:
    answer = answered("gzip, deflate, br, zstd")
    assert answer["Content-Encoding"] == "br"
    assert brotli.decompress(answer.content) == PAGE
    assert answer["Vary"] == "Accept-Encoding"


def test_or_in_gzip_for_who_reads_no_brotli() -> None:
    answer = answered("gzip;q=0.5, br;q=0")
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.content) == PAGE


@pytest.mark.parametrize("coding", ["", "identity", "gzip;q=0", "deflate", "\x00", "br" * 4000])
def test_or_as_it_is(coding: str) -> None:
    answer = answered(coding)
    assert "Content-Encoding" not in answer
    assert answer.content == PAGE
    assert answer["Vary"] == "Accept-Encoding", "a cache must keep the two apart all the same"


def test_the_length_of_a_page_that_knows_its_reader_says_nothing() -> None:
    headers = {"Cache-Control": PRIVATE}
    lengths = {len(answered("br, gzip", headers=headers).content) for _ in range(20)}
    assert len(lengths) > 5
    answer = answered("br, gzip", headers=headers)
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.content) == PAGE


def test_what_belongs_to_one_reader_alone_is_never_compressed() -> None:
    answer = answered("br, gzip", is_public=False, headers={"Cache-Control": PRIVATE})
    assert answer.content == PAGE
    assert "Content-Encoding" not in answer


@pytest.mark.parametrize("kind", ["image/avif", "font/woff2", "application/zip", "text/event-stream"])
def test_what_is_small_already_is_left_alone(kind: str) -> None:
    assert "Content-Encoding" not in answered("br", headers={"Content-Type": kind})
    assert "Content-Encoding" not in answered("br", b"short")
    assert answered("br", headers={"Content-Encoding": "gzip"}).content == PAGE


@pytest.mark.parametrize(
    "kind", ["application/json", "application/feed+json", "application/rss+xml; charset=utf-8", "image/svg+xml"]
)
def test_words_for_machines_are_compressed_too(kind: str) -> None:
    assert answered("br", headers={"Content-Type": kind})["Content-Encoding"] == "br"


def test_a_tag_of_the_page_becomes_a_weak_one() -> None:
    assert answered("br", headers={"ETag": '"abc"'})["ETag"] == 'W/"abc"'
    assert answered("br", headers={"ETag": 'W/"abc"'})["ETag"] == 'W/"abc"'


@pytest.mark.parametrize(
    ("header", "codings"),
    [
        ("gzip, br", {"gzip", "br"}),
        ("GZIP;q=1.0,br ; q=0.000", {"gzip"}),
        ("br;q=0.001", {"br"}),
        ("br;q=x, ;;, gzip", {"gzip"}),
        ("", set()),
    ],
)
def test_what_a_browser_reads(header: str, codings: set[str]) -> None:
    assert accepted(header) == codings


@pytest.mark.django_db
def test_the_pages_of_the_news_are_compressed_and_those_of_the_account_are_not(at: Any) -> None:
    at(NOW)
    a_plan()
    article, reader = an_article(), a_reader()
    a_subscription(reader)
    reading = Client(headers={"accept-encoding": "gzip, br"})
    for path in ("/", "/climate/", article.get_absolute_url(), "/feed.xml", "/sitemap-news.xml"):
        assert reading.get(path)["Content-Encoding"] == "br", path
    reading.force_login(reader)
    assert reading.get(article.get_absolute_url())["Content-Encoding"] == "gzip"
    for path in ("/account/", "/account/email/", "/subscribe/confirm/?plan=year"):
        answer = reading.get(path)
        assert len(answer.content) > 1000 or answer.status_code != 200, path
        assert "Content-Encoding" not in answer, path
