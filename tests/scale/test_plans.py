"""No page reads more rows because there are more: looked up in the database's own plans, on PostgreSQL.

Ten thousand articles are few enough to make in seconds, and the database is told that there are fifty times as many,
so that it plans as it would for a large house. `python -m bench.scale` asks the same of a true million.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from tests.fresh import Postgresql
from tests.make import NOW
from tests.scale.filled import Size, fill
from tests.scale.pages import Asked, pages, people
from tests.scale.plans import watched

pytestmark = pytest.mark.postgres
SIZE = Size(articles=10_000, readers=10_000)
# What one step of a query may touch, where a look at everything would be five times as much.
MOST = 2_000
# Of few subjects each is that of a large part of the articles, and the shortest way is through all of them.
NOT_SO_SMALL = ("/topics/",)


@pytest.fixture
def _filled(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    if connection.vendor != "postgresql":
        pytest.skip("plans are PostgreSQL's")
    with django_db_blocker.unblock(), Postgresql().another():
        fill(SIZE, at=NOW)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE pg_class SET reltuples = reltuples * 50"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples > 0"
            )
            cursor.execute("SET jit = off; SET random_page_cost = 1.1")
        yield


def cost(asked: Asked, who: Any) -> list[str]:
    """What the page reads too much of."""
    client = Client()
    if who:
        client.force_login(who, backend="django.contrib.auth.backends.ModelBackend")
    cache.clear()
    with watched(most=MOST) as watch:
        answer = client.get(asked.path)
    assert answer.status_code == 200, f"{asked.path}: {answer.status_code}"
    assert watch.queries
    return [f"{asked.path} ({asked.who}): {found}" for found in watch.found]


@pytest.mark.usefixtures("_filled")
def test_no_page_reads_a_large_table_through_or_counts_everything_and_a_lost_index_is_noticed(
    at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One test, since the rows take longest."""
    at(NOW)
    monkeypatch.setattr("edge.desk.MOST_COUNTED", 200)
    known = people()
    asked = [one for one in pages(at=NOW) if not one.path.startswith(NOT_SO_SMALL)]
    found = [line for one in asked for line in cost(one, known[one.who])]
    assert not found, "\n".join(found)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX article_section_river, article_river")
    assert cost(next(one for one in asked if one.path.startswith("/latest/")), None)
