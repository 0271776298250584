"""Pages beside the limit of the server and beside nginx, and what of them grows with the archive."""

import contextlib
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from bench.load import Load, load
from bench.served import THREADS, Served, served
from bench.stage import working_on
from tests import programs

BROWSER = {"Accept-Encoding": "gzip, deflate, br"}
LIMIT, NGINX = "constant bytes, the limit of the server", "nginx, the same bytes as a file"
ARTICLE, FRONT, ENTITLED = "article, anyone", "front page, anyone", "article, subscriber"
MADE_ARTICLE, MADE_FRONT = "article, made for each visitor", "front page, made for each visitor"
UNCACHED = "newsroom.wsgi:django_application"
CACHED = "newsroom.wsgi:application"


@dataclass(frozen=True)
class Measured:
    """Medians of the rounds. `share` is of what was measured first in the same round."""

    per_second: float
    p99_ms: float
    share: float
    cpu_ms: float = 0.0


@dataclass(frozen=True)
class Known:
    """What a database holds: addresses, and the headers of people who are logged in."""

    article: str
    deep: str
    subscriber: dict[str, str]
    in_largest: dict[str, str]
    in_small: dict[str, str]


@dataclass(frozen=True)
class Turn:
    """One thing to measure: how, and at which server, if it is one of ours."""

    ask: Callable[[], Load]
    server: Served | None = None


def known(name: str) -> Known:
    """Look it up in the database of that name."""
    from articles.models import Article, Section
    from groups.models import Seat
    from subscriptions.models import Subscription
    from tests.scale.pages import deep_in

    now = datetime.now(UTC)
    with working_on(name):
        newest = Article.objects.published(at=now).newest_first().select_related("section")
        section = Section.objects.order_by("pk")[0]
        deep = f"{section.get_absolute_url()}?before={deep_in(section.articles.published(at=now))}"
        paying = Subscription.objects.filter(status="active").order_by("pk")[0].reader
        seats = Seat.objects.select_related("reader")
        return Known(
            article=newest[0].get_absolute_url(),
            deep=deep,
            subscriber=_session(paying),
            in_largest=_session(seats.filter(group=1).order_by("pk")[0].reader),
            in_small=_session(seats.exclude(group=1).order_by("pk")[0].reader),
        )


def beside_the_limit(url: str, about: Known, *, seconds: int, rounds: int) -> dict[str, Measured]:
    """Each page and its limits by turns, so that a busy moment meets all of them."""
    with contextlib.ExitStack() as started:
        site = started.enter_context(served(CACHED, DATABASE_URL=url))
        django = started.enter_context(served(UNCACHED, DATABASE_URL=url))
        limit = started.enter_context(_limit_of(site.url + about.article))
        nginx = started.enter_context(_nginx(site.url + about.article))
        etag = {"If-None-Match": _header(site.url + about.article, "ETag")}

        def page(at: Served, path: str, headers: dict[str, str] = BROWSER, **how: Any) -> Turn:
            how |= {"connections": THREADS} if at is django else {}
            return Turn(lambda: load(at.url, path, seconds=seconds, headers=headers, **how), at)

        turns = {
            LIMIT: page(limit, "/"),
            **({NGINX: Turn(lambda: load(nginx, "/", seconds=seconds, headers=BROWSER))} if nginx else {}),
            ARTICLE: page(site, about.article),
            "article, not modified": page(site, about.article, BROWSER | etag, expect=304),
            FRONT: page(site, "/"),
            "feed, anyone": page(site, "/feed.xml"),
            ENTITLED: page(site, about.article, about.subscriber),
            "article, 1 in 100 entitled": page(site, about.article, about.subscriber, one_in=100, others=BROWSER),
            "article, 1 in 10 entitled": page(site, about.article, about.subscriber, one_in=10, others=BROWSER),
            MADE_ARTICLE: page(django, about.article),
            MADE_FRONT: page(django, "/"),
            "article, by a seat in a small agreement, made": page(django, about.article, about.in_small),
            "article, by a seat in the largest, made": page(django, about.article, about.in_largest),
        }
        return by_turns(turns, seconds=seconds, rounds=rounds)


def beside_each_other(databases: Mapping[int, str], about: Mapping[int, Known], *, seconds: int, rounds: int) -> Any:
    """The same pages of sites of every size, by turns: what was measured by page, then by size."""
    with contextlib.ExitStack() as started:
        turns: dict[tuple[str, int], Turn] = {}
        sites = {
            size: (
                started.enter_context(served(CACHED, DATABASE_URL=url)),
                started.enter_context(served(UNCACHED, DATABASE_URL=url)),
            )
            for size, url in databases.items()
        }
        for what, which, path in (
            (ARTICLE, 0, "article"),
            (FRONT, 0, "/"),
            (MADE_ARTICLE, 1, "article"),
            (MADE_FRONT, 1, "/"),
            ("section, 19 of 20 pages in, made", 1, "deep"),
        ):
            for size, pair in sites.items():
                address = path if path == "/" else getattr(about[size], path)
                # No more at a time than it has threads, or the next turn would wait for what is left of this one.
                ask = partial(load, pair[which].url, address, seconds=seconds, headers=BROWSER)
                turns[what, size] = Turn(partial(ask, connections=THREADS) if which else ask, pair[which])
        found = by_turns(turns, seconds=seconds, rounds=rounds)
    return {what: {size: found[what, size] for size in databases} for what, _ in turns}


def by_turns(turns: Mapping[Any, Turn], *, seconds: int, rounds: int) -> dict[Any, Measured]:
    """Medians of so many rounds; each is asked once before, unmeasured."""
    for turn in turns.values():
        turn.ask()
        if turn.server:
            turn.server.at_rest()
    measured: dict[Any, list[Measured]] = {what: [] for what in turns}
    for _ in range(rounds):
        ceiling = 0.0
        for what, turn in turns.items():
            used = turn.server.at_rest() if turn.server else 0.0
            one = turn.ask()
            used = turn.server.cpu_seconds - used if turn.server else 0.0
            ceiling = ceiling or one.per_second
            cpu_ms = 1000 * used / max(one.per_second * seconds, 1)
            measured[what].append(Measured(one.per_second, one.p99_ms, one.per_second / max(ceiling, 0.1), cpu_ms))
    return {
        what: Measured(*(statistics.median(getattr(one, name) for one in found) for name in Measured.__annotations__))
        for what, found in measured.items()
    }


def _session(reader: Any) -> dict[str, str]:
    """The headers of somebody who is logged in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(reader.pk), reader.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session.create()
    cookies = f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.CSRF_COOKIE_NAME}={'A' * 32}"
    return BROWSER | {"Cookie": cookies}


# --- What it is measured beside ---------------------------------------------------------------------


@contextlib.contextmanager
def _limit_of(url: str) -> Iterator[Served]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(_compressed(url))
        file.flush()
        with served("bench.constant:application", BENCH_BYTES=file.name, BENCH_ENCODING="br") as constant:
            yield constant


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
