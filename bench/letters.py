"""Very many letters to a mail server here, by a process that is killed on the way, and by another that goes on."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests import programs

QUEUED_AT_ONCE = 1000


@dataclass(frozen=True)
class Sent:
    """What became of them. `twice` left again since the process was killed just after the server had taken them."""

    count: int
    queued_a_second: float
    sent_a_second: float
    memory_mb: float
    lost: int
    twice: int


def run(count: int) -> Sent:
    """Queue and send so many. The first process is killed when a third is out."""
    from readers.models import Letter

    began = time.perf_counter()
    _queue(count)
    queued = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder, _mail_server(Path(folder) / "taken") as (taken, port):
        before = _how_many(taken)
        first = _send(port)
        while _how_many(taken) < count // 3 and first.poll() is None:
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
        first.wait()
        # Nobody waits ten minutes here: what the dead process had in hand is let go.
        Letter.objects.filter(claimed_at__isnull=False).update(claimed_at=datetime.now(UTC) - timedelta(hours=1))
        done, began = _how_many(taken), time.perf_counter()
        second, memory = _send(port), 0.0
        while second.poll() is None:
            memory = max(memory, _memory_mb(second.pid))
            time.sleep(0.05)
        took = time.perf_counter() - began
        names = Counter(taken.read_text().split())
    return Sent(
        count=count,
        queued_a_second=count / queued,
        sent_a_second=(names.total() - done - before) / took,
        memory_mb=memory,
        lost=count - len(names),
        twice=names.total() - len(names),
    )


def _queue(count: int) -> None:
    """As a job does that writes to everybody: the row and its words, many rows in one statement."""
    from readers.models import Letter

    words = "It renews by itself, and this is how to end it. " * 20
    Letter.objects.all().delete()
    for first in range(0, count, QUEUED_AT_ONCE):
        Letter.objects.bulk_create(
            Letter(
                to=f"reader{number}@example.org",
                kind="renewal_notice",
                occasion="bench",
                subject="It renews",
                text=words,
                html=f"<p>{words}</p>",
                written_at=datetime.now(UTC),
            )
            for number in range(first, min(first + QUEUED_AT_ONCE, count))
        )


def _send(port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "manage.py", "send_letters"]
    return subprocess.Popen(
        command, cwd=programs.ROOT, env=os.environ | {"BENCH_SMTP_PORT": str(port)}, stdout=subprocess.DEVNULL
    )


@contextmanager
def _mail_server(taken: Path) -> Iterator[tuple[Path, int]]:
    port = programs.free_port()
    taken.touch()
    process = subprocess.Popen([sys.executable, "-m", "tests.mail_server", str(port), str(taken)], cwd=programs.ROOT)
    try:
        _wait_for(port)
        yield taken, port
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(port: int) -> None:
    import socket

    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("The mail server does not answer.")


def _how_many(taken: Path) -> int:
    return taken.read_bytes().count(b"\n")


def _memory_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, IndexError):
        return 0.0
