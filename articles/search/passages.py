"""Which words of an article answer, and the passage around them: marked after the lookup, the same for every engine."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import snowballstemmer
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

EXCERPT = 160
_WORD = re.compile(r"[^\W_]+")
_LANGUAGES = {"en": "english", "fr": "french", "nl": "dutch", "de": "german"}
# No stem differs from its word in the first letters, so only words that begin alike are looked at closely.
_ALIKE = 2


class Marker:
    """Knows the words that are looked for, and finds their forms in a text of one language."""

    def __init__(self, words: Iterable[str], language: str) -> None:
        self._language = language
        self._folded = {folded(word) for word in words}
        self._stems = {_stem(word, language) for word in self._folded}
        self._beginnings = {word[:_ALIKE] for word in self._folded}

    def marked(self, text: str) -> SafeString:
        """Plain text as HTML, with `<mark>` around the words that answer."""
        parts, end = [], 0
        for found in _WORD.finditer(text):
            if self._answers(found[0]):
                parts += [escape(text[end : found.start()]), format_html("<mark>{}</mark>", found[0])]
                end = found.end()
        return mark_safe("".join([*parts, escape(text[end:])]))  # noqa: S308 - every part is escaped

    def passage(self, text: str) -> str:
        """Whole words around the first that answers; empty where none does."""
        place = next((found.start() for found in _WORD.finditer(text) if self._answers(found[0])), None)
        return "" if place is None else _around(text, place)

    def _answers(self, word: str) -> bool:
        plain = folded(word)
        if plain[:_ALIKE] not in self._beginnings:
            return False
        return plain in self._folded or _stem(plain, self._language) in self._stems


def folded(word: str) -> str:
    """Lower case and without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(c))


@lru_cache(maxsize=20_000)
def _stem(word: str, language: str) -> str:
    return _stemmer(language).stemWord(word)


@lru_cache(maxsize=8)
def _stemmer(language: str) -> snowballstemmer.EnglishStemmer:
    return snowballstemmer.stemmer(_LANGUAGES.get(language, "english"))


def _around(text: str, place: int) -> str:
    start = text.rfind(" ", 0, max(place - EXCERPT // 2, 0)) + 1 if place > EXCERPT // 2 else 0
    end = text.find(" ", start + EXCERPT)
    return f"{'… ' if start else ''}{text[start:] if end < 0 else text[start:end]}{' …' if end >= 0 else ''}"
