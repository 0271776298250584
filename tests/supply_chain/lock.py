"""What is locked: every package of `requirements/*.txt`, with its version, its hashes and who asked for it."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "requirements"
# What a newsroom installs, what only some do, and what only those who build on the site do.
FILES = ("base", "opensearch", "test")
_PACKAGE = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?: ; (?P<marker>[^\\]+?))?(?: \\)?")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_VIA = re.compile(r"\s+#\s+(?:via\s+)?(\S.*)")


@dataclass(frozen=True)
class Package:
    """One entry of a lock."""

    name: str
    version: str
    # When it is installed at all, as PEP 508 says it; empty for always.
    marker: str
    hashes: tuple[str, ...]
    # The packages that want it; none where `requirements/*.in` names it itself.
    wanted_by: tuple[str, ...]


def packages(file: str, folder: Path = FOLDER) -> list[Package]:
    """Everything in one lock, in its order. Raises ValueError for a line that is none of a lock."""
    return parsed((folder / f"{file}.txt").read_text())


def parsed(text: str) -> list[Package]:
    """The packages of a lock's text. Raises ValueError for a line that is none of a lock."""
    found: list[Package] = []
    hashes: list[str] = []
    wanted_by: list[str] = []
    heading: re.Match[str] | None = None
    for line in text.splitlines():
        if starts := _PACKAGE.fullmatch(line):
            _close(found, heading, hashes, wanted_by)
            heading, hashes, wanted_by = starts, [], []
        elif pinned := _HASH.search(line):
            hashes.append(pinned[1])
        elif via := _VIA.fullmatch(line):
            wanted_by += [] if via[1] == "via" or via[1].startswith("-") else [via[1]]
        elif line.strip() and not line.startswith("#"):
            raise ValueError(f"This is no line of a lock: {line}")
    _close(found, heading, hashes, wanted_by)
    return found


def everything(folder: Path = FOLDER) -> dict[str, list[Package]]:
    """All locks by the name of their file; a package that an earlier one has is not said again."""
    said: set[tuple[str, str]] = set()
    found = {}
    for file in FILES:
        found[file] = [one for one in packages(file, folder) if (one.name, one.version) not in said]
        said |= {(one.name, one.version) for one in found[file]}
    return found


def _close(found: list[Package], heading: re.Match[str] | None, hashes: list[str], wanted_by: list[str]) -> None:
    if heading:
        entry = Package(
            heading["name"], heading["version"], heading["marker"] or "", tuple(hashes), tuple(sorted(set(wanted_by)))
        )
        found.append(entry)
