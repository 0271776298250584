"""`make test`: everything that must hold, on SQLite, on PostgreSQL and in a real browser where they can be had."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests import pg

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = ROOT.parent / "shared" / "stripe"


def main(arguments: list[str]) -> int:
    """Run the three parts and say at the end what was left out and how to get it."""
    left_out: list[str] = []
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="newsroom-") as var:
        environment = _environment(var, left_out)
        _part("SQLite", ["-n", "2", "-m", "not browser and not postgres", *arguments], environment, failed)
        if url := os.environ.get("DATABASE_URL"):
            _on_postgres(url, arguments, environment, failed, left_out)
        elif bin_dir := pg.binaries():
            with pg.server(bin_dir) as url:
                _on_postgres(url, arguments, environment, failed, left_out)
        else:
            left_out.append("PostgreSQL (apt-get install postgresql)")
            _browser(arguments, environment, failed, left_out)
    print()
    print("Left out: " + ("; ".join(left_out) if left_out else "nothing"))
    print("Failed: " + (", ".join(failed) if failed else "nothing"))
    return 1 if failed else 0


def _environment(var: str, left_out: list[str]) -> dict[str, str]:
    """Our own variables only: what a person has set for the site must not reach its tests."""
    foreign = ("STRIPE_", "SITE_", "SMTP_", "DATABASE_URL", "ENVIRONMENT", "SECRET_KEY", "CLOCK_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    kept |= {"VAR_DIR": var, "LOG_LEVEL": "ERROR", "PYTHONDONTWRITEBYTECODE": "1"}
    if "STRIPE_CONTRACT_DIR" in os.environ:
        kept["STRIPE_CONTRACT_DIR"] = os.environ["STRIPE_CONTRACT_DIR"]
    elif (CONTRACT / "contract_proxy.py").exists():
        kept["STRIPE_CONTRACT_DIR"] = str(CONTRACT)
    else:
        left_out.append("the contract of Stripe's API (STRIPE_CONTRACT_DIR= a folder with contract_proxy.py)")
    return kept


def _on_postgres(
    url: str, arguments: list[str], environment: dict[str, str], failed: list[str], left_out: list[str]
) -> None:
    with_url = environment | {"DATABASE_URL": url}
    _part("PostgreSQL", ["-n", "2", "-m", "not browser", *arguments], with_url, failed)
    _browser(arguments, with_url, failed, left_out)


def _browser(arguments: list[str], environment: dict[str, str], failed: list[str], left_out: list[str]) -> None:
    if not (shutil.which("chromium") or shutil.which("chromium-browser")):
        left_out.append("the browser (apt-get install chromium)")
        return
    _part("browser", ["-m", "browser", *arguments], environment, failed)


def _part(name: str, arguments: list[str], environment: dict[str, str], failed: list[str]) -> None:
    print(f"\n=== {name} ===", flush=True)
    started = time.monotonic()
    code = subprocess.call([sys.executable, "-m", "pytest", "-q", "-rs", *arguments], cwd=ROOT, env=environment)
    print(f"({name}: {time.monotonic() - started:.0f} s)", flush=True)
    if code:
        failed.append(name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
