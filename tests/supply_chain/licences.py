"""`make licences`: under which licence each locked package and each file of others is, and whether we may have it."""

import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.supply_chain import lock

UNKNOWN = "unknown"
TABLE = lock.FOLDER / "licences.toml"
# What authors write instead of SPDX's names, and what a classifier of PyPI says clearly.
_MEANT = {"Apache 2.0": "Apache-2.0", "PSFL": "PSF-2.0", "3-Clause BSD License": "BSD-3-Clause"}
_CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
_NAME = re.compile(r"[A-Za-z0-9.+-]+")


@dataclass(frozen=True)
class Line:
    """One thing that is not ours."""

    name: str
    version: str
    # SPDX's expression, or "unknown".
    licence: str
    # The lock it stands in, or "repository".
    where: str


def table() -> dict[str, Any]:
    """What `requirements/licences.toml` says."""
    return tomllib.loads(TABLE.read_text())


def lines(said: Mapping[str, Any]) -> list[Line]:
    """Everything that is not ours, by where it is and then by name."""
    found = [
        Line(one.name, one.version, said["packages"].get(one.name) or _of_installed(one.name), file)
        for file, packages in lock.everything().items()
        for one in packages
    ]
    return found + [Line(one["name"], one["version"], one["licence"], "repository") for one in said["vendored"]]


def is_allowed(licence: str, allowed: list[str]) -> bool:
    """Whether we may have something under this expression: all of what stands beside AND, one of what beside OR."""
    if licence.count("(") or " WITH " in licence:
        return licence in allowed
    choices = [choice.split(" AND ") for choice in licence.split(" OR ")]
    return any(all(part.strip() in allowed for part in choice) for choice in choices)


def wrong(found: list[Line], allowed: list[str]) -> Iterator[str]:
    """What is under a licence that nobody has agreed to, in words."""
    for line in found:
        if not is_allowed(line.licence, allowed):
            yield f"{line.name} {line.version} ({line.where}): {line.licence}"


def missing(said: Mapping[str, Any], root: Path = lock.ROOT) -> Iterator[str]:
    """Files that the table names and nobody finds: of others, or the licence that must lie beside them."""
    for one in said["vendored"]:
        beside = root / one["licence_file"]
        for name in (*one["files"], one["licence_file"]):
            if not (root / name).is_file():
                yield name
            elif (root / name).parent != beside.parent:
                yield f"{one['licence_file']} beside {name}"


def _of_installed(name: str) -> str:
    """What the installed package says of itself, where that is one clear word."""
    try:
        said = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return UNKNOWN
    if expression := said.get("License-Expression"):
        return expression
    written = (said.get("License") or "").strip()
    written = _MEANT.get(written, written)
    # "BSD" alone names several.
    if _NAME.fullmatch(written) and written != "BSD":
        return written
    clear = {_CLASSIFIERS.get(one, UNKNOWN) for one in said.get_all("Classifier") or [] if one.startswith("License ::")}
    return clear.pop() if len(clear) == 1 else UNKNOWN


def main() -> int:
    """Print the table, or with `--quiet` only troubles; 1 where there are any."""
    said = table()
    found = lines(said)
    for line in found if "--quiet" not in sys.argv[1:] else ():
        print(f"{line.name:28} {line.version:14} {line.where:11} {line.licence}")
    troubles = [*wrong(found, said["allowed"]), *(f"missing: {one}" for one in missing(said))]
    for trouble in troubles:
        print(f"Not agreed to: {trouble}", file=sys.stderr)
    print(f"{len(found)} things of others, {len(troubles)} not agreed to.")
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
