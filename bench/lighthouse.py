"""`python -m bench.lighthouse`: Google's Lighthouse on a phone over a simulated slow 4G, median of three.

Fetches the pinned version with npm into `var/tools`. Ends with 1 where a page has less than it must have. With
`--keep FOLDER` the reports are kept, to see what was found.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.public_site import public_site
from tests.browser.chromium import CHROMIUM
from tests.vnu import TOOLS

# The newest that runs on Node 20.
VERSION = "12.8.2"
PAGES = ("front", "section", "article", "plans")
LEAST = {"performance": 99, "accessibility": 100, "best-practices": 100, "seo": 100}
TRIES = 5
FLAGS = "--headless=new --no-sandbox --disable-gpu --ignore-certificate-errors"
METRICS = {"first-contentful-paint": "first", "largest-contentful-paint": "largest", "total-blocking-time": "blocked"}


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.lighthouse", description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="a folder for the reports")
    parser.add_argument("--slowdown", type=float, default=4, help="how much slower a phone is than this machine now")
    given = parser.parse_args()
    program = _program()
    with public_site() as site, tempfile.TemporaryDirectory() as folder:
        kept = given.keep or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        found = {
            name: [
                _report(program, site.url + site.paths[name], kept / f"{name}-{run}.json", given.slowdown)
                for run in range(given.runs)
            ]
            for name in PAGES
        }
    return _judge(found)


def _program() -> Path:
    """Lighthouse, fetched if need be. Raises SystemExit where it cannot run."""
    if CHROMIUM is None or shutil.which("node") is None or shutil.which("npm") is None:
        raise SystemExit("Needs Chromium, Node and npm: apt-get install chromium nodejs npm")
    home = TOOLS / f"lighthouse-{VERSION}"
    program = home / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not program.exists():
        home.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(home)]
        subprocess.run([*command, f"lighthouse@{VERSION}"], check=True)
    return program


def _report(program: Path, url: str, path: Path, slowdown: float) -> dict:
    """One run: scores by category, and metrics in milliseconds. Raises SystemExit where it fails again and again."""
    command = [
        "node",
        str(program),
        url,
        "--quiet",
        "--output=json",
        f"--output-path={path}",
        f"--chrome-flags={FLAGS}",
    ]
    command.append(f"--throttling.cpuSlowdownMultiplier={slowdown}")
    command.append(f"--only-categories={','.join(LEAST)}")
    for _ in range(TRIES):
        # Now and then Chromium's trace misses its own beginning; Lighthouse says so and asks to be run again.
        if not subprocess.run(command, env=os.environ | {"CHROME_PATH": str(CHROMIUM)}, timeout=300).returncode:
            return json.loads(path.read_text())
    raise SystemExit(f"Lighthouse could not look at {url}.")


def _judge(found: dict[str, list[dict]]) -> int:
    print(f"{'':10}{''.join(f'{name:>16}' for name in [*LEAST, *METRICS.values(), 'shift'])}")
    is_low = False
    for name, reports in found.items():
        scores = {one: statistics.median(_score(report, one) for report in reports) for one in LEAST}
        times = [statistics.median(_number(report, one) for report in reports) for one in METRICS]
        shift = statistics.median(_number(report, "cumulative-layout-shift") for report in reports)
        words = "".join(f"{score:16.0f}" for score in scores.values()) + "".join(f"{ms:13.0f} ms" for ms in times)
        print(f"{name:10}{words}{shift:16.3f}")
        is_low |= any(score < LEAST[one] for one, score in scores.items())
        for one in sorted({audit for report in reports for audit in _failed(report)}):
            print(f"{'':10}  {one}")
    speed = statistics.median(
        report["environment"]["benchmarkIndex"] for reports in found.values() for report in reports
    )
    print(f"The machine's own speed was {speed:.0f}; an idle desktop has 1500 to 2000, for which 4 is meant.")
    return 1 if is_low else 0


def _score(report: dict, category: str) -> float:
    return 100 * (report["categories"][category]["score"] or 0)


def _number(report: dict, audit: str) -> float:
    return report["audits"][audit]["numericValue"]


def _failed(report: dict) -> list[str]:
    """The audits that cost a point."""
    weighed = {
        reference["id"]: category
        for category, one in report["categories"].items()
        for reference in one["auditRefs"]
        if reference["weight"]
    }
    return [
        f"{weighed[name]}: {audit['title']} ({audit['score']:.2f})"
        for name, audit in report["audits"].items()
        if name in weighed and audit["score"] is not None and audit["score"] < 0.9
    ]


if __name__ == "__main__":
    sys.exit(main())
