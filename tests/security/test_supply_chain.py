"""What we took from others: pinned by its hash, under a licence we agreed to, listed, and looked up for known holes."""

import hashlib
import json
import re
import subprocess
from dataclasses import replace

import pytest

from tests import check
from tests.supply_chain import audit, licences, lock, sbom, update

# What only others make, so that nobody adds one without its licence. Pictures and icons are drawn by us.
MADE_BY_OTHERS = (".woff", ".woff2", ".ttf", ".otf", ".min.js", ".min.css", ".wasm", ".whl", ".jar", ".so", ".map")
A_LOCK = """
one==1.0 \\
    --hash=sha256:{0}
    # via -r base.in
two==2.0 ; sys_platform == 'win32' \\
    --hash=sha256:{0} \\
    --hash=sha256:{1}
    # via
    #   one
    #   three[extra]
""".format("a" * 64, "b" * 64)


def in_repository() -> list[str]:
    found = subprocess.run(["git", "ls-files"], cwd=lock.ROOT, capture_output=True, text=True, check=False)
    return found.stdout.split() or [
        path.relative_to(lock.ROOT).as_posix()
        for folder in ("newsroom", "articles", "groups", "readers", "rights", "subscriptions", "templates")
        for path in (lock.ROOT / folder).rglob("*")
    ]


# --- Locks --------------------------------------------------------------------------------------------


def test_a_lock_is_read_as_it_is_written() -> None:
    one, two = lock.parsed(A_LOCK)
    assert (one.name, one.version, one.marker, one.hashes, one.wanted_by) == ("one", "1.0", "", ("a" * 64,), ())
    assert (two.marker, len(two.hashes), two.wanted_by) == ("sys_platform == 'win32'", 2, ("one", "three[extra]"))


@pytest.mark.parametrize("line", ["one>=1", "git+ssh://x/y", "--index-url x", "-e ."])
def test_a_line_that_pins_nothing_is_none_of_a_lock(line: str) -> None:
    with pytest.raises(ValueError, match="no line of a lock"):
        lock.parsed(A_LOCK + line)


def test_every_package_is_pinned_by_hashes() -> None:
    for file in lock.FILES:
        found = lock.packages(file)
        assert found
        assert [one.name for one in found if not one.hashes] == [], file


@pytest.mark.parametrize("kind", ["in", "txt"])
def test_no_lock_names_a_host(kind: str) -> None:
    """Where packages come from is the machine's to say, and none of anybody else's business."""
    for path in lock.FOLDER.glob(f"*.{kind}"):
        text = path.read_text()
        assert not re.search(r"://|--(extra-)?index|--find-links|--trusted-host|@\s*(git|file)", text), path.name


def test_what_the_site_wishes_for_stands_in_its_lock() -> None:
    for file in lock.FILES:
        wishes = re.findall(r"^([A-Za-z][\w.-]*)", (lock.FOLDER / f"{file}.in").read_text(), re.MULTILINE)
        locked = {one.name for one in lock.packages(file)}
        assert {wish.lower().replace("_", "-") for wish in wishes} <= locked, file


# --- Licences -----------------------------------------------------------------------------------------


def test_everything_of_others_is_under_a_licence_we_agreed_to() -> None:
    said = licences.table()
    assert list(licences.wrong(licences.lines(said), said["allowed"])) == []
    assert list(licences.missing(said)) == []


@pytest.mark.parametrize(
    ("licence", "agreed"),
    [
        ("MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT AND PSF-2.0", True),
        ("GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("unknown", False),
        ("", False),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only", False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
    ],
)
def test_a_licence_is_agreed_to_as_a_whole(licence: str, agreed: bool) -> None:
    assert licences.is_allowed(licence, ["MIT", "PSF-2.0", "Apache-2.0"]) is agreed


def test_a_strange_licence_fails_with_the_name_of_the_package() -> None:
    said = licences.table()
    found = [replace(one, licence="SSPL-1.0") if one.name == "redis" else one for one in licences.lines(said)]
    (trouble,) = licences.wrong(found, said["allowed"])
    assert trouble.startswith("redis ")


def test_files_of_others_are_listed_and_their_licence_lies_beside_them() -> None:
    listed = {path for one in licences.table()["vendored"] for path in one["files"]}
    assert {path for path in in_repository() if path.endswith(MADE_BY_OTHERS)} == listed


def test_no_entry_of_the_table_outlives_its_package() -> None:
    locked = {one.name for packages in lock.everything().values() for one in packages}
    assert set(licences.table()["packages"]) - locked == set()


# --- The bill of materials ------------------------------------------------------------------------------


def test_the_bill_lists_every_package_with_its_hashes_and_who_needs_it() -> None:
    bill = sbom.bill()
    by_name = {one["name"]: one for one in bill["components"]}
    locked = {one.name for file in ("base", "opensearch") for one in lock.packages(file)}
    assert locked <= set(by_name)
    assert "pytest" not in by_name
    assert by_name["django"]["purl"].startswith("pkg:pypi/django@5.")
    assert by_name["django"]["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    needs = {one["ref"]: one["dependsOn"] for one in bill["dependencies"]}
    assert by_name["asgiref"]["bom-ref"] in needs[by_name["django"]["bom-ref"]]
    assert by_name["django"]["bom-ref"] in needs["newsroom"]
    assert by_name["asgiref"]["bom-ref"] not in needs["newsroom"]
    refs = [one["bom-ref"] for one in bill["components"]]
    assert len(refs) == len(set(refs))
    assert set(needs) <= {"newsroom", *refs}


def test_the_bill_has_the_fonts_by_their_content() -> None:
    (font,) = [one for one in sbom.bill()["components"] if one["name"] == "Piazzolla"]
    part = font["components"][0]
    content = (lock.ROOT / part["name"]).read_bytes()
    assert part["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}]


def test_the_same_locks_give_the_same_bill() -> None:
    assert sbom.bill() == sbom.bill()
    assert "pytest" in {one["name"] for one in sbom.bill(with_tests=True)["components"]}
    assert sbom.bill(with_tests=True)["serialNumber"] != sbom.bill()["serialNumber"]


# --- Known holes ----------------------------------------------------------------------------------------


def of_the_audit(*packages: dict[str, object]) -> tuple[int, str]:
    status, lines = audit.verdict(json.dumps({"dependencies": packages, "fixes": []}))
    return status, "\n".join(lines)


SOUND = {"name": "idna", "version": "3.20", "vulns": []}
HOLED = {"name": "old", "version": "1.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"], "aliases": []}]}
STRANGE = {"name": "mine", "skip_reason": "not found"}


def test_a_known_hole_fails_with_its_number_and_where_it_is_mended() -> None:
    status, said = of_the_audit(SOUND, HOLED)
    assert status == 1
    assert "old 1.0: PYSEC-2026-1; mended in 1.1" in said


def test_no_known_hole_passes_and_says_how_many_were_looked_at() -> None:
    assert of_the_audit(SOUND, STRANGE) == (0, "not looked at: mine\n1 packages, 0 known holes")


@pytest.mark.parametrize("said", ["", "no JSON", "[]", "null", '{"dependencies": []}'])
def test_without_the_database_nothing_fails_and_nothing_is_called_sound(said: str) -> None:
    status, lines = audit.verdict(said)
    assert status == 0
    assert lines[0].startswith("skipped: offline")


def test_a_database_that_knows_nothing_is_none() -> None:
    assert of_the_audit(STRANGE)[1].startswith("skipped: offline")


def test_the_audit_reads_every_lock_and_is_a_part_of_make_check() -> None:
    asked = " ".join(audit.command(*audit.locks()))
    assert all(f"requirements/{file}.txt" in asked for file in lock.FILES)
    assert "--require-hashes" in asked
    source = (lock.ROOT / "tests" / "check.py").read_text()
    assert "tests.supply_chain.audit" in source
    assert "tests.supply_chain.licences" in source
    assert check.main


# --- Updates --------------------------------------------------------------------------------------------


def test_an_update_tells_what_is_new_gone_and_different() -> None:
    one, two = lock.parsed(A_LOCK)
    lines = list(update.differences([one, two], [replace(one, version="1.1"), replace(two, name="three")]))
    assert [line.split() for line in lines] == [
        ["one", "1.0", "->", "1.1"],
        ["three", "new", "->", "2.0"],
        ["two", "2.0", "->", "gone"],
    ]
    assert list(update.differences([one, two], [one, two])) == []


def test_files_that_changed_behind_an_old_version_are_told() -> None:
    one, _ = lock.parsed(A_LOCK)
    (line,) = update.differences([one], [replace(one, hashes=("c" * 64,))])
    assert "look at this one" in line
