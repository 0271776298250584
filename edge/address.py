"""From which network address does a request come? The one place that answers, for limits and for rights alike.

What a visitor writes into a header proves nothing. A forwarded address is believed where the connection comes from a
proxy that TRUSTED_PROXIES names, and then only the hop that this proxy, or another trusted one before it, has added
itself. One header is read, FORWARDED_HEADER: a proxy that keeps the one passes the other on as the visitor sent it.
"""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# In TRUSTED_PROXIES: whoever speaks to us over a socket in the file system, which has no address.
UNIX = "unix"
HEADERS = ("X-Forwarded-For", "Forwarded")
# An address may be followed by a port, and one of IPv6 then stands in brackets (RFC 7239, section 6).
_NODE = re.compile(r"\[(?P<six>[^\[\]]+)\](?::\d{1,5})?|(?P<four>[0-9.]+)(?::\d{1,5})?|(?P<bare>[0-9A-Fa-f:.]+)")
_MAPPED = ipaddress.ip_network("::ffff:0:0/96")
# One `name=value` of a Forwarded header, and what separates it from the next (RFC 7239, section 4).
_PAIR = re.compile(r"""[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=("(?:[^"\\]|\\.)*"|[^\s;,"]+)[ \t]*)?(;|,|$)""")


def address_of(request: HttpRequest) -> Address | None:
    """The address of the visitor, as far as it can be believed; None where it cannot be told."""
    return believed(
        request.META.get("REMOTE_ADDR", ""),
        request.headers.get(settings.FORWARDED_HEADER, ""),
        trusted=trusted_proxies(),
        header=settings.FORWARDED_HEADER,
    )


def believed(
    remote: str, forwarded: str, *, trusted: Sequence[Network | str], header: str = HEADERS[0]
) -> Address | None:
    """The address behind a connection from `remote` that brought `forwarded` in that header.

    Read from the right, since each proxy writes at the end: the first hop that is no trusted proxy is the visitor, and
    what stands left of it is the visitor's own invention. A hop that is no address ends the search: nobody can be told.
    """
    here = parsed(remote)
    if not (UNIX in trusted if not remote else _is_among(here, trusted)):
        return here
    for hop in _hops(forwarded, header):
        here = parsed(hop)
        if here is None or not _is_among(here, trusted):
            return here
    return here


def parsed(text: str) -> Address | None:
    """The address in a text, with or without a port; an IPv4 address in IPv6's clothes is the IPv4 address."""
    found = _NODE.fullmatch(text.strip())
    if found is None:
        return None
    try:
        return plain(ipaddress.ip_address(found["six"] or found["four"] or found["bare"]))
    except ValueError:
        return None


def plain(address: Address) -> Address:
    """The same address without IPv6's clothes: `::ffff:192.0.2.1` is `192.0.2.1`."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def network_in(text: str) -> Network:
    """The network of a text like `192.0.2.0/24`; what is set beyond its prefix is dropped. Raises ValueError."""
    network = ipaddress.ip_network(text.strip(), strict=False)
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):  # type: ignore[arg-type]
        four = network.network_address.ipv4_mapped
        return ipaddress.ip_network(f"{four}/{network.prefixlen - 96}")
    return network


def trusted_proxies() -> tuple[Network | str, ...]:
    """The networks of TRUSTED_PROXIES. Raises ValueError for what is none; the settings have looked before."""
    return _networks(tuple(settings.TRUSTED_PROXIES))


@lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> tuple[Network | str, ...]:
    return tuple(text if text == UNIX else network_in(text) for text in texts)


def _is_among(address: Address | None, networks: Sequence[Network | str]) -> bool:
    return address is not None and any(
        address in network
        for network in networks
        if not isinstance(network, str) and network.version == address.version
    )


def _hops(forwarded: str, header: str) -> Iterator[str]:
    """The hops from the nearest to the farthest; one of no words where a hop cannot be read."""
    if header.lower() == "forwarded":
        yield from reversed(_forwarded_for(forwarded))
    elif forwarded.strip():
        yield from reversed(forwarded.split(","))


def _forwarded_for(text: str) -> list[str]:
    """The `for` of each hop. A header that breaks the grammar says nothing at all: a quotation mark that the visitor
    left open would swallow what the proxy has written behind it.
    """
    hops, node, at = [], "", 0
    while at < len(text):
        pair = _PAIR.match(text, at)
        if pair is None:
            return [""]
        if pair[1] and pair[1].lower() == "for":
            node = re.sub(r"\\(.)", r"\1", pair[2].strip('"'))
        at = pair.end()
        if pair[3] == "," or at == len(text):
            hops.append(node)
            node = ""
    return hops
