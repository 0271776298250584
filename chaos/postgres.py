"""A PostgreSQL that can be killed, filled, closed to writers and crowded; what it has committed, it keeps."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg2

from tests import pg

MOST_CONNECTIONS = 50
# The machine lives on, so nothing has to reach a disk; but what is committed has left the process that may be killed.
OPTIONS = pg.FAST | {
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "32MB",
    "max_connections": str(MOST_CONNECTIONS),
    "min_wal_size": "4MB",
    "max_wal_size": "32MB",
}
DISK_MEGABYTES = 192
PATIENCE_SECONDS = 30


class Postgres:
    """The server, in a folder of its own: on a small disk of its own where this user may mount one."""

    def __init__(self, bin_dir: str) -> None:
        self.bin_dir = bin_dir
        self.who = pg.unprivileged()
        self.root = Path(tempfile.mkdtemp(prefix="pg-"))
        self.has_own_disk = mounted(self.root, megabytes=DISK_MEGABYTES)
        self.data = self.root / "data"
        self.url = f"postgres://postgres@{str(self.root).replace('/', '%2F')}:5432/postgres"

    def __enter__(self) -> "Postgres":
        if self.who:
            os.chown(self.root, self.who["user"], self.who["group"])
        self._run(
            "initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--wal-segsize=1"
        )
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()
        unmounted(self.root)
        shutil.rmtree(self.root, ignore_errors=True)

    # --- The process ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Have it run and answer, whether or not it does already. Raises RuntimeError after half a minute."""
        options = " ".join(f"-c {name}={value}" for name, value in OPTIONS.items()) + f" -k {self.root}"
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if self._answers():
                return
            if self._pid() is None:
                # What was killed may have left children that hold its memory for a moment: then this is tried again.
                self._run("pg_ctl", "-D", self.data, "-l", self.root / "log", "-W", "-o", options, "start", check=False)
            time.sleep(0.1)
        raise RuntimeError("PostgreSQL does not come back.")

    def kill(self) -> None:
        """SIGKILL, to it and to all of its children."""
        if pid := self._pid():
            for one in (pid, *_children_of(pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            while _is_alive(pid):
                time.sleep(0.01)

    def _pid(self) -> int | None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            return pid if _is_alive(pid) else None
        return None

    def _answers(self) -> bool:
        try:
            self.do("SELECT 1")
        except psycopg2.Error:
            return False
        return True

    def _run(self, program: str, *arguments: object, check: bool = True) -> None:
        environment = {"PATH": f"{self.bin_dir}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(self.root)}
        command = [f"{self.bin_dir}/{program}", *map(str, arguments)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(command, check=check, env=environment, cwd=self.root, **quiet, **self.who)

    # --- What is done to it -------------------------------------------------------------------------

    def connect(self) -> Any:
        """A connection of its master. Raises psycopg2.OperationalError."""
        connection = psycopg2.connect(host=str(self.root), user="postgres", dbname="postgres", connect_timeout=5)
        connection.autocommit = True
        return connection

    def do(self, statement: str) -> None:
        """Have it do something, whatever it allows others to write."""
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")
            cursor.execute(statement)

    def set(self, name: str, value: str) -> None:
        """Change a setting for everybody, at once."""
        self.do(f"ALTER SYSTEM SET {name} = {value}")
        self.do("SELECT pg_reload_conf()")

    def cut_all(self) -> None:
        """End every other connection."""
        self.do(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND usename = 'postgres'"
        )

    @contextlib.contextmanager
    def crowded(self) -> Iterator[None]:
        """Others hold every connection that there is."""
        with contextlib.ExitStack() as held:
            self.cut_all()
            while True:
                try:
                    held.enter_context(contextlib.closing(self.connect()))
                except psycopg2.OperationalError:
                    break
            yield

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        """Not a byte is free on its disk."""
        with filled(self.root):
            yield


# --- Small disks ----------------------------------------------------------------------------------------


def mounted(folder: Path, *, megabytes: int) -> bool:
    """Put an empty disk of that size there. False where this user may not."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "chaos", str(folder)]
    with contextlib.suppress(OSError):
        return os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0
    return False


def unmounted(folder: Path) -> None:
    """Take it away again, if it is there."""
    if os.path.ismount(folder):
        subprocess.run(["umount", "-l", str(folder)], capture_output=True)


@contextlib.contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Fill the disk under a folder to the last byte, and free it again."""
    ballast = folder / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0" * (1 << 20)):
                pass
        with ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0" * 512):
                pass
        yield
    finally:
        ballast.unlink(missing_ok=True)


def _children_of(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _is_alive(pid: int) -> bool:
    """Whether it runs; one that is dead and not yet waited for does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
