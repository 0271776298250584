"""The desk of networks and single sign-on: what staff enter, what they are warned of, and what stays of it."""

from typing import Any

import pytest
from django.test import Client

from groups.admin.networks import ranges_in
from groups.models import Domain, GroupAccount, GroupEvent, MonthOfUse, Network, OffSitePass, SignOn
from groups.models.network import in_line
from readers.models import User
from tests.make import NOW, an_agreement

pytestmark = pytest.mark.django_db
NEW = "/admin/groups/network/add/"
SIGN_ON = "/admin/groups/signon/"


@pytest.fixture(autouse=True)
def _now(at: Any) -> None:
    at(NOW)


@pytest.fixture
def group() -> GroupAccount:
    return an_agreement("Royal Library", seats=None)


def kept() -> set[str]:
    return set(Network.objects.kept().values_list("cidr", flat=True))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("192.0.2.0/24, 2001:db8::/48", ["192.0.2.0/24", "2001:db8::/48"]),
        ("192.0.2.77/24\n\n 192.0.2.0/24 ", ["192.0.2.0/24"]),
        ("192.0.2.10-192.0.2.12", ["192.0.2.10/31", "192.0.2.12/32"]),
        ("192.0.2.*; 198.51.*.*", ["192.0.2.0/24", "198.51.0.0/16"]),
    ],
)
def test_a_list_is_understood_as_their_it_writes_it(typed: str, found: list[str]) -> None:
    assert [str(network) for network in ranges_in(typed)] == found


def test_a_list_is_kept_whole_and_noted(desk: Client, dora: User, group: GroupAccount) -> None:
    ranges = "192.0.2.0/24\n2001:db8:7::/48\n198.51.100.*"
    answer = desk.post(NEW, {"group": group.pk, "cidr": ranges, "note": "Main building"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert kept() == {"192.0.2.0/24", "2001:db8:7::/48", "198.51.100.0/24"}
    event = GroupEvent.objects.get(verb="added networks")
    assert (event.actor, event.at, len(event.facts["ranges"])) == (dora, NOW, 3)


def test_one_wrong_line_keeps_nothing(desk: Client, group: GroupAccount) -> None:
    for wrong in ("192.0.2.0/33", "10.0.0.0/8", "0.0.0.0/0", "the library"):
        answer = desk.post(NEW, {"group": group.pk, "cidr": f"192.0.2.0/24\n{wrong}", "is_meant": "on"})
        assert answer.status_code == 200, wrong
    assert not kept()


def test_what_is_far_too_wide_or_overlaps_is_asked_back_and_taken_if_meant(desk: Client, group: GroupAccount) -> None:
    other = an_agreement("Ministry")
    Network.objects.create(
        group=other, cidr="203.0.113.0/28", first=in_line(Network(cidr="203.0.113.0/28").range[0]), added_at=NOW
    )
    for typed, warning in (("198.48.0.0/12", "1,048,576 addresses"), ("203.0.113.0/24", "of Ministry")):
        page = desk.post(NEW, {"group": group.pk, "cidr": typed}).content.decode()
        assert warning in page
        assert typed not in kept()
        assert desk.post(NEW, {"group": group.pk, "cidr": typed, "is_meant": "on"}).status_code == 302
        assert typed in kept()


def test_a_range_is_ended_and_never_changed(desk: Client, group: GroupAccount) -> None:
    desk.post(NEW, {"group": group.pk, "cidr": "192.0.2.0/24"})
    one = Network.objects.get()
    desk.post(f"/admin/groups/network/{one.pk}/change/", {"cidr": "192.0.3.0/24"})
    desk.post("/admin/groups/network/", {"action": "end", "_selected_action": [one.pk]})
    one.refresh_from_db()
    assert (one.cidr, one.ended_at) == ("192.0.2.0/24", NOW)
    assert GroupEvent.objects.filter(verb="ended a network").count() == 1


def test_a_pass_can_be_ended(desk: Client, group: GroupAccount) -> None:
    domain = Domain.objects.create(group=group, name="library.example", added_at=NOW)
    one = OffSitePass.objects.create(
        group=group,
        domain=domain,
        email="a@library.example",
        token_hash="secret-hash",
        asked_at=NOW,
        valid_until=NOW.replace(year=2027),
    )
    assert "secret-hash" not in desk.get(f"/admin/groups/offsitepass/{one.pk}/change/").content.decode()
    desk.post("/admin/groups/offsitepass/", {"action": "end", "_selected_action": [one.pk]})
    one.refresh_from_db()
    assert one.ended_at == NOW
    assert GroupEvent.objects.get(verb="ended off-site passes").group == group


def test_single_sign_on_is_kept_its_domains_confirmed_and_its_secret_never_shown(
    desk: Client, group: GroupAccount
) -> None:
    ours = Domain.objects.create(group=group, name="library.example", added_at=NOW)
    foreign = Domain.objects.create(group=an_agreement("Other"), name="other.example", added_at=NOW)
    entered = {
        "group": group.pk,
        "kind": "openid_connect",
        "slug": "royal-library",
        "issuer": "https://idp.library.example",
        "client_id": "x",
        "secret": "very-secret",
    }
    assert desk.post(f"{SIGN_ON}add/", entered).status_code == 302
    row = SignOn.objects.get()
    assert (row.secret, row.changed_at, row.is_on) == ("very-secret", NOW, False)
    page = desk.get(f"{SIGN_ON}{row.pk}/change/").content.decode()
    assert "very-secret" not in page
    assert "/sign-on/royal-library/set-up/" in page
    lines = {"spoken_for-TOTAL_FORMS": "1", "spoken_for-INITIAL_FORMS": "0"}
    again = entered | {"secret": "", "is_on": "on"} | lines
    refused = desk.post(f"{SIGN_ON}{row.pk}/change/", again | {"spoken_for-0-domain": foreign.pk})
    assert refused.status_code == 200
    assert desk.post(f"{SIGN_ON}{row.pk}/change/", again | {"spoken_for-0-domain": ours.pk}).status_code == 302
    row.refresh_from_db()
    assert (row.secret, row.is_on, list(row.domains.all())) == ("very-secret", True, [ours])
    said = [str(event.facts) for event in GroupEvent.objects.all()]
    assert len(said) == 3
    assert not any("very-secret" in one for one in said)


def test_the_lists_stay_quick_with_many(desk: Client, group: GroupAccount, django_assert_max_num_queries: Any) -> None:
    for number in range(60):
        other = an_agreement(f"Group {number}")
        cidr = f"198.51.{number}.0/24"
        Network.objects.create(group=other, cidr=cidr, first=in_line(Network(cidr=cidr).range[0]), added_at=NOW)
        SignOn.objects.create(group=other, kind="saml", slug=f"s{number}", changed_at=NOW)
        MonthOfUse.objects.create(group=other, month=NOW.date().replace(day=1), summed_at=NOW)
    for name in ("network", "signon", "monthofuse", "offsitepass"):
        with django_assert_max_num_queries(10):
            assert desk.get(f"/admin/groups/{name}/").status_code == 200
