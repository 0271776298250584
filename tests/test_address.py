"""From where does a request come: who is believed, about what, and who is not."""

from typing import Any

import pytest
from django.test import RequestFactory

from edge.address import UNIX, address_of, believed, network_in, parsed

PROXIES = (network_in("10.0.0.0/8"), network_in("2001:db8:1::/48"))


@pytest.mark.parametrize(
    ("remote", "forwarded", "visitor"),
    [
        # Nobody but a proxy of ours is believed.
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "192.0.2.1", "198.51.100.7"),
        ("198.51.100.7", "10.0.0.1, 192.0.2.1, 10.0.0.2", "198.51.100.7"),
        # The hop that our proxy wrote, not what stood there before.
        ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "192.0.2.1, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "192.0.2.1,198.51.100.7,10.9.9.9, 10.0.0.2", "198.51.100.7"),
        ("2001:db8:1::1", "2001:db8:ffff::7", "2001:db8:ffff::7"),
        # A visitor who claims to be a proxy is where our proxy saw them.
        ("10.0.0.1", "10.0.0.5, 10.0.0.6", "10.0.0.5"),
        ("10.0.0.1", "", "10.0.0.1"),
        # IPv6's clothes, ports and brackets.
        ("::ffff:10.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:198.51.100.7", "192.0.2.1", "198.51.100.7"),
        ("10.0.0.1", "192.0.2.1:4711", "192.0.2.1"),
        ("10.0.0.1", "[2001:db8:ffff::7]:4711", "2001:db8:ffff::7"),
        # What cannot be read is nobody's address, and what stands left of it is not looked at.
        ("10.0.0.1", "192.0.2.1, unknown", None),
        ("10.0.0.1", "192.0.2.1, 10.0.0.300", None),
        ("10.0.0.1", "192.0.2.1, <script>", None),
        ("10.0.0.1", "192.0.2.1, ", None),
        ("", "192.0.2.1", None),
        ("nonsense", "192.0.2.1", None),
    ],
)
def test_only_the_nearest_hop_that_is_no_proxy_of_ours_is_the_visitor(
    remote: str, forwarded: str, visitor: str | None
) -> None:
    found = believed(remote, forwarded, trusted=PROXIES)
    assert (str(found) if found else None) == visitor


@pytest.mark.parametrize(
    ("forwarded", "visitor"),
    [
        ("for=192.0.2.1", "192.0.2.1"),
        ("For=192.0.2.1;Proto=https;by=10.0.0.2", "192.0.2.1"),
        ('for=192.0.2.9, for="[2001:db8:ffff::7]:4711";by=10.0.0.2, for=10.0.0.3', "2001:db8:ffff::7"),
        ("proto=https", None),
        ("for=192.0.2.9, proto=https", None),
        ("for=192.0.2.9, for=_hidden", None),
        ("for=unknown", None),
        # A quotation mark that the visitor leaves open hides nothing that a proxy has added.
        ('for="192.0.2.9, for=198.51.100.7', None),
        ('for=192.0.2.9;a=", for="[2001:db8:ffff::7]"', None),
        ('for="192.0.2.9\\", for=198.51.100.7', None),
        ("", "10.0.0.1"),
    ],
)
def test_the_standard_header_is_read_by_its_grammar_or_not_at_all(forwarded: str, visitor: str | None) -> None:
    found = believed("10.0.0.1", forwarded, trusted=PROXIES, header="Forwarded")
    assert (str(found) if found else None) == visitor


def test_a_header_made_to_be_slow_is_read_in_no_time() -> None:
    for hostile in ('"' * 50_000, 'for="' + "\\" * 50_000, " " * 50_000 + "x", "a=b;" * 10_000 + '"', "," * 50_000):
        believed("10.0.0.1", hostile, trusted=PROXIES, header="Forwarded")
        believed("10.0.0.1", hostile, trusted=PROXIES)


def test_a_proxy_behind_a_socket_is_believed_where_the_setting_says_so() -> None:
    assert str(believed("", "192.0.2.1", trusted=(*PROXIES, UNIX))) == "192.0.2.1"


@pytest.mark.parametrize(
    "text", ["fe80::1%eth0", "1.2.3", "0x7f.0.0.1", "127.1", "0127.0.0.1", "", "1.2.3.4/8", "٣.1.1.1"]
)
def test_other_ways_to_write_an_address_are_not_read(text: str) -> None:
    assert parsed(text) is None


def test_a_network_in_ipv6s_clothes_is_the_network() -> None:
    assert str(network_in("::ffff:192.0.2.0/120")) == "192.0.2.0/24"
    assert str(network_in(" 192.0.2.77/24 ")) == "192.0.2.0/24"
    assert str(network_in("2001:DB8::/32")) == "2001:db8::/32"


def test_the_settings_say_who_is_believed_and_which_header_is_read(settings: Any) -> None:
    request = RequestFactory().get(
        "/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "192.0.2.1", "Forwarded": "for=198.51.100.7"}
    )
    assert str(address_of(request)) == "10.0.0.1"
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert str(address_of(request)) == "192.0.2.1"
    settings.FORWARDED_HEADER = "Forwarded"
    assert str(address_of(request)) == "198.51.100.7"
