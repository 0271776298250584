"""`python -m bench.desk`: the list of articles at the desk, with a hundred thousand of them beside a few hundred.

Each way of asking is measured before and after the many are made, in one run. Ends with 1 where one takes more than
12 queries or 200 ms, or the plain list half as long again. The last column says how long each takes beside the plain
list of the same moment: that holds on a busy machine, too. About three minutes.
"""

import argparse
import statistics
import sys
import time
from datetime import UTC, datetime
from typing import Any

from bench.seats import database

MOST_QUERIES, MOST_MS, MOST_RATIO = 12, 200.0, 1.5
ROUNDS = 9
# So many are written one by one; the rest are these again, each a little younger.
WRITTEN = 2_000
ASKED = {
    "the list": {},
    "page 30": {"p": "30"},
    "a rare word": {"q": "lighthouse"},
    "a common word": {"q": "commission"},
    "a letter that begins a word in each": {"q": "a"},
    "a common word, drafts": {"q": "commission", "state": "draft"},
    "a common word, by headline": {"q": "commission", "o": "1"},
    "two words": {"q": "council vote"},
    "half a word": {"q": "ferr"},
    "half a word, in one section": {"q": "ferr", "section__id__exact": "1"},
    "an author": {"q": "lindqvist"},
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
        many.make_up_to(min(given.articles, WRITTEN), at=now)
        _multiply(given.articles // WRITTEN - 1)
        after = _measured()
    print(f"{'':36} {'queries':>8} {'ms, ' + str(few):>10} {'ms, ' + format(given.articles, ','):>12} {'ratio':>7}"
          f" {'beside the list':>16}")  # fmt: skip
    plain = after["the list"][1]
    for name, (queries, took) in after.items():
        beside = f"{took / before[name][1]:>7.2f} {took / plain:>16.2f}"
        print(f"{name:36} {queries:>8} {before[name][1]:>10.1f} {took:>12.1f} {beside}")
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


def _multiply(times: int) -> None:
    """So many copies of each made article, with its text, its names and its place in the index."""
    from django.db import connection

    from articles.models import Article, Byline, FullText
    from newsroom.demo.many import PREFIX

    later = "t.published_at + k * interval '97 minutes'"
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM articles_article WHERE slug LIKE %s", [f"{PREFIX}%"])
        first, last = cursor.fetchone()
        copied = f"generate_series(1, {times}) k WHERE t.{{key}} BETWEEN {first} AND {last}"
        moved = f"+ k * {last - first + 1}"
        cursor.execute("SET session_replication_role = replica")
        for model, key, other in (
            (Article, "id", {"slug": "t.slug || '-' || k", "published_at": later}),
            (FullText, "article_id", {}),
            (Byline, "article_id", {"id": f"t.id {moved}"}),
        ):
            columns = [str(field.column) for field in model._meta.concrete_fields]
            each = {name: f't."{name}"' for name in columns} | {key: f"t.{key} {moved}"} | other
            cursor.execute(
                f"INSERT INTO {model._meta.db_table} ({', '.join(columns)})"
                f" SELECT {', '.join(each.values())} FROM {model._meta.db_table} t, {copied.format(key=key)}"
            )
        cursor.execute(
            f"INSERT INTO articles_search SELECT t.article_id {moved}, for_everyone, for_the_entitled"
            f" FROM articles_search t, {copied.format(key='article_id')}"
        )
        cursor.execute("SET session_replication_role = origin")
        for table in ("articles_article", "articles_byline"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    sys.exit(main())
