"""The manager's page: what it shows, to whom, and what its buttons do."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from groups import inviting, joining
from groups.models import Domain, Enquiry, GroupAccount, GroupEvent, Invitation, JoinLink, ListLine, Seat
from readers.models import User
from tests.make import NOW, a_domain, a_manager, a_reader, a_seat, an_agreement

pytestmark = pytest.mark.django_db
BJORN = "b.ekstrom@harbourvale.example"


@pytest.fixture
def group(at: Any) -> GroupAccount:
    at(NOW)
    return an_agreement(seats=5)


@pytest.fixture
def anna(group: GroupAccount) -> User:
    return a_manager(group)


@pytest.fixture
def annas(anna: User) -> Client:
    client = Client()
    client.force_login(anna)
    return client


def page(client: Client, group: GroupAccount, path: str = "", **query: Any) -> str:
    return client.get(f"/group/{group.pk}/{path}", query).content.decode()


# --- Who may see it ------------------------------------------------------------------------------------


def test_a_manager_of_one_group_is_led_to_it(annas: Client, group: GroupAccount) -> None:
    assert annas.get("/group/")["Location"] == f"/group/{group.pk}/"


def test_a_manager_of_two_chooses(annas: Client, anna: User) -> None:
    other = an_agreement("Northgate")
    other.managers.create(reader=anna, address=anna.email, made_at=NOW)
    said = annas.get("/group/").content.decode()
    assert "Harbour &amp; Vale" in said
    assert "Northgate" in said


def test_it_is_nobody_elses(group: GroupAccount, anna: User) -> None:
    for reader in (a_reader(), a_reader("carol@example.org", is_staff=True)):
        client = Client()
        client.force_login(reader)
        assert client.get(f"/group/{group.pk}/").status_code == 404
    assert Client().get(f"/group/{group.pk}/").status_code == 302


def test_a_manager_of_another_group_sees_and_touches_nothing_here(group: GroupAccount, anna: User) -> None:
    other = an_agreement("Northgate")
    client = Client()
    client.force_login(a_manager(other, "boss@northgate.example"))
    seat = a_seat(group, a_reader(BJORN))
    assert client.get(f"/group/{group.pk}/people/").status_code == 404
    assert client.post(f"/group/{group.pk}/seats/{seat.pk}/remove/").status_code == 404
    assert client.post(f"/group/{other.pk}/seats/{seat.pk}/remove/").status_code == 404
    assert Seat.objects.get().is_held


def test_who_no_longer_manages_sees_it_no_longer(annas: Client, group: GroupAccount) -> None:
    group.managers.update(ended_at=NOW)
    assert annas.get(f"/group/{group.pk}/").status_code == 404


def test_staff_see_it_as_the_manager_does_and_change_nothing(group: GroupAccount, anna: User) -> None:
    dora = a_reader("dora@example.org", is_staff=True)
    dora.user_permissions.add(Permission.objects.get(codename="view_groupaccount"))
    seat = a_seat(group, a_reader(BJORN))
    client = Client()
    client.force_login(dora)
    for path in ("", "people/", "unused/", "more-seats/"):
        said = page(client, group, path)
        assert "Nothing can be changed here" in said
        assert 'method="post"' not in said.split("<main")[1].split("</main>")[0]
    manager = group.managers.get()
    for path in (f"seats/{seat.pk}/remove/", "invite/", "link/", "domains/", f"managers/{manager.pk}/end/"):
        assert client.post(f"/group/{group.pk}/{path}", {"addresses": "a@x.example"}).status_code == 403
    assert Seat.objects.get().is_held
    assert not GroupEvent.objects.exists()


def test_no_cache_keeps_it(annas: Client, group: GroupAccount) -> None:
    assert annas.get(f"/group/{group.pk}/")["Cache-Control"] == "private, no-store"


# --- What it shows -------------------------------------------------------------------------------------


def test_it_counts_seats_and_invitations_as_the_design_says(annas: Client, group: GroupAccount, anna: User) -> None:
    a_seat(group, anna)
    a_seat(group, a_reader(BJORN, name="Björn Ekström"))
    inviting.invite(group, "e.novakova@harbourvale.example", by=anna, language="en", at=NOW)
    said = page(annas, group)
    assert "2 of 5 seats used" in said
    assert "<dt>Invitations waiting</dt><dd>1</dd>" in said
    assert "2 seats left. An invitation works for 14 days" in said
    assert "31 December 2026" in said
    assert "Invited 17 November" in said
    assert '<span class="hint">You</span>' in said


@pytest.mark.parametrize(
    ("days", "words"),
    [(None, "Not yet"), (1, "November"), (40, "October"), (130, "Not since July"), (400, "October 2025")],
)
def test_it_says_the_month_of_the_last_reading_and_no_day(
    days: int | None, words: str, annas: Client, group: GroupAccount
) -> None:
    a_seat(group, a_reader(BJORN), last_used_on=NOW.date() - timedelta(days=days) if days else None)
    assert words in page(annas, group)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"suspended_at": NOW, "suspended_because": "Overdue"}, "Reading is suspended"),
        ({"ended_at": NOW - timedelta(days=1), "ended_because": "Closed"}, "does not run at present"),
    ],
)
def test_it_says_why_nobody_can_read(change: dict[str, Any], words: str, annas: Client, group: GroupAccount) -> None:
    GroupAccount.objects.update(**change)
    assert words in page(annas, group)


def test_a_full_group_says_so(annas: Client, group: GroupAccount) -> None:
    group.terms.update(seats=1)
    a_seat(group, a_reader(BJORN))
    assert "Every seat is taken or offered" in page(annas, group)
    a_seat(group, a_reader("c.daly@harbourvale.example"))
    assert "2 people sit in 1 seats" in page(annas, group)


def test_people_are_found_by_name_and_by_address(annas: Client, group: GroupAccount) -> None:
    a_seat(group, a_reader(BJORN, name="Björn Ekström"))
    a_seat(group, a_reader("c.daly@harbourvale.example", name="Caitríona Daly"))
    for wanted in ("ekst", "Björn", "b.ekstrom@"):
        said = page(annas, group, "people/", q=wanted)
        assert BJORN in said
        assert "c.daly@" not in said


def test_the_page_of_four_hundred_people_costs_as_many_queries_as_that_of_ten(
    annas: Client, group: GroupAccount, django_assert_max_num_queries: Any
) -> None:
    group.terms.update(seats=500)
    people = User.objects.bulk_create([User(email=f"r{n}@x.example", name=f"R {n}") for n in range(400)])
    Seat.objects.bulk_create(
        [
            Seat(
                group=group, reader=one, address=one.email, mailbox=one.email, how="staff", given_at=NOW, proved_at=NOW
            )
            for one in people
        ]
    )
    with django_assert_max_num_queries(28):
        assert "400 of 500 seats used" in page(annas, group)
    with django_assert_max_num_queries(12):
        assert "Page 1 of 8" in page(annas, group, "people/")


def test_the_table_opens_in_a_spreadsheet_and_holds_no_formula(annas: Client, group: GroupAccount) -> None:
    a_seat(group, a_reader(BJORN, name="=HYPERLINK(1)"), last_used_on=NOW.date())
    answer = annas.get(f"/group/{group.pk}/people.csv")
    said = answer.content.decode()
    assert said.startswith("\ufeffAddress,Name,Role,Since,Last read")
    assert f"{BJORN},'=HYPERLINK(1),Reader,2026-08-09,2026-11" in said
    assert answer["Content-Disposition"] == 'attachment; filename="seats.csv"'


def test_the_days_of_the_table_are_days_in_brussels(annas: Client, group: GroupAccount) -> None:
    a_seat(group, a_reader(BJORN), given_at=datetime(2026, 5, 1, 22, 30, tzinfo=UTC))
    assert ",Reader,2026-05-02," in annas.get(f"/group/{group.pk}/people.csv").content.decode()


# --- What its buttons do -------------------------------------------------------------------------------


def test_typed_addresses_are_invited_and_what_could_not_be_is_told(annas: Client, group: GroupAccount) -> None:
    answer = annas.post(f"/group/{group.pk}/invite/", {"addresses": f"{BJORN}\nCait <c.daly@harbourvale.example>"})
    assert answer["Location"] == f"/group/{group.pk}/"
    assert Invitation.objects.count() == 2
    answer = annas.post(f"/group/{group.pk}/invite/", {"addresses": f"{BJORN}\nnobody"}, follow=True)
    said = answer.content.decode()
    assert "0 of 2 lines invited" in said
    assert "Was invited before" in said
    assert "Not a complete email address" in said


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"addresses": "  "}, "Please type an address, or choose a file."),
        ({"file": BytesIO(b"PK\x03\x04 a spreadsheet")}, "Save the table as CSV"),
        ({"addresses": "\n\n;;\n"}, "There is no address on this list."),
    ],
)
def test_a_list_that_is_none_is_answered_on_the_page(
    sent: dict[str, Any], words: str, annas: Client, group: GroupAccount
) -> None:
    answer = annas.post(f"/group/{group.pk}/invite/", sent)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ListLine.objects.exists()


def test_somebody_is_removed_and_an_invitation_sent_again_and_withdrawn(annas: Client, group: GroupAccount) -> None:
    seat = a_seat(group, a_reader(BJORN))
    said = annas.post(f"/group/{group.pk}/seats/{seat.pk}/remove/", follow=True).content.decode()
    assert f"{BJORN} no longer has a seat." in said
    annas.post(f"/group/{group.pk}/invite/", {"addresses": BJORN})
    invitation = Invitation.objects.get()
    annas.post(f"/group/{group.pk}/invitations/{invitation.pk}/again/")
    assert Invitation.objects.get().times_sent == 2
    annas.post(f"/group/{group.pk}/invitations/{invitation.pk}/withdraw/")
    assert not Invitation.objects.open().exists()


def test_the_last_manager_is_told_why_the_task_cannot_be_left(annas: Client, group: GroupAccount) -> None:
    manager = group.managers.get()
    said = annas.post(f"/group/{group.pk}/managers/{manager.pk}/end/", follow=True).content.decode()
    assert "Somebody has to look after the seats." in said
    assert group.managers.present().exists()


def test_a_second_manager_is_invited_and_somebody_with_a_seat_is_made_one(annas: Client, group: GroupAccount) -> None:
    annas.post(f"/group/{group.pk}/managers/", {"address": "davide@harbourvale.example"})
    assert Invitation.objects.get().to_manage
    assert not Invitation.objects.get().with_seat
    seat = a_seat(group, a_reader(BJORN))
    annas.post(f"/group/{group.pk}/seats/{seat.pk}/manage/")
    assert group.managers.present().count() == 2


def test_unused_seats_are_freed_in_one_action(annas: Client, group: GroupAccount) -> None:
    seats = [a_seat(group, a_reader(f"r{number}@harbourvale.example")) for number in range(3)]
    assert "3 seats were not used for 60 days." in page(annas, group)
    assert page(annas, group, "unused/").count("checked") == 3
    said = annas.post(f"/group/{group.pk}/unused/", {"seat": [seat.pk for seat in seats]}, follow=True).content.decode()
    assert "3 seats are free now." in said
    assert "0 of 5 seats used" in said


def test_the_domain_of_the_managers_own_address_can_be_opened_no_other(annas: Client, group: GroupAccount) -> None:
    for name, words in (
        ("gmail.com", "belongs to a mail provider"),
        ("northgate.example", "the domain of your own address only"),
        ("hаrbourvale.example", "only look like"),
    ):
        answer = annas.post(f"/group/{group.pk}/domains/add/", {"name": name})
        assert answer.status_code == 422
        assert words in answer.content.decode()
    annas.post(f"/group/{group.pk}/domains/add/", {"name": "@HarbourVale.example"})
    domain = Domain.objects.get()
    assert (domain.name, domain.is_open, domain.with_subdomains) == ("harbourvale.example", False, False)
    annas.post(f"/group/{group.pk}/domains/", {"open": domain.pk})
    assert Domain.objects.get().is_open
    annas.post(f"/group/{group.pk}/domains/", {})
    assert not Domain.objects.get().is_open


def test_a_new_link_closes_the_one_before(annas: Client, group: GroupAccount) -> None:
    a_domain(group)
    annas.post(f"/group/{group.pk}/link/")
    first = JoinLink.objects.get()
    assert f"/group/join/{first.token}/" in page(annas, group)
    annas.post(f"/group/{group.pk}/link/")
    assert list(JoinLink.objects.usable(at=NOW)) == [JoinLink.objects.exclude(pk=first.pk).get()]
    annas.post(f"/group/{group.pk}/link/close/")
    assert not JoinLink.objects.usable(at=NOW).exists()


def test_more_seats_show_their_price_and_land_in_the_queue_once(annas: Client, group: GroupAccount) -> None:
    group.terms.update(seats=10, price_cents=365_00)
    said = page(annas, group, "more-seats/", seats=2)
    assert "2 more cost €9.00 until 31 December 2026, without VAT." in said
    key = said.split('name="key" value="')[1].split('"')[0]
    for _ in range(2):
        annas.post(f"/group/{group.pk}/more-seats/", {"seats": 2, "words": "For the new team", "key": key})
    enquiry = Enquiry.objects.get()
    assert (enquiry.topic, enquiry.people, enquiry.group) == ("seats", 2, group)
    assert "9.00 euro" in enquiry.entries.get().text
    assert GroupEvent.objects.get().facts == {"seats": 2, "shown_cents": 900}


def test_the_account_leads_to_the_group(annas: Client, group: GroupAccount) -> None:
    assert f'href="/group/{group.pk}/"' in annas.get("/account/").content.decode()


def test_who_pays_for_what_the_group_gives_is_told(group: GroupAccount) -> None:
    from tests.make import a_subscription

    bjorn = a_reader(BJORN)
    a_subscription(bjorn)
    a_seat(group, bjorn)
    client = Client()
    client.force_login(bjorn)
    said = client.get("/account/").content.decode()
    assert "You pay for what Harbour &amp; Vale gives you already." in said
    assert "Until 31 December 2026 you do not need a plan of your own" in said
    assert "Cancel subscription" in said


def test_somebody_leaves_the_group_by_themselves(group: GroupAccount, anna: User) -> None:
    bjorn = a_reader(BJORN)
    seat = a_seat(group, bjorn)
    client = Client()
    client.force_login(bjorn)
    assert "Harbour &amp; Vale pays for you" in client.get("/account/").content.decode()
    assert "Leave the group of Harbour" in client.get("/group/leave/").content.decode()
    client.post("/group/leave/", {"seat": seat.pk})
    assert Seat.objects.get().ended_because == "left"
    other = a_seat(group, a_reader("c.daly@harbourvale.example"))
    assert client.post("/group/leave/", {"seat": other.pk}).status_code == 404
    assert joining.offers_to(bjorn, at=NOW) == []
