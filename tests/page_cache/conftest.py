"""The site with its ready pages in front, asked as a server asks it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import RequestFactory

from edge.shared_memory import connected
from page_cache import changes
from page_cache.front_door import PageCache
from tests import shared_memory

# There a transaction notes a table once: what is to be seen must have been committed.
COMMITS = configured.DATABASES["default"]["ENGINE"].endswith("postgresql")


@dataclass
class Front:
    """The cache, the number of times that Django was asked, and a way to read."""

    cache: PageCache
    made: list[str] = field(default_factory=list)

    def forget(self) -> None:
        """Begin as a new process would."""
        self.cache = PageCache(self.cache.application)

    def another(self) -> "Front":
        """Another process of the same site; both count in `made`."""
        return Front(PageCache(self.cache.application), self.made)

    def get(self, path: str, *, method: str = "GET", **headers: str) -> "Got":
        """What a visitor gets; headers as in a WSGI environ."""
        environ = RequestFactory(HTTP_HOST="testserver").generic(method, "/", **headers).environ
        at, _, query = path.partition("?")
        environ |= {"PATH_INFO": at, "QUERY_STRING": headers.get("QUERY_STRING", query)}
        got = Got()
        got.body = b"".join(self.cache(environ, got.start))
        return got


class Got:
    """An answer."""

    status = ""
    body = b""

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        self.status, self.pairs = status, headers
        self.headers = {name.lower(): value for name, value in headers}


@pytest.fixture(scope="module")
def _redis_server() -> Iterator[shared_memory.Server]:
    with shared_memory.server() as running:
        yield running


@pytest.fixture
def redis(_redis_server: shared_memory.Server, settings: Any) -> shared_memory.Server:
    """The site with CACHE_URL, and an empty Redis; to be asked for before `front`."""
    if _redis_server.process is None:
        _redis_server.start()
    connected(_redis_server.url).flushall()
    settings.CACHE_URL = _redis_server.url
    return _redis_server


@pytest.fixture
def front(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """The site of one process, which looks for changes at each request."""
    monkeypatch.setattr(changes, "LOOK_EVERY", 0.0)
    # Django closes connections at the end of a request; the one of the test holds its transaction.
    monkeypatch.setattr("django.core.handlers.wsgi.signals.request_started.send", lambda **facts: None)
    monkeypatch.setattr("django.http.response.signals.request_finished.send", lambda **facts: None)
    django = get_wsgi_application()
    made: list[str] = []

    def counted(environ: dict[str, Any], start_response: Any) -> Any:
        made.append(environ["PATH_INFO"])
        return django(environ, start_response)

    yield Front(PageCache(counted), made)
    connection.ensure_connection()


@pytest.fixture
def two_fronts(redis: shared_memory.Server, front: Front) -> tuple[Front, Front]:
    """Two processes that share a Redis."""
    return front, front.another()
