"""`make run`: the local Stripe, a database with a newsroom in it, the site, and its worker, in one go.

Asks nothing and needs no variable. Ctrl-C stops everything it started. With STRIPE_SECRET_KEY set, the site talks to
that Stripe and the local one is not started.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_SECONDS = 30


class CannotStart(Exception):
    """Something a person has to put right first; the message says what."""


def main() -> int:
    """Start everything, wait, stop everything."""
    # A shell that starts us in the background has SIGINT ignored; whoever sends it means it all the same.
    signal.signal(signal.SIGINT, _like_ctrl_c)
    signal.signal(signal.SIGTERM, _like_ctrl_c)
    signal.signal(signal.SIGHUP, _like_ctrl_c)
    port, stripe_port = _port("PORT", 8000), _port("STRIPE_PORT", 12111)
    with_local_stripe = "STRIPE_SECRET_KEY" not in os.environ
    var = Path(os.environ.setdefault("VAR_DIR", str(ROOT / "var")))
    var.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
    os.environ.setdefault("SITE_URL", f"http://localhost:{port}")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    if with_local_stripe:
        os.environ["STRIPE_API_BASE"] = f"http://127.0.0.1:{stripe_port}"
        os.environ["CLOCK_OFFSET_FILE"] = str(var / "clock-offset")
    try:
        with contextlib.ExitStack() as running:
            _must_be_free(port, "PORT")
            if with_local_stripe:
                _must_be_free(stripe_port, "STRIPE_PORT")
                running.enter_context(_stripe(stripe_port, port, var))
            _prepare(with_local_stripe)
            site = running.enter_context(_site(port))
            running.enter_context(_worker())
            _say_where(port, stripe_port if with_local_stripe else None)
            return site.wait()
    except KeyboardInterrupt:
        print("\nStopped.")
        return 0
    except CannotStart as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def _like_ctrl_c(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _port(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise SystemExit(f"{name} is {value!r}; it must be a port number.")
    return int(value)


def _must_be_free(port: int, name: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CannotStart(f"Port {port} is in use. Choose another one: make run {name}={port + 1}") from error


@contextlib.contextmanager
def _stripe(stripe_port: int, port: int, var: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [
        *(sys.executable, "-m", "stripe_sandbox", "--port", str(stripe_port)),
        *("--state", str(var / "stripe.sqlite3"), "--offset-file", str(var / "clock-offset")),
        *("--webhook-url", f"http://127.0.0.1:{port}/stripe/webhook/", "--webhook-secret", "whsec_local_sandbox"),
    ]
    with _child(command, f"http://127.0.0.1:{stripe_port}/", "The local Stripe") as process:
        yield process


@contextlib.contextmanager
def _site(port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--blocking-threads", "4", "--log-level", "warning", "newsroom.wsgi:application"),
    ]
    with _child(command, f"http://127.0.0.1:{port}/robots.txt", "The site") as process:
        yield process


def _worker() -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    return _running([sys.executable, "manage.py", "work"])


@contextlib.contextmanager
def _child(command: list[str], ready_url: str, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program, wait until it answers, and stop it at the end."""
    with _running(command) as process:
        _wait_until_it_answers(process, ready_url, name)
        yield process


@contextlib.contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program, and stop it at the end, whatever happens."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], url: str, name: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise CannotStart(f"{name} stopped at once (exit code {process.returncode}); its message stands above.")
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - a fixed address on this machine
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise CannotStart(f"{name} did not answer within {START_TIMEOUT_SECONDS} seconds.")


def _prepare(with_local_stripe: bool) -> None:
    """Bring the database up to date and fill an empty newsroom."""
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    print("Preparing the database ...")
    call_command("migrate", verbosity=0, interactive=False)
    call_command("sync_plans", stdout=open(os.devnull, "w"))  # noqa: SIM115
    call_command("demo")
    if with_local_stripe:
        from edge import clock
        from newsroom.demo import asking, groups, people

        people.settle_in()
        groups.settle_in(at=clock.now())
        asking.settle_in(at=clock.now())
    connections.close_all()


def _say_where(port: int, stripe_port: int | None) -> None:
    from django.urls import reverse

    from newsroom.demo import asking, groups, people

    home = f"http://localhost:{port}"
    lines = [
        "",
        f"  The site        {home}/",
        f"  Its mail        {home}/dev/mail/      (sign-in codes arrive here)",
        f"  The admin       {home}{reverse('admin:index')}",
        *(
            [f"  Local Stripe    http://localhost:{stripe_port}/     (move the clock, fail a payment)"]
            if stripe_port
            else []
        ),
        "",
        f"  Sign in at {home}/accounts/login/code/ as one of these; the code is in the mail above.",
        "",
        *(f"    {person.email:32}{person.story}" for person in (*people.EVERYBODY, *groups.PEOPLE, *asking.PEOPLE)),
        "",
        "  Ctrl-C stops everything. `make reset` starts over.",
        "",
    ]
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    sys.exit(main())
