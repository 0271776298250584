"""Everything about me, as a file: complete against the list of models, exact, and without what opens doors."""

import csv
import io
import json
import time
import zipfile
from datetime import datetime
from typing import Any

import pytest
from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY as METHODS_OF,
)
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY as METHODS
from django.db.models import EmailField, Field, ForeignKey
from django.test import Client

from edge.personal_data import PersonalData
from readers.models import User
from rights import export
from rights.inventory import MISSING, annotation_of, every_model, of_readers
from subscriptions.models import Customer
from tests.everything import ADDRESS, NAME, a_reader_with_everything
from tests.fakes import FakeBilling
from tests.make import NOW, a_grant, a_reader, somebody_in

pytestmark = pytest.mark.django_db
# Words in the names of fields that mean a person.
PERSONAL_WORDS = ("email", "name", "address", "mailbox", "ip", "user_agent", "phone")
# Fields with such a word that mean none.
HARMLESS = {
    "newsroom.PeriodicJob.name",
    "newsroom.Worker.name",
    "articles.Section.name",
    "articles.Topic.name",
    "articles.Crawler.name",
    "auth.Group.name",
    "auth.Permission.name",
    "auth.Permission.codename",
    "groups.Domain.name",
    "readers.Newsletter.name",
    "socialaccount.SocialApp.name",
    "subscriptions.TermsVersion.name",
}


def just_signed_in(client: Client, reader: User, *, ago: float = 1) -> None:
    """A session whose sign-in by code is so many seconds old."""
    client.force_login(reader)
    session = client.session
    session[METHODS] = [{"method": "code", "at": time.time() - ago, "email": reader.email, "reauthenticated": True}]
    session[METHODS_OF] = str(reader.pk)
    session.save()


def put_away(response: Any) -> None:
    """Close the file of an answer, and not the test's connection with it."""
    for close in response._resource_closers:
        close()


def opened(reader: User) -> dict[str, str]:
    """The files of the download, by name."""
    with export.write_zip(reader, at=NOW) as written, zipfile.ZipFile(written) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def looks_like_a_person(field: Field) -> bool:
    if isinstance(field, ForeignKey):
        return field.related_model is User
    words = field.name.split("_")
    return isinstance(field, EmailField) or any(word in words or field.name == word for word in PERSONAL_WORDS)


# --- The list is complete --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", every_model(), ids=lambda model: model._meta.label)
def test_every_model_says_what_it_keeps_of_people(model: Any) -> None:
    assert annotation_of(model) is not MISSING, f"{model._meta.label} has no `personal_data`"


@pytest.mark.parametrize("model", every_model(), ids=lambda model: model._meta.label)
def test_no_field_that_looks_like_a_person_is_forgotten(model: Any) -> None:
    said = annotation_of(model)
    for field in model._meta.concrete_fields:
        if not looks_like_a_person(field) or f"{model._meta.label}.{field.name}" in HARMLESS:
            continue
        if said is None and field.related_model is User:
            # A receipt, or a name under a decision: it must not lead to the reader it is about.
            assert field.name in ("published_by", "reviewed_by") or model._meta.label == "rights.Erasure"
            continue
        assert isinstance(said, PersonalData), f"{model._meta.label}.{field.name}: a person, or one of HARMLESS?"
        if field.related_model is User:
            assert field.name in said.covers(), f"{model._meta.label}.{field.name}: whose is it?"


@pytest.mark.parametrize("entry", of_readers(), ids=lambda entry: entry.label)
def test_what_a_model_names_exists(entry: Any) -> None:
    fields = {field.name for field in entry.model._meta.get_fields()} | {"pk"}
    assert set(entry.data.covers()) <= fields


# --- The file --------------------------------------------------------------------------------------------------------


def test_the_download_says_what_the_database_says_field_by_field(billing: FakeBilling) -> None:
    reader = a_reader_with_everything()
    files = opened(reader)
    for entry in of_readers():
        rows = list(entry.rows_of(reader, frozenset({reader.email})).order_by("pk"))
        if entry.data.persons == "readers":
            assert rows, f"{entry.label}: the reader who has everything has none"
        if not rows:
            assert f"{entry.file_name}.json" not in files
            continue
        said = json.loads(files[f"{entry.file_name}.json"])
        assert len(said) == len(rows)
        for row, values in zip(rows, said, strict=True):
            for field in export.fields_of(entry):
                kept = field.value_from_object(row)
                told = values[field.name]
                told = datetime.fromisoformat(told) if isinstance(kept, datetime) else told
                assert told == kept or str(told) == str(kept), f"{entry.label}.{field.name}"


def test_tables_and_json_have_the_same_rows() -> None:
    files = opened(a_reader_with_everything())
    for name in [name for name in files if name.endswith(".json")]:
        table = list(csv.DictReader(io.StringIO(files[name.replace(".json", ".csv")].lstrip("\ufeff"))))
        said = json.loads(files[name])
        assert [list(row) for row in table] == [list(row) for row in said]


def test_only_what_opens_doors_is_left_out() -> None:
    for entry in of_readers():
        for name in entry.data.secret:
            assert any(word in name for word in ("password", "hash", "key", "data", "code", "token", "asked_in")), name


def test_nothing_that_opens_a_door_is_in_it() -> None:
    reader = a_reader_with_everything()
    reader.set_password("a long one, nobody knows")
    reader.save()
    everything = " ".join(opened(reader).values())
    assert reader.password not in everything
    for entry in of_readers():
        for row in entry.rows_of(reader, frozenset()):
            for name in entry.data.secret:
                value = getattr(row, name)
                if isinstance(value, str) and len(value) > 8:
                    assert value not in everything, f"{entry.label}.{name}"


def test_a_passkey_is_told_by_its_name() -> None:
    said = json.loads(opened(a_reader_with_everything())["authenticator.json"])
    assert [row["name"] for row in said] == ["Telephone"]


def test_nothing_about_anybody_else_is_in_it() -> None:
    a_reader_with_everything("somebody.else@example.org", "Somebody Else")
    everything = " ".join(opened(a_reader_with_everything()).values())
    assert "somebody.else@example.org" not in everything
    assert "carol@example.org" not in everything, "a colleague's address is not the reader's"


def test_the_index_names_every_file_and_what_is_empty() -> None:
    reader = a_reader_with_everything()
    files = opened(reader)
    for name in files:
        assert name == "index.html" or f'href="{name}"' in files["index.html"]
    assert ADDRESS in files["index.html"]
    assert "found nothing about you" in opened(a_reader())["index.html"]


@pytest.mark.parametrize(
    ("typed", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49", "'+49"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
    ],
)
def test_no_cell_is_taken_for_a_formula(typed: str, cell: str) -> None:
    reader = a_reader(name=typed)
    row = next(csv.DictReader(io.StringIO(opened(reader)["user.csv"].lstrip("\ufeff"), newline="")))
    assert row["name"] == cell
    assert json.loads(opened(reader)["user.json"])[0]["name"] == typed


def test_invoices_are_asked_of_stripe(billing: FakeBilling) -> None:
    reader = a_reader()
    Customer.objects.create(reader=reader, stripe_id="cus_1", created_at=NOW)
    assert json.loads(opened(reader)["invoices.json"])[0]["number"] == "V-1"


def test_while_stripe_is_away_the_index_says_that_invoices_are_missing(billing: FakeBilling) -> None:
    reader = a_reader()
    Customer.objects.create(reader=reader, stripe_id="cus_1", created_at=NOW)
    billing.is_away = True
    files = opened(reader)
    assert "invoices.json" not in files
    assert "One thing is missing: the list of your invoices." in files["index.html"]


def test_what_was_sent_to_a_proved_address_before_there_was_an_account_is_in_it() -> None:
    from readers.models import Letter

    Letter.objects.create(to="bob@example.org", kind="k", occasion="1", subject="s", text="t", html="h", written_at=NOW)
    assert json.loads(opened(a_reader())["letter.json"])[0]["text"] == "t"


# --- The page --------------------------------------------------------------------------------------------------------


def test_the_button_gives_the_file_at_once_and_nobody_may_keep_it(client: Client) -> None:
    reader = a_reader(name=NAME)
    just_signed_in(client, reader)
    assert "Download my data" in client.get("/account/data/").content.decode()
    response = client.post("/account/data/download/")
    assert response["Content-Type"] == "application/zip"
    assert "attachment" in response["Content-Disposition"]
    assert response["Cache-Control"] == "private, no-store"
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as archive:
        assert NAME in archive.read("user.json").decode()
    put_away(response)


def test_after_an_old_sign_in_the_reader_is_asked_to_prove_who_they_are(client: Client) -> None:
    reader = a_reader()
    reader.set_password("a long one, nobody knows")
    reader.save()
    just_signed_in(client, reader, ago=3 * 60 * 60)
    response = client.post("/account/data/download/")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/")


def test_who_is_not_signed_in_is_asked_to(client: Client) -> None:
    for address in ("/account/data/", "/account/delete/"):
        assert client.get(address)["Location"].startswith("/accounts/login/code/")
    assert client.post("/account/data/download/").status_code == 302


def test_ten_downloads_an_hour_are_enough(client: Client) -> None:
    just_signed_in(client, a_reader())
    answers = []
    for _ in range(11):
        response = client.post("/account/data/download/")
        answers.append(response.status_code)
        put_away(response)
    assert answers == [200] * 10 + [429]


def test_looking_at_the_page_downloads_nothing(client: Client) -> None:
    just_signed_in(client, a_reader())
    assert client.get("/account/data/download/").status_code == 405


def test_staff_may_have_their_data_as_well() -> None:
    dora = somebody_in("Editors")
    a_grant(dora, by=dora)
    files = opened(dora)
    assert {"user.json", "grant.json", "user_groups.json"} <= set(files)
