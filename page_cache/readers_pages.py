"""The pages of those who bring a session: their standing from memory, the shared page, and their own parts in it."""

import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from edge import clock
from edge.caching import COUNTS_AS
from edge.visitor import StandIn

from . import answers, shared
from .answers import Application, Environ, StartResponse
from .changes import Changes
from .made_of import Recorder
from .making import Making
from .moments import right_until
from .page import takes
from .sources import sources
from .standing import ASKED, HOLES, STAND_IN, Standing
from .store import Store

log = logging.getLogger(__name__)
# What the cookie holds against forged forms; other lengths are of older times, and Django renews them.
SECRET_LENGTH = 32
# Readers whose standing is kept, in a process.
MOST_READERS = 50_000
# Even if nothing is written: last use is noted once an hour (readers/devices.py).
LONGEST = timedelta(minutes=30)
NEVER_KEPT = "private, no-store"


@dataclass(frozen=True)
class _Known:
    """What was found out about a session; without a standing its pages are made by Django."""

    standing: Standing | None
    notes: frozenset[str]
    begun_at_number: int
    asked_at: datetime
    right_until: datetime


class ReadersPages:
    """What `front_door.PageCache` asks where there is a session."""

    def __init__(self, application: Application, changes: Changes, store: Store, making: Making) -> None:
        self.application, self.changes, self.store, self.making = application, changes, store, making
        self.known: OrderedDict[str, _Known] = OrderedDict()
        self.session, self.csrf = _cookie(settings.SESSION_COOKIE_NAME), _cookie(settings.CSRF_COOKIE_NAME)

    def answer(
        self, key: tuple[str, ...], environ: Environ, start_response: StartResponse, *, is_public: Callable[[], bool]
    ) -> Iterable[bytes] | None:
        """The reader's page, or None where Django has to make it."""
        cookies = environ["HTTP_COOKIE"]
        session, csrf = self.session.search(cookies), self.csrf.search(cookies)
        if session is None or csrf is None or len(csrf[1]) != SECRET_LENGTH:
            return None
        if not is_public() or not self.changes.look():
            return None
        now = clock.now()
        standing = self._standing(session[1], environ, now)
        if standing is None or standing.stand_in is None:
            return None
        page = self._page((*key, standing.variant), standing.stand_in, environ, now)
        if page is None:
            return None
        as_gzip = takes(environ.get("HTTP_ACCEPT_ENCODING", ""), "gzip")
        body = page.for_reader(standing, csrf[1], as_gzip=as_gzip)
        encoding = [("Content-Encoding", "gzip")] if as_gzip else []
        environ[COUNTS_AS] = page.counts_as
        start_response(page.status, [*page.headers, *encoding, ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    # --- Who is it? ---------------------------------------------------------------------------------

    def _standing(self, session_key: str, environ: Environ, now: datetime) -> Standing | None:
        known = self.known.get(session_key)
        if known is None or not known.asked_at <= now < known.right_until or self._has_changed(known):
            known = self._ask(session_key, environ, now)
            self.known[session_key] = known
            self.known.move_to_end(session_key)
            while len(self.known) > MOST_READERS:
                self.known.popitem(last=False)
        return known.standing

    def _has_changed(self, known: _Known) -> bool:
        return self.changes.has_changed(known.notes, since=known.begun_at_number)

    def _ask(self, session_key: str, environ: Environ, now: datetime) -> _Known:
        """Let Django say who it is, and note what it read to know. What cannot be watched is not believed for long."""
        number, recorder = self.changes.number, Recorder(of_one_reader=True)
        asked = environ | {"REQUEST_METHOD": "GET", ASKED: None}
        with recorder.listening():
            answers.of(self.application, asked)
        standing: Standing | None = asked[ASKED]
        until = min(now + LONGEST, standing.right_until) if standing else now + LONGEST
        if not recorder.is_watched:
            log.warning("A reader's standing is read from what nobody watches: %s", ", ".join(sorted(recorder.unknown)))
            standing, until = None, now + timedelta(minutes=1)
        values = {"session_key": session_key} | ({"": standing.reader_id} if standing else {})
        notes = frozenset(_note(table, values) for table in recorder.tables if table in sources())
        return _Known(standing, notes, number, now, until)

    # --- Their kind's page ---------------------------------------------------------------------------

    def _page(
        self, key: tuple[str, ...], stand_in: StandIn, environ: Environ, now: datetime
    ) -> shared.SharedPage | None:
        page = self._ready(key, now) or self.making.once(
            key, ready=lambda: self._ready(key, clock.now()), make=lambda: self._make(key, stand_in, environ)
        )
        return page if isinstance(page, shared.SharedPage) else None

    def _ready(self, key: tuple[str, ...], now: datetime) -> shared.SharedPage | None:
        page = self.store.get(key)
        if not isinstance(page, shared.SharedPage) or not page.made_at <= now < page.right_until:
            return None
        return None if self.changes.has_changed(page.tables, since=page.begun_at_number) else page

    def _make(self, key: tuple[str, ...], stand_in: StandIn, environ: Environ) -> shared.SharedPage | None:
        number, position = self.changes.number, self.changes.notes.position
        now, recorder, holes = clock.now(), Recorder(), shared.Holes()
        asked = answers.as_nobody(environ, query=key[3]) | {STAND_IN: stand_in, HOLES: holes}
        with recorder.listening():
            answer = answers.of(self.application, asked)
        if not answer.status.startswith("200 ") or not answer.is_for_one(NEVER_KEPT):
            return None
        if not recorder.is_watched:
            log.warning("%s is made for each reader: it reads %s", key[2], ", ".join(sorted(recorder.unknown)))
            return None
        return shared.make(
            answer.status,
            answers.without_length(answer.headers),
            answer.content,
            holes,
            tables=frozenset(recorder.tables),
            begun_at_number=number,
            position=position,
            made_at=now,
            right_until=right_until(recorder.tables, at=now, said=asked[answers.MOMENTS]),
            counts_as=asked.get(COUNTS_AS, ""),
        )


def _note(table: str, values: dict[str, Any]) -> str:
    """What the triggers note when one of the rows changes that this reader's standing was read from."""
    by = sources()[table].by
    if not by:
        return table
    value = values.get(by, values.get(""))
    return f"{table}:{value}"


def _cookie(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|;)\s*{re.escape(name)}=([A-Za-z0-9]+)(?:;|$)")
