"""Lists of people to invite: whatever a spreadsheet makes of them, each line gets its own answer."""

import threading
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client

from groups import address_lists, inviting, lists
from groups.address_lists import Entry
from groups.models import GroupAccount, Invitation, InvitationList, ListLine
from newsroom import worker
from readers.models import Letter, User
from tests.make import NOW, a_manager, a_reader, a_seat, an_agreement

pytestmark = pytest.mark.django_db
PEOPLE = [("bjorn@x.example", "Björn Ekström"), ("cait@x.example", "Caitríona Daly")]


def said(entries: list[Entry]) -> list[tuple[str, str]]:
    return [(one.address, one.name) for one in entries]


# --- Reading (no database) ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Name,E-mail\nBjörn Ekström,bjorn@x.example\nCaitríona Daly,cait@x.example\n",
        "Nom;Courriel\r\nBjörn Ekström;bjorn@x.example\r\nCaitríona Daly;cait@x.example\r\n",
        "sep=;\nE-Mail-Adresse;Vorname;Nachname\nbjorn@x.example;Björn;Ekström\ncait@x.example;Caitríona;Daly",
        "Voornaam\tAchternaam\tE-mailadres\nBjörn\tEkström\tbjorn@x.example\nCaitríona\tDaly\tcait@x.example",
        "Address;Mail;Name\nQuay 1;bjorn@x.example;Björn Ekström\n;cait@x.example;Caitríona Daly\n",
        "Björn Ekström <bjorn@x.example>\n\n  Caitríona Daly <cait@x.example> \n",
        'Björn Ekström <bjorn@x.example>; "Caitríona Daly" <cait@x.example>',
        "Björn Ekström;bjorn@x.example;12\nCaitríona Daly;cait@x.example;13",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_usual_file_is_understood(text: str, encoding: str) -> None:
    assert said(address_lists.from_file(text.encode(encoding))) == PEOPLE


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("a@x.example\nb@x.example", ["a@x.example", "b@x.example"]),
        ("a@x.example, b@x.example;c@x.example", None),
        ("a@x.example b@x.example\tc@x.example", None),
        ("a @ x.example", ["a @ x.example"]),
        ("nobody", [""]),
        ("Name;Mail\nAnna;\n", [""]),
        ("", []),
    ],
)
def test_what_is_pasted_is_taken_apart(text: str, addresses: list[str] | None) -> None:
    found = [one.address for one in address_lists.from_text(text)]
    if addresses is None:
        assert "a@x.example" in " ".join(found)
        assert len(found) >= 2
    else:
        assert found == addresses


def test_each_entry_knows_its_line_and_what_stood_there() -> None:
    found = address_lists.from_text("Mail;Name\n\na@x.example;Anna\nnobody;Bob\n")
    assert [(one.number, one.said) for one in found] == [(3, "a@x.example; Anna"), (4, "nobody; Bob")]


@pytest.mark.parametrize("data", [b"PK\x03\x04xlsx", b"a@x.example\x00\x01", b'"' + b"a" * 200_000])
def test_what_is_no_text_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(address_lists.NotAList):
        address_lists.from_file(data)


def test_what_is_beyond_all_measure_is_refused() -> None:
    with pytest.raises(address_lists.TooLong):
        address_lists.from_text("a@x.example\n" * 20_001)
    with pytest.raises(address_lists.TooLong):
        address_lists.from_file(b"a" * 4_000_001)


# --- Carrying out --------------------------------------------------------------------------------------


@pytest.fixture
def group(at: Any) -> GroupAccount:
    at(NOW)
    return an_agreement(seats=40)


@pytest.fixture
def anna(group: GroupAccount) -> User:
    return a_manager(group)


def keep(group: GroupAccount, by: User, text: str) -> InvitationList:
    return lists.keep(group, address_lists.from_text(text), by=by, at=NOW, language="en")


def outcomes(kept: InvitationList) -> list[str]:
    return list(kept.lines.values_list("outcome", flat=True))


def test_every_line_gets_its_answer(group: GroupAccount, anna: User) -> None:
    group.terms.update(seats=4)
    a_seat(group, anna)
    inviting.invite(group, "waiting@x.example", by=anna, language="en", at=NOW)
    kept = keep(
        group,
        anna,
        "new@x.example\n NEW@X.example \nnew+tag@x.example\nnobody\nаnna@x.example\n"
        f"{anna.email}\nwaiting@x.example\nlast@x.example\nlate@x.example",
    )
    assert outcomes(kept) == [
        *("invited", "twice", "twice", "no_address", "look_alike"),
        *("seated", "waiting", "invited", "no_seat"),
    ]
    assert lists.progress_of(kept).invited == 2


def test_a_long_list_is_a_job_and_its_sender_is_told_when_it_is_done(
    group: GroupAccount, anna: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        kept = keep(group, anna, "\n".join(f"r{number}@x.example" for number in range(45)))
    assert lists.progress_of(kept).done == 0
    worker.work_once()
    assert outcomes(kept).count("invited") == 40
    assert outcomes(kept).count("no_seat") == 5
    letter = Letter.objects.get(kind="list_done")
    assert letter.to == anna.email
    assert "40 people were invited. For 5 lines there is a reason why not." in letter.text
    assert f"/group/{group.pk}/lists/{kept.pk}/" in letter.text


def test_begun_again_after_a_crash_it_goes_on_and_invites_nobody_twice(
    group: GroupAccount, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "AT_ONCE", 0)
    kept = keep(group, anna, "a@x.example\nb@x.example\nc@x.example")
    whole, calls = inviting.invite, []

    def broken(*args: Any, **more: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise SystemExit
        return whole(*args, **more)

    monkeypatch.setattr(inviting, "invite", broken)
    with pytest.raises(SystemExit):
        lists.carry_on(kept, at=NOW)
    assert lists.progress_of(kept).done == 1
    lists.carry_on(kept, at=NOW)
    assert outcomes(kept) == ["invited"] * 3
    assert Invitation.objects.count() == 3
    kept.refresh_from_db()
    assert kept.finished_at == NOW


def test_the_page_shows_how_far_it_has_got_and_each_line(
    group: GroupAccount, anna: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(anna)
    monkeypatch.setattr(lists, "AT_ONCE", 0)
    file = SimpleUploadedFile("équipe.csv", "Nom;Courriel\nBjörn;bjorn@x.example\nX;nobody\n".encode("cp1252"))
    answer = client.post(f"/group/{group.pk}/invite/", {"file": file}, follow=True)
    page = answer.content.decode()
    assert "1 of 2 lines done" in page
    assert 'data-refresh="3"' in page
    lists.carry_on(InvitationList.objects.get(), at=NOW)
    page = client.get(answer.redirect_chain[-1][0]).content.decode()
    assert "1 of 2 lines invited" in page
    assert "data-refresh" not in page
    assert "équipe.csv" in page
    assert "Not a complete email address" in page
    table = client.get(answer.redirect_chain[-1][0] + "lines.csv").content.decode()
    assert "2,bjorn@x.example,Björn,Invited,Björn; bjorn@x.example" in table
    only = client.get(answer.redirect_chain[-1][0], {"only": "not-invited"}).content.decode()
    assert "bjorn@x.example" not in only


def test_the_list_of_one_group_is_not_shown_in_another(group: GroupAccount, anna: User, client: Client) -> None:
    kept = keep(group, anna, "a@x.example")
    other = an_agreement("Northgate")
    client.force_login(a_manager(other, "boss@northgate.example"))
    assert client.get(f"/group/{other.pk}/lists/{kept.pk}/").status_code == 404


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_list_invite_everybody_once() -> None:
    group = an_agreement(seats=40)
    kept = InvitationList.objects.create(group=group, made_at=NOW, made_by=a_reader())
    ListLine.objects.bulk_create(
        [ListLine(list=kept, number=n, said="x", address=f"r{n}@x.example") for n in range(20)]
    )

    def work() -> None:
        lists.carry_on(InvitationList.objects.get(pk=kept.pk), at=NOW)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Invitation.objects.count() == 20
    assert outcomes(kept) == ["invited"] * 20
