"""What the application says, taken whole; and how it is asked by nobody in particular."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .page import Headers

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
# Where a view puts the moments at which its page changes by itself (edge/caching.py).
MOMENTS = "page.changes_at"
KEPT_STATUSES = ("200 ", "301 ", "410 ")


@dataclass(frozen=True)
class Answer:
    """All of what the application said."""

    status: str
    headers: Headers
    content: bytes

    @property
    def may_be_shared(self) -> bool:
        """Whether it is public, complete, and holds nothing that is made for one answer only."""
        policy = self._value("cache-control")
        # Files are better off in caches in front than in our memory.
        is_for_all = policy.startswith("public") and "immutable" not in policy
        return self.status.startswith(KEPT_STATUSES) and is_for_all and not self._is_made_for_one_answer()

    def is_for_one(self, policy: str) -> bool:
        """Whether it says that nobody may keep it, in those very words, and can be said again all the same."""
        return self._value("cache-control") == policy and not self._is_made_for_one_answer()

    def _is_made_for_one_answer(self) -> bool:
        return bool(self._value("set-cookie")) or "'nonce-" in self._value("content-security-policy")

    def _value(self, wanted: str) -> str:
        return next((value for name, value in self.headers if name.lower() == wanted), "")


def of(application: Application, environ: Environ) -> Answer:
    """Ask, and read to the end."""
    said: list[Any] = ["", []]

    def start(status: str, headers: Headers, exc_info: Any = None) -> None:
        said[:] = status, list(headers)

    parts = application(environ, start)
    try:
        content = b"".join(parts)
    finally:
        if close := getattr(parts, "close", None):
            close()
    return Answer(said[0], said[1], content)


def without_length(headers: Headers) -> Headers:
    """The headers of a page whose length is not yet known."""
    return [each for each in headers if each[0].lower() not in ("content-length", "etag")]


def as_nobody(environ: Environ, *, query: str) -> Environ:
    """The same address, asked by a visitor of whom nothing is known."""
    known = {name: value for name, value in environ.items() if not name.startswith("HTTP_")}
    kept = {name: environ[name] for name in ("HTTP_HOST", "HTTP_X_FORWARDED_PROTO") if name in environ}
    return known | kept | {"REQUEST_METHOD": "GET", "QUERY_STRING": query, MOMENTS: []}
