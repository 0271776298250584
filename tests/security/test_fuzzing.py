"""No request is an error of ours, whatever it asks and whoever sends it."""

import os
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from random import Random

import pytest
from django.core.signals import got_request_exception
from django.db import transaction
from django.test import Client

from articles.models import Article, Topic
from subscriptions.billing import SubscriptionFacts
from subscriptions.models import Subscription
from tests.fakes import FakeBilling
from tests.make import NOW, a_plan, an_article, the_facts
from tests.security.fuzzing import Attacker, Forms
from tests.security.routes import good_values, routes
from tests.security.visitors import Visitor, desk, editor, nobody, reader, root, subscriber

pytestmark = pytest.mark.django_db
# `make fuzz` sets how many and, to repeat a run, the seed; without it they are few, and always the same.
MANY = int(os.environ.get("FUZZ_REQUESTS", "504"))
SEED = int(os.environ.get("FUZZ_SEED") or ("1" if "FUZZ_REQUESTS" not in os.environ else Random().getrandbits(32)))


VISITORS = (nobody, reader, subscriber, editor, desk, root)


@pytest.fixture
def article(at: Callable[[datetime], None]) -> Article:
    at(NOW)
    a_plan("year")
    a_plan("month")
    article = an_article("A walled bridge")
    article.topics.add(Topic.objects.create(name="Bridges", slug="bridges"))
    return article


@pytest.fixture(autouse=True)
def _stripe_knows_them(billing: FakeBilling) -> None:
    billing.states = _FromTheRows()


class _FromTheRows(dict[str, SubscriptionFacts]):
    """Subscriptions at Stripe: each as the site has it."""

    def __contains__(self, stripe_id: object) -> bool:
        return super().__contains__(stripe_id) or Subscription.objects.filter(stripe_id=stripe_id).exists()

    def __missing__(self, stripe_id: str) -> SubscriptionFacts:
        row = Subscription.objects.get(stripe_id=stripe_id)
        return the_facts(row.plan.interval, row.status, until=row.period_ends_at, stripe_id=stripe_id)


@pytest.mark.parametrize("visitor", VISITORS)
def test_no_request_is_an_error_of_ours(visitor: Visitor, article: Article) -> None:
    broken: list[BaseException | None] = []
    met: Counter[int] = Counter()
    client = Client(raise_request_exception=False)
    person = visitor()
    if person:
        client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    session = client.cookies.output(header="")
    in_admin = 0.7 if person and person.is_staff else 0.1
    attacker = Attacker(routes(), good_values(article), Forms(client), in_admin, Random(f"{SEED} {visitor.__name__}"))

    def note(sender: object, **facts: object) -> None:
        broken.append(sys.exc_info()[1])

    got_request_exception.connect(note)
    try:
        for attack in attacker.attacks(MANY // len(VISITORS)):
            client.cookies.load(session)
            before = transaction.savepoint()
            answer = attack.send(client)
            assert answer.streaming or answer.content is not None
            transaction.savepoint_rollback(before)
            met[answer.status_code] += 1
            assert answer.status_code < 500 or answer.status_code == 503, (SEED, attack, broken)
            assert not broken, (SEED, attack, broken)
    finally:
        got_request_exception.disconnect(note)
    assert met[200] > met.total() / 12, f"this went past most pages: {met}"
