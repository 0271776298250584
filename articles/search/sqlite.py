"""Looks things up in SQLite: FTS5 tables, kept by triggers, one of them without a word of what is paid for.

Apart, since the order of answers weighs how rare a word is in the whole table. A third one is for the desk alone: it
holds what the public cannot see.
"""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL

from .conditions import conditions
from .question import NEWEST, Question

PUBLIC, FULL, DESK = "articles_search_public", "articles_search_full", "articles_search_desk"
ALL = (PUBLIC, FULL, DESK)
_NAMES = "(SELECT group_concat(p.name, ' ') FROM articles_byline b JOIN articles_author p ON p.id = b.author_id"
_NAMES += " WHERE b.article_id = a.id)"
_TOPICS = "(SELECT group_concat(t.name, ' ') FROM articles_article_topics m JOIN articles_topic t ON t.id = m.topic_id"
_TOPICS += " WHERE m.article_id = a.id)"
_FULL_TEXT = "(SELECT f.text FROM articles_fulltext f WHERE f.article_id = a.id)"
_TEXTS = {PUBLIC: "a.teaser_text", FULL: _FULL_TEXT, DESK: _FULL_TEXT}
# How much a word weighs in headline, standfirst, names, topics and text.
_RANK = "bm25({table}, 10.0, 5.0, 3.0, 3.0, 1.0)"
_COLUMNS = "headline, standfirst, names, topics, text"
_TRIGGERS = {
    "article_added": ("INSERT ON articles_article", "new.id", ALL),
    "article_changed": (
        "UPDATE OF headline, standfirst, teaser_text, status ON articles_article",
        "new.id",
        ALL,
    ),
    "article_gone": ("DELETE ON articles_article", "old.id", ALL),
    "text_added": ("INSERT ON articles_fulltext", "new.article_id", (FULL, DESK)),
    "text_changed": ("UPDATE OF text ON articles_fulltext", "new.article_id", (FULL, DESK)),
    "text_gone": ("DELETE ON articles_fulltext", "old.article_id", (FULL, DESK)),
    "byline_added": ("INSERT ON articles_byline", "new.article_id", ALL),
    "byline_changed": ("UPDATE ON articles_byline", "old.article_id, new.article_id", ALL),
    "byline_gone": ("DELETE ON articles_byline", "old.article_id", ALL),
    "author_renamed": (
        "UPDATE OF name ON articles_author",
        "SELECT article_id FROM articles_byline WHERE author_id = new.id",
        ALL,
    ),
    "topic_given": ("INSERT ON articles_article_topics", "new.article_id", ALL),
    "topic_taken": ("DELETE ON articles_article_topics", "old.article_id", ALL),
    "topic_renamed": (
        "UPDATE OF name ON articles_topic",
        "SELECT article_id FROM articles_article_topics WHERE topic_id = new.id",
        ALL,
    ),
}


def find(asked: Question, *, in_full: bool, at: datetime, most: int) -> list[int]:
    """The keys of the articles in which every term stands; see `engine.Engine`."""
    table = FULL if in_full else PUBLIC
    where, values = conditions(asked, at=at)
    newest = "a.published_at DESC, a.id DESC"
    order = newest if asked.order == NEWEST else f"{_RANK.format(table=table)}, {newest}"
    return [
        key
        for (key,) in _asked(
            f"SELECT a.id FROM {table} JOIN articles_article a ON a.id = {table}.rowid"  # noqa: S608 - names of ours
            f" WHERE {table} MATCH %s AND {where} ORDER BY {order} LIMIT %s",
            [_expression(asked), *values, most],
        )
    ]


def for_the_desk(asked: Question, *, slug: str) -> Q:
    """The condition of an article in which every term stands, or that has this address, whoever may see it.

    The last word may be half typed.
    """
    expression = _expression(asked, half_typed=True)
    each = [f"SELECT rowid FROM {table} WHERE {table} MATCH %s" for table in (FULL, DESK)]  # noqa: S608 - names of ours
    keys = " UNION ALL ".join([*each, "SELECT id FROM articles_article WHERE slug = %s"])
    return Q(pk__in=RawSQL(keys, [expression, expression, slug]))  # noqa: S611 - every value a parameter


def closest(words: tuple[str, ...]) -> None:
    """Knows no single words; `spelling` looks in the headlines. See `engine.Engine`."""


def install() -> None:
    """Make the tables and triggers that are missing; see `engine.Engine`."""
    names = {name for (name,) in _asked("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'table')")}
    if {DESK, *(_trigger(name) for name in _TRIGGERS)} <= names:
        return
    uninstall()
    with connection.cursor() as cursor:
        for table in ALL:
            cursor.execute(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {table} USING fts5({_COLUMNS},"
                " tokenize = 'porter unicode61 remove_diacritics 2')"
            )
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608
            cursor.execute(_fill(table, "SELECT id FROM articles_article"))
        for name, (event, keys, tables) in _TRIGGERS.items():
            work = "; ".join(
                f"DELETE FROM {table} WHERE rowid IN ({keys}); {_fill(table, keys)}"  # noqa: S608
                for table in tables
            )
            cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {_trigger(name)} AFTER {event} BEGIN {work}; END")


def uninstall() -> None:
    """SQLite cannot change a table that a trigger of another one mentions; see `engine.Engine`."""
    with connection.cursor() as cursor:
        for name in _TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {_trigger(name)}")


def _fill(table: str, keys: str) -> str:
    belongs = "<>" if table == DESK else "="
    return (
        f"INSERT INTO {table}(rowid, {_COLUMNS}) SELECT a.id, a.headline, a.standfirst, {_NAMES}, {_TOPICS},"  # noqa: S608
        f" {_TEXTS[table]} FROM articles_article a WHERE a.status {belongs} 'published' AND a.id IN ({keys})"
    )


def _expression(asked: Question, *, half_typed: bool = False) -> str:
    """The question in the language of FTS5: every term is a quoted phrase, so that nothing in it is an operator."""
    phrases = [_phrase(term) for term in asked.wanted]
    if half_typed:
        phrases[-1] += " *"
    wanted = " AND ".join(phrases)
    unwanted = " OR ".join(_phrase(term) for term in asked.unwanted)
    return f"({wanted}) NOT ({unwanted})" if unwanted else wanted


def _phrase(term: tuple[str, ...]) -> str:
    return '"' + " ".join(term) + '"'


def _trigger(name: str) -> str:
    return f"articles_search_{name}"


def _asked(sql: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or [])
        return cursor.fetchall()
