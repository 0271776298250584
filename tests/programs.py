"""Programs of ours that run beside the tests: started, awaited, stopped."""

import contextlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 60


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(*arguments: str, answers_at: str, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """`python <arguments>`, from the moment it answers at that address; stopped at the end. Raises RuntimeError."""
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for(answers_at, process)
        yield
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Asked to end, and made to after ten seconds."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def site(application: str, *, port: int, threads: int) -> Iterator[str]:
    """The site as in production, by granian; yields its address."""
    url = f"http://127.0.0.1:{port}"
    command = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--blocking-threads", str(threads), "--log-level", "error", application]
    with running(*command, answers_at=f"{url}/robots.txt"):
        yield url


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until something answers there. Raises RuntimeError where the program ends first, or after a minute."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"Nothing answers at {url}.")
