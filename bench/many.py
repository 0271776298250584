"""Many HTTP requests through a few connections that stay open."""

import http.client
import threading
import time
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ask:
    """One request. `body` makes it a POST."""

    path: str
    headers: dict[str, str]
    body: bytes | None = None


def seconds_for(base: str, asks: Sequence[Ask], *, connections: int, expect: int = 200) -> float:
    """How long all of them take, shared among so many connections. Raises RuntimeError for any other answer."""
    to = urllib.parse.urlsplit(base)
    shares = [asks[start::connections] for start in range(connections)]
    wrong: list[str] = []
    gate = threading.Barrier(connections + 1)

    def work(share: Sequence[Ask]) -> None:
        line = http.client.HTTPConnection(to.hostname or "", to.port, timeout=60)
        line.connect()
        gate.wait()
        for one in share:
            line.request("POST" if one.body else "GET", one.path, one.body, one.headers)
            answer = line.getresponse()
            words = answer.read()
            if answer.status != expect:
                wrong.append(f"{answer.status}: {words[:200]!r}")
        line.close()

    threads = [threading.Thread(target=work, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    gate.wait()
    taken = timed(lambda: [thread.join() for thread in threads])
    if wrong:
        raise RuntimeError(f"{len(wrong)} were not answered as expected, the first: {wrong[0]}")
    return taken


def timed(act: Callable[[], object]) -> float:
    """The seconds that `act` takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
