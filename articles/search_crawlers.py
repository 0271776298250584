"""Is this visitor really the search engine it says it is? Where the setting lets it, it reads the full text.

Told by the way Google and Bing describe: the name behind its network address belongs to the engine, and that name leads
back to the same address. What the visitor says of itself decides nothing. Off unless SEARCH_CRAWLERS names an engine.
"""

import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import BoundedSemaphore

from django.conf import settings
from django.core.cache import cache

from edge.address import address_of
from edge.http import Request
from edge.search_engines import ENGINES

log = logging.getLogger(__name__)
KNOWN_FOR = timedelta(days=1)
# Whoever says to be an engine must not hold up everybody: so long, and so many at a time.
LONGEST = timedelta(seconds=2)
AT_ONCE = 2
_FREE = BoundedSemaphore(AT_ONCE)
_LOOKING_UP = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="search-crawlers")
Names = Callable[[str], str]
Addresses = Callable[[str], set[str]]


def engine_of(request: Request) -> str:
    """The engine, by its word in ENGINES, where the setting lets it in and its address proves it; else empty."""
    said = request.headers.get("User-Agent", "").lower()
    engine = next((name for name in settings.SEARCH_CRAWLERS if name in said), "")
    if not engine:
        return ""
    address = str(address_of(request) or "")
    key = f"articles.search_crawlers.{engine}.{address}"
    is_it = cache.get(key)
    if is_it is None:
        is_it = _in_time(engine, address)
        if is_it is None:
            return ""
        cache.set(key, is_it, KNOWN_FOR.total_seconds())
        log.info("A visitor says it is %s: %s", engine, "so it is" if is_it else "it is not")
    return engine if is_it else ""


def _in_time(engine: str, address: str) -> bool | None:
    """The answer of `is_of`, or None where it takes too long or too many are being looked up already."""
    if not _FREE.acquire(blocking=False):
        return None
    asked = _LOOKING_UP.submit(is_of, engine, address)
    asked.add_done_callback(lambda _: _FREE.release())
    try:
        return asked.result(timeout=LONGEST.total_seconds())
    except TimeoutError:
        return None


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
