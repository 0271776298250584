"""The register of processing says of every model with people in it what the law wants written down."""

import csv
import io
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from rights import register
from rights.inventory import entries
from tests.make import a_reader, somebody_in

pytestmark = pytest.mark.django_db


def printed(*options: str) -> str:
    out = StringIO()
    call_command("processing_register", *options, stdout=out)
    return out.getvalue()


def test_every_model_with_people_in_it_has_a_line() -> None:
    assert {line.model for line in register.activities()} == {entry.label for entry in entries()}


@pytest.mark.parametrize("line", register.activities(), ids=lambda line: line.model)
def test_no_line_leaves_anything_open(line: register.Activity) -> None:
    assert all(vars(line).values())


def test_it_names_the_controller_and_who_works_for_it(settings: Any) -> None:
    settings.SITE_PUBLISHER, settings.STRIPE_COMPANY = "The Foundation", "The Payers Ltd"
    text = printed()
    assert "Controller: The Foundation" in text
    assert "Recipients: The Payers Ltd" in text
    assert "## Measures" in text


def test_it_follows_the_settings(settings: Any) -> None:
    settings.KEEP_BOOKS_YEARS = 9
    assert "9 years from the end of the calendar year after it was given back" in printed()


def test_it_can_be_had_as_a_table() -> None:
    rows = list(csv.DictReader(io.StringIO(printed("--format", "csv"))))
    assert len(rows) == len(register.activities())
    assert rows[0]["legal_basis"].startswith("Art. 6 (1)")


def test_administrators_read_it_at_the_desk_and_nobody_else(client: Client) -> None:
    client.force_login(somebody_in("Editors"))
    assert client.get("/admin/rights/retentionrun/register/").status_code == 403
    client.force_login(a_reader("root@example.org", is_staff=True, is_superuser=True))
    assert "Legal basis" in client.get("/admin/rights/retentionrun/register/").content.decode()
