"""Every address of the site, with arguments put in: good ones that lead somewhere, and bad ones."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern

from articles.models import Article
from edge.languages import LanguagePrefix
from tests.test_canary import arguments

ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")


@dataclass(frozen=True)
class Route:
    """One address as it is written in the urls: text, and between it the names of arguments."""

    name: str
    pieces: tuple[str, ...]
    arguments: tuple[str, ...]

    def path(self, values: dict[str, str]) -> str:
        """With these values, in order of the arguments."""
        filled = [self.pieces[0]]
        for argument, piece in zip(self.arguments, self.pieces[1:], strict=True):
            filled += [values[argument], piece]
        return "/" + "".join(filled)


def routes() -> list[Route]:
    """All there are, those of a language prefix once."""
    return [_route(name, pattern) for name, pattern in _patterns(get_resolver(), "")]


def good_values(article: Article) -> dict[str, list[str]]:
    """What leads somewhere, by the argument's name."""
    return arguments(article)


def _patterns(resolver: URLResolver, before: str) -> Iterator[tuple[str, str]]:
    for one in resolver.url_patterns:
        here = before + _written(one.pattern)
        if isinstance(one, URLResolver):
            yield from _patterns(one, here)
        elif isinstance(one, URLPattern):
            yield one.name or here, here


def _written(pattern: Any) -> str:
    if isinstance(pattern, RoutePattern):
        return str(pattern._route)
    if isinstance(pattern, RegexPattern):
        return str(pattern._regex).removeprefix("^").removesuffix("$").removesuffix(r"\Z")
    assert isinstance(pattern, LanguagePrefix), pattern
    return ""


def _route(name: str, written: str) -> Route:
    found = list(ARGUMENT.finditer(written))
    ends = [0, *(one.end() for one in found)]
    starts = [*(one.start() for one in found), len(written)]
    pieces = tuple(written[end:start] for end, start in zip(ends, starts, strict=True))
    return Route(name, pieces, tuple(one[1] or one[2] for one in found))
