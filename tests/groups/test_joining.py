"""Joining by the address of the organisation: who may, who may not, and who loses it again."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from groups import inviting, joining, rechecking, seating
from groups.models import Domain, GroupAccount, JoinLink, Seat
from readers.models import Letter, User
from tests.make import NOW, a_domain, a_manager, a_reader, a_seat, an_agreement, proved

pytestmark = pytest.mark.django_db
BJORN = "b.ekstrom@harbourvale.example"
YEAR, DAY = timedelta(days=365), timedelta(days=1)


@pytest.fixture
def group(at: Any) -> GroupAccount:
    at(NOW)
    return an_agreement(seats=3)


def logged_in(reader: User, *, by_code: bool = True) -> Client:
    client = Client()
    client.force_login(reader)
    if by_code:
        proved(client)
    return client


def offered(reader: User) -> list[str]:
    return [str(one.domain) for one in joining.offers_to(reader, at=NOW)]


# --- Which address opens a seat ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "with_subdomains", "fits"),
    [
        ("b@harbourvale.example", False, True),
        ("B@HarbourVale.EXAMPLE", False, True),
        ("b@brussels.harbourvale.example", False, False),
        ("b@brussels.harbourvale.example", True, True),
        ("b@a.b.harbourvale.example", True, True),
        ("b@notharbourvale.example", True, False),
        ("b@harbourvale.example.evil.example", True, False),
        ("b@harb0urvale.example", True, False),
        ("b@hаrbourvale.example", True, False),
        ("b@example", True, False),
    ],
)
def test_the_domain_itself_fits_and_what_is_below_it_only_where_that_was_said(
    address: str, with_subdomains: bool, fits: bool, group: GroupAccount
) -> None:
    domain = a_domain(group, with_subdomains=with_subdomains)
    assert domain.fits(address) is fits
    assert Domain.objects.fitting(address).exists() is fits


def test_an_open_domain_is_offered_to_whoever_proved_such_an_address(group: GroupAccount) -> None:
    domain = a_domain(group)
    assert offered(a_reader(BJORN)) == ["@harbourvale.example"]
    assert offered(a_reader("stranger@example.org")) == []
    liar = User.objects.create_user("c@harbourvale.example")
    EmailAddress.objects.create(user=liar, email=liar.email, verified=False, primary=True)
    assert offered(liar) == []
    domain.is_open = False
    domain.save()
    assert offered(User.objects.get(email=BJORN)) == []


@pytest.mark.parametrize(
    "change", [{"ended_at": NOW, "ended_because": "Closed"}, {"suspended_at": NOW, "suspended_because": "x"}]
)
def test_a_group_that_does_not_run_offers_nothing(change: dict[str, Any], group: GroupAccount) -> None:
    a_domain(group)
    GroupAccount.objects.update(**change)
    assert offered(a_reader(BJORN)) == []


def test_the_seat_is_taken_by_the_button_after_a_code_to_the_address(group: GroupAccount) -> None:
    a_domain(group)
    bjorn = logged_in(a_reader(BJORN))
    assert "Take the seat" in bjorn.get("/group/join/").content.decode()
    assert not Seat.objects.exists()
    answer = bjorn.post("/group/join/", {"group": group.pk, "next": "/climate/"})
    assert answer["Location"] == "/climate/"
    seat = Seat.objects.get()
    assert (seat.how, seat.address, seat.domain) == ("domain", BJORN, Domain.objects.get())


def test_who_came_in_without_a_code_types_one_first_and_comes_back(group: GroupAccount, mailoutbox: list[Any]) -> None:
    a_domain(group)
    bjorn = logged_in(a_reader(BJORN), by_code=False)
    answer = bjorn.post("/group/join/", {"group": group.pk})
    assert answer["Location"] == "/account/security/proof/?next=%2Fgroup%2Fjoin%2F"
    assert not Seat.objects.exists()
    bjorn.post(answer["Location"], {"next": "/group/join/"})
    code = next(word for word in mailoutbox[-1].body.split() if word.isdigit() and len(word) == 6)
    answer = bjorn.post(answer["Location"], {"code": code, "next": "/group/join/"})
    assert answer["Location"] == "/group/join/"
    bjorn.post("/group/join/", {"group": group.pk})
    assert Seat.objects.get().address == BJORN


def test_who_was_removed_has_to_be_invited_and_who_left_may_come_back(group: GroupAccount) -> None:
    a_domain(group)
    anna, bjorn = a_manager(group), a_reader(BJORN)
    seating.leave(a_seat(group, bjorn), at=NOW - DAY)
    assert offered(bjorn) == ["@harbourvale.example"]
    offer = joining.offers_to(bjorn, at=NOW)[0]
    seating.remove(a_seat(group, bjorn), by=anna, at=NOW)
    assert offered(bjorn) == []
    with pytest.raises(joining.AskTheManager):
        joining.join(offer, bjorn, how=Seat.How.DOMAIN, proved_at=NOW, at=NOW)
    assert inviting.invite(group, BJORN, by=anna, language="en", at=NOW) == "invited"


@pytest.mark.parametrize("why", [Seat.Why.REMOVED, Seat.Why.TRANSFERRED])
def test_who_was_removed_or_passed_on_does_not_come_back_by_a_tag_on_the_address(
    group: GroupAccount, why: Seat.Why
) -> None:
    a_domain(group)
    bjorn, twin = a_reader(BJORN), a_reader(BJORN.replace("@", "+again@"))
    seating.remove(a_seat(group, bjorn), by=a_manager(group), at=NOW, why=why)
    assert offered(bjorn) == offered(twin) == []


def test_when_all_are_taken_its_managers_hear_of_it_once_a_week(group: GroupAccount, at: Any) -> None:
    group.terms.update(seats=1)
    a_domain(group)
    a_manager(group)
    a_seat(group, a_reader("c@harbourvale.example"))
    bjorn = logged_in(a_reader(BJORN))
    for day in (0, 1, 7):
        at(NOW + day * DAY)
        answer = bjorn.post("/group/join/", {"group": group.pk})
        assert answer.status_code == 409
    assert "All seats of Harbour" in answer.content.decode()
    assert Letter.objects.filter(kind="seats_all_taken", to="anna@harbourvale.example").count() == 2


def test_somebody_who_logs_in_is_told_of_the_seat_that_waits(group: GroupAccount, mailoutbox: list[Any]) -> None:
    a_domain(group)
    client = Client()
    client.post("/accounts/login/code/", {"email": BJORN})
    code = next(word for word in mailoutbox[-1].body.split() if word.isdigit() and len(word) == 6)
    page = client.post("/accounts/login/code/confirm/", {"code": code}, follow=True).content.decode()
    assert "Harbour &amp; Vale would pay for you to read everything." in page
    assert '<a href="/group/join/">See the offer</a>' in page


# --- The link ------------------------------------------------------------------------------------------


def test_the_link_takes_an_address_of_the_organisation_besides(group: GroupAccount) -> None:
    a_domain(group, is_open=False)
    path = f"/group/join/{joining.make_link(group, by=None, at=NOW).token}/"
    assert Client().get(path).status_code == 200
    assert logged_in(a_reader("stranger@example.org")).post(path).status_code == 403
    assert not Seat.objects.exists()
    assert logged_in(a_reader(BJORN)).post(path).status_code == 302
    assert Seat.objects.get().how == "link"


def test_a_link_that_was_closed_replaced_or_grew_old_opens_nothing(group: GroupAccount, at: Any) -> None:
    a_domain(group)
    bjorn = logged_in(a_reader(BJORN))
    first, second = (joining.make_link(group, by=None, at=NOW) for _ in range(2))
    assert bjorn.post(f"/group/join/{first.token}/").status_code == 410
    at(NOW + 30 * DAY)
    assert bjorn.post(f"/group/join/{second.token}/").status_code == 410
    at(NOW)
    joining.close_link(group, by=None, at=NOW)
    assert bjorn.post(f"/group/join/{second.token}/").status_code == 410
    assert not JoinLink.objects.usable(at=NOW).exists()


# --- Once a year ---------------------------------------------------------------------------------------


@pytest.fixture
def seat(group: GroupAccount, at: Any) -> Seat:
    """Björn’s seat by the domain, proved a year ago in an agreement that goes on."""
    group.terms.update(ends_on=(NOW + 2 * YEAR).date())
    return a_seat(group, a_reader(BJORN), domain=a_domain(group), how="domain", proved_at=NOW - YEAR)


def link_in(letter: Letter) -> str:
    return "/" + next(word for word in letter.text.split() if "/still-there/" in word).split("/", 3)[3]


def test_after_a_year_the_address_is_asked_for_and_once(seat: Seat) -> None:
    assert rechecking.carry_out(at=NOW - DAY).asked == 0
    assert rechecking.carry_out(at=NOW).asked == 1
    assert rechecking.carry_out(at=NOW + DAY).asked == 0
    letter = Letter.objects.get(kind="seat_proof")
    assert letter.to == BJORN
    assert "17 December 2026" in letter.text


def test_the_button_of_the_letter_is_the_answer_and_looking_is_none(seat: Seat, mailoutbox: list[Any]) -> None:
    rechecking.carry_out(at=NOW)
    path = link_in(Letter.objects.get(kind="seat_proof"))
    assert Client().get(path).status_code == 200
    assert Seat.objects.get().proved_at == NOW - YEAR
    assert Client().post(path).status_code == 200
    assert Seat.objects.get().proved_at == NOW
    assert Client().get(path).status_code == 410
    assert rechecking.carry_out(at=NOW + 31 * DAY).ended == 0


def test_a_login_by_a_code_to_the_address_is_answer_enough(seat: Seat, mailoutbox: list[Any]) -> None:
    client = Client()
    client.post("/accounts/login/code/", {"email": BJORN})
    code = next(word for word in mailoutbox[-1].body.split() if word.isdigit() and len(word) == 6)
    client.post("/accounts/login/code/confirm/", {"code": code})
    assert Seat.objects.get().proved_at == NOW
    assert rechecking.carry_out(at=NOW).asked == 0


def test_who_has_left_the_organisation_loses_the_seat(
    seat: Seat, django_capture_on_commit_callbacks: Any, mailoutbox: list[Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        rechecking.carry_out(at=NOW)
    assert rechecking.carry_out(at=NOW + 29 * DAY).ended == 0
    assert rechecking.carry_out(at=NOW + 30 * DAY).ended == 1
    assert Seat.objects.get().ended_because == Seat.Why.NOT_PROVED


def test_nobody_loses_a_seat_by_a_letter_that_could_not_be_sent(seat: Seat) -> None:
    rechecking.carry_out(at=NOW)
    assert Letter.objects.get().sent_at is None
    assert rechecking.carry_out(at=NOW + 60 * DAY).ended == 0


def test_who_sits_by_a_domain_that_was_given_up_stays_for_the_year_and_cannot_renew_it(seat: Seat) -> None:
    Seat.objects.update(proved_at=NOW - YEAR + 5 * DAY)
    Domain.objects.update(ended_at=NOW)
    rechecking.note_proof(seat.reader, BJORN, at=NOW)
    assert rechecking.carry_out(at=NOW + 4 * DAY).ended == 0
    assert rechecking.carry_out(at=NOW + 5 * DAY) == rechecking.Recheck(asked=0, ended=1, moved=0)
    assert Seat.objects.get().ended_because == Seat.Why.DOMAIN_ENDED
    assert "has ended your seat" in Letter.objects.get(kind="seat_ended").text


def test_who_was_invited_by_name_is_not_asked(group: GroupAccount) -> None:
    a_seat(group, a_reader(BJORN), proved_at=NOW - 2 * YEAR)
    assert rechecking.carry_out(at=NOW).asked == 0


def test_a_code_of_another_address_proves_nothing_of_this_one(seat: Seat) -> None:
    rechecking.note_proof(seat.reader, "bjorn@home.example", at=NOW)
    assert Seat.objects.get().proved_at == NOW - YEAR
