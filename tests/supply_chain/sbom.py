"""`make sbom`: what the site is made of, as CycloneDX 1.6 in JSON, from the locks alone.

The same locks give the same file, byte for byte: no moment and no random number stands in it.
"""

import hashlib
import json
import sys
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.supply_chain import licences, lock
from tests.supply_chain.lock import Package

# How much of a lock a newsroom has: CycloneDX knows these three words.
SCOPES = {"base": "required", "opensearch": "optional", "test": "excluded"}


def bill(*, with_tests: bool = False) -> dict[str, Any]:
    """The bill of materials; `with_tests` names the tools of those who build on the site, too."""
    said = licences.table()
    known = {(line.name, line.version): line.licence for line in licences.lines(said)}
    locked = {file: found for file, found in lock.everything().items() if with_tests or file != "test"}
    components = [
        _component(one, SCOPES[file], known[one.name, one.version]) for file, found in locked.items() for one in found
    ]
    components += [_file(one) for one in said["vendored"]]
    project = _project()
    packages = [one for found in locked.values() for one in found]
    content = json.dumps(components, sort_keys=True)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, content)}",
        "version": 1,
        "metadata": {"component": project},
        "components": components,
        "dependencies": _dependencies(project["bom-ref"], packages),
    }


def _project() -> dict[str, Any]:
    said = tomllib.loads((lock.ROOT / "pyproject.toml").read_text())["project"]
    return {"type": "application", "bom-ref": said["name"], "name": said["name"], "version": said["version"]}


def _purl(one: Package) -> str:
    return f"pkg:pypi/{one.name}@{one.version}"


def _component(one: Package, scope: str, licence: str) -> dict[str, Any]:
    said = {
        "type": "library",
        "bom-ref": _purl(one),
        "name": one.name,
        "version": one.version,
        "purl": _purl(one),
        "scope": scope,
        "licenses": _licences(licence),
        # Of the files that may be installed: a package has one for each kind of machine.
        "hashes": [{"alg": "SHA-256", "content": one_hash} for one_hash in one.hashes],
    }
    if one.marker:
        said["properties"] = [{"name": "newsroom:installed-where", "value": one.marker}]
    return said


def _licences(licence: str) -> list[dict[str, Any]]:
    if " " in licence:
        return [{"expression": licence}]
    return [{"license": {"name": licence} if licence == licences.UNKNOWN else {"id": licence}}]


def _file(said: Mapping[str, Any]) -> dict[str, Any]:
    name = said["name"].lower().replace(" ", "-")
    return {
        "type": "data",
        "bom-ref": f"vendored:{name}",
        "name": said["name"],
        "version": said["version"],
        "scope": "required",
        "licenses": _licences(said["licence"]),
        "components": [_part(path) for path in said["files"]],
    }


def _part(path: str) -> dict[str, Any]:
    digest = hashlib.sha256((lock.ROOT / path).read_bytes()).hexdigest()
    return {
        "type": "file",
        "bom-ref": f"file:{path}",
        "name": path,
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }


def _dependencies(project: str, packages: Iterable[Package]) -> list[dict[str, Any]]:
    """Who needs whom. What nobody wants is what the project itself asks for; so is what both want."""
    packages = list(packages)
    refs: dict[str, list[str]] = {}
    for one in packages:
        refs.setdefault(one.name, []).append(_purl(one))
    needs: dict[str, set[str]] = {_purl(one): set() for one in packages}
    own = _named_by_us()
    for one in packages:
        for wanting in one.wanted_by:
            for ref in refs.get(wanting.partition("[")[0], ()):
                needs[ref].add(_purl(one))
    direct = [_purl(one) for one in packages if not one.wanted_by or one.name in own]
    return [{"ref": project, "dependsOn": sorted(direct)}] + [
        {"ref": ref, "dependsOn": sorted(wanted)} for ref, wanted in sorted(needs.items())
    ]


def _named_by_us() -> set[str]:
    """The names in `requirements/*.in`, as locks write them."""
    found = set()
    for file in lock.FILES:
        for line in (lock.FOLDER / f"{file}.in").read_text().splitlines():
            if line and line[0].isalpha():
                name = line.partition("[")[0].partition(">")[0].partition("=")[0].partition("<")[0]
                found.add(name.strip().lower().replace("_", "-").replace(".", "-"))
    return found


if __name__ == "__main__":
    json.dump(bill(with_tests="--all" in sys.argv[1:]), sys.stdout, indent=1)
    print()
