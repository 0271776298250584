"""The desk's pages of seats: staff invite the first manager, keep domains, and end seats; each leaves a trace."""

import pytest
from django.test import Client

from groups.models import Domain, GroupAccount, GroupEvent, Invitation, Seat
from readers.models import Letter, User
from tests.make import NOW, a_domain, a_manager, a_reader, a_seat, an_agreement

pytestmark = pytest.mark.django_db
ADMIN = "/admin/groups"


@pytest.fixture
def group(at: object) -> GroupAccount:
    at(NOW)  # type: ignore[operator]
    return an_agreement(seats=2)


def last_event() -> GroupEvent:
    return GroupEvent.objects.latest("pk")


def test_staff_invite_the_first_manager(desk: Client, dora: User, group: GroupAccount) -> None:
    values = {"group": group.pk, "address": "Anna@HarbourVale.example", "to_manage": "on", "language": "en"}
    assert desk.post(f"{ADMIN}/invitation/add/", values).status_code == 302
    invitation = Invitation.objects.get()
    assert (invitation.address, invitation.to_manage, invitation.with_seat) == ("anna@harbourvale.example", True, False)
    assert Letter.objects.get().to == "anna@harbourvale.example"
    assert (last_event().actor, last_event().verb) == (dora, "invited somebody")


def test_where_nobody_can_be_invited_the_desk_says_why(desk: Client, group: GroupAccount) -> None:
    for name in ("a", "b"):
        a_seat(group, a_reader(f"{name}@x.example"))
    values = {"group": group.pk, "address": "c@x.example", "with_seat": "on", "language": "en"}
    page = desk.post(f"{ADMIN}/invitation/add/", values, follow=True).content.decode()
    assert "Nobody was invited. No seat was left." in page
    assert not Invitation.objects.exists()
    page = desk.post(f"{ADMIN}/invitation/add/", values | {"with_seat": ""}).content.decode()
    assert "to read, to manage, or both" in page


def test_staff_add_any_domain_but_none_of_a_mail_provider(desk: Client, dora: User, group: GroupAccount) -> None:
    page = desk.post(f"{ADMIN}/domain/add/", {"group": group.pk, "name": "gmail.com"}).content.decode()
    assert "belongs to a mail provider" in page
    values = {"group": group.pk, "name": "EC.Europa.eu", "with_subdomains": "on"}
    assert desk.post(f"{ADMIN}/domain/add/", values).status_code == 302
    assert (Domain.objects.get().name, Domain.objects.get().with_subdomains) == ("ec.europa.eu", True)
    assert (last_event().actor, last_event().facts["domain"]) == (dora, "ec.europa.eu")


def test_a_domain_that_another_agreement_has_is_a_warning(desk: Client, group: GroupAccount) -> None:
    a_domain(an_agreement("Northgate"))
    values = {"group": group.pk, "name": "harbourvale.example"}
    page = desk.post(f"{ADMIN}/domain/add/", values, follow=True).content.decode()
    assert "Northgate has this domain, too" in page


def test_staff_end_seats_and_the_last_manager(desk: Client, dora: User, group: GroupAccount) -> None:
    a_manager(group)
    seat = a_seat(group, a_reader("b@harbourvale.example"))
    desk.post(f"{ADMIN}/seat/", {"action": "remove", "_selected_action": [seat.pk]})
    assert Seat.objects.get().ended_by == dora
    assert last_event().actor == dora
    desk.post(f"{ADMIN}/manager/", {"action": "end", "_selected_action": [group.managers.get().pk]})
    assert not group.managers.present().exists()


def test_a_seat_cannot_be_made_or_altered_at_the_desk(desk: Client, group: GroupAccount) -> None:
    seat = a_seat(group, a_reader("b@harbourvale.example"))
    assert desk.get(f"{ADMIN}/seat/add/").status_code == 403
    assert desk.post(f"{ADMIN}/seat/{seat.pk}/change/", {"address": "x@x.example"}).status_code == 403
    assert desk.get(f"{ADMIN}/seat/{seat.pk}/change/").status_code == 200


def test_the_agreement_leads_to_its_seats_and_to_the_managers_page(desk: Client, group: GroupAccount) -> None:
    page = desk.get(f"{ADMIN}/groupaccount/{group.pk}/change/").content.decode()
    assert f'href="/group/{group.pk}/"' in page
    for kind in ("seat", "manager", "domain"):
        assert desk.get(f"{ADMIN}/{kind}/?group__id__exact={group.pk}").status_code == 200
    assert desk.get(f"/group/{group.pk}/").status_code == 200
