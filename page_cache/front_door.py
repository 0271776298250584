"""Before Django: a ready page goes out as bytes; whatever is not one goes in, and may come out as one.

Only views that say `@public` (edge/caching.py) are asked for pages to keep, as a visitor of whom nothing is known: no
cookie, no address, no user agent. So a page can hold nothing of the one who happened to come first.
"""

import logging
import threading
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.urls import Resolver404, resolve
from django.utils.module_loading import import_string

from edge import clock
from edge.caching import COUNTS_AS

from . import answers
from . import page as pages
from .answers import Answer, Application, Environ, StartResponse
from .changes import Changes
from .made_of import Recorder
from .making import Making
from .moments import right_until
from .page import Page
from .purging import tagged
from .readers_pages import ReadersPages
from .store import Store

Key = tuple[str, str, str, str]

log = logging.getLogger(__name__)
LONGEST_ADDRESS = 1024
# Where somebody came from is nothing a page depends on.
TRACKING = ("utm_", "mc_", "pk_", "fbclid", "gclid", "msclkid", "yclid", "igshid", "ref_src")


class PageCache:
    """A WSGI application around another: one per process."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.store = Store(settings.PAGE_CACHE_MEGABYTES * 1024 * 1024)
        self.changes = Changes()
        self.not_shared: set[Key] = set()
        self.making = Making(self.changes, self.store)
        self.bookkeeping = threading.Lock()
        self.readers = ReadersPages(application, self.changes, self.store, self.making)
        self.goes_in = import_string(settings.PAGE_CACHE_GOES_IN)
        # To find the view of an address takes longer than to hand out its page.
        self.is_public = lru_cache(maxsize=4096)(_is_public)
        self.session_cookie = f"{settings.SESSION_COOKIE_NAME}="
        self.hosts = frozenset(settings.ALLOWED_HOSTS)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        key = self._key(environ)
        if key is None or key in self.not_shared:
            return self.application(environ, start_response)
        if self.session_cookie in environ.get("HTTP_COOKIE", ""):
            answer = self.readers.answer(key, environ, start_response, is_public=lambda: self.is_public(key[2]))
            return self.application(environ, start_response) if answer is None else answer
        now = clock.now()
        database_answers = self.changes.look()
        page = self._ready(key, now)
        if page is None:
            if not database_answers or not self.is_public(key[2]):
                return self._not_shared(key, environ, start_response)
            return self._made_once(key, environ, start_response)
        return _serve(page, environ, start_response, now)

    # --- Is there one? ------------------------------------------------------------------------------

    def _key(self, environ: Environ) -> Key | None:
        """What the page depends on: scheme, host, path and query. None for whatever is no plain reading."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or "HTTP_AUTHORIZATION" in environ:
            return None
        path, query, host = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", ""), environ.get("HTTP_HOST", "")
        if len(path) + len(query) > LONGEST_ADDRESS or not self._is_ours(host):
            return None
        if self.goes_in(environ):
            return None
        scheme: str = environ.get("HTTP_X_FORWARDED_PROTO") or environ.get("wsgi.url_scheme", "http")
        return scheme, host, path, _without_tracking(query) if query else ""

    def _is_ours(self, host: str) -> bool:
        return host in self.hosts or host.rpartition(":")[0] in self.hosts

    def _ready(self, key: Key, now: datetime) -> Page | None:
        page = self.store.get(key)
        if not isinstance(page, Page):
            return None
        is_right = page.made_at <= now < page.right_until
        if is_right and not self.changes.has_changed(page.tables, since=page.begun_at_number):
            return page
        return None

    # --- Making one ---------------------------------------------------------------------------------

    def _made_once(self, key: Key, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        said: list[tuple[Answer, str]] = []
        page = self.making.once(
            key, ready=lambda: self._ready(key, clock.now()), make=lambda: self._make(key, environ, said)
        )
        if isinstance(page, Page):
            return _serve(page, environ, start_response, clock.now())
        answer, counts_as = said[-1]
        return self._once(key, answer, environ, start_response, counts_as=counts_as)

    def _make(self, key: Key, environ: Environ, said: list[tuple[Answer, str]]) -> Page | None:
        """The page, or None where what was `said` is not to be kept."""
        number, position = self.changes.number, self.changes.notes.position
        now, recorder = clock.now(), Recorder()
        asked = answers.as_nobody(environ, query=key[3])
        with recorder.listening():
            answer = answers.of(self.application, asked)
        said.append((answer, asked.get(COUNTS_AS, "")))
        if not answer.may_be_shared:
            return None
        if not recorder.is_watched:
            log.warning("%s is made for each visitor: it reads %s", key[2], ", ".join(sorted(recorder.unknown)))
            return None
        return pages.make(
            answer.status,
            [*answer.headers, *tagged(recorder.tables)],
            answer.content,
            tables=frozenset(recorder.tables),
            begun_at_number=number,
            position=position,
            made_at=now,
            right_until=right_until(recorder.tables, at=now, said=asked[answers.MOMENTS]),
            counts_as=asked.get(COUNTS_AS, ""),
        )

    def _once(
        self, key: Key, answer: Answer, environ: Environ, start_response: StartResponse, *, counts_as: str
    ) -> Iterable[bytes]:
        """Hand out an answer that is not kept. A page that exists will not be tried again; others may yet come."""
        if answer.status.startswith("200 "):
            self._remember_not_shared(key)
        environ[COUNTS_AS] = counts_as
        start_response(answer.status, answer.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.content]

    def _not_shared(self, key: Key, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not self.is_public(key[2]):
            self._remember_not_shared(key)
        return self.application(environ, start_response)

    def _remember_not_shared(self, key: Key) -> None:
        with self.bookkeeping:
            if len(self.not_shared) > 10_000:
                self.not_shared.clear()
            self.not_shared.add(key)


def _serve(page: Page, environ: Environ, start_response: StartResponse, now: datetime) -> Iterable[bytes]:
    environ[COUNTS_AS] = page.counts_as
    body = page.body_for(environ.get("HTTP_ACCEPT_ENCODING", ""))
    has = environ.get("HTTP_IF_NONE_MATCH")
    if has and page.status.startswith("200 ") and pages.matches(body.etag, has):
        start_response("304 Not Modified", page.until_it_changes(body.not_modified, now))
        return []
    start_response(page.status, page.until_it_changes(body.headers, now))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body.content]


def _is_public(path: str) -> bool:
    try:
        view = resolve(path.encode("latin-1", "replace").decode("utf-8", "replace")).func
    except Resolver404:
        return False
    return getattr(view, "is_public_page", False)


def _without_tracking(query: str) -> str:
    if not any(name in query for name in TRACKING):
        return query
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(name, value) for name, value in pairs if not name.startswith(TRACKING)])
