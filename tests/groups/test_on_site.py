"""Reading on the premises of an organisation: from its networks, with its passes, and from nowhere else."""

import re
from datetime import date, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils.timezone import localdate

from edge.address import network_in
from edge.visitor import Visitor
from groups.models import Domain, GroupAccount, Network, OffSitePass
from groups.models.network import OPENS_AT_MOST, in_line, widening
from groups.on_site import by_network
from subscriptions.access import Source, entitlement_for
from tests.make import NOW, a_plan, a_reader, a_subscription, an_agreement, an_article

pytestmark = pytest.mark.django_db
ARTICLE = "/climate/ministers-agree-on-a-bridge/"
INSIDE, OUTSIDE = "192.0.2.7", "198.51.100.7"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _published(at: Any) -> None:
    at(NOW)
    a_plan("year")
    an_article()


@pytest.fixture
def library() -> GroupAccount:
    """An agreement without seats, with two networks and a domain."""
    group = an_agreement("Royal Library", seats=None)
    for cidr in ("192.0.2.0/24", "2001:db8:7::/48"):
        a_network(group, cidr)
    Domain.objects.create(group=group, name="library.example", added_at=NOW)
    return group


def a_network(group: GroupAccount, cidr: str, **fields: Any) -> Network:
    network = Network(group=group, cidr=cidr, added_at=NOW, **fields)
    network.clean()
    network.save()
    return network


def at_address(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


def reads(client: Client) -> bool:
    return "canaryword" in client.get(ARTICLE).content.decode()


def recognised_at(address: str) -> Client:
    client = at_address(address)
    client.post("/on-site/", {"next": ARTICLE})
    return client


# --- Who is recognised ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "is_inside"),
    [
        ("192.0.2.0", True),
        ("192.0.2.255", True),
        ("192.0.1.255", False),
        ("192.0.3.0", False),
        ("::ffff:192.0.2.9", True),
        ("2001:db8:7:ffff::1", True),
        ("2001:db8:8::1", False),
        ("::192.0.2.9", False),
    ],
)
def test_an_address_reads_where_a_range_of_the_agreement_holds_it(
    library: GroupAccount, address: str, is_inside: bool
) -> None:
    found = entitlement_for(Visitor(AnonymousUser(), address=ip_address(address)), at=NOW)
    assert (found is not None) is is_inside
    if found:
        assert (found.source, found.through, found.group_id) == (Source.NETWORK, "Royal Library", library.pk)


def test_nobody_without_an_address_is_recognised(library: GroupAccount) -> None:
    assert entitlement_for(AnonymousUser(), at=NOW) is None


@pytest.mark.parametrize(
    "change", [{"suspended_at": NOW, "suspended_because": "Not paid"}, {"ended_at": NOW, "ended_because": "Moved"}]
)
def test_reading_ends_with_the_agreement_at_the_next_request(library: GroupAccount, change: dict[str, Any]) -> None:
    client = recognised_at(INSIDE)
    assert reads(client)
    GroupAccount.objects.filter(pk=library.pk).update(**change)
    assert not reads(client)


def test_reading_ends_with_the_range_and_at_the_door(library: GroupAccount) -> None:
    client = recognised_at(INSIDE)
    client.defaults["REMOTE_ADDR"] = OUTSIDE
    assert not reads(client)
    client.defaults["REMOTE_ADDR"] = INSIDE
    assert reads(client)
    assert Network.objects.get(cidr="192.0.2.0/24").end(by=None, at=NOW)
    assert not reads(client)


def test_of_several_agreements_the_narrowest_range_speaks(library: GroupAccount) -> None:
    inner = an_agreement("Reading room", seats=None)
    a_network(inner, "192.0.2.0/28")
    through = {
        address: by_network(Visitor(AnonymousUser(), address=ip_address(address)), NOW)
        for address in (INSIDE, "192.0.2.77")
    }
    assert [found.through for found in through.values() if found] == ["Reading room", "Royal Library"]


def test_the_look_up_is_one_question_that_no_number_of_ranges_makes_longer(
    library: GroupAccount, django_assert_num_queries: Any
) -> None:
    many = (ip_network((0x0B000000 + number * 256, 24)) for number in range(3000))
    Network.objects.bulk_create(
        Network(group=library, cidr=str(one), first=in_line(one[0]), added_at=NOW) for one in many
    )
    with django_assert_num_queries(1):
        assert by_network(Visitor(AnonymousUser(), address=ip_address("11.0.9.9")), NOW)
    assert len(widening(ip_network("11.0.9.9"))) == 25
    assert len(widening(ip_network("2001:db8::1"))) <= 110
    plan = Network.objects.holding(ip_address("11.0.9.9")).explain()
    if connection.vendor == "sqlite":
        assert "USING" in plan
        assert "networks_by_range" in plan


# --- The public page stays everybody's -------------------------------------------------------------------


def test_the_page_without_a_session_is_the_same_on_the_premises_and_elsewhere(library: GroupAccount) -> None:
    pages = [at_address(address).get(ARTICLE) for address in (INSIDE, OUTSIDE)]
    assert pages[0].content == pages[1].content
    assert b"canaryword" not in pages[0].content
    assert pages[0]["Cache-Control"].startswith("public")


def test_the_small_question_of_the_wall_is_kept_by_no_cache_on_the_way(library: GroupAccount) -> None:
    inside, outside = (at_address(address).get("/on-site/here/") for address in (INSIDE, OUTSIDE))
    assert (inside.json(), outside.json()) == ({"through": "Royal Library"}, {"through": ""})
    assert inside["Cache-Control"].startswith("private")
    assert not inside.cookies


def test_the_question_costs_one_query_and_no_session(library: GroupAccount, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        at_address(INSIDE).get("/on-site/here/")


def test_the_button_opens_a_session_and_leads_back_to_the_article(library: GroupAccount) -> None:
    client = at_address(INSIDE)
    answer = client.post("/on-site/", {"next": ARTICLE})
    assert (answer.status_code, answer["Location"]) == (302, ARTICLE)
    page = client.get(ARTICLE)
    assert "You read this thanks to Royal Library" in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"
    assert "Gift this article" not in page.content.decode()
    assert client.session.get_expiry_age() <= 12 * 60 * 60


def test_what_somebody_else_searches_is_searched_in_full_here(library: GroupAccount) -> None:
    assert "Ministers agree" in re.sub(
        "<mark>|</mark>", "", recognised_at(INSIDE).get("/search/?q=canaryword").content.decode()
    )


def test_who_is_not_known_is_told_so_and_gets_no_session(library: GroupAccount) -> None:
    client = at_address(OUTSIDE)
    answer = client.post("/on-site/", {"next": ARTICLE})
    assert answer.status_code == 403
    assert OUTSIDE in answer.content.decode()
    assert not answer.cookies


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example/", "https://evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_the_way_back_leads_to_this_site_only(library: GroupAccount, elsewhere: str) -> None:
    assert at_address(INSIDE).post("/on-site/", {"next": elsewhere})["Location"] == "/"


@pytest.mark.parametrize(
    "header", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_another_site_cannot_press_the_button(library: GroupAccount, header: dict[str, str]) -> None:
    assert at_address(INSIDE).post("/on-site/", {"next": "/"}, headers=header).status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP", "CF-Connecting-IP"])
def test_a_header_that_the_visitor_wrote_opens_nothing(library: GroupAccount, header: str) -> None:
    client = at_address(OUTSIDE)
    said = {header: f"for={INSIDE}" if header == "Forwarded" else INSIDE}
    assert client.get("/on-site/here/", headers=said).json() == {"through": ""}
    assert client.post("/on-site/", {"next": ARTICLE}, headers=said).status_code == 403


def test_behind_a_proxy_of_ours_the_hop_it_wrote_counts(library: GroupAccount, settings: Any) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    proxy = at_address("10.0.0.1")
    for forwarded, through in ((INSIDE, "Royal Library"), (f"{INSIDE}, {OUTSIDE}", ""), ("", "")):
        assert proxy.get("/on-site/here/", headers={"X-Forwarded-For": forwarded}).json() == {"through": through}


def test_a_reader_who_is_logged_in_need_not_ask(library: GroupAccount) -> None:
    client = at_address(INSIDE)
    client.force_login(a_reader(), backend="django.contrib.auth.backends.ModelBackend")
    assert "thanks to Royal Library" in client.get(ARTICLE).content.decode()
    client.defaults["REMOTE_ADDR"] = OUTSIDE
    assert not reads(client)


def test_what_a_reader_pays_for_is_named_before_the_place(library: GroupAccount) -> None:
    alice = a_reader("alice@example.org")
    a_subscription(alice)
    found = entitlement_for(Visitor(alice, address=ip_address(INSIDE)), at=NOW)
    assert found is not None
    assert found.source == Source.SUBSCRIPTION


def test_what_is_said_of_the_end_is_the_last_day_on_which_one_can_read(library: GroupAccount) -> None:
    last = library.terms.get().ends_on
    found = by_network(Visitor(AnonymousUser(), address=ip_address(INSIDE)), NOW)
    assert found
    assert found.until
    assert localdate(found.until) == last


def test_a_closed_account_reads_nowhere(library: GroupAccount) -> None:
    closed = a_reader(is_active=False)
    assert entitlement_for(Visitor(closed, address=ip_address(INSIDE)), at=NOW) is None


# --- What staff may enter --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("192.0.2.77/24", "192.0.2.0/24"),
        ("192.0.2.77", "192.0.2.77/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("2001:DB8:0:0::/32", "2001:db8::/32"),
    ],
)
def test_a_range_is_kept_in_one_form(typed: str, kept: str) -> None:
    network = Network(group=an_agreement(), cidr=typed, added_at=NOW)
    network.clean()
    assert (network.cidr, network.first) == (kept, in_line(network_in(kept)[0]))


@pytest.mark.parametrize(
    "typed",
    [
        *("0.0.0.0/0", "::/0", "64.0.0.0/7", "2001::/16", "10.0.0.0/8", "192.168.1.0/24", "127.0.0.1", "fc00::/32"),
        *("100.64.1.0/24", "169.254.1.1", "fe80::1", "224.0.0.1", "192.0.2", "192.0.2.0/33", "everybody", "", "::1"),
    ],
)
def test_a_range_that_opens_half_the_world_or_leads_nowhere_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        Network(group=an_agreement(), cidr=typed, added_at=NOW).clean()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("192.0.2.0/24", {"192.0.2.0/24"}),
        ("192.0.0.0/16", {"192.0.2.0/24"}),
        ("192.0.2.128/25", {"192.0.2.0/24"}),
        ("192.0.3.0/24", set()),
        ("2001:db8:7:1::/64", {"2001:db8:7::/48"}),
        ("2001:db8::/32", {"2001:db8:7::/48"}),
    ],
)
def test_overlaps_are_found_around_and_inside(library: GroupAccount, asked: str, found: set[str]) -> None:
    overlapping = Network.objects.overlapping(network_in(asked))
    assert {one.cidr for one in overlapping} == found


def test_the_database_keeps_a_range_once_for_an_agreement(library: GroupAccount) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        a_network(library, "192.0.2.0/24")
    Network.objects.get(cidr="192.0.2.0/24").end(by=None, at=NOW)
    a_network(library, "192.0.2.0/24")


# --- A pass for elsewhere --------------------------------------------------------------------------------


def ask_for_a_pass(mailoutbox: list[Any], email: str = "ana@library.example", at: str = INSIDE) -> str:
    """The path of the link that was mailed."""
    before = len(mailoutbox)
    answer = at_address(at).post("/on-site/pass/", {"email": email})
    if answer.status_code != 200:
        return ""
    assert len(mailoutbox) == before + 1
    assert mailoutbox[-1].to == [email.lower()]
    return re.search(r"/on-site/pass/[\w-]+/", mailoutbox[-1].body)[0]  # type: ignore[index]


def test_a_pass_is_asked_for_on_site_mailed_and_read_with_elsewhere(
    library: GroupAccount, mailoutbox: list[Any], at: Any
) -> None:
    link = ask_for_a_pass(mailoutbox)
    home = at_address(OUTSIDE)
    assert home.get(link).status_code == 200
    assert not reads(home), "looking at the link opens nothing: mail is read by machines"
    home.post(link)
    page = home.get(ARTICLE)
    assert "with a pass until 17 December 2026" in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"
    at(NOW + 30 * DAY - timedelta(seconds=1))
    assert reads(home)
    at(NOW + 30 * DAY)
    assert not reads(home)


def test_a_day_on_the_premises_begins_the_time_of_a_pass_anew(
    library: GroupAccount, mailoutbox: list[Any], at: Any
) -> None:
    laptop = at_address(OUTSIDE)
    laptop.post(ask_for_a_pass(mailoutbox))
    at(NOW + 20 * DAY)
    assert reads(laptop)
    assert OffSitePass.objects.get().valid_until == NOW + 30 * DAY, "not by reading elsewhere"
    laptop.defaults["REMOTE_ADDR"] = INSIDE
    laptop.post("/on-site/", {"next": ARTICLE})
    assert reads(laptop)
    assert OffSitePass.objects.get().valid_until == NOW + 50 * DAY
    at(NOW + 20 * DAY + timedelta(hours=5))
    assert reads(laptop)
    assert OffSitePass.objects.get().valid_until == NOW + 50 * DAY, "once a day is enough"


def test_a_pass_is_given_on_the_premises_only_and_to_their_addresses_only(
    library: GroupAccount, mailoutbox: list[Any]
) -> None:
    assert not ask_for_a_pass(mailoutbox, at=OUTSIDE)
    for email in (
        "ana@library.example.evil.example",
        "ana@gmail.com",
        "ana@sub.library.example",
        "ana@lіbrary.example",
    ):
        assert not ask_for_a_pass(mailoutbox, email), email
    assert not mailoutbox
    assert ask_for_a_pass(mailoutbox, "Ana@Library.Example")


def test_one_address_has_one_pass_and_is_not_mailed_without_end(library: GroupAccount, mailoutbox: list[Any]) -> None:
    first, second = ask_for_a_pass(mailoutbox), ask_for_a_pass(mailoutbox)
    assert at_address(OUTSIDE).get(first).status_code == 410
    assert at_address(OUTSIDE).get(second).status_code == 200
    ask_for_a_pass(mailoutbox)
    assert not ask_for_a_pass(mailoutbox)


def test_a_pass_goes_on_until_the_one_that_somebody_asked_for_at_the_address_is_opened(
    library: GroupAccount, mailoutbox: list[Any], at: Any
) -> None:
    laptop, phone = at_address(OUTSIDE), at_address(OUTSIDE)
    laptop.post(ask_for_a_pass(mailoutbox))
    at(NOW + 2 * DAY)
    link = ask_for_a_pass(mailoutbox)
    assert reads(laptop)
    phone.post(link)
    assert reads(phone)
    assert not reads(laptop)


def test_a_pass_opens_in_three_browsers_and_for_a_day(library: GroupAccount, mailoutbox: list[Any], at: Any) -> None:
    link = ask_for_a_pass(mailoutbox)
    browsers = [at_address(OUTSIDE) for _ in range(OPENS_AT_MOST + 1)]
    assert [browser.post(link).status_code for browser in browsers] == [200, 200, 200, 410]
    assert [reads(browser) for browser in browsers] == [True, True, True, False]
    late = ask_for_a_pass(mailoutbox, "ben@library.example")
    at(NOW + DAY)
    assert at_address(OUTSIDE).post(late).status_code == 410


def test_a_pass_ends_with_the_agreement_the_domain_and_by_hand(library: GroupAccount, mailoutbox: list[Any]) -> None:
    home = at_address(OUTSIDE)
    home.post(ask_for_a_pass(mailoutbox))
    for end, back in (
        (
            lambda: library.terms.update(ends_on=date(2026, 11, 16)),
            lambda: library.terms.update(ends_on=date(2026, 12, 31)),
        ),
        (lambda: Domain.objects.update(ended_at=NOW), lambda: Domain.objects.update(ended_at=None)),
        (lambda: OffSitePass.objects.update(ended_at=NOW), lambda: OffSitePass.objects.update(ended_at=None)),
    ):
        end()
        assert not reads(home)
        back()
        assert reads(home)


@pytest.mark.parametrize("moment", [NOW, NOW + 30 * DAY - timedelta(seconds=1), NOW + 30 * DAY, NOW + 31 * DAY])
@pytest.mark.parametrize("opened", [0, 1])
@pytest.mark.parametrize("ended", [None, NOW])
def test_the_rule_of_a_pass_is_the_same_as_a_method_and_in_the_database(
    library: GroupAccount, moment: datetime, opened: int, ended: datetime | None
) -> None:
    one = OffSitePass.objects.create(
        group=library,
        domain=library.domains.get(),
        email="ana@library.example",
        token_hash="x",
        asked_at=NOW,
        opened_times=opened,
        valid_until=NOW + 30 * DAY,
        ended_at=ended,
    )
    assert OffSitePass.objects.valid(at=moment).exists() is one.is_valid(at=moment)
