"""The holes that are known in what we have locked, by pip-audit. A known one fails; no network is no failure.

`python -m tests.supply_chain.audit`, and a part of `make check`.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.supply_chain import lock

SECONDS_TO_ANSWER = 10
SECONDS_IN_ALL = 240
SKIPPED = "skipped: offline"
# Holes that do not touch us, by their number, and why; read again at each update.
DOES_NOT_TOUCH_US: dict[str, str] = {}


def command(*files: Path) -> list[str]:
    """pip-audit over locks as they are written: nothing is resolved, nothing is installed."""
    asked = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--format", "json"]
    asked += ["--progress-spinner", "off", "--timeout", str(SECONDS_TO_ANSWER)]
    for hole in DOES_NOT_TOUCH_US:
        asked += ["--ignore-vuln", hole]
    for file in files:
        asked += ["--requirement", str(file)]
    return asked


def locks() -> list[Path]:
    """Every lock there is."""
    return [lock.FOLDER / f"{file}.txt" for file in lock.FILES]


def verdict(said: str) -> tuple[int, list[str]]:
    """What the answer of pip-audit comes to: 0 or 1, and lines to print.

    Without an answer, or where its database knows nothing of any package, nothing was looked at: that is no failure,
    and says so.
    """
    try:
        packages = json.loads(said)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return 0, [f"{SKIPPED} (the database of known holes did not answer)"]
    looked_at = [one for one in packages if "skip_reason" not in one]
    if not looked_at:
        return 0, [f"{SKIPPED} (the database that was reached knows none of our packages)"]
    holes = [line for one in looked_at for line in _holes(one)]
    left_out = [f"not looked at: {one['name']}" for one in packages if "skip_reason" in one]
    return (1 if holes else 0), [*left_out, *holes, f"{len(looked_at)} packages, {len(holes)} known holes"]


def _holes(package: dict[str, Any]) -> Iterator[str]:
    for hole in package.get("vulns", ()):
        mended = ", ".join(hole.get("fix_versions") or ["no version yet"])
        yield f"{package['name']} {package['version']}: {hole['id']}; mended in {mended}"


def _asked(*files: Path) -> tuple[int, list[str]]:
    try:
        said = subprocess.run(
            command(*files), cwd=lock.ROOT, capture_output=True, text=True, timeout=SECONDS_IN_ALL, check=False
        ).stdout
    except subprocess.TimeoutExpired:
        said = ""
    return verdict(said)


def main() -> int:
    """Ask, and print what came of it. One package goes first: where nobody answers, the rest need not be asked."""
    django = next(one for one in lock.packages("base") if one.name == "django")
    with TemporaryDirectory() as folder:
        first = Path(folder) / "first.txt"
        first.write_text(f"{django.name}=={django.version} --hash=sha256:{django.hashes[0]}\n")
        status, lines = _asked(first)
    if not lines[0].startswith(SKIPPED):
        status, lines = _asked(*locks())
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main())
