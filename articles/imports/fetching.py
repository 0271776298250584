"""Pictures of an import: from a folder beside the file, or from hosts that were named, and from nowhere else.

An export is written by others: an address in it may name a machine of our own network. So only hosts that the operator
named are asked, and only where every address of theirs is public; the connection goes to the very address that was
looked at, so that a second answer of the name service changes nothing.
"""

import http.client
import ipaddress
import re
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit

from articles import pictures

SECONDS = 20
MOST_REDIRECTS = 3
AT_ONCE = 1 << 16
_NAT64, _COMPATIBLE = ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96")
# WordPress's smaller copies: photo-1024x683.jpg is of photo.jpg, as is photo-scaled.jpg.
_SMALLER = re.compile(r"-(?:\d{2,5}x\d{2,5}|scaled)(?=\.[A-Za-z]+\Z)")
# Ghost's: /content/images/size/w1000/2024/photo.jpg
_SIZED = re.compile(r"/size/w\d+(?:h\d+)?/")


class NotFetched(Exception):
    """The picture cannot be had; the message says why."""


class Pictures:
    """Where pictures may be had."""

    def __init__(
        self, folder: Path | None = None, hosts: Iterable[str] = (), listed: Mapping[str, str] | None = None
    ) -> None:
        self._folder = folder.resolve() if folder else None
        self._listed = listed or {}
        # What the operator lists, they name.
        named = [urlsplit(address).hostname or "" for address in self._listed.values()]
        self._hosts = frozenset(host.lower() for host in (*hosts, *named) if host)

    def content(self, address: str, *, beside: Path | None = None) -> bytes:
        """The bytes of the picture at that address. Raises NotFetched."""
        address = self._listed.get(address, address)
        if file := self._in_folder(address, beside):
            return _read(file)
        if not address.startswith(("http://", "https://")):
            raise NotFetched("It is not in the folder of pictures.")
        return _fetched(address, self._hosts)

    def is_there(self, address: str, *, beside: Path | None = None) -> None:
        """The same question without fetching anything, for a trial. Raises NotFetched."""
        address = self._listed.get(address, address)
        if self._in_folder(address, beside):
            return
        if not address.startswith(("http://", "https://")):
            raise NotFetched("It is not in the folder of pictures.")
        _allowed(address, self._hosts)

    def _in_folder(self, address: str, beside: Path | None) -> Path | None:
        """The longest end of the path that is a file in the folder, in its own size or the whole one."""
        try:
            path = unquote(urlsplit(address).path)
        except ValueError:
            return None
        for root in filter(None, (beside, self._folder)):
            for end in _ends(path):
                for name in (_SMALLER.sub("", end), end):
                    if found := _inside(root, name):
                        return found
        return None


def _ends(path: str) -> Iterator[str]:
    parts = [part for part in _SIZED.sub("/", path).split("/") if part not in ("", ".", "..")]
    for start in range(len(parts)):
        yield "/".join(parts[start:])


def _inside(root: Path, name: str) -> Path | None:
    """The file of that name in the folder; links that lead out of it are no files."""
    if not name or "\x00" in name:
        return None
    try:
        found = (root / name).resolve()
        return found if found.is_relative_to(root.resolve()) and found.is_file() else None
    except (OSError, RuntimeError):
        return None


def _read(file: Path) -> bytes:
    if file.stat().st_size > pictures.MAX_BYTES:
        raise NotFetched("It is larger than 30 MB.")
    return file.read_bytes()


def _allowed(address: str, hosts: frozenset[str]) -> tuple[str, str, int, str]:
    """Scheme, host, port and path of an address that may be asked. Raises NotFetched."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise NotFetched("Its address makes no sense.") from error
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("http", "https") or parts.username or parts.password:
        raise NotFetched("Its address is not one of the web.")
    if host not in hosts:
        raise NotFetched(f"{host} is none of the named hosts.")
    if port not in (None, 80, 443):
        raise NotFetched("Its address names another port.")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path


def _fetched(address: str, hosts: frozenset[str]) -> bytes:
    for _ in range(MOST_REDIRECTS + 1):
        scheme, host, port, path = _allowed(address, hosts)
        connection = _connection(scheme, host, port)
        try:
            connection.request("GET", path, headers={"Accept": "image/*", "User-Agent": "newsroom-import"})
            answer = connection.getresponse()
            if answer.status in (301, 302, 303, 307, 308):
                address = urljoin(address, answer.getheader("Location") or "")
                continue
            if answer.status != 200:
                raise NotFetched(f"{host} answered {answer.status}.")
            return _whole(answer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NotFetched(f"{host} did not answer ({type(error).__name__}).") from error
        finally:
            connection.close()
    raise NotFetched("It was sent from one address to the next.")


def _whole(answer: http.client.HTTPResponse) -> bytes:
    parts, size = [], 0
    while part := answer.read(AT_ONCE):
        parts.append(part)
        size += len(part)
        if size > pictures.MAX_BYTES:
            raise NotFetched("It is larger than 30 MB.")
    return b"".join(parts)


def _connection(scheme: str, host: str, port: int) -> http.client.HTTPConnection:
    """A connection to the host at an address that was found to be public. Raises NotFetched."""
    address = public_address(host, port)
    connection: http.client.HTTPConnection = (
        http.client.HTTPSConnection(host, port, timeout=SECONDS, context=ssl.create_default_context())
        if scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=SECONDS)
    )

    def to_that_address(_: tuple[str, int], *rest: object) -> socket.socket:
        return socket.create_connection((address, port), timeout=SECONDS)

    # What http.client calls to open the socket; the name stays for TLS and for the Host header.
    connection._create_connection = to_that_address  # type: ignore[attr-defined]
    return connection


def public_address(host: str, port: int) -> str:
    """The first address of a host of which all are public. Raises NotFetched."""
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise NotFetched(f"Nobody knows {host}.") from error
    if not found or not all(_is_public(address) for address in found):
        raise NotFetched(f"{host} stands in a network that is not public.")
    return sorted(found)[0]


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    carried = _carried(found) if isinstance(found, ipaddress.IPv6Address) else None
    if carried and not (carried.is_global and not carried.is_multicast):
        return False
    return (found.is_global or carried is not None) and not found.is_multicast


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which a gateway on the way takes this one: mapped, 6to4, Teredo, NAT64 (RFC 6052)."""
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def listed(lines: Iterable[str]) -> dict[str, str]:
    """A list of pictures: in each line an address as the file has it, and where it is now if that is elsewhere."""
    found = {}
    for line in lines:
        words = line.split()
        if words and not words[0].startswith("#"):
            found[words[0]] = words[1] if len(words) > 1 else words[0]
    return found
