"""Invitations: kept for whoever proves the address, and for nobody else."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from groups import inviting, seating
from groups.models import GroupAccount, Invitation, Seat
from readers.models import Letter, User
from tests.make import NOW, YESTERDAY, a_domain, a_manager, a_reader, a_seat, an_agreement

pytestmark = pytest.mark.django_db
BJORN = "b.ekstrom@harbourvale.example"
DAYS = timedelta(days=1)


def invite(group: GroupAccount, typed: str = BJORN, **how: Any) -> str:
    return inviting.invite(group, typed, **{"by": None, "language": "en", "at": NOW} | how)


def path_in(letter: Letter) -> str:
    """The address of the page that the letter links to."""
    return "/" + next(word for word in letter.text.split() if "/invitation/" in word).split("/", 3)[3]


@pytest.fixture
def group(at: Any) -> GroupAccount:
    at(NOW)
    return an_agreement(seats=3)


@pytest.fixture
def path(group: GroupAccount) -> str:
    """The page of Björn's invitation."""
    assert invite(group) == "invited"
    return path_in(Letter.objects.get())


def browser(reader: User | None) -> Client:
    client = Client()
    if reader:
        client.force_login(reader)
    return client


# --- What is kept --------------------------------------------------------------------------------------


def test_the_letter_goes_to_the_address_and_the_row_keeps_no_token(path: str) -> None:
    letter, invitation = Letter.objects.get(), Invitation.objects.get()
    assert letter.to == BJORN
    assert invitation.expires_at == NOW + 14 * DAYS
    assert path.split("/")[-2] not in str(vars(invitation))


@pytest.mark.parametrize(
    ("typed", "outcome"),
    [
        (f"  {BJORN.upper()} ", "waiting"),
        ("b.ekstrom+viaduct@harbourvale.example", "waiting"),
        ("anna@harbourvale.example", "seated"),
        ("anna+x@harbourvale.example", "seated"),
        ("nobody", "no_address"),
        ("c@harb0urvale.example", "look_alike"),
        ("c@hаrbourvale.example", "look_alike"),
        ("c@northgate.example", "invited"),
    ],
)
def test_each_address_gets_its_own_answer(typed: str, outcome: str, group: GroupAccount) -> None:
    a_domain(group)
    a_seat(group, a_reader("anna@harbourvale.example"))
    invite(group)
    assert invite(group, typed) == outcome


def test_no_more_are_invited_than_seats_are_left(group: GroupAccount) -> None:
    assert [invite(group, f"{name}@x.example") for name in "abcd"] == ["invited"] * 3 + ["no_seat"]


def test_nobody_is_invited_while_the_agreement_does_not_run(group: GroupAccount) -> None:
    GroupAccount.objects.update(suspended_at=YESTERDAY, suspended_because="Overdue")
    group.refresh_from_db()
    assert invite(group) == "over"


def test_a_manager_without_a_seat_is_invited_even_when_all_are_taken(group: GroupAccount) -> None:
    for name in "abc":
        invite(group, f"{name}@x.example")
    assert invite(group, to_manage=True, with_seat=False) == "invited"


@pytest.mark.parametrize(
    ("first", "then", "outcome"),
    [
        ({"to_manage": True}, {}, "waiting"),
        ({"to_manage": True, "with_seat": False}, {}, "invited"),
        ({}, {"to_manage": True}, "invited"),
        ({"to_manage": True}, {"to_manage": True, "with_seat": False}, "waiting"),
    ],
)
def test_an_invitation_that_gives_as_much_is_not_replaced(
    group: GroupAccount, first: dict[str, Any], then: dict[str, Any], outcome: str
) -> None:
    invite(group, **first)
    assert invite(group, **then) == outcome
    assert Invitation.objects.waiting(at=NOW).get().to_manage, "what was offered is not taken back"


def test_who_sits_there_or_is_invited_may_be_asked_to_manage_when_all_are_taken(group: GroupAccount) -> None:
    a_seat(group, a_reader(BJORN))
    for name in "ab":
        invite(group, f"{name}@x.example")
    assert invite(group, "c@x.example") == "no_seat"
    assert invite(group, to_manage=True) == invite(group, "a@x.example", to_manage=True) == "invited"
    room = seating.room_in(group, at=NOW)
    assert (room.used, room.promised, room.limit) == (1, 2, 3)
    bjorn = User.objects.get(email=BJORN)
    inviting.accept(Invitation.objects.waiting(at=NOW).get(address=BJORN), bjorn, at=NOW)
    assert group.managers.present().get().reader == bjorn
    assert Seat.objects.held().get().reader == bjorn


# --- Who may take it -----------------------------------------------------------------------------------


def test_a_scanner_that_follows_the_link_takes_nothing(path: str) -> None:
    for _ in range(3):
        for ask in (Client().get, Client().head):
            assert ask(path).status_code == 200
    assert Client().post(path).status_code == 403
    assert not Seat.objects.exists()
    assert Invitation.objects.waiting(at=NOW).exists()


def test_the_owner_of_the_address_takes_the_seat_with_one_button(path: str, group: GroupAccount) -> None:
    bjorn = browser(a_reader(BJORN))
    assert b"Take the seat" in bjorn.get(path).content
    page = bjorn.post(path, follow=True).content.decode()
    assert "Harbour &amp; Vale pays for you" in page
    seat = Seat.objects.get()
    assert (seat.reader.email, seat.address, seat.how) == (BJORN, BJORN, "invitation")


def test_whoever_has_the_forwarded_letter_cannot_take_the_seat(path: str) -> None:
    stranger = browser(a_reader("stranger@example.org"))
    page = stranger.get(path)
    assert b"Take the seat" not in page.content
    assert BJORN in page.content.decode()
    assert stranger.post(path).status_code == 403
    assert not Seat.objects.exists()


def test_an_address_that_was_typed_and_never_proved_takes_no_seat(path: str) -> None:
    liar = User.objects.create_user(BJORN)
    EmailAddress.objects.create(user=liar, email=BJORN, verified=False, primary=True)
    assert browser(liar).post(path).status_code == 403
    assert not Seat.objects.exists()


def test_a_link_that_was_used_is_a_kind_word_to_its_owner_and_none_to_others(path: str) -> None:
    bjorn = browser(a_reader(BJORN))
    bjorn.post(path)
    assert bjorn.get(path).status_code == 200
    assert bjorn.post(path).status_code == 302
    assert browser(a_reader("stranger@example.org")).get(path).status_code == 410
    assert Seat.objects.count() == 1


def test_after_fourteen_days_it_works_no_more(path: str, at: Any) -> None:
    bjorn = browser(a_reader(BJORN))
    at(NOW + 14 * DAYS)
    assert bjorn.get(path).status_code == 410
    assert bjorn.post(path).status_code == 410
    assert not Seat.objects.exists()


def test_after_the_agreement_has_ended_it_gives_no_seat(path: str, group: GroupAccount) -> None:
    group.terms.update(ends_on=YESTERDAY.date())
    answer = browser(a_reader(BJORN)).post(path)
    assert answer.status_code == 409
    assert "does not run" in answer.content.decode()


def test_a_withdrawn_invitation_works_no_more(path: str) -> None:
    assert inviting.withdraw(Invitation.objects.get(), by=None, at=NOW)
    assert browser(a_reader(BJORN)).post(path).status_code == 410


def test_sending_again_makes_the_link_before_it_useless(path: str, at: Any) -> None:
    at(NOW + DAYS)
    inviting.send_again(Invitation.objects.get(), by=None, at=NOW + DAYS)
    new = path_in(Letter.objects.order_by("pk").last())  # type: ignore[arg-type]
    bjorn = browser(a_reader(BJORN))
    assert bjorn.get(path).status_code == 410
    assert bjorn.get(new).status_code == 200
    assert Invitation.objects.get().expires_at == NOW + 15 * DAYS


def test_sending_again_after_the_time_wants_a_free_seat(group: GroupAccount, path: str) -> None:
    late = NOW + 15 * DAYS
    for name in "abc":
        invite(group, f"{name}@x.example", at=late)
    assert inviting.send_again(Invitation.objects.get(address=BJORN), by=None, at=late) == "no_seat"


def test_an_invitation_to_manage_makes_a_manager(group: GroupAccount) -> None:
    invite(group, to_manage=True, with_seat=False)
    bjorn = a_reader(BJORN)
    answer = browser(bjorn).post(path_in(Letter.objects.get()))
    assert answer["Location"] == f"/group/{group.pk}/"
    assert group.managers.present().get().reader == bjorn
    assert not Seat.objects.exists()


def test_who_sits_there_already_gets_no_second_seat(group: GroupAccount) -> None:
    bjorn = a_reader(BJORN)
    EmailAddress.objects.create(user=bjorn, email="bjorn@harbourvale.example", verified=True)
    a_seat(group, bjorn)
    invite(group, "bjorn@harbourvale.example")
    browser(bjorn).post(path_in(Letter.objects.get()))
    assert Seat.objects.count() == 1
    assert seating.room_in(group, at=NOW).promised == 0


def test_the_code_that_is_asked_for_on_the_page_leads_back_to_it(path: str, mailoutbox: list[Any]) -> None:
    client = Client()
    page = client.get(path).content.decode()
    assert f'value="{BJORN}"' in page
    client.post("/accounts/login/code/", {"email": BJORN, "next": path})
    code = next(word for word in mailoutbox[-1].body.split() if word.isdigit() and len(word) == 6)
    answer = client.post("/accounts/login/code/confirm/", {"code": code, "next": path})
    assert answer["Location"] == path
    client.post(path)
    assert Seat.objects.get().address == BJORN


def test_a_token_of_nobody_is_gone(group: GroupAccount) -> None:
    a_manager(group)
    assert Client().get("/group/invitation/abc/").status_code == 410
