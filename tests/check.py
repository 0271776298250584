"""`make check`: what shows without running the site: lint, types, imports, migrations, deployment, others’ work."""

import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def main() -> int:
    """Run every check, even after one has failed."""
    manage = [sys.executable, "-W", "ignore", "manage.py"]
    with tempfile.TemporaryDirectory() as var:
        base = {name: value for name, value in os.environ.items() if not name.startswith(("STRIPE_", "SITE_"))}
        development, deployed = base | {"VAR_DIR": var}, base | production(var)
        checks = [
            ("lint", [str(BIN / "ruff"), "check", "."], development),
            ("format", [str(BIN / "ruff"), "format", "--check", "."], development),
            ("types", [str(BIN / "mypy")], development),
            ("imports", [str(BIN / "lint-imports"), "--no-cache"], development),
            ("migrations", [*manage, "makemigrations", "--check", "--dry-run"], development),
            ("deployment", [*manage, "check", "--deploy", "--fail-level", "WARNING"], deployed),
            ("licences", [sys.executable, "-m", "tests.supply_chain.licences", "--quiet"], development),
            ("known holes", [sys.executable, "-m", "tests.supply_chain.audit"], development),
        ]
        failed = [name for name, command, environment in checks if not _holds(name, command, environment)]
    print("Failed: " + (", ".join(failed) if failed else "nothing"))
    return 1 if failed else 0


def _holds(name: str, command: list[str], environment: dict[str, str]) -> bool:
    print(f"=== {name} ===", flush=True)
    return subprocess.call(command, cwd=ROOT, env=environment) == 0


def production(var: str) -> dict[str, str]:
    """The least that a site in production is told, with its files in that folder."""
    return {
        "ENVIRONMENT": "production",
        "VAR_DIR": var,
        "SITE_URL": "https://news.example.org",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "DATABASE_URL": f"sqlite:///{var}/check.sqlite3",
        "CONTACT_EMAIL": "readers@example.org",
        "DEFAULT_FROM_EMAIL": "News <readers@example.org>",
        "SMTP_URL": "smtp://localhost:25",
        "STRIPE_SECRET_KEY": "sk_test_" + "0" * 24,
        "STRIPE_WEBHOOK_SECRETS": "whsec_" + "0" * 24,
    }


if __name__ == "__main__":
    sys.exit(main())
