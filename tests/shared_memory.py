"""A throw-away Redis or Valkey for the tests."""

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.programs import PATIENCE_SECONDS, free_port

PROGRAM = shutil.which("valkey-server") or shutil.which("redis-server")
HOW_TO_GET_IT = "Redis (apt-get install redis-server)"
needs_redis = pytest.mark.skipif(PROGRAM is None, reason=HOW_TO_GET_IT)


class Server:
    """One on a port of its own that can be killed, made to hang, and started anew, empty."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns as soon as it takes connections. Raises RuntimeError."""
        assert PROGRAM is not None
        options = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        self.process = subprocess.Popen([PROGRAM, *options], stdout=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.01)
        raise RuntimeError("Redis does not answer.")

    def kill(self) -> None:
        """As a power cut would."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def hang(self) -> None:
        """It takes connections and says nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """A running one, gone at the end."""
    found = Server()
    found.start()
    try:
        yield found
    finally:
        found.kill()
