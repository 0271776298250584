"""Looks things up in OpenSearch, for a newsroom that has outgrown its database; in the database while that is away.

The database keeps its own index all the time. What OpenSearch holds follows it within a minute (`outbox.py`).
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from django.conf import settings
from opensearchpy import OpenSearch, OpenSearchException
from opensearchpy.exceptions import NotFoundError, TransportError

from . import database, outbox
from .opensearch_index import (
    BOTH,
    FULL,
    PUBLIC,
    alias,
    bulk,
    documents,
    index,
    mapping,
    searched_fields,
)
from .question import NEWEST, PERIODS, Question

logger = logging.getLogger(__name__)
# The package reports every failure with all it knows; we say it once, in a line.
logging.getLogger("opensearch").setLevel(logging.CRITICAL)
# A reader waits no longer than this for OpenSearch, and after a failure nobody waits for so long.
PATIENCE_SECONDS, REST_SECONDS = 2, 30
# Writing may take its time.
WRITING_SECONDS, AT_A_TIME = 60, 200
Answer = TypeVar("Answer")


class Line:
    """Whether OpenSearch is worth asking: after a failure it is left alone for a while."""

    away_until = 0.0


@dataclass(frozen=True)
class Followed:
    """What became of the notes: articles written, refused for good by OpenSearch, and notes still waiting."""

    written: int = 0
    refused: int = 0
    waiting: int = 0


class HalfAnAnswer(OpenSearchException):
    """Not every part of the index was looked at."""


class Away(Exception):
    """OpenSearch cannot be asked, or took nothing of what it was given."""


def find(asked: Question, *, in_full: bool, at: datetime, most: int) -> list[int]:
    """The keys of the articles in which every term stands; see `engine.Engine`."""

    def there() -> list[int]:
        answer = _client().search(index=alias(FULL if in_full else PUBLIC), body=query(asked, at=at, most=most))
        if answer["timed_out"] or answer["_shards"]["failed"]:
            raise HalfAnAnswer
        return [int(hit["_id"]) for hit in answer["hits"]["hits"]]

    return _or_else(there, lambda: database.engine().find(asked, in_full=in_full, at=at, most=most))


def closest(words: tuple[str, ...]) -> dict[str, str] | None:
    """Words that nobody wrote where everyone may read, and the nearest that somebody did; see `engine.Engine`."""

    def there() -> dict[str, str] | None:
        near = {"field": "words", "suggest_mode": "missing", "prefix_length": 1, "min_word_length": 4, "size": 1}
        suggest = {str(place): {"text": word, "term": near} for place, word in enumerate(words)}
        told = _client().search(index=alias(PUBLIC), body={"size": 0, "suggest": suggest})["suggest"]
        options = {
            word: [each for part in told[str(place)] for each in part["options"]] for place, word in enumerate(words)
        }
        return {word: found[0]["text"] for word, found in options.items() if found}

    return _or_else(there, lambda: None)


def install() -> None:
    """See that the database keeps its own index, and notes what has to be written here; see `engine.Engine`."""
    database.engine().install()
    outbox.install()


def uninstall() -> None:
    """Take away what would stand in the way of changes to the tables; see `engine.Engine`."""
    outbox.uninstall()
    database.engine().uninstall()


def query(asked: Question, *, at: datetime, most: int) -> dict[str, Any]:
    """The body of a search: nothing a visitor types is an operator of it."""
    conditions: list[dict[str, Any]] = [{"range": {"published_at": {"lte": at.isoformat()}}}]
    if asked.period:
        conditions.append({"range": {"published_at": {"gt": (at - PERIODS[asked.period]).isoformat()}}})
    if asked.section:
        conditions.append({"term": {"section": asked.section.pk}})
    if asked.author:
        conditions.append({"term": {"authors": asked.author.pk}})
    if asked.kind:
        conditions.append({"term": {"kind": asked.kind}})
    newest: list[dict[str, str]] = [{"published_at": "desc"}, {"key": "desc"}]
    return {
        "query": {
            "bool": {
                "must": [_stands(term) for term in asked.wanted],
                "must_not": [_stands(term) for term in asked.unwanted],
                "filter": conditions,
            }
        },
        "sort": newest if asked.order == NEWEST else [{"_score": "desc"}, *newest],
        "size": most,
        "track_total_hits": False,
        "timeout": f"{PATIENCE_SECONDS}s",
    }


def _stands(term: tuple[str, ...]) -> dict[str, Any]:
    """Side by side in any of the fields, in the stems of any language."""
    return {"multi_match": {"query": " ".join(term), "type": "phrase", "fields": searched_fields()}}


def _or_else(there: Callable[[], Answer], instead: Callable[[], Answer]) -> Answer:
    if time.monotonic() < Line.away_until:
        return instead()
    try:
        return there()
    except OpenSearchException as failure:
        Line.away_until = time.monotonic() + REST_SECONDS
        # Its words may hold what was asked; its kind says enough.
        logger.warning("OpenSearch is away (%s); searching in the database for %s s.", _kind(failure), REST_SECONDS)
        return instead()


def _kind(failure: OpenSearchException) -> str:
    status = failure.status_code if isinstance(failure, TransportError) else ""
    return f"{type(failure).__name__} {status}".strip()


# --- Writing: the worker's part ---------------------------------------------------------------------------


def follow(*, most: int = 50) -> Followed:
    """Write what the database has noted, in up to `most` portions, and read from what is complete. Safe to repeat.

    Indexes of a new mapping are made and filled beside those that are read; once nothing waits, they take their place.
    Raises Away.
    """
    written = refused = 0
    try:
        if _make_missing():
            outbox.note_everything()
        for _ in range(most):
            claim = outbox.claim(AT_A_TIME)
            if not claim.notes:
                _read_from_here()
                break
            taken, turned_down = _write(claim)
            written, refused = written + taken, refused + turned_down
    except OpenSearchException as failure:
        raise Away(_kind(failure)) from failure
    return Followed(written, refused, outbox.waiting())


def rebuild() -> Iterator[int]:
    """Write every article anew; yields how many notes are left, portion by portion. Goes on where it was interrupted.

    At the end what the index holds of articles that are gone is taken out. Raises Away.
    """
    since = outbox.begin_rebuilding()
    yield outbox.waiting()
    while left := follow(most=1).waiting:
        yield left
    follow(most=1)
    stale = {"query": {"range": {"written": {"lte": since}}}}
    try:
        for kind in BOTH:
            _client(WRITING_SECONDS).indices.refresh(index=index(kind))
            _client(WRITING_SECONDS).delete_by_query(index=index(kind), body=stale, params={"conflicts": "proceed"})
    except OpenSearchException as failure:
        raise Away(_kind(failure)) from failure
    outbox.end_rebuilding()
    yield 0


def _write(claim: outbox.Claim) -> tuple[int, int]:
    """Put one portion into every index; returns how many articles were taken and refused. Raises Away."""
    into = {index(kind): kind for kind in BOTH}
    into |= {name: kind for kind in BOTH for name in _read_now(kind)}
    lines = bulk(claim.articles, documents(claim.articles, number=claim.number), claim.number, into)
    answer = _client(WRITING_SECONDS).bulk(body=list(lines))
    waits, refused = set(), set()
    for item in answer["items"]:
        ((_, outcome),) = item.items()
        key, status = int(outcome["_id"]), int(outcome["status"])
        if status == 429 or status >= 500:
            waits.add(key)
        elif status >= 400 and status not in (404, 409):  # gone already, or written by somebody who knew more
            refused.add(key)
            logger.error("OpenSearch refuses article %s in %s (status %s).", key, outcome["_index"], status)
    outbox.forget(outbox.notes_of(set(claim.articles) - waits, claim))
    if waits:
        raise Away(f"{len(waits)} of {len(claim.articles)} articles not taken")
    return len(claim.articles) - len(refused), len(refused)


def _make_missing() -> bool:
    """Make the indexes of this release where they are missing. Whether one was."""
    made = False
    for kind in BOTH:
        if not _client(WRITING_SECONDS).indices.exists(index=index(kind)):
            _client(WRITING_SECONDS).indices.create(index=index(kind), body=mapping(kind))
            made = True
    return made


def _read_from_here() -> None:
    """Let readers' questions go to the indexes of this release, and delete those of others."""
    for kind in BOTH:
        read = _read_now(kind)
        if read != [index(kind)]:
            actions = [{"remove_index": {"index": name}} for name in read if name != index(kind)]
            actions.append({"add": {"index": index(kind), "alias": alias(kind)}})
            _client(WRITING_SECONDS).indices.update_aliases(body={"actions": actions})


def _read_now(kind: str) -> list[str]:
    try:
        return sorted(_client(WRITING_SECONDS).indices.get_alias(name=alias(kind)))
    except NotFoundError:
        return []


def _client(seconds: int = PATIENCE_SECONDS) -> OpenSearch:
    return _connected(settings.OPENSEARCH_URL, settings.OPENSEARCH_CA_FILE, seconds)


@lru_cache(maxsize=4)
def _connected(url: str, authority: str, seconds: int) -> OpenSearch:
    parts = urlsplit(url)
    who = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return OpenSearch(
        hosts=[
            {
                "host": parts.hostname,
                "port": parts.port or {"https": 443}.get(parts.scheme, 9200),
                "use_ssl": parts.scheme == "https",
                "url_prefix": parts.path.strip("/"),
            }
        ],
        http_auth=who,
        ca_certs=authority or None,
        timeout=seconds,
        max_retries=0,
        http_compress=True,
    )
