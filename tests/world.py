"""A whole life, on real parts: the site on a port, the local Stripe on another, and one clock for both.

Where STRIPE_CONTRACT_DIR names a folder with the contract of Stripe's API, every call and every answer goes past its
judge, every event is shown to it, and one violation fails the journey.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command

from stripe_sandbox.server import Sandbox
from subscriptions.billing import StripeBilling

SECRET = "whsec_local_sandbox"


class Contract:
    """The judge between site and local Stripe; says nothing where there is none."""

    def __init__(self, forward: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, str(folder / "contract_proxy.py"), "--forward", forward, "--port", str(port)]
        command += ["--spec", str(folder / "spec_trimmed.json"), "--fixtures", str(folder / "fixtures_trimmed.json")]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait()

    def _wait(self) -> None:
        for _ in range(200):
            try:
                self._ask("GET", "/_contract/report")
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("The contract proxy did not start.")

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(self.url + path, body, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"{}")

    def begin(self) -> None:
        self._ask("POST", "/_contract/reset", b"")

    def judge(self, events: list[dict[str, Any]]) -> None:
        """Fail on any violation since `begin`, by a call, an answer or an event."""
        report = self._ask("GET", "/_contract/report")
        assert report.get("violations") in (0, [], None), report
        assert not _violations_but_stubs(report.get("response_violations") or []), report
        for event in events:
            verdict = self._ask("POST", "/_contract/event", json.dumps(event).encode())
            assert verdict["violations"] == [], (event["type"], verdict)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)


def _violations_but_stubs(violations: list[dict[str, str]]) -> list[dict[str, str]]:
    """All but those of deleted customers: Stripe answers with a stub, for which the contract has no schema."""
    stubs = {one["call"] for one in violations if one["message"].startswith("response.deleted:")}
    return [one for one in violations if one["call"] not in stubs or not one["call"].startswith("GET /v1/customers/")]


class World:
    """The two clocks, the mailbox and Stripe's pages, as a journey uses them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def now(self) -> datetime:
        """The moment on both clocks."""
        return datetime.fromtimestamp(self._ask("/_sandbox/clock")["now"], tz=UTC)

    def pass_time(self, **amount: float) -> None:
        """Let time pass for Stripe and for the site, and wait until what Stripe had to say has arrived."""
        self.sandbox.advance(int(timedelta(**amount).total_seconds()))
        self.settle()

    def settle(self) -> None:
        """Wait until every webhook has been delivered."""
        self.sandbox.drain()

    def code_sent_to(self, email: str) -> str:
        """The newest sign-in code in that mailbox."""
        codes = [re.match(r"(\d{6}) is your code", one.subject) for one in mail.outbox if one.to == [email]]
        found = next(code for code in reversed(codes) if code)
        return found[1]

    def letters_to(self, email: str) -> list[str]:
        """The subjects of all other letters in that mailbox, oldest first."""
        return [letter.subject for letter in mail.outbox if letter.to == [email] and "code" not in letter.subject]

    def body_of_the_letter_to(self, email: str, words: str) -> str:
        """The plain text of the newest letter in that mailbox with those words in its subject."""
        return next(one.body for one in reversed(mail.outbox) if one.to == [email] and words in one.subject)

    def pay(self, page: str, *, method: str = "card_ok", **fields: str) -> str:
        """Fill in Stripe's payment page; returns the address it leads back to, or nothing where it shows an error."""
        body = urllib.parse.urlencode({"method": method, "email": "", **fields}).encode()
        try:
            urllib.request.build_opener(_StayHere).open(page, body, timeout=10).close()
        except urllib.error.HTTPError as answer:
            if answer.code == 303:
                return answer.headers["Location"]
            if answer.code >= 500:
                raise
        return ""

    def events(self) -> list[dict[str, Any]]:
        """Everything Stripe has said, newest first."""
        found: list[dict[str, Any]] = []
        more = True
        while more:
            after = f"&starting_after={found[-1]['id']}" if found else ""
            page = self._ask(f"/v1/events?limit=100{after}", key="sk_test_local_sandbox")
            found += page["data"]
            more = page["has_more"]
        return found

    def customer(self, stripe_id: str) -> Any:
        """A customer as Stripe has it."""
        return self._ask(f"/v1/customers/{stripe_id}", key="sk_test_local_sandbox")

    def charged_cents(self) -> int:
        """What Stripe has taken from everybody, refunds not counted."""
        return self._ask("/_sandbox/state")["money"]["charged"]

    def control(self, path: str, **body: Any) -> Any:
        """Use a switch of the local Stripe that the real one does not have."""
        return self._ask(f"/_sandbox/{path}", json.dumps(body).encode())

    def _ask(self, path: str, body: bytes | None = None, key: str = "") -> Any:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        request = urllib.request.Request(self.sandbox.url + path, body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"{}")


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


@pytest.fixture(scope="session")
def local_stripe(live_server: Any) -> Iterator[Sandbox]:
    """One local Stripe for all journeys of this process; each begins with it empty."""
    sandbox = Sandbox(webhook_url=f"{live_server.url}/stripe/webhook/", webhook_secret=SECRET)
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="session")
def contract(local_stripe: Sandbox) -> Iterator[Contract | None]:
    """The judge, where there is one."""
    folder = os.environ.get("STRIPE_CONTRACT_DIR")
    if not folder:
        yield None
        return
    judge = Contract(local_stripe.url, Path(folder))
    yield judge
    judge.stop()


@pytest.fixture
def world(
    transactional_db: None,
    local_stripe: Sandbox,
    contract: Contract | None,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> Iterator[World]:
    """The site with the local Stripe behind it, both empty, both on one clock."""
    world = World(local_stripe)
    world.control("reset")
    # Late in the evening a story of 99 days would end on the day after: every journey begins in the morning.
    morning = (world.now() + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)
    local_stripe.advance(int((morning - world.now()).total_seconds()))
    if contract:
        contract.begin()
    gateway = StripeBilling("sk_test_local_sandbox", contract.url if contract else local_stripe.url)
    monkeypatch.setattr("subscriptions.billing.gateway", lambda: gateway)
    monkeypatch.setattr("edge.clock.now", world.now)
    monkeypatch.setattr("subscriptions.calls.pause", lambda seconds: None)
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    pages = {"form-action": [*policy["form-action"], local_stripe.url]}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": policy | pages}
    call_command("sync_plans", verbosity=0, stdout=StringIO())
    yield world
    world.settle()
    if contract:
        contract.judge(world.events())
