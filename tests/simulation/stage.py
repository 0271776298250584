"""Sets the stage: a database, the local Stripe with trouble on purpose, and the site; and clears it again."""

import contextlib
import json
import os
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests import pg, programs
from tests.simulation import clock, mailbox

SECRET = "whsec_local_sandbox"
START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Stripe:
    """The local Stripe of this story, and its switches."""

    url: str

    def ask(self, path: str, **body: Any) -> Any:
        """Use a control; the answer is JSON."""
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.loads(answer.read())

    def look(self, path: str) -> Any:
        """Ask the API with a key of its own: at the end, when nothing goes wrong any more."""
        request = urllib.request.Request(self.url + path, headers={"Authorization": "Bearer sk_test_judge"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def move_to(self, moment: datetime) -> None:
        """Let it be this moment, at Stripe and on the site; everything due on the way happens."""
        self.ask("clock", to=int(moment.timestamp()))
        clock.move_to(moment)


@contextlib.contextmanager
def stage(*, seed: int, faults: float, on_sqlite: bool) -> Iterator[Stripe]:
    """Everything started and empty; Django is ready in this process afterwards. Nothing is left behind."""
    with tempfile.TemporaryDirectory(prefix="simulation-") as folder, contextlib.ExitStack() as running:
        var = Path(folder)
        stripe_port, site_port = programs.free_port(), programs.free_port()
        url = "" if on_sqlite else running.enter_context(_postgres())
        os.environ.update(
            {
                "DJANGO_SETTINGS_MODULE": "tests.simulation.settings",
                "DATABASE_URL": url or f"sqlite:///{var / 'site.sqlite3'}",
                "VAR_DIR": folder,
                "STRIPE_SECRET_KEY": "sk_test_local_sandbox",
                "STRIPE_WEBHOOK_SECRETS": SECRET,
                "STRIPE_API_BASE": f"http://127.0.0.1:{stripe_port}",
                clock.FILE: str(var / "moment"),
                mailbox.FILE: str(var / "mail"),
                mailbox.FAULTS: str(faults),
            }
        )
        (var / "static").mkdir()
        clock.move_to(START)
        _make_ready()
        command = ["-m", "tests.simulation.unreliable", "--port", str(stripe_port), "--seed", str(seed)]
        command += ["--faults", str(faults), "--start", str(int(START.timestamp())), "--webhook-secret", SECRET]
        command += ["--webhook-url", f"http://127.0.0.1:{site_port}/stripe/webhook/"]
        running.enter_context(programs.running(*command, answers_at=f"http://127.0.0.1:{stripe_port}/"))
        running.enter_context(programs.site("tests.simulation.wsgi:application", port=site_port, threads=8))
        running.callback(_let_go_of_the_database)
        yield Stripe(f"http://127.0.0.1:{stripe_port}")


@contextlib.contextmanager
def _postgres() -> Iterator[str]:
    """A database of our own: on a throw-away server, where PostgreSQL can be had. Raises SystemExit."""
    bin_dir = pg.binaries()
    if bin_dir is None:
        raise SystemExit("There is no PostgreSQL here (apt-get install postgresql). With --sqlite it goes without.")
    with pg.server(bin_dir) as url:
        yield url


def _make_ready() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    clock.rule()
    call_command("migrate", verbosity=0, interactive=False)


def _let_go_of_the_database() -> None:
    from django.db import connections

    connections.close_all()
