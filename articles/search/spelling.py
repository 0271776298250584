"""What a visitor may have meant: words close to theirs, and what begins like them. From public words only."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

from django.core.cache import cache
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from articles import subjects
from articles.models import Article, Section

from .engine import engine
from .passages import folded
from .question import Question

# Words are collected from so many headlines, the newest, and kept so long.
HEADLINES = 20_000
KEPT = timedelta(minutes=10)
SHORTEST, CLOSE_ENOUGH = 4, 0.7
MOST_SUGGESTIONS = 8
_WORD = re.compile(r"[^\W\d_]{3,}")


def correction(asked: Question, *, at: datetime) -> str:
    """The same question with its unknown words replaced by close known ones; empty where that finds nothing either."""
    better = engine().closest(asked.words)
    if better is None:
        better = _closest_headline_words(asked.words, at=at)
    if not better or not all(better.values()):
        return ""
    mended = replace(asked, wanted=tuple(tuple(better.get(word, word) for word in term) for term in asked.wanted))
    if not engine().find(mended, in_full=False, at=at, most=1):
        return ""
    text = asked.text
    for wrong, right in better.items():
        text = re.sub(rf"\b{re.escape(wrong)}\b", right, text)
    return text


def suggestions(text: str, *, at: datetime) -> list[str]:
    """What a visitor may go on to type: topics, authors, sections, then single words, at most eight."""
    begun = folded(" ".join(text.split()))[:60]
    if len(begun) < 2:
        return []
    names = [name for name in _names(at=at) if any(part.startswith(begun) for part in _beginnings(name))]
    words = [word for plain, word in _words(at=at).items() if plain.startswith(begun)]
    if not names and not words and (close := _closest(begun, _words(at=at))):
        words = [close]
    return list(dict.fromkeys(chain(names, words)))[:MOST_SUGGESTIONS]


def _beginnings(name: str) -> list[str]:
    """The name, and what is left of it after each of its first words."""
    parts = folded(name).split()
    return [" ".join(parts[place:]) for place in range(len(parts))]


def _closest_headline_words(words: Iterable[str], *, at: datetime) -> dict[str, str]:
    known = _words(at=at)
    return {word: _closest(word, known) for word in words if folded(word) not in known}


def _closest(word: str, known: dict[str, str]) -> str:
    if len(word) < SHORTEST:
        return ""
    likeness = DamerauLevenshtein.normalized_similarity
    close = process.extractOne(folded(word), known.keys(), scorer=likeness, score_cutoff=CLOSE_ENOUGH)
    return known[close[0]] if close else ""


def _words(*, at: datetime) -> dict[str, str]:
    """Known words, the most frequent first: from their plain form to how they are written."""

    def collect() -> dict[str, str]:
        newest = Article.objects.published(at=at).newest_first().values_list("headline", "standfirst")[:HEADLINES]
        counted = Counter(word for texts in newest for text in texts for word in _WORD.findall(text))
        counted.update(word for name in _names(at=at) for word in _WORD.findall(name))
        found: dict[str, str] = {}
        for word, _ in counted.most_common():
            found.setdefault(folded(word), word.lower() if word.istitle() else word)
        return found

    return cache.get_or_set("articles.search.words", collect, KEPT.total_seconds()) or {}


def _names(*, at: datetime) -> list[str]:
    """Of topics and authors that the public can read something about or by, and of sections."""

    def collect() -> list[str]:
        known = (subjects.topics(at=at), subjects.authors(at=at), Section.objects.all())
        return [name for rows in known for name in rows.values_list("name", flat=True)]

    return cache.get_or_set("articles.search.names", collect, KEPT.total_seconds()) or []
