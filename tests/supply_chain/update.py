"""`make update`: resolve every lock anew, install it, and show what is different. What was locked before comes back
where that fails.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.supply_chain import lock
from tests.supply_chain.lock import Package

# Each lock, and the one whose versions it takes over.
RESOLVED: dict[str, str | None] = {"base": None, "opensearch": None, "test": "base"}


def resolve(file: str, *, anew: bool) -> None:
    """Write one lock from its wishes. Raises CalledProcessError where they cannot be met."""
    asked = [str(Path(sys.executable).parent / "uv"), "pip", "compile", "--quiet", "--generate-hashes", "--universal"]
    asked += ["--python-version", "3.11", "--no-emit-index-url", "--no-emit-find-links", "--no-header"]
    asked += ["--upgrade"] if anew else []
    if above := RESOLVED[file]:
        asked += ["-c", f"{above}.txt"]
    subprocess.run([*asked, f"{file}.in", "-o", f"{file}.txt"], cwd=lock.FOLDER, check=True)


def differences(before: list[Package], after: list[Package]) -> Iterator[str]:
    """What was locked and what is now, a line for each package that is not the same."""
    old, new = _versions(before), _versions(after)
    for name in sorted(old.keys() | new.keys()):
        was, has = ", ".join(old.get(name, [])), ", ".join(new.get(name, []))
        if was != has:
            yield f"{name:28} {was or 'new':>22}  ->  {has or 'gone'}"
    pinned = {(one.name, one.version): set(one.hashes) for one in before}
    for one in after:
        if pinned.get((one.name, one.version), set()) - set(one.hashes):
            yield f"{one.name:28} {one.version:>22}  ->  the same version, and files of it are gone: look at this one"


def _versions(packages: list[Package]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in packages:
        found.setdefault(one.name, []).append(one.version)
    return found


def main() -> int:
    """Resolve as `make lock` does; with `--upgrade` to the newest, and then install and tell."""
    anew = "--upgrade" in sys.argv[1:]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    before, texts = lock.everything(), {file: (lock.FOLDER / f"{file}.txt").read_text() for file in RESOLVED}
    try:
        subprocess.run([*pip, "uv"], check=True)
        for file in RESOLVED:
            resolve(file, anew=anew)
        if anew:
            subprocess.run([*pip, "--require-hashes", "-r", str(lock.FOLDER / "test.txt")], check=True)
    except subprocess.CalledProcessError as error:
        for file, text in texts.items():
            (lock.FOLDER / f"{file}.txt").write_text(text)
        print(f"Nothing is changed: {' '.join(error.cmd[:4])} … did not succeed.", file=sys.stderr)
        return 1
    after = lock.everything()
    lines = [line for file in RESOLVED for line in differences(before[file], after[file])]
    print("\n".join(lines or ["Nothing is different."]))
    if anew and lines:
        print("Now: make check test, and read what the changed packages say of themselves before you commit.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
