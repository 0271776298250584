"""The site as it runs in production, in processes of its own, at the database of the test."""

import contextlib
import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from django.db import connection

from tests.programs import ROOT, free_port, wait_for


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: str = ""


def ask(
    url: str, path: str, *, method: str = "GET", source: str = "127.0.0.1", body: str = "", **headers: str
) -> Answer:
    """One request over a connection of its own, from that address of this machine. Raises OSError."""
    at = urlsplit(url)
    line = http.client.HTTPConnection(at.hostname or "", at.port, timeout=20, source_address=(source, 0))
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()} | {"Host": "localhost"}
        if body:
            named["Content-Type"] = "application/x-www-form-urlencoded"
        line.request(method, path, body=body or None, headers=named)
        got = line.getresponse()
        cookies = "; ".join(value.partition(";")[0] for value in got.headers.get_all("Set-Cookie") or [])
        return Answer(got.status, {name.lower(): value for name, value in got.headers.items()}, got.read(), cookies)
    finally:
        line.close()


@contextlib.contextmanager
def site(var: Path, **variables: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Its address and its process; stopped at the end. Needs a test whose rows are committed."""
    port = free_port()
    named = {
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "DATABASE_URL": _database_url(),
        "VAR_DIR": str(var),
        "LOG_LEVEL": "ERROR",
        "TRUSTED_PROXIES": "127.0.0.1/32",
        "RESULTS_WRITTEN_SECONDS": "0",
    }
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--blocking-threads", "4", "--log-level", "critical", "newsroom.wsgi:application"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | named | variables, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/robots.txt", process)
        yield url, process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes], *, number: int = 15) -> None:
    """End a site with its worker process; 9 is without a word."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()


def _database_url() -> str:
    known = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{known['NAME']}"
    return f"postgres://{known['USER']}@{quote(known['HOST'], safe='')}:{known['PORT'] or 5432}/{known['NAME']}"
