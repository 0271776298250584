"""`make test`: everything that must hold, on SQLite, on PostgreSQL and in a real browser where they can be had.

SQLite sees every test. PostgreSQL sees again what a database has a part in (`--again`, tests/conftest.py). With four
processors or more the three parts run at the same time.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests import pg, shared_memory, vnu

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = ROOT.parent / "shared" / "stripe"
PROCESSORS = os.cpu_count() or 1
AT_ONCE = PROCESSORS >= 4


@dataclass
class Part:
    """One run of pytest, with variables and a folder of its own."""

    name: str
    arguments: list[str]
    environment: dict[str, str]
    said: list[str] = field(default_factory=list)

    def holds(self) -> bool:
        """Run it. What it says is shown at once, or where parts run at the same time, at its end in one piece."""
        started = time.monotonic()
        command = [sys.executable, "-m", "pytest", "-q", "-rs", *self.arguments]
        with tempfile.TemporaryDirectory(prefix="newsroom-") as var:
            environment = self.environment | {"VAR_DIR": var}
            if AT_ONCE:
                done = subprocess.run(
                    command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
                )
                said, code = done.stdout, done.returncode
            else:
                print(f"\n=== {self.name} ===", flush=True)
                said, code = "", subprocess.call(command, cwd=ROOT, env=environment)
        heading = f"\n=== {self.name} ===\n" if AT_ONCE else ""
        print(f"{heading}{said}({self.name}: {time.monotonic() - started:.0f} s)", flush=True)
        return code == 0


def main(arguments: list[str]) -> int:
    """Run the three parts and say at the end what was left out and how to get it."""
    left_out: list[str] = []
    # Stopped from outside, it takes the database server with it all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ExitStack() as leaving:
        bytecode = leaving.enter_context(tempfile.TemporaryDirectory(prefix="newsroom-bytecode-"))
        environment = _environment(left_out) | {"PYTHONPYCACHEPREFIX": bytecode}
        postgresql = os.environ.get("DATABASE_URL")
        if not postgresql and (bin_dir := pg.binaries()):
            postgresql = leaving.enter_context(pg.server(bin_dir))
        parts = list(_parts(arguments, environment, postgresql, left_out))
        with ThreadPoolExecutor(len(parts) if AT_ONCE else 1) as crew:
            failed = [part.name for part, holds in zip(parts, crew.map(Part.holds, parts), strict=True) if not holds]
    print()
    print("Left out: " + ("; ".join(left_out) if left_out else "nothing"))
    print("Failed: " + (", ".join(failed) if failed else "nothing"))
    return 1 if failed else 0


def _parts(
    arguments: list[str], environment: dict[str, str], postgresql: str | None, left_out: list[str]
) -> list[Part]:
    """The slowest first."""
    workers = ["-n", str(min(8, max(2, PROCESSORS // 2 if AT_ONCE else PROCESSORS)))]
    with_url = environment | ({"DATABASE_URL": postgresql} if postgresql else {})
    parts = []
    if postgresql:
        parts.append(Part("PostgreSQL", [*workers, "--again", "-m", "not browser", *arguments], with_url))
    else:
        left_out.append("PostgreSQL (apt-get install postgresql)")
    parts.append(Part("SQLite", [*workers, "-m", "not browser and not postgres", *arguments], environment))
    if shutil.which("chromium") or shutil.which("chromium-browser"):
        parts.append(Part("browser", ["-n", "2", "-m", "browser", *arguments], with_url))
    else:
        left_out.append("the browser (apt-get install chromium)")
    if shared_memory.PROGRAM is None:
        left_out.append(shared_memory.HOW_TO_GET_IT)
    if not (shutil.which("nginx") or Path("/usr/sbin/nginx").exists()):
        left_out.append("nginx (apt-get install nginx)")
    if vnu.jar() is None:
        left_out.append(vnu.HOW_TO_GET_IT)
    return parts


def _environment(left_out: list[str]) -> dict[str, str]:
    """Our own variables only: what a person has set for the site must not reach its tests."""
    foreign = ("STRIPE_", "SITE_", "SMTP_", "DATABASE_", "CACHE_", "PURGE_", "ENVIRONMENT", "SECRET_KEY", "CLOCK_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    kept |= {"LOG_LEVEL": "ERROR"}
    if "STRIPE_CONTRACT_DIR" in os.environ:
        kept["STRIPE_CONTRACT_DIR"] = os.environ["STRIPE_CONTRACT_DIR"]
    elif (CONTRACT / "contract_proxy.py").exists():
        kept["STRIPE_CONTRACT_DIR"] = str(CONTRACT)
    else:
        left_out.append("the contract of Stripe's API (STRIPE_CONTRACT_DIR= a folder with contract_proxy.py)")
    return kept


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
