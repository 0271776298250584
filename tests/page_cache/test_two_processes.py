"""Two real processes of the site and a Redis: what ends is felt in both within a second, and nothing that dies lies."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from articles.models import Article
from subscriptions.models import Subscription
from tests.shared_memory import Server, needs_redis

from .processes import Answer, ask, site, stop
from .test_in_front import ARTICLE, NGINX, PAID, a_site_to_read, folder, nginx, session_of, soon

__all__ = ["folder"]
pytestmark = [needs_redis, pytest.mark.django_db(transaction=True)]
# What the rule allows; asked later than that, the old answer is wrong.
WITHIN_SECONDS = 1.0


@dataclass
class Asked:
    """One answer, and when its question was asked (monotonic seconds)."""

    at: float
    answer: Answer


class Readers:
    """Several who read without a pause, each one address, and keep what they were told."""

    def __init__(self, *urls: str, path: str = ARTICLE, **headers: str) -> None:
        self.told: list[Asked] = []
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self._read, args=(url, path, headers)) for url in urls]

    def __enter__(self) -> "Readers":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join(30)

    def since(self, moment: float) -> list[Answer]:
        """What those were told who asked after that."""
        return [each.answer for each in self.told if each.at >= moment]

    def go_on(self, answers: int, *, since: float) -> bool:
        """Let them, until so many asked after that moment were answered."""
        return soon(lambda: len(self.since(since)) >= answers, seconds=20)

    def _read(self, url: str, path: str, headers: dict[str, str]) -> None:
        while not self.stopped.wait(0.02):
            began = time.monotonic()
            self.told.append(Asked(began, ask(url, path, **headers)))


@pytest.fixture
def both(folder: Path, redis: Server) -> Iterator[list[str]]:
    """The addresses of two processes."""
    with ExitStack() as running:
        yield [running.enter_context(site(folder / "var", CACHE_URL=redis.url))[0] for _ in range(2)]


def test_what_ends_and_what_is_published_is_felt_in_both_within_a_second(
    redis: Server, both: list[str], transactional_db: None
) -> None:
    cookies = session_of(a_site_to_read())
    with Readers(*both, Cookie=cookies) as bob, Readers(*both, path="/latest/") as anybody:
        assert bob.go_on(20, since=0)
        assert anybody.go_on(20, since=0)
        assert all(PAID in answer.body for answer in bob.since(0))
        Subscription.objects.update(status="canceled", ends_at=Article.objects.get().published_at)
        Article.objects.update(headline="Bridge falls")
        told_by = time.monotonic() + WITHIN_SECONDS
        assert bob.go_on(20, since=told_by)
        assert anybody.go_on(20, since=told_by)
    assert not any(PAID in answer.body for answer in bob.since(told_by))
    assert all(b"Bridge falls" in answer.body for answer in anybody.since(told_by))
    assert {answer.status for answer in bob.since(0) + anybody.since(0)} == {200}


def test_redis_may_be_killed_and_hang_and_come_back_under_load(
    redis: Server, both: list[str], transactional_db: None
) -> None:
    cookies = session_of(a_site_to_read())
    with Readers(*both, Cookie=cookies) as bob, Readers(*both) as anybody:
        for happen in (redis.kill, redis.start, redis.hang, redis.kill, redis.start):
            happen()
            headline = f"After {happen.__name__}, {time.monotonic_ns()}"
            Article.objects.update(headline=headline)
            told_by = time.monotonic() + WITHIN_SECONDS
            for readers in (bob, anybody):
                assert readers.go_on(6, since=told_by)
                assert all(headline.encode() in answer.body for answer in readers.since(told_by))
    assert {answer.status for answer in bob.since(0) + anybody.since(0)} == {200}
    assert all(PAID in answer.body for answer in bob.since(0))
    assert not any(PAID in answer.body for answer in anybody.since(0))


@pytest.mark.skipif(NGINX is None, reason="nginx (apt-get install nginx)")
def test_a_process_may_be_killed_under_load_and_nobody_notices(
    redis: Server, folder: Path, transactional_db: None
) -> None:
    cookies = session_of(a_site_to_read())
    with (
        site(folder / "var", CACHE_URL=redis.url) as (one, process),
        site(folder / "var", CACHE_URL=redis.url) as (other, _),
        nginx(folder, one, other) as url,
        Readers(url, url, Cookie=cookies) as bob,
        Readers(url, path="/latest/") as anybody,
    ):
        assert bob.go_on(20, since=0)
        stop(process, number=9)
        assert bob.go_on(20, since=time.monotonic())
        assert anybody.go_on(5, since=time.monotonic())
    assert {answer.status for answer in bob.since(0) + anybody.since(0)} == {200}
    assert all(PAID in answer.body for answer in bob.since(0))
