"""One visitor: asks, keeps cookies, and follows nothing by itself."""

import contextlib
import http.client
import re
import time
import urllib.parse
from dataclasses import dataclass, field

PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Answer:
    """What came back; the status is 0 where nothing did."""

    status: int
    headers: dict[str, str]
    content: bytes
    begun_at: float
    seconds: float

    @property
    def text(self) -> str:
        """The page."""
        return self.content.decode("utf-8", "replace")

    @property
    def leads_to(self) -> str:
        """Where a redirect goes."""
        return self.headers.get("location", "")

    def field(self, name: str) -> str:
        """The value of a hidden field of the page."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        return found[1] if found else ""


@dataclass
class Visitor:
    """Somebody at an address of their own, who comes by way of a proxy of ours."""

    site: str
    address: str
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self.ask("GET", path)

    def post(self, path: str, **fields: str) -> Answer:
        """Send a form."""
        content = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": self.token()}).encode()
        return self.ask("POST", path, content, {"Content-Type": "application/x-www-form-urlencoded"})

    def token(self) -> str:
        """What proves that a form is this visitor's."""
        return self.cookies.setdefault("csrftoken", "c" * 32)

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Send a request over a connection of its own."""
        to = urllib.parse.urlsplit(self.site)
        line = http.client.HTTPConnection(to.hostname or "", to.port, timeout=PATIENCE_SECONDS)
        own = {"X-Forwarded-For": self.address, "Accept-Encoding": "identity"}
        if self.cookies:
            own["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        begun = time.monotonic()
        try:
            line.request(method, path, body, own | (headers or {}))
            answer = line.getresponse()
            content = answer.read()
            self._keep(answer.headers.get_all("Set-Cookie") or [])
            given = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, given, content, begun, time.monotonic() - begun)
        except (OSError, http.client.HTTPException) as error:
            return Answer(0, {}, f"{type(error).__name__}: {error}".encode(), begun, time.monotonic() - begun)
        finally:
            line.close()

    def _keep(self, cookies: list[str]) -> None:
        for one in cookies:
            name, _, value = one.split(";", 1)[0].partition("=")
            if value and value != '""':
                self.cookies[name] = value
            else:
                with contextlib.suppress(KeyError):
                    del self.cookies[name]
