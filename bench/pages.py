"""`python -m bench.pages`: pages beside the limit of the server, and how they grow with the archive."""

import argparse
import contextlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import Request, urlopen

from bench.load import Load, load
from bench.stage import stage
from tests import programs

SIZES = {"small": (1_000,), "usual": (1_000, 100_000), "large": (1_000, 100_000, 1_000_000)}
THREADS = 4
BROWSER = {"Accept-Encoding": "gzip, deflate, br"}


@dataclass(frozen=True)
class Measured:
    """A page at a number of articles: medians of the rounds, and the share of the limit that was measured beside it."""

    what: str
    articles: int
    per_second: float
    p99_ms: float
    share_of_limit: float


def main() -> None:
    """Measure, print a table. A few minutes; ends by itself."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="usual")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    rows: list[Measured] = []
    with stage() as (site, _):
        _begin()
        for articles in SIZES[given.size]:
            _archive_of(articles)
            rows += _measure(site, articles, given.seconds, given.rounds)
    _print(rows, given.rounds, given.seconds)


def _measure(site: str, articles: int, seconds: int, rounds: int) -> Iterator[Measured]:
    """Each page and its limits by turns, so that a busy moment meets all of them."""
    session = _a_subscribers_session()
    paths = _paths()
    with contextlib.ExitStack() as started:
        django = started.enter_context(_served("newsroom.wsgi:django_application"))
        limit = started.enter_context(_limit_of(site + paths["article"]))
        nginx = started.enter_context(_nginx(site + paths["article"]))
        etag = _header(site + paths["article"], "ETag")
        turns: dict[str, Callable[[], Load]] = {
            "the limit: constant bytes": lambda: load(limit, "/", seconds=seconds),
            **({"nginx, the same bytes as a file": lambda: load(nginx, "/", seconds=seconds)} if nginx else {}),
            "article, anyone": lambda: load(site, paths["article"], seconds=seconds, headers=BROWSER),
            "article, not modified": lambda: load(
                site, paths["article"], seconds=seconds, headers=BROWSER | {"If-None-Match": etag}, expect=304
            ),
            "front page, anyone": lambda: load(site, "/", seconds=seconds, headers=BROWSER),
            "feed, anyone": lambda: load(site, "/feed.xml", seconds=seconds, headers=BROWSER),
            "article, subscriber": lambda: load(site, paths["article"], seconds=seconds, headers=session),
            "article, made for each visitor": lambda: load(django, paths["article"], seconds=seconds),
            "front page, made for each visitor": lambda: load(django, "/", seconds=seconds),
            "search, anyone": lambda: load(site, "/search/?q=bridge+minister", seconds=seconds),
        }
        for path in ("/", paths["article"], "/feed.xml"):
            load(site, path, seconds=1, headers=BROWSER)
        measured: dict[str, list[tuple[Load, float]]] = {what: [] for what in turns}
        for _ in range(rounds):
            ceiling = 0.0
            for what, turn in turns.items():
                one = turn()
                ceiling = ceiling or one.per_second
                measured[what].append((one, one.per_second / ceiling))
    for what, found in measured.items():
        yield Measured(
            what,
            articles,
            statistics.median(one.per_second for one, _ in found),
            statistics.median(one.p99_ms for one, _ in found),
            statistics.median(share for _, share in found),
        )


def _print(rows: list[Measured], rounds: int, seconds: int) -> None:
    print(f"{'':36}{'articles':>10}{'per second':>12}{'p99, ms':>10}{'of the limit':>14}")
    for row in rows:
        share = f"{row.share_of_limit:.0%}" if row.share_of_limit < 0.995 else "-"
        print(f"{row.what:36}{row.articles:>10,}{row.per_second:>12,.0f}{row.p99_ms:>10.1f}{share:>14}")
    print(f"Medians of {rounds} rounds of {seconds} s; 16 connections; one process with {THREADS} threads.")


# --- What is measured -------------------------------------------------------------------------------


def _begin() -> None:
    from newsroom.demo import content
    from newsroom.demo.fill import _author, _section, _short_things
    from subscriptions.models import Plan

    for row in content.rows("sections"):
        _section(row)
    for row in content.rows("authors"):
        _author(row)
    _short_things(datetime.now(UTC))
    for interval, cents in (("year", 15000), ("month", 1500)):
        Plan.objects.get_or_create(
            interval=interval, price_cents=cents, lookup_key=interval, stripe_price_id=f"price_{interval}"
        )


def _archive_of(articles: int) -> None:
    from django.db import connection

    from newsroom.demo import many

    began = time.monotonic()
    many.make_up_to(articles, at=datetime.now(UTC))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(f"{articles:,} articles after {time.monotonic() - began:.0f} s", flush=True)


def _paths() -> dict[str, str]:
    from articles.models import Article

    return {"article": Article.objects.newest_first().first().get_absolute_url()}  # type: ignore[union-attr]


def _a_subscribers_session() -> dict[str, str]:
    """The headers of a subscriber who is logged in."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from readers.models import User
    from tests.make import a_subscription

    reader, is_new = User.objects.get_or_create(email="bench@example.org")
    if is_new:
        a_subscription(reader, at=datetime.now(UTC))
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(reader.pk), reader.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session.create()
    cookies = f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.CSRF_COOKIE_NAME}={'A' * 32}"
    return BROWSER | {"Cookie": cookies}


# --- What it is measured beside ---------------------------------------------------------------------


@contextlib.contextmanager
def _served(application: str, **environment: str) -> Iterator[str]:
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        with programs.site(application, port=programs.free_port(), threads=THREADS) as url:
            yield url
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _limit_of(url: str) -> Iterator[str]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(_compressed(url))
        file.flush()
        with _served("bench.constant:application", BENCH_BYTES=file.name, BENCH_ENCODING="br") as address:
            yield address


@contextlib.contextmanager
def _nginx(url: str) -> Iterator[str]:
    """nginx with the same bytes as a file, or an empty address where there is no nginx."""
    if not (program := shutil.which("nginx") or shutil.which("/usr/sbin/nginx")):
        yield ""
        return
    port = programs.free_port()
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        (root / "index.html").write_bytes(_compressed(url))
        (root / "nginx.conf").write_text(
            f"worker_processes 1; daemon off; pid {root}/pid; error_log {root}/error.log;\n"
            "events { worker_connections 256; }\n"
            f"http {{ access_log off; server {{ listen 127.0.0.1:{port}; root {root};"
            " default_type text/html; location / { add_header Content-Encoding br; } } }\n"
        )
        process = subprocess.Popen([program, "-c", str(root / "nginx.conf"), "-p", folder], stderr=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            programs.wait_for(address, process)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=10)


def _compressed(url: str) -> bytes:
    with urlopen(Request(url, headers=BROWSER), timeout=30) as answer:
        return answer.read()


def _header(url: str, name: str) -> str:
    with urlopen(Request(url, headers=BROWSER), timeout=30) as answer:
        return answer.headers.get(name, "")


if __name__ == "__main__":
    main()
