"""Is this visitor really the search engine it says it is? Where the setting lets it, it reads the full text.

Told by the way Google and Bing describe: the name behind its network address belongs to the engine, and that name leads
back to the same address. What the visitor says of itself decides nothing. Off unless SEARCH_CRAWLERS names an engine.
"""

import logging
import socket
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache

from edge.address import address_of
from edge.http import Request

log = logging.getLogger(__name__)
# The word in the user agent, and the domains its machines have their names in.
ENGINES = {
    "googlebot": (".googlebot.com", ".google.com"),
    "bingbot": (".search.msn.com",),
    "applebot": (".applebot.apple.com",),
    "qwantbot": (".qwant.com",),
}
KNOWN_FOR = timedelta(days=1)
Names = Callable[[str], str]
Addresses = Callable[[str], set[str]]


def engine_of(request: Request) -> str:
    """The engine, by its word in ENGINES, where the setting lets it in and its address proves it; else empty."""
    said = request.headers.get("User-Agent", "").lower()
    engine = next((name for name in settings.SEARCH_CRAWLERS if name in said and name in ENGINES), "")
    if not engine:
        return ""
    address = str(address_of(request) or "")
    key = f"articles.search_crawlers.{engine}.{address}"
    is_it = cache.get(key)
    if is_it is None:
        is_it = is_of(engine, address)
        cache.set(key, is_it, KNOWN_FOR.total_seconds())
        log.info("A visitor says it is %s: %s", engine, "so it is" if is_it else "it is not")
    return engine if is_it else ""


def is_of(engine: str, address: str, *, name_of: Names | None = None, addresses_of: Addresses | None = None) -> bool:
    """Whether the address belongs to the engine, by a look-up in both directions. Whoever cannot be told, is not."""
    try:
        name = (name_of or _name_of)(address).rstrip(".").lower()
        return name.endswith(ENGINES[engine]) and address in (addresses_of or _addresses_of)(name)
    except OSError:
        return False


def _name_of(address: str) -> str:
    return socket.gethostbyaddr(address)[0]


def _addresses_of(name: str) -> set[str]:
    return {str(found[4][0]) for found in socket.getaddrinfo(name, None)}
