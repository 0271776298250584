"""The site as production runs it, with what the machine says of its processes: memory, processor time, start."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests import programs

THREADS = 4
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Served:
    """A server of one process: its address, and how long it took until it answered (seconds)."""

    url: str
    pid: int
    start_seconds: float

    @property
    def memory_mb(self) -> float:
        """The memory of its largest process, in millions of bytes, as the kernel counts it (resident)."""
        return max(_resident(pid) for pid in self._family()) / 1e6

    @property
    def cpu_seconds(self) -> float:
        """The processor time that all its processes have used."""
        return sum(_used(pid) for pid in self._family())

    def at_rest(self, *, patience: float = 5.0) -> float:
        """Wait until it has nothing left to do of what was asked before; returns `cpu_seconds` then."""
        until, before = time.monotonic() + patience, -1.0
        while (now := self.cpu_seconds) > before and time.monotonic() < until:
            before = now
            time.sleep(0.1)
        return now

    def _family(self) -> list[int]:
        found, new = [self.pid], [self.pid]
        while new:
            new = [child for pid in new for child in _children(pid)]
            found += new
        return found


@contextlib.contextmanager
def served(application: str, *, threads: int = THREADS, **environment: str) -> Iterator[Served]:
    """`application` by granian on a free port, one worker; variables come on top of ours."""
    port = programs.free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--blocking-threads", str(threads), "--log-level", "error", application]
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=programs.ROOT, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        programs.wait_for(f"{url}/robots.txt", process)
        yield Served(url, process.pid, time.perf_counter() - began)
    finally:
        programs.stop(process)


def _children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in threads for child in path.read_text().split()]


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _used(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
