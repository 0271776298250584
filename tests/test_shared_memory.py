"""What counts against guessing is in Redis, and in the database while Redis is away; Redis is never believed."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.core import ratelimit
from django.core.cache import cache, caches
from django.test import RequestFactory

from edge import redis_cache, shared_memory
from edge.shared_memory import Rest, connected, seal, unsealed
from tests.shared_memory import Server, needs_redis, server

pytestmark = [needs_redis, pytest.mark.anywhere]
LIMIT = 5


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with server() as one:
        yield one


@pytest.fixture
def redis(running: Server, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The site with CACHE_URL, and Redis empty and at work."""
    if running.process is None:
        running.start()
    connected(running.url).flushall()
    settings.CACHES = {
        "default": {"BACKEND": "edge.redis_cache.RedisCache", "LOCATION": [running.url], "KEY_PREFIX": "site"},
        "without_redis": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "instead"},
    }
    settings.ACCOUNT_RATE_LIMITS = {"statement": f"{LIMIT}/h/key"}
    monkeypatch.setattr(redis_cache, "_REST", Rest())
    caches["without_redis"].clear()
    yield running
    if running.process is None:
        running.start()


def tries(count: int) -> int:
    """How many of so many tries are let through."""
    request = RequestFactory().post("/")
    return sum(bool(ratelimit.consume(request, action="statement", key="bob")) for _ in range(count))


def test_every_kind_of_value_comes_back(redis: Server) -> None:
    for value in ([1.5, 2.5], {"a": "b"}, True, None, "words", 7):
        cache.set("key", value, 60)
        assert cache.get("key", "missing") == value
    assert cache.incr("key", 2) == 9
    assert not cache.add("key", 1)
    assert cache.get_many(["key", "other"]) == {"key": 9}
    assert cache.delete("key")
    assert cache.get("key", "missing") == "missing"


def test_every_process_counts_in_the_same_place(redis: Server) -> None:
    assert tries(LIMIT - 1) == LIMIT - 1
    keys = [key.decode() for key in connected(redis.url).keys("*")]
    assert len(keys) == 1
    assert keys[0].startswith("site:")
    assert connected(redis.url).ttl(keys[0]) > 0
    assert tries(3) == 1


def test_without_redis_is_counted_all_the_same(redis: Server) -> None:
    assert tries(LIMIT + 1) == LIMIT
    redis.kill()
    assert tries(LIMIT + 3) == LIMIT
    redis.start()
    cache.rest.until = 0  # type: ignore[attr-defined]
    assert tries(LIMIT + 3) == LIMIT
    assert not cache.rest.is_away  # type: ignore[attr-defined]


def test_one_that_hangs_costs_one_visitor_a_moment_and_the_others_nothing(redis: Server) -> None:
    cache.set("key", 1)
    redis.hang()
    began = time.monotonic()
    assert cache.get("key", "missing") == "missing"
    assert time.monotonic() - began < 4 * shared_memory.ANSWERS_WITHIN_SECONDS
    began = time.monotonic()
    for _ in range(100):
        cache.get("key")
    assert time.monotonic() - began < shared_memory.ANSWERS_WITHIN_SECONDS
    redis.kill()


def test_after_a_restart_the_first_question_is_answered(redis: Server) -> None:
    cache.set("key", 1)
    redis.kill()
    redis.start()
    cache.set("key", 2)
    assert connected(redis.url).get("site:1:key") == b"2"


@pytest.mark.parametrize("strange", [b"", b"\x80\x04", b"x" * 200, seal(b"\x80\x04N.", name="another name")])
def test_what_somebody_else_wrote_there_is_as_if_it_were_not_there(redis: Server, strange: bytes) -> None:
    cache.set("key", "ours")
    connected(redis.url).set("site:1:key", strange)
    assert cache.get("key") is None


def test_a_seal_holds_for_one_content_one_name_and_one_secret(settings: Any) -> None:
    sealed = seal(b"content", name="page")
    assert unsealed(sealed, name="page") == b"content"
    assert unsealed(sealed[:-1] + b"T", name="page") is None
    assert unsealed(sealed, name="pag") is None
    assert unsealed(seal(b"econtent", name="pag"), name="page") is None
    assert unsealed(None, name="page") is None
    settings.SECRET_KEY = "another" * 10
    assert unsealed(sealed, name="page") is None
