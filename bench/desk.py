"""`python -m bench.desk`: the list of articles at the desk, with a hundred thousand of them beside a few hundred.

Each way of asking is measured before and after the many are made, in one run. Ends with 1 where one takes more than
12 queries or 200 ms, or the plain list half as long again. About eight minutes, nearly all for making the articles.
"""

import argparse
import contextlib
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bench.seats import database

MOST_QUERIES, MOST_MS, MOST_RATIO = 12, 200.0, 1.5
ROUNDS = 9
ASKED = {
    "the list": {},
    "page 30": {"p": "30"},
    "a rare word": {"q": "lighthouse"},
    "a common word": {"q": "commission"},
    "two words": {"q": "council vote"},
    "half a word, in one section": {"q": "ferr", "section__id__exact": "1"},
    "an author": {"q": "novak"},
    "drafts": {"state": "draft"},
    "one section": {"section__id__exact": "2"},
    "without a picture": {"needs": "picture"},
    "rights end soon": {"needs": "ends-soon"},
}


def main() -> int:
    """Measure, print a table, and say whether the bars hold."""
    parser = argparse.ArgumentParser(prog="python -m bench.desk", description=__doc__)
    parser.add_argument("--articles", type=int, default=100_000)
    given = parser.parse_args()
    with database():
        from newsroom.demo import fill, many

        now = datetime.now(UTC)
        few = fill.fill(at=now)
        before = _measured()
        with _indexed_afterwards():
            many.make_up_to(given.articles, at=now)
        after = _measured()
    print(f"{'':30} {'queries':>8} {'ms, ' + str(few):>10} {'ms, ' + format(given.articles, ','):>12} {'ratio':>7}")
    for name, (queries, took) in after.items():
        print(f"{name:30} {queries:>8} {before[name][1]:>10.1f} {took:>12.1f} {took / before[name][1]:>7.2f}")
    held = [
        all(queries <= MOST_QUERIES for queries, _ in after.values()),
        all(took <= MOST_MS for _, took in after.values()),
        after["the list"][1] <= MOST_RATIO * before["the list"][1],
    ]
    return 0 if all(held) else 1


def _measured() -> dict[str, tuple[int, float]]:
    """How many queries each way takes, and its median in milliseconds."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from tests.make import somebody_in

    client = Client(headers={"host": "localhost:8000"})
    client.force_login(somebody_in("Editors", f"eve{time.monotonic_ns()}@example.org"))
    measured = {}
    for name, asked in ASKED.items():
        with CaptureQueriesContext(connection) as asking:
            _ask(client, asked)
        queries = len(asking)
        taken = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            _ask(client, asked)
            taken.append(time.perf_counter() - began)
        measured[name] = (queries, statistics.median(taken) * 1000)
    return measured


def _ask(client: Any, asked: dict[str, str]) -> None:
    answer = client.get("/admin/articles/article/", asked)
    if answer.status_code not in (200, 302):
        raise RuntimeError(f"{asked}: {answer.status_code}")


@contextlib.contextmanager
def _indexed_afterwards() -> Iterator[None]:
    """Make many without the triggers, and their index at once; then let the database know what it has."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("SELECT articles_search_refresh(ARRAY(SELECT id FROM articles_article))")
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    sys.exit(main())
