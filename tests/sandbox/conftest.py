"""A sandbox, the unchanged stripe package in front of it, and somebody who takes the webhooks."""

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import stripe

from stripe_sandbox.server import Sandbox

DAY = 86400
SECRET = "whsec_test"
CONTRACT_DIR = os.environ.get("STRIPE_CONTRACT_DIR", "")


@dataclass
class Judge:
    """The contract proxy in front of one fixed port: it judges requests, answers and events."""

    url: str
    forward_port: int

    def ask(self, method: str, name: str, body: bytes = b"") -> Any:
        """Use one of the judge's own controls."""
        return ask(method, f"{self.url}/_contract/{name}", body).json()


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge | None]:
    """The judge, when the environment says where he lives."""
    if not CONTRACT_DIR:
        yield None
        return
    folder, port = Path(CONTRACT_DIR), _free_port()
    files = ["--spec", str(folder / "spec_trimmed.json"), "--fixtures", str(folder / "fixtures_trimmed.json")]
    program = [sys.executable, str(folder / "contract_proxy.py"), *files, "--port", "0"]
    with subprocess.Popen(
        [*program, "--forward", f"http://127.0.0.1:{port}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as proxy:
        assert proxy.stdout
        words = proxy.stdout.readline()
        yield Judge(re.search(r"http://[\d.:]+", words)[0], port)  # type: ignore[index]
        proxy.terminate()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@dataclass
class Inbox:
    """A site that takes webhooks, or refuses them with `status`."""

    status: int = 200
    events: list[dict[str, Any]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    unsigned: int = 0
    url: str = ""

    def take(self, body: bytes, signature: str) -> int:
        """Take one delivery in; what is not signed for us is counted and refused."""
        self.headers.append(signature)
        try:
            stripe.Webhook.construct_event(body.decode(), signature, SECRET)
        except stripe.SignatureVerificationError:
            self.unsigned += 1
            return 400
        if self.status == 200:
            self.bodies.append(body)
            self.events.append(json.loads(body))
        return self.status

    def kinds(self) -> list[str]:
        """The types of all events taken in, sorted."""
        return sorted(event["type"] for event in self.events)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The objects of all events of a type."""
        return [event["data"]["object"] for event in self.events if event["type"] == kind]


@contextlib.contextmanager
def _listening(inbox: Inbox) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(inbox.take(body, self.headers["Stripe-Signature"]))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    inbox.url = f"http://127.0.0.1:{server.server_address[1]}/webhook"
    yield
    server.shutdown()
    server.server_close()


@dataclass
class Answer:
    """What a page or a control answered."""

    status: int
    text: str
    location: str | None
    raw: bytes
    headers: dict[str, str]

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)


def ask(method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
    """Plain HTTP, following no redirect."""
    to = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(to.hostname or "127.0.0.1", to.port, timeout=20)
    path = to.path + (f"?{to.query}" if to.query else "")
    try:
        connection.request(method, path, body=body or None, headers=headers or {})
        answer = connection.getresponse()
        raw = answer.read()
    finally:
        connection.close()
    text = raw.decode(errors="replace")
    return Answer(answer.status, text, answer.getheader("Location"), raw, dict(answer.getheaders()))


@dataclass
class Here:
    """All that a test needs: the sandbox, the package in front of it, the inbox behind it."""

    sandbox: Sandbox
    inbox: Inbox
    api: stripe.StripeClient
    api_url: str
    direct: stripe.StripeClient

    def get(self, url: str) -> Answer:
        """Look at a page."""
        return ask("GET", url)

    def post(self, url: str, **fields: Any) -> Answer:
        """Send a form."""
        return ask("POST", url, urllib.parse.urlencode(fields).encode())

    def control(self, name: str, wish: Any = None) -> Any:
        """Use one of the sandbox's own controls; without a wish only look."""
        method = "GET" if wish is None else "POST"
        answer = ask(method, f"{self.sandbox.url}/_sandbox/{name}", json.dumps(wish or {}).encode())
        return answer.json()

    def v1(self, method: str, path: str, form: str = "", **headers: str) -> Answer:
        """A request to the API without the package, straight to the sandbox."""
        usual = {"Authorization": "Bearer sk_test_1", "Content-Type": "application/x-www-form-urlencoded"}
        wanted = usual | {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(method, self.sandbox.url + path, form.encode(), wanted)

    def told(self) -> list[str]:
        """The types of the events that have come in since the last time, sorted."""
        assert self.sandbox.drain(), self.control("drain", {"patience": 0})
        kinds = self.inbox.kinds()
        self.inbox.events = []
        return kinds


@pytest.fixture
def here(judge: Judge | None) -> Iterator[Here]:
    """A fresh sandbox in memory. With the judge present, every request, answer and event is judged at the end."""
    inbox = Inbox()
    with _listening(inbox):
        port = judge.forward_port if judge else 0
        sandbox = Sandbox(port, webhook_url=inbox.url, webhook_secret=SECRET).start()
        api_url = judge.url if judge else sandbox.url
        if judge:
            judge.ask("POST", "reset")
        yield Here(sandbox, inbox, _client(api_url), api_url, _client(sandbox.url))
        sandbox.drain()
        sandbox.stop()
    if judge:
        report = judge.ask("GET", "report")
        assert report["violations"] == []
        assert report["response_violations"] == []
        for body in inbox.bodies:
            assert judge.ask("POST", "event", body) == {"violations": []}, json.loads(body)["type"]


def _client(url: str) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_sandbox", base_addresses={"api": url}, max_network_retries=0)


@pytest.fixture
def yearly(here: Here) -> str:
    """The id of a price of €150 a year."""
    return make_price(here, 15000, "year", lookup_key="yearly")


@pytest.fixture
def monthly(here: Here) -> str:
    """The id of a price of €15 a month."""
    return make_price(here, 1500, "month", lookup_key="monthly")


def make_price(here: Here, cents: int, interval: str, **more: Any) -> str:
    """The id of a recurring price in euro, of a product of its own."""
    product = here.api.v1.products.create({"name": f"The Gazette, by the {interval}"})
    wanted: Any = {"product": product.id, "currency": "eur", "unit_amount": cents, "recurring": {"interval": interval}}
    return here.api.v1.prices.create(wanted | more).id


@pytest.fixture
def subscribe(here: Here) -> Callable[..., stripe.Subscription]:
    """Make a customer with a card who subscribes through the API."""

    def make(price: str, card: str = "pm_card_visa", **terms: Any) -> stripe.Subscription:
        customer = here.api.v1.customers.create({"email": "alice@example.org", "name": "Alice"})
        method = here.api.v1.payment_methods.attach(card, {"customer": customer.id})
        wanted: Any = {
            "customer": customer.id,
            "items": [{"price": price}],
            "default_payment_method": method.id,
        } | terms
        return here.api.v1.subscriptions.create(wanted)

    return make
