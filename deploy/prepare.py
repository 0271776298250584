"""`python -m deploy.prepare`: what is done once at each new version, before the site and its workers start.

Every step may be repeated. Stripe may be away: its prices are asked for again at the next start.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STEPS = (("migrate", "--noinput"), ("createcachetable",))
MAY_FAIL = (("sync_plans",),)


def main() -> int:
    """Run the steps in order; the first that must not fail ends it."""
    for step in STEPS:
        if failed := _manage(*step):
            return failed
    for step in MAY_FAIL:
        if _manage(*step):
            print(f"manage.py {' '.join(step)} failed; run it again before anything is sold.", file=sys.stderr)
    return 0


def _manage(*step: str) -> int:
    print(f"manage.py {' '.join(step)}", flush=True)
    return subprocess.call([sys.executable, "manage.py", *step], cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())
