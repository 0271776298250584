"""How much memory and time an export of WordPress takes: `python -m bench.imports --megabytes 500`.

Makes a file of that size and a site of its own, tries the file (which reads it as the import does), brings it in,
kills that run in the middle, and goes on. Memory is the most that the process ever had, as the system counts it.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARAGRAPH = "Ministers talked about the bridge until late, and nobody could say who pays for it in the end. " * 5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.imports", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--store", type=int, default=20, help="of how many megabytes the articles are stored, too")
    parser.add_argument("--kill-after", type=float, default=8, help="seconds")
    given = parser.parse_args()
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        site = os.environ | {"VAR_DIR": folder, "LOG_LEVEL": "ERROR"}
        _manage(site, "migrate", "--verbosity", "0")
        _manage(site, "shell", "-c", "from articles.models import Section; Section.objects.create(name='A', slug='a')")
        large, small = Path(folder) / "large.xml", Path(folder) / "small.xml"
        items = _write(large, given.megabytes)
        seconds, memory = _manage(site, *_command(large, "--dry-run"))
        print(f"{given.megabytes} MB tried: {items:,} articles, {seconds:.0f} s, {memory:.0f} MB of memory", flush=True)
        items = _write(small, given.store)
        started = time.monotonic()
        killed = subprocess.Popen([sys.executable, "manage.py", *_command(small)], cwd=ROOT, env=site)
        time.sleep(given.kill_after)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        _manage(site, *_command(small))
        seconds = time.monotonic() - started
        print(f"{given.store} MB brought in, killed once: {items:,} articles, {items / seconds:,.0f} a second")


def _command(path: Path, *more: str) -> list[str]:
    return ["import_articles", "wordpress", str(path), "--section", "a", *more]


def _manage(site: dict[str, str], *words: str) -> tuple[float, float]:
    """Run a command; how many seconds it took, and the most megabytes it had."""
    started = time.monotonic()
    command = [sys.executable, "manage.py", *words]
    process = os.posix_spawn(sys.executable, command, site | {"PYTHONPATH": str(ROOT)})
    _, status, used = os.wait4(process, 0)
    if status:
        raise SystemExit(f"{words[0]} failed.")
    return time.monotonic() - started, used.ru_maxrss / 1024


def _write(path: Path, megabytes: int) -> int:
    from tests.imports.files import HEAD, TAIL, item

    text = "\n\n".join([PARAGRAPH] * 16)
    number = 0
    with path.open("w") as file:
        file.write(HEAD)
        while file.tell() < megabytes * 1_000_000:
            number += 1
            file.write(item(number, content=text, terms=""))
        file.write(TAIL)
    return number


if __name__ == "__main__":
    main()
