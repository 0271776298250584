"""Pictures come from the folder and from the hosts that were named, and never from our own network."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from articles.imports import fetching
from articles.imports.fetching import NotFetched, Pictures, listed, public_address
from articles.pictures import MAX_BYTES
from tests.imports.files import picture


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://other.example/a.jpg", "none of the named hosts"),
        ("https://cdn.example@evil.example/a.jpg", "not one of the web"),
        ("https://cdn.example:8080/a.jpg", "another port"),
        ("https://cdn.example:x/a.jpg", "makes no sense"),
        ("file:///etc/passwd", "not in the folder"),
        ("ftp://cdn.example/a.jpg", "not in the folder"),
        ("data:image/png;base64,AAAA", "not in the folder"),
        ("https://cdn.example.evil.example/a.jpg", "none of the named hosts"),
        ("http://[::1/a.jpg", "makes no sense"),
        ("", "not in the folder"),
    ],
)
def test_only_named_hosts_are_asked(address: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_connection", lambda *where: pytest.fail(f"asked {where}"))
    for ask in (Pictures(hosts=["cdn.example"]).content, Pictures(hosts=["cdn.example"]).is_there):
        with pytest.raises(NotFetched, match=why):
            ask(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "224.0.0.1", "::"),
        # Carried to such a network by a gateway on the way: NAT64, 6to4, and the oldest form.
        *("64:ff9b::a9fe:a9fe", "64:ff9b::10.0.0.1", "2002:7f00:1::", "2002:a00:1::1", "::127.0.0.1", "::10.0.0.1"),
    ],
)
def test_a_host_in_a_network_of_ours_is_not_asked(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where only one of its addresses is there."""
    answers = [(0, 0, 0, "", ("93.184.215.14", 443)), (0, 0, 0, "", (address, 443))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *asked, **more: answers)
    with pytest.raises(NotFetched, match="not public"):
        public_address("cdn.example", 443)


def test_the_connection_goes_to_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[Any] = []
    monkeypatch.setattr("socket.getaddrinfo", lambda *asked, **more: [(0, 0, 0, "", ("93.184.215.14", 443))])

    def open_socket(to: Any, **more: Any) -> Any:
        went.append(to)
        raise OSError("no network here")

    monkeypatch.setattr("socket.create_connection", open_socket)
    with pytest.raises(NotFetched, match="did not answer"):
        Pictures(hosts=["cdn.example"]).content("http://cdn.example/a.jpg")
    assert went == [("93.184.215.14", 80)]


class _Host(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "http://inside.example/secret")
        elif self.path == "/round":
            self.send_response(302)
            self.send_header("Location", "/round")
        else:
            self.send_response(404 if self.path == "/gone" else 200)
        self.end_headers()
        if self.path == "/endless":
            for _ in range(MAX_BYTES // 1_000_000 + 2):
                self.wfile.write(b"x" * 1_000_000)
        elif self.path == "/a%20b.jpg?size=1":
            self.wfile.write(b"a picture for " + self.headers["Host"].encode())

    def log_message(self, *said: Any) -> None:
        """Say nothing."""


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pictures]:
    """A host on this machine that passes for a public one."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Host)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    real = fetching.socket.create_connection
    monkeypatch.setattr(fetching, "public_address", lambda name, port: "93.184.215.14")
    monkeypatch.setattr(fetching.socket, "create_connection", lambda to, **more: real(server.server_address, **more))
    yield Pictures(hosts=["cdn.example"])
    server.shutdown()
    server.server_close()


def test_a_picture_is_fetched_from_a_named_host(host: Pictures) -> None:
    assert host.content("http://cdn.example/a b.jpg?size=1") == b"a picture for cdn.example"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("moved", "inside.example is none of the named hosts"),
        ("round", "from one address to the next"),
        ("gone", "answered 404"),
        ("endless", "larger than 30 MB"),
    ],
)
def test_what_a_host_answers_is_not_believed(host: Pictures, path: str, why: str) -> None:
    with pytest.raises(NotFetched, match=why):
        host.content(f"http://cdn.example/{path}")


@pytest.mark.parametrize(
    "address",
    [
        "https://old.example.org/wp-content/uploads/2019/05/a.jpg",
        "/wp-content/uploads/2019/05/a-300x200.jpg",
        "https://old.example.org/uploads/2019/05/a-scaled.jpg?x=1",
        "2019/05/a.jpg",
        "a.jpg",
        "../../a.jpg",
    ],
)
def test_the_longest_end_of_the_path_that_is_in_the_folder_is_it(tmp_path: Path, address: str) -> None:
    wanted = picture(tmp_path / ("a.jpg" if "/" not in address.replace("../", "") else "2019/05/a.jpg"))
    assert Pictures(tmp_path).content(address) == wanted.read_bytes()


def test_links_out_of_the_folder_are_no_pictures(tmp_path: Path) -> None:
    picture(tmp_path / "secret.jpg")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jpg").symlink_to(tmp_path / "secret.jpg")
    for address in ("a.jpg", "../secret.jpg", "%2e%2e/secret.jpg", "a.jpg\x00.png"):
        with pytest.raises(NotFetched):
            Pictures(tmp_path / "in").content(address)


def test_a_list_says_where_pictures_are_now(tmp_path: Path) -> None:
    picture(tmp_path / "b.jpg")
    found = listed(["# a comment", "https://old.example/a.jpg b.jpg", "https://old.example/c.jpg", ""])
    pictures = Pictures(tmp_path, listed=found)
    assert pictures.content("https://old.example/a.jpg")
    pictures.is_there("https://old.example/c.jpg")
