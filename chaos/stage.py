"""What is broken here: a database, mail and Stripe that fail when told to, two processes of the site, and a worker."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chaos import mail_server, postgres, stripe_line
from tests import pg, programs

SECRET = "whsec_local_sandbox"
SITE_PROCESSES, THREADS = 2, 6
MEDIA_MEGABYTES = 24
STOPPING_SECONDS = 10


class Stage:
    """Everything that runs, by name, and how it is stopped and begun again."""

    def __init__(self, folder: Path, database: postgres.Postgres, programs_of: contextlib.ExitStack) -> None:
        self.folder, self.database, self.started = folder, database, programs_of
        self.post = mail_server.Server()
        self.stripe_port, self.site_port = programs.free_port(), programs.free_port()
        self.stripe = f"http://127.0.0.1:{self.stripe_port}"
        self.site = f"http://127.0.0.1:{self.site_port}"
        self.line = stripe_line.Line(self.stripe)
        self.media, self.offset_file = folder / "media", folder / "clock-offset"
        self.media.mkdir()
        (folder / "static").mkdir()
        self.media_has_own_disk = postgres.mounted(self.media, megabytes=MEDIA_MEGABYTES)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.server: subprocess.Popen[bytes] | None = None
        self.redis: subprocess.Popen[bytes] | None = None
        self.redis_port = programs.free_port()

    @property
    def mailbox(self) -> mail_server.Mailbox:
        """Where all mail goes."""
        return self.post.mailbox

    # --- Programs -----------------------------------------------------------------------------------

    def start_all(self) -> None:
        """Mail, the line to Stripe, Stripe, the site and a worker. Raises RuntimeError."""
        for one in (self.post, self.line):
            threading.Thread(target=one.serve_forever, args=(0.05,), daemon=True).start()
            self.started.callback(one.shutdown)
        sandbox = ["-m", "stripe_sandbox", "--port", str(self.stripe_port), "--offset-file", str(self.offset_file)]
        sandbox += ["--webhook-url", f"{self.site}/stripe/webhook/", "--webhook-secret", SECRET]
        self._await(f"{self.stripe}/", self._begun(*sandbox))

    def start_site(self) -> None:
        """The site, as in production: granian, two processes. Raises RuntimeError where it does not answer."""
        command = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.site_port)]
        command += ["--workers", str(SITE_PROCESSES), "--blocking-threads", str(THREADS), "--log-level", "error"]
        self.server = self._begun(*command, "newsroom.wsgi:application")
        self._await(f"{self.site}/healthz", self.server)

    def start_worker(self) -> None:
        """One more worker."""
        self.workers.append(self._begun("manage.py", "work"))

    def kill_site(self) -> None:
        """SIGKILL, to all of its processes."""
        if self.server:
            _end(self.server, signal.SIGKILL)

    def kill_workers(self) -> None:
        """SIGKILL, to every worker."""
        for one in self.workers:
            _end(one, signal.SIGKILL)
        self.workers.clear()

    def _begun(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "output").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", *arguments],
                cwd=programs.ROOT,
                env=os.environ | {"STRIPE_API_BASE": self.line.url},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.started.callback(_end, process, signal.SIGTERM)
        return process

    def _await(self, url: str, process: subprocess.Popen[bytes]) -> None:
        try:
            programs.wait_for(url, process)
        except RuntimeError as error:
            raise RuntimeError(f"{error}\n{(self.folder / 'output').read_text()[-2000:]}") from error

    # --- Redis --------------------------------------------------------------------------------------

    def start_redis(self) -> None:
        """Redis or Valkey, which keeps nothing. Raises RuntimeError where it does not answer."""
        program = redis_program()
        assert program
        command = [program, "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.redis = subprocess.Popen(
            [*command, "--dir", str(self.folder)], stdout=subprocess.DEVNULL, start_new_session=True
        )
        self.started.callback(_end, self.redis, signal.SIGKILL)
        until = time.monotonic() + STOPPING_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.redis_port), timeout=1):
                return
            time.sleep(0.05)
        raise RuntimeError("Redis does not answer.")

    def kill_redis(self) -> None:
        """SIGKILL."""
        if self.redis:
            _end(self.redis, signal.SIGKILL)

    @contextlib.contextmanager
    def frozen_redis(self) -> Iterator[None]:
        """It takes connections and never answers."""
        assert self.redis
        self.redis.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.redis.send_signal(signal.SIGCONT)

    # --- Stripe and time ----------------------------------------------------------------------------

    def ask_stripe(self, control: str, **body: Any) -> Any:
        """Use a control of the local Stripe, past the line on which things go wrong."""
        data = json.dumps(body).encode() if body or control != "state" else None
        request = urllib.request.Request(f"{self.stripe}/_sandbox/{control}", data)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def let_pass(self, seconds: int) -> None:
        """So much time goes by, at Stripe and on the site."""
        self.ask_stripe("clock", advance=seconds)

    @contextlib.contextmanager
    def moved_clock(self, seconds: int) -> Iterator[None]:
        """The clock of the site alone is wrong by so much."""
        right = float(self.offset_file.read_text())
        self._set_offset(right + seconds)
        try:
            yield
        finally:
            self._set_offset(right)

    def _set_offset(self, seconds: float) -> None:
        beside = self.offset_file.with_suffix(".moved")
        beside.write_text(f"{seconds:.0f}")
        os.replace(beside, self.offset_file)

    def is_ready(self) -> bool:
        """Whether the site says that it can serve."""
        try:
            with urllib.request.urlopen(f"{self.site}/readyz", timeout=5):
                return True
        except (OSError, urllib.error.HTTPError):
            return False


@contextlib.contextmanager
def stage(*, with_redis: bool = False) -> Iterator[Stage]:
    """Everything started, Django ready in this process; nothing is left behind. Raises SystemExit, RuntimeError."""
    bin_dir = pg.binaries()
    if bin_dir is None:
        raise SystemExit("There is no PostgreSQL here (apt-get install postgresql).")
    with contextlib.ExitStack() as started:
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        database = started.enter_context(postgres.Postgres(bin_dir))
        it = Stage(folder, database, started)
        started.callback(postgres.unmounted, it.media)
        os.environ.update(
            {
                "DJANGO_SETTINGS_MODULE": "chaos.settings",
                "DATABASE_URL": database.url,
                "VAR_DIR": str(folder),
                "CHAOS_MEDIA": str(it.media),
                "CHAOS_SMTP_PORT": str(it.post.port),
                "STRIPE_SECRET_KEY": "sk_test_local_sandbox",
                "STRIPE_WEBHOOK_SECRETS": SECRET,
                "STRIPE_API_BASE": it.stripe,
                "CLOCK_OFFSET_FILE": str(it.offset_file),
                "TRUSTED_PROXIES": "127.0.0.1",
                "SITE_URL": it.site,
                # Written by those who publish and pay; what was opened is counted as it happens.
                "RESULTS_WRITTEN_SECONDS": "1",
            }
        )
        os.environ.pop("CACHE_URL", None)
        if with_redis:
            it.start_redis()
            os.environ["CACHE_URL"] = f"redis://127.0.0.1:{it.redis_port}/0"
        it.start_all()
        _make_ready()
        started.callback(let_go_of_the_database)
        yield it


def redis_program() -> str | None:
    """Where Redis or Valkey is, if it is here."""
    return shutil.which("valkey-server") or shutil.which("redis-server")


def let_go_of_the_database() -> None:
    """Close the connections of this process, which may be broken."""
    from django.db import connections

    connections.close_all()


def _make_ready() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)


def _end(process: subprocess.Popen[bytes], number: int) -> None:
    """Tell it and its children, and wait; what does not listen is killed."""
    for one in (number, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, one)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=STOPPING_SECONDS)
            break
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    until = time.monotonic() + STOPPING_SECONDS
    while time.monotonic() < until and _is_there(process.pid):
        time.sleep(0.02)


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except OSError:
        return False
    return True
