"""Access that staff gave: one at a time or from a list, told to its reader, answered for by its owner."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from readers.models import Letter, User
from subscriptions import giving, grant_list
from subscriptions.access import entitlement_for
from subscriptions.models import Grant
from tests.make import NOW, a_grant, a_reader, somebody_in

pytestmark = pytest.mark.django_db
MANY = "/admin/subscriptions/grant/many/"
UNTIL = NOW + timedelta(days=200)


@pytest.fixture(autouse=True)
def _now(at: Any) -> None:
    at(NOW)


def present(**fields: Any) -> grant_list.Present:
    values: dict[str, Any] = {"kind": "press", "reason": "Press room", "ends_at": UNTIL, "owner": None}
    return grant_list.Present(**values | fields)


def typed(listed: str, **fields: Any) -> dict[str, Any]:
    return {"listed": listed, "kind": "press", "reason": "Press room", "ends_at": "2027-06-30T23:59"} | fields


# --- A list is read as people send it -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "addresses"),
    [
        ("ann@example.org\nben@example.org", ["ann@example.org", "ben@example.org"]),
        ("  Ann@Example.ORG ,\n\n\n", ["ann@example.org"]),
        ("Ann Abel <ann@example.org>", ["ann@example.org"]),
        ("email;reason\r\nann@example.org;Photographer\r\n", ["ann@example.org"]),
        ("Name\tE-mail\nAnn\tann@example.org", ["ann@example.org"]),
        ("Ann,ann+press@example.org", ["ann+press@example.org"]),
        ("ann@example.org\u00a0", ["ann@example.org"]),
    ],
)
def test_a_list_is_understood(listed: str, addresses: list[str]) -> None:
    assert [line.email for line in grant_list.look_at(listed, present(), at=NOW)] == addresses


@pytest.mark.parametrize(
    ("listed", "problem"),
    [
        ("ann at example.org", "no e-mail address"),
        ("аnn@example.org", "no e-mail address"),  # its first letter is Cyrillic
        ("ann@exаmple.org", "no e-mail address"),
        ("ann@example.org\nANN@example.org", "line 1"),
        ("email,until\nann@example.org,tomorrow", "no date"),
        ("email,until\nann@example.org,2026-02-30", "no date"),
        ("email,until\nann@example.org,01/02/2026", "has passed"),
    ],
)
def test_a_line_that_cannot_be_used_says_why_and_gives_nothing(listed: str, problem: str) -> None:
    line = grant_list.look_at(listed, present(), at=NOW)[-1]
    assert problem in line.problem
    assert not line.is_given


def test_a_line_may_have_an_end_and_a_reason_of_its_own() -> None:
    (line,) = grant_list.look_at("email;reason;until\nann@example.org;Photographer;31.12.2026", present(), at=NOW)
    assert (line.reason, line.ends_at.isoformat()) == ("Photographer", "2027-01-01T00:00:00+01:00")  # type: ignore[union-attr]


def test_a_list_of_windows_and_of_another_spreadsheet_is_read(desk: Client) -> None:
    for data in ("email;reason\nann@example.org;Élise".encode("cp1252"), "ann@example.org".encode("utf-16")):
        page = desk.post(MANY, typed("", file=SimpleUploadedFile("list.csv", data))).content.decode()
        assert "1 would be given access" in page
    said = desk.post(MANY, typed("", file=SimpleUploadedFile("list.xlsx", b"PK\x03\x04..."))).content.decode()
    assert "Save it as CSV first" in said


# --- Looked at, then given ------------------------------------------------------------------------------


def test_looking_changes_nothing_and_giving_gives_to_each_once(desk: Client, dora: User) -> None:
    bob = a_reader()
    listed = "bob@example.org\nnew@example.org\nwrong\n"

    page = desk.post(MANY, typed(listed)).content.decode()
    assert "2 would be given access" in page
    assert "1 of them have no account yet" in page
    assert "1 lines cannot be used" in page
    assert not Grant.objects.exists()
    assert not User.objects.filter(email="new@example.org").exists()

    for _ in range(2):
        desk.post(MANY, typed(listed, give="1"))
    assert sorted(Grant.objects.values_list("reader__email", flat=True)) == ["bob@example.org", "new@example.org"]
    assert entitlement_for(bob, at=NOW)
    assert Grant.objects.filter(granted_by=dora, granted_at=NOW).count() == 2
    assert LogEntry.objects.filter(user=dora, change_message__contains="from a list: Press room").count() == 2


def test_who_has_the_same_for_longer_keeps_it() -> None:
    carol = a_reader("carol@example.org", is_staff=True)
    a_grant(a_reader(), by=carol, kind="press", ends_at=UNTIL + timedelta(days=1))
    a_grant(a_reader("ann@example.org"), by=carol, kind="student", ends_at=UNTIL + timedelta(days=1))
    bob, ann = grant_list.look_at("bob@example.org\nann@example.org", present(), at=NOW)
    assert bob.has_it
    assert ann.is_given


def test_a_closed_account_is_given_nothing() -> None:
    a_reader(is_active=False)
    (line,) = grant_list.look_at("bob@example.org", present(), at=NOW)
    assert "switched off" in line.problem
    assert grant_list.give([line], present(), by=a_reader("carol@example.org"), at=NOW) == []


def test_a_list_of_more_than_a_thousand_is_refused(desk: Client) -> None:
    listed = "\n".join(f"r{number}@example.org" for number in range(1001))
    assert "cut the list in two" in desk.post(MANY, typed(listed)).content.decode()


@pytest.mark.parametrize("changes", [{"kind": "student"}, {"reason": ""}, {"ends_at": "2020-01-01T00:00"}])
def test_a_present_needs_a_reason_an_end_to_come_and_a_kind_that_is_one(desk: Client, changes: dict[str, str]) -> None:
    page = desk.post(MANY, typed("ann@example.org") | changes | {"give": "1"})
    assert page.context["form"].errors
    assert not Grant.objects.exists()


def test_only_who_may_give_sees_the_page(client: Client) -> None:
    client.force_login(somebody_in("Editors", "edith@example.org"))
    assert client.get(MANY).status_code == 403


# --- Letters --------------------------------------------------------------------------------------------


def test_who_is_given_access_is_told_once_where_staff_wish_it(
    desk: Client, django_capture_on_commit_callbacks: Any
) -> None:
    desk.post(MANY, typed("ann@example.org", give="1", writes="on"))
    desk.post(MANY, typed("ben@example.org", give="1"))
    with django_capture_on_commit_callbacks(execute=True):
        assert [giving.tell_readers(at=NOW) for _ in range(2)] == [1, 0]
    (letter,) = mail.outbox
    assert letter.to == ["ann@example.org"]
    assert "30 June 2027" in letter.body
    assert "colleague of the press" in letter.body


def test_the_owner_is_told_two_weeks_before_the_end_and_once(django_capture_on_commit_callbacks: Any) -> None:
    owner, giver = a_reader("olga@example.org", is_staff=True), a_reader("carol@example.org", is_staff=True)
    ends_at = NOW + timedelta(days=14)
    for kind in ("press", "partner", "complimentary", "student", "support"):
        a_grant(a_reader(f"{kind}@example.org"), by=giver, owner=owner, kind=kind, ends_at=ends_at)
    a_grant(a_reader("later@example.org"), by=giver, owner=owner, kind="press", ends_at=ends_at + timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert [giving.tell_owners(at=NOW) for _ in range(2)] == [1, 0]
    (letter,) = mail.outbox
    assert letter.to == ["olga@example.org"]
    said = [kind for kind in ("press", "partner", "complimentary", "student", "support") if f"{kind}@" in letter.body]
    assert said == ["press", "partner", "complimentary"]
    assert "later@" not in letter.body


def test_without_an_owner_whoever_gave_it_is_told_and_without_them_the_operator() -> None:
    giver = a_reader("carol@example.org", is_staff=True)
    a_grant(a_reader(), by=giver, kind="press", ends_at=NOW + timedelta(days=3))
    giving.tell_owners(at=NOW)
    User.objects.filter(pk=giver.pk).update(is_staff=False)
    a_grant(a_reader("ann@example.org"), by=giver, kind="press", ends_at=NOW + timedelta(days=3))
    giving.tell_owners(at=NOW + timedelta(days=1))
    told = Letter.objects.filter(kind="operator_grants_end").order_by("written_at")
    assert [letter.to for letter in told] == ["carol@example.org", "readers@viaduct.example"]


def test_the_list_at_the_desk_shows_what_ends_soon(desk: Client) -> None:
    carol = a_reader("carol@example.org", is_staff=True)
    for email, days in (("soon@example.org", 5), ("late@example.org", 50), ("over@example.org", -1)):
        ends_at = NOW + timedelta(days=days)
        a_grant(a_reader(email), by=carol, kind="press", starts_at=NOW - timedelta(days=9), ends_at=ends_at)
    for chosen, shown in (("soon", {"soon"}), ("runs", {"soon", "late"}), ("over", {"over"})):
        page = desk.get(f"/admin/subscriptions/grant/?ends={chosen}").content.decode()
        assert {name for name in ("soon", "late", "over") if f"{name}@" in page} == shown
