"""However many come at once, a page is made once."""

import threading
from typing import Any

import pytest

from page_cache.front_door import PageCache
from tests.make import NOW, an_article

MANY = 12


@pytest.mark.django_db(transaction=True)
def test_a_stampede_makes_a_page_once(at: Any) -> None:
    from django.db import connection

    at(NOW)
    an_article()
    made, everybody = [], threading.Barrier(MANY)

    def slow(environ: Any, start_response: Any) -> list[bytes]:
        made.append(environ["PATH_INFO"])
        start_response("200 OK", [("Cache-Control", "public"), ("Content-Type", "text/plain")])
        return [b"ready"]

    cache = PageCache(slow)
    got: list[bytes] = []

    def visit() -> None:
        everybody.wait(10)
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/latest/", "HTTP_HOST": "testserver"}
        got.append(b"".join(cache(environ, lambda *answer: None)))
        connection.close()

    threads = [threading.Thread(target=visit) for _ in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert got == [b"ready"] * MANY
    assert made == ["/latest/"]
