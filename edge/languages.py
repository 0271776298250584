"""In which language an answer is given: the address says it, or the reader who is signed in.

`/fr/terms/` is French for everybody. An address without a prefix is English, unless the signed-in reader has chosen
another language. What a browser asks for is never looked at: a page is the same for every unknown visitor.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import LocalePrefixPattern, URLPattern, URLResolver, get_resolver
from django.utils import translation

GetResponse = Callable[[HttpRequest], HttpResponse]
# What a reader chooses (`readers.User.language`) and what stands in an address; each in its own words.
CHOICES = (("en", "English"), ("fr", "Français"), ("nl", "Nederlands"), ("de", "Deutsch"))
_NAMES = dict(CHOICES)


def code_of(chosen: str) -> str:
    """The language code of a choice: `fr` for `fr`, the site's own language for `en`, nothing or anything else."""
    return chosen if chosen in _NAMES and chosen != "en" else settings.LANGUAGE_CODE


def chosen() -> str:
    """The language that is spoken now, as a choice: `en`, `fr`, `nl` or `de`."""
    bare = (translation.get_language() or settings.LANGUAGE_CODE).partition("-")[0]
    return bare if bare in _NAMES else "en"


def remembered() -> str:
    """The language that is spoken now, as a new reader's row keeps it: nothing for the site's own."""
    return "" if chosen() == "en" else chosen()


def prefix_in(path: str) -> str:
    """The language that a path begins with, as a choice; nothing where it has no such prefix."""
    first = path.lstrip("/").partition("/")[0]
    return first if first in _NAMES else ""


def of_reader(reader: Any) -> str:
    """The language code of a reader, to write to them in: their choice, else the site's."""
    return code_of(getattr(reader, "language", ""))


class LanguagePrefix(LocalePrefixPattern):
    """Addresses with and without a language before them; the ones we print carry the language that is spoken."""

    def match(self, path: str) -> tuple[str, tuple[()], dict[str, Any]]:
        """Every language is understood, and none: which one is spoken was decided before."""
        prefix = prefix_in(path)
        return (path[len(prefix) + 1 :] if prefix else path), (), {}


def in_every_language(*patterns: Any) -> list[URLResolver]:
    """The patterns as they are, and each once more behind `/fr/`, `/nl/`, `/de/` (and `/en/`, to be explicit)."""
    return [URLResolver(LanguagePrefix(prefix_default_language=False), list(patterns))]


@dataclass(frozen=True)
class Version:
    """The same page in another language: the choice, its name in its own words, and the path."""

    choice: str
    name: str
    path: str
    is_this: bool


def versions_of(request: HttpRequest) -> list[Version]:
    """The languages this page exists in; none for the news, which is in English."""
    if not exists_in_every_language(request):
        return []
    bare = request.path_info.removeprefix(f"/{prefix_in(request.path_info)}")
    bare = bare if bare.startswith("/") else request.path_info
    english = "/en" if _readers_choice(request) not in ("", "en") else ""
    return [
        Version(choice, name, (english if choice == "en" else f"/{choice}") + bare, choice == chosen())
        for choice, name in CHOICES
    ]


def exists_in_every_language(request: HttpRequest) -> bool:
    """Whether the page of this request may be asked for with a language before it."""
    match = request.resolver_match
    return match is not None and not match.namespaces and match.url_name in _names_in_every_language(get_resolver())


@cache
def _names_in_every_language(root: URLResolver) -> frozenset[str]:
    inside = [one for one in root.url_patterns if isinstance(one, URLResolver) and _is_prefixed(one)]
    return frozenset(name for one in inside for name in _names(one))


def _is_prefixed(resolver: URLResolver) -> bool:
    return isinstance(resolver.pattern, LanguagePrefix)


def _names(resolver: URLResolver) -> Iterator[str]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from _names(one)
        elif isinstance(one, URLPattern) and one.name:
            yield one.name


def language(get_response: GetResponse) -> GetResponse:
    """Speak the language of the address or of the reader while the request is answered. The desk speaks English."""

    def in_its_language(request: HttpRequest) -> HttpResponse:
        code = code_of(prefix_in(request.path_info) or _readers_choice(request))
        with translation.override(code):
            request.LANGUAGE_CODE = code
            response = get_response(request)
        response.headers.setdefault("Content-Language", code.partition("-")[0])
        return response

    return in_its_language


def _readers_choice(request: HttpRequest) -> str:
    """What a signed-in reader chose. Without a session cookie nobody is asked, and no session is opened."""
    if stand_in := request.META.get("page.stand_in"):
        return stand_in.language
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or request.path_info.startswith(f"/{settings.ADMIN_PATH}/"):
        return ""
    return getattr(request.user, "language", "")
