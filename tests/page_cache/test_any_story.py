"""Whatever is written, read and waited for, in whatever order: two processes say what an uncached one would."""

from datetime import timedelta
from typing import Any

import hypothesis
import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from articles.models import Article, SavedArticle
from edge.shared_memory import connected
from readers.models import User
from subscriptions.models import Subscription
from tests.make import NOW, a_reader, a_subscription
from tests.shared_memory import Server, needs_redis

from .conftest import COMMITS, Front
from .test_readers_pages import Browser, same
from .test_what_changes_which_page import CLIMATE, EVENTS, TECH, newsroom

__all__ = ["newsroom"]
pytestmark = [needs_redis, pytest.mark.django_db]
PAGES = ("/", "/climate/", CLIMATE, TECH, "/latest/", "/feed.xml", "/subscribe/")
OF_THE_READER: dict[str, Any] = {
    "the subscription ends": lambda: Subscription.objects.update(status="canceled", ends_at=NOW),
    "the subscription goes on": lambda: Subscription.objects.update(status="active", ends_at=None),
    "the reader speaks French": lambda: User.objects.update(language="fr"),
    "the article is saved": lambda: SavedArticle.objects.put_aside(
        User.objects.get(email="bob@example.org").pk, Article.objects.get(slug="bridge"), at=NOW
    ),
}
STEPS = st.lists(
    st.one_of(
        st.sampled_from(sorted(EVENTS)),
        st.sampled_from(sorted(OF_THE_READER)),
        st.integers(min_value=1, max_value=3 * 24 * 60),
        st.tuples(st.sampled_from(PAGES), st.booleans(), st.booleans()),
    ),
    min_size=3,
    max_size=10,
)


@pytest.mark.skipif(COMMITS, reason="its stories are rolled back; test_notes.py has what PostgreSQL does otherwise")
@hypothesis.settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(steps=STEPS)
def test_after_any_story_every_process_says_what_an_uncached_one_would(
    two_fronts: tuple[Front, Front], redis: Server, newsroom: Any, steps: list[Any]
) -> None:
    connected(redis.url).flushall()
    for front in two_fronts:
        front.forget()
    moment, done = NOW, set()
    with transaction.atomic():
        newsroom(NOW)
        reader = a_reader()
        a_subscription(reader, period_ends_at=NOW + timedelta(days=90))
        browsers = [Browser(front, reader).forget_first_use() for front in two_fronts]
        for step in steps:
            if isinstance(step, int):
                moment += timedelta(minutes=step)
                newsroom(moment)
            elif isinstance(step, tuple):
                path, is_reader, is_other = step
                (browsers[is_other] if is_reader else two_fronts[is_other]).get(path)
            elif step in OF_THE_READER:
                OF_THE_READER[step]()
            elif step not in done:
                done.add(step)
                EVENTS[step][0]()
        for path in PAGES:
            fresh = Client().get(path).content
            theirs = same(browsers[0].from_django(path))
            for front, browser in zip(two_fronts, browsers, strict=True):
                assert front.get(path).body == fresh, path
                assert same(browser.get(path).body) == theirs, path
        transaction.set_rollback(True)
