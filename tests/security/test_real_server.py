"""What the server in front of Django does with requests that no browser sends: too long, broken, smuggled."""

import contextlib
import json
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.contrib.staticfiles import finders
from django.db import connection

from tests import check
from tests.programs import free_port, site

pytestmark = pytest.mark.anywhere
TELLS = re.compile(rb"Traceback|Django|/usr/|\.py\b|\brust\b|hyper", re.IGNORECASE)


@pytest.fixture(scope="module")
def port(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The site as production runs it, on a copy of the tests' database."""
    if connection.vendor != "sqlite":
        pytest.skip("A copy of the database is a copy of a file.")
    folder = tmp_path_factory.mktemp("server")
    ours, copy = sqlite3.connect(connection.settings_dict["NAME"]), sqlite3.connect(folder / "site.sqlite3")
    with closing(ours), closing(copy):
        ours.backup(copy)
    # Of static files only the names are needed.
    names = {name: name for finder in finders.get_finders() for name, _ in finder.list([])}
    (folder / "static").mkdir()
    (folder / "static" / "staticfiles.json").write_text(json.dumps({"version": "1.1", "paths": names}))
    number = free_port()
    production = check.production(str(folder)) | {
        "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3",
        "EXTRA_HOSTS": "localhost,127.0.0.1",
        "SECURE_SSL_REDIRECT": "0",
        "LOG_LEVEL": "ERROR",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in production.items():
            patch.setenv(name, value)
        with site("newsroom.wsgi:application", port=number, threads=2):
            yield number


def told(port: int, request: bytes, *, seconds: float = 5) -> bytes:
    """Everything the server says to these bytes, until it closes or falls silent."""
    answer = b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=seconds) as line:
        with contextlib.suppress(OSError):
            line.sendall(request)
        while part := line.recv(65536):
            answer += part
    return answer


def status(answer: bytes) -> int:
    """The number in the first line; 0 where the server hung up without a word."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0


def get(headers: str, path: str = "/robots.txt", version: str = "1.1") -> bytes:
    return f"GET {path} HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n".encode("latin-1")


def test_the_server_answers_what_is_right(port: int) -> None:
    assert status(told(port, get(""))) == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        get(f"Cookie: a={'b' * 70_000}\r\n"),
        get(f"Cookie: {'; '.join(f'c{number}={number}' for number in range(9_000))}\r\n"),
        get(f"X-Long: {'a' * 1_000_000}\r\n"),
        get("".join(f"X-{number}: a\r\n" for number in range(1_000))),
        get("", path="/" + "a" * 100_000),
        get("", path="/search/?q=" + "a" * 100_000),
        get(f"{'N' * 70_000}: a\r\n"),
        get(f"Authorization: Basic {'QQ' * 40_000}\r\n"),
        get(f"Accept-Language: {'fr,' * 40_000}\r\n"),
    ],
    ids=["cookie", "cookies", "header", "headers", "path", "query", "name", "authorization", "language"],
)
def test_what_is_too_large_is_refused_in_few_words(request_bytes: bytes, port: int) -> None:
    answer = told(port, request_bytes)
    assert status(answer) in (0, 200, 400, 404, 413, 414, 431), answer[:200]
    assert not TELLS.search(answer.partition(b"\r\n\r\n")[0])
    assert status(answer) == 200 or len(answer) < 20_000
    assert status(told(port, get(""))) == 200


@pytest.mark.parametrize(
    "size", [3_900, 8_000, 16_000, 60_000], ids=["as browsers allow", "twice", "four times", "fifteen times"]
)
def test_a_large_cookie_is_no_error_of_ours(size: int, port: int) -> None:
    for name in ("sessionid", "csrftoken", "language", "messages", "a"):
        answer = told(port, get(f"Cookie: {name}={'x' * size}\r\n", path="/accounts/login/code/"))
        assert status(answer) in (0, 200, 302, 400, 431, 500, 503), answer[:200]
        assert b"Traceback" not in answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET /robots.txt HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"NONSENSE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /robots.txt\r\n\r\n",
        b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\nConnection: close\r\n\r\n",
        b"GET /robots.txt HTTP/1.1\r\nHost : localhost\r\nConnection: close\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET /static/..%2f..%2f..%2fetc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
        b"TRACE /robots.txt HTTP/1.1\r\nHost: localhost\r\nX-Secret: abc\r\nConnection: close\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_told_nothing(request_bytes: bytes, port: int) -> None:
    answer = told(port, request_bytes, seconds=1.5)
    assert b"Traceback" not in answer
    assert b"root:x:0" not in answer
    assert b"X-Secret" not in answer
    assert b"evil.example" not in answer
    assert status(told(port, get(""))) == 200


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length: +6\r\n",
        "Content-Length: 6 \x0b\r\n",
    ],
)
def test_a_request_hidden_in_the_body_of_another_is_not_answered(headers: str, port: int) -> None:
    """Request smuggling: where two readers of one line disagree about where a request ends."""
    hidden = "GET /.well-known/tdmrep.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    request = f"POST /robots.txt HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n0\r\n\r\n{hidden}"
    answer = told(port, request.encode("latin-1"), seconds=1.5)
    statuses = re.findall(rb"^HTTP/1\.\d (\d+)", answer, re.MULTILINE)
    assert len(statuses) <= 1 or headers.startswith("Transfer-Encoding: chunked"), statuses
    assert status(answer) != 200


def test_the_server_does_not_tell_its_version(port: int) -> None:
    head = told(port, get("")).partition(b"\r\n\r\n")[0].lower()
    assert not re.search(rb"\r\nserver: [^\r]*[0-9]", head)
    assert b"x-powered-by" not in head


def test_old_http_is_answered_or_refused_and_no_error(port: int) -> None:
    for version in ("1.0", "0.9"):
        assert status(told(port, get("", version=version), seconds=1.5)) in (0, 200, 400, 505)
