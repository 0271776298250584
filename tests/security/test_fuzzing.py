"""No request is an error of ours, whatever it asks and whoever sends it."""

import os
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.signals import got_request_exception
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from articles.models import Article, Topic
from readers.models import User
from tests.make import NOW, a_plan, a_reader, a_subscription, an_article, somebody_in
from tests.security.fuzzing import Attack, Forms, attacks
from tests.security.routes import good_values, routes

pytestmark = pytest.mark.django_db
# Of `make fuzz`; without it few, and always the same.
MANY = int(os.environ.get("FUZZ_REQUESTS", "0"))
TOOLS = [
    HealthCheck.function_scoped_fixture,
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.large_base_example,
]


def nobody() -> None:
    return None


def reader() -> User:
    return a_reader()


def subscriber() -> User:
    person = a_reader("alice@example.org")
    a_subscription(person)
    return person


def editor() -> User:
    return somebody_in("Editors", "edith@example.org")


def desk() -> User:
    return somebody_in("Subscription desk")


def root() -> User:
    return User.objects.create_superuser("root@example.org", "a long enough password")


VISITORS = (nobody, reader, subscriber, editor, desk, root)


@pytest.fixture
def article(at: Callable[[datetime], None]) -> Article:
    at(NOW)
    a_plan("year")
    a_plan("month")
    article = an_article("A walled bridge")
    article.topics.add(Topic.objects.create(name="Bridges", slug="bridges"))
    return article


@pytest.mark.parametrize("visitor", VISITORS)
def test_no_request_is_an_error_of_ours(visitor: Callable[[], User | None], article: Article) -> None:
    known, good, broken = routes(), good_values(article), []
    client = Client(raise_request_exception=False)
    if person := visitor():
        client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    session, forms = client.cookies.output(), Forms(client)
    met: Counter[int] = Counter()

    def note(sender: Any, **facts: Any) -> None:
        broken.append(sys.exc_info()[1])

    @given(st.data())
    @settings(
        max_examples=MANY // len(VISITORS) or 84,
        derandomize=not MANY,
        database=None,
        deadline=None,
        suppress_health_check=TOOLS,
        phases=(Phase.generate, Phase.shrink),
    )
    def attacked(data: st.DataObject) -> None:
        with transaction.atomic():
            attack: Attack = data.draw(attacks(known, good, forms))
            client.cookies.load(session.replace("Set-Cookie: ", ""))
            broken.clear()
            answer = attack.send(client)
            met[answer.status_code] += 1
            if not answer.streaming:
                assert answer.content is not None
            assert answer.status_code < 500 or answer.status_code == 503, (attack, broken)
            assert not broken, (attack, broken)
            transaction.set_rollback(True)

    got_request_exception.connect(note)
    try:
        attacked()
    finally:
        got_request_exception.disconnect(note)
    assert met[200] > met.total() / 6, f"this went past most pages: {met}"
