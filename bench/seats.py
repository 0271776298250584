"""`python -m bench.seats`: may somebody read through a seat in an agreement of 100,000, beside an own subscription?

Both are asked by turns in one run, the question alone and as a page of an article, and each row says how many queries
it took. Ends with 1 where a seat takes more queries, or more than a fifth more time. About two minutes.
"""

import argparse
import contextlib
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests import pg

MOST = 1.2
KINDS = PAYS, SITS, NEITHER = ("own subscription", "seat", "neither")
BATCH = 5_000
# How many of each kind are asked in a round; a page takes longer than the question in it.
ASKED, PAGES = 300, 30


def main() -> int:
    """Measure, print a table, and say whether the bar holds."""
    parser = argparse.ArgumentParser(prog="python -m bench.seats", description=__doc__)
    parser.add_argument("--seats", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    with database():
        payers, seated, nobody = _people(given.seats)
        print(f"{'':34} {'queries':>8} {'ms each':>9} {'beside a subscription':>23}")
        held = [_compare(*one, payers, seated, nobody, given.rounds) for one in _questions()]
    print(
        f"Medians of {given.rounds} rounds of {ASKED} readers each, by turns; {given.seats:,} seats in one agreement."
    )
    return 0 if all(held) else 1


def _compare(
    what: str,
    ask: Callable[[Any], object],
    count: int,
    payers: Sequence[Any],
    seated: Sequence[Any],
    nobody: Sequence[Any],
    rounds: int,
) -> bool:
    kinds = {name: itertools.cycle(some) for name, some in zip(KINDS, (payers, seated, nobody), strict=True)}
    queries = {name: _queries(ask, next(people)) for name, people in kinds.items()}
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, people in kinds.items():
            some = list(itertools.islice(people, count))
            began = time.perf_counter()
            for reader in some:
                ask(reader)
            taken[name].append((time.perf_counter() - began) / count)
    ratios = {
        name: statistics.median(mine / theirs for mine, theirs in zip(seconds, taken[PAYS], strict=True))
        for name, seconds in taken.items()
    }
    for name, seconds in taken.items():
        milliseconds = statistics.median(seconds) * 1000
        print(f"{what + ', ' + name:34} {queries[name]:>8} {milliseconds:>9.2f} {ratios[name]:>23.2f}", flush=True)
    return ratios[SITS] <= MOST and queries[SITS] == queries[PAYS]


def _queries(ask: Callable[[Any], object], reader: Any) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ask(reader)
    with CaptureQueriesContext(connection) as asked:
        ask(reader)
    # What is noted of a reading through an agreement is written, and no question.
    return sum("INSERT" not in query["sql"][:10] for query in asked.captured_queries)


def _questions() -> list[tuple[str, Callable[[Any], object], int]]:
    from django.test import RequestFactory

    from articles.views import article
    from subscriptions.access import entitlement_for

    now, factory, page = datetime.now(UTC), RequestFactory(), _article()

    def read(reader: Any) -> object:
        request: Any = factory.get(page.get_absolute_url())
        request.now, request.user, request.session, request.LANGUAGE_CODE = now, reader, {}, "en-gb"
        request.resolver_match = None
        return article(request, section=page.section.slug, slug=page.slug)

    return [("the question", lambda reader: entitlement_for(reader, at=now), ASKED), ("an article", read, PAGES)]


def _article() -> Any:
    from tests.make import an_article

    return an_article(published=datetime.now(UTC) - timedelta(days=1))


def _people(seats: int) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
    """Some who pay, some of those who sit in the agreement, some who do neither."""
    from django.db import connection

    from groups.models import Seat
    from readers.models import User
    from tests.make import a_plan, a_subscription, an_agreement

    now = datetime.now(UTC)
    a_plan("year")
    group = an_agreement("The largest", seats=None, starts_on=now.date(), ends_on=now.date() + timedelta(days=300))
    for begin in range(0, seats, BATCH):
        some = User.objects.bulk_create(
            User(email=f"seat{number}@large.example", password="!")
            for number in range(begin, min(begin + BATCH, seats))
        )
        Seat.objects.bulk_create(
            Seat(
                group=group,
                reader=one,
                address=one.email,
                mailbox=one.email,
                how=Seat.How.INVITATION,
                given_at=now,
                proved_at=now,
            )
            for one in some
        )
    payers = User.objects.bulk_create(User(email=f"pays{number}@example.org", password="!") for number in range(ASKED))
    for one in payers:
        a_subscription(one, at=now)
    nobody = User.objects.bulk_create(User(email=f"none{number}@example.org", password="!") for number in range(ASKED))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return payers, list(User.objects.filter(seats__group=group).order_by("-pk")[: ASKED * 3]), nobody


@contextlib.contextmanager
def database() -> Iterator[None]:
    bin_dir = pg.binaries()
    if bin_dir is None:
        raise SystemExit("The benches need PostgreSQL (apt-get install postgresql).")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, pg.server(bin_dir) as url:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "DATABASE_URL": url,
            "VAR_DIR": folder,
            "LOG_LEVEL": "ERROR",
        }
        import django
        from django.core.management import call_command
        from django.db import connections

        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        try:
            yield
        finally:
            connections.close_all()


if __name__ == "__main__":
    sys.exit(main())
