"""Looks things up in PostgreSQL: two vectors an article, kept by triggers, one without a word of what is paid for.

What the public cannot see stands in a table apart, for the desk alone.
"""

from datetime import datetime
from functools import reduce
from typing import Any

from django.db import connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from .conditions import conditions
from .question import NEWEST, Question

# PostgreSQL's name for the stems of each language an article may be written in.
STEMS = {"en": "english", "fr": "french", "nl": "dutch", "de": "german"}
_ACCENTED = "àáâãäåāăąçćčďđèéêëēėęěìíîïīįłñńňòóôõöøōőŕřśšșşťțùúûüūůűýÿźżžğ"
_PLAIN = "aaaaaaaaacccddeeeeeeeeiiiiiilnnnoooooooorrssssttuuuuuuuyyzzzg"
# How much a word weighs in the text, in names and topics, in the standfirst and in the headline.
_WEIGHTS = "{0.1, 0.3, 0.5, 1.0}"
# Another word here, and the next `migrate` fills the table anew: for when what stands in it changes.
_FILLED_AS = "names in stems"
_DICTIONARIES = (*STEMS.values(), "simple")
_REFRESH = """
CREATE OR REPLACE FUNCTION articles_search_folded(words text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
$$ SELECT translate(lower(coalesce(words, '')), '[accented]', '[plain]') $$;
CREATE OR REPLACE FUNCTION articles_search_either(alternatives tsquery[]) RETURNS tsquery IMMUTABLE LANGUAGE sql AS
$$ SELECT coalesce(string_agg(DISTINCT '(' || one::text || ')', ' | '), '')::tsquery
   FROM unnest(alternatives) one WHERE numnode(one) > 0 $$;
CREATE OR REPLACE FUNCTION articles_search_at_the_desk(asked tsquery) RETURNS bigint[] STABLE LANGUAGE sql
SET enable_seqscan = off AS
$$ SELECT coalesce(array_agg(found.article_id), '{}') FROM (
     SELECT article_id FROM articles_search WHERE for_the_entitled @@ asked
     UNION ALL SELECT article_id FROM articles_search_desk WHERE words @@ asked
   ) found $$;
CREATE OR REPLACE FUNCTION articles_search_refresh(keys bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM articles_search WHERE article_id = ANY(keys);
  DELETE FROM articles_search_desk WHERE article_id = ANY(keys);
  WITH written AS (
    SELECT a.id, a.status, a.teaser_text, f.text, c.stems,
      setweight(to_tsvector(c.stems, articles_search_folded(a.headline)), 'A') ||
      setweight(to_tsvector(c.stems, articles_search_folded(a.standfirst)), 'B') ||
      setweight(to_tsvector('simple', articles_search_folded(n.names)), 'C') ||
      -- In stems, too: a question with a name and other words is asked in one dictionary at a time.
      setweight(to_tsvector(c.stems, articles_search_folded(n.names)), 'D') ||
      setweight(to_tsvector(c.stems, articles_search_folded((SELECT string_agg(t.name, ' ')
        FROM articles_article_topics m JOIN articles_topic t ON t.id = m.topic_id WHERE m.article_id = a.id))), 'C')
      AS head
    FROM articles_article a
    CROSS JOIN LATERAL (SELECT CASE a.language [cases] ELSE 'simple'::regconfig END AS stems) c
    CROSS JOIN LATERAL (SELECT string_agg(p.name, ' ') AS names FROM articles_byline b
      JOIN articles_author p ON p.id = b.author_id WHERE b.article_id = a.id) n
    LEFT JOIN articles_fulltext f ON f.article_id = a.id
    WHERE a.id = ANY(keys)
  ), published AS (
    INSERT INTO articles_search (article_id, for_everyone, for_the_entitled)
    SELECT id, head || setweight(to_tsvector(stems, articles_search_folded(teaser_text)), 'D'),
           head || setweight(to_tsvector(stems, articles_search_folded(text)), 'D')
    FROM written WHERE status = 'published'
    ON CONFLICT (article_id) DO UPDATE
    SET for_everyone = excluded.for_everyone, for_the_entitled = excluded.for_the_entitled
  )
  INSERT INTO articles_search_desk (article_id, words)
  SELECT id, head || setweight(to_tsvector(stems, articles_search_folded(text)), 'D')
  FROM written WHERE status <> 'published'
  ON CONFLICT (article_id) DO UPDATE SET words = excluded.words;
END $$;
"""
_TABLE = """
CREATE TABLE IF NOT EXISTS articles_search (
  article_id bigint PRIMARY KEY, for_everyone tsvector NOT NULL, for_the_entitled tsvector NOT NULL
);
CREATE TABLE IF NOT EXISTS articles_search_desk (article_id bigint PRIMARY KEY, words tsvector NOT NULL);
CREATE INDEX IF NOT EXISTS articles_search_desk_words ON articles_search_desk USING gin (words);
CREATE INDEX IF NOT EXISTS articles_search_for_everyone ON articles_search USING gin (for_everyone);
CREATE INDEX IF NOT EXISTS articles_search_for_the_entitled ON articles_search USING gin (for_the_entitled);
"""
_TRIGGERS = {
    "article": (
        "articles_article",
        "INSERT OR DELETE OR UPDATE OF headline, standfirst, teaser_text, status, language",
        "id",
    ),
    "text": ("articles_fulltext", "INSERT OR DELETE OR UPDATE OF text", "article_id"),
    "byline": ("articles_byline", "INSERT OR DELETE OR UPDATE", "article_id"),
    "topics": ("articles_article_topics", "INSERT OR DELETE", "article_id"),
}
_RENAMED = {
    "author": ("articles_author", "SELECT article_id FROM articles_byline WHERE author_id = new.id"),
    "topic": ("articles_topic", "SELECT article_id FROM articles_article_topics WHERE topic_id = new.id"),
}


def find(asked: Question, *, in_full: bool, at: datetime, most: int) -> list[int]:
    """The keys of the articles in which every term stands; see `engine.Engine`."""
    column = "for_the_entitled" if in_full else "for_everyone"
    where, values = conditions(asked, at=at)
    newest = "a.published_at DESC, a.id DESC"
    order = newest if asked.order == NEWEST else f"ts_rank('{_WEIGHTS}', s.{column}, q.words) DESC, {newest}"
    words, spoken = _expression(asked)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH q AS (SELECT {words} AS words) SELECT a.id FROM q, articles_search s"  # noqa: S608 - names of ours
            f" JOIN articles_article a ON a.id = s.article_id WHERE s.{column} @@ q.words AND {where}"
            f" ORDER BY {order} LIMIT %s",
            [*spoken, *values, most],
        )
        return [key for (key,) in cursor.fetchall()]


def for_the_desk(asked: Question, *, slug: str) -> RawSQL:
    """The condition of an article in which every term stands, or that has this address; see `sqlite.for_the_desk`.

    The keys are looked up here and handed over as they are: so the index is asked once for the rows and their count,
    and PostgreSQL knows how many there are before it chooses between walking down the list and fetching each. Left to
    its own estimate it reads the vectors of all articles, which takes ten times as long as the index.
    """
    words, spoken = _expression(asked, half_typed=True)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT (articles_search_at_the_desk({words})"  # noqa: S608 - names of ours
            " || ARRAY(SELECT id FROM articles_article WHERE slug = %s))::text",
            [*spoken, slug],
        )
        (keys,) = cursor.fetchone()
    return RawSQL("articles_article.id = ANY(%s::bigint[])", [keys], BooleanField())


def closest(words: tuple[str, ...]) -> None:
    """Knows no single words; `spelling` looks in the headlines. See `engine.Engine`."""


def install() -> None:
    """Make the table, functions and triggers that are missing; see `engine.Engine`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass('articles_search') IS NOT NULL, to_regclass('articles_search_desk') IS NOT NULL"
        )
        is_there, desk_is_there = cursor.fetchone()
        cursor.execute(_TABLE)
        cursor.execute(_refresh())
        for name, (table, events, key) in _TRIGGERS.items():
            either = (
                f"ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN old.{key} END, CASE WHEN TG_OP <> 'DELETE' THEN new.{key} END]"
            )
            _trigger(cursor, name, table, events, either)
        for name, (table, keys) in _RENAMED.items():
            _trigger(cursor, f"{name}_renamed", table, "UPDATE OF name", f"ARRAY({keys})")
        cursor.execute(
            "CREATE OR REPLACE FUNCTION articles_search_emptied() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN TRUNCATE articles_search, articles_search_desk; RETURN NULL; END $$;"
            "CREATE OR REPLACE TRIGGER articles_search_emptied AFTER TRUNCATE ON articles_article"
            " FOR EACH STATEMENT EXECUTE FUNCTION articles_search_emptied()"
        )
        cursor.execute("SELECT obj_description('articles_search'::regclass)")
        is_as_today = is_there and cursor.fetchone()[0] == _FILLED_AS
        if not (is_as_today and desk_is_there):
            missing = "status <> 'published'" if is_as_today else "true"
            cursor.execute(f"COMMENT ON TABLE articles_search IS '{_FILLED_AS}'")
            cursor.execute(f"SELECT articles_search_refresh(ARRAY(SELECT id FROM articles_article WHERE {missing}))")  # noqa: S608


def uninstall() -> None:
    """Nothing stands in the way of changes here; see `engine.Engine`."""


def _refresh() -> str:
    cases = " ".join(f"WHEN '{language}' THEN '{stems}'::regconfig" for language, stems in STEMS.items())
    parts = {"[accented]": _ACCENTED, "[plain]": _PLAIN, "[cases]": cases}
    return reduce(lambda sql, part: sql.replace(*part), parts.items(), _REFRESH)


def _trigger(cursor: Any, name: str, table: str, events: str, keys: str) -> None:
    function = f"articles_search_{name}"
    cursor.execute(
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN PERFORM articles_search_refresh({keys}); RETURN NULL; END $$;"
        f"CREATE OR REPLACE TRIGGER {function} AFTER {events} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"
    )


def _expression(asked: Question, *, half_typed: bool = False) -> tuple[str, list[str]]:
    """The question as SQL, in the stems of every language at once, and the words it speaks of."""
    alternatives, spoken = [], []
    for stems in _DICTIONARIES:
        parts = [_phrase(stems)] * len(asked.wanted)
        said = [" ".join(term) for term in asked.wanted]
        if half_typed and said and len(asked.wanted[-1]) == 1:
            parts[-1] = f"to_tsquery('{stems}', articles_search_folded(%s) || ':*')"
        alternatives.append("(" + " && ".join(parts) + ")")
        spoken += said
    clauses = [_either(alternatives) if half_typed else "(" + " || ".join(alternatives) + ")"] if asked.wanted else []
    # What is unwanted stands there in no language: in another one's stems it would only seem not to.
    for term in asked.unwanted:
        clauses += [f"!!{_phrase(stems)}" for stems in _DICTIONARIES]
        spoken += [" ".join(term)] * len(_DICTIONARIES)
    return " && ".join(clauses), spoken


def _phrase(stems: str) -> str:
    return f"phraseto_tsquery('{stems}', articles_search_folded(%s))"


def _either(alternatives: list[str]) -> str:
    """Any of them, each once: the index would look up every repetition anew."""
    return f"articles_search_either(ARRAY[{', '.join(alternatives)}])"
