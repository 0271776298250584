"""Events on their way: signed, sent at least once, in no promised order, and sent again when nobody took them."""

import hashlib
import hmac
import http.client
import json
import random
import threading
import time
import urllib.parse
from dataclasses import dataclass
from typing import Any

from .store import Thing
from .view import shown
from .webhook_endpoints import listening_to
from .world import World

MODES = ("normal", "hold", "drop", "duplicate", "shuffle", "wrong_secret", "old_timestamp")
SENDERS = 4
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0
ATTEMPTS = 16
PATIENCE = 20.0
OLD = 3600
SHUFFLE_GATHERS = 0.3


@dataclass(frozen=True)
class Parcel:
    """One delivery that a sender has taken in hand."""

    id: int
    attempts: int
    url: str
    body: bytes
    signature: str
    copies: int


def signature(secret: str, body: bytes, moment: int) -> str:
    """The `Stripe-Signature` header for a body; `moment` is wall time in seconds."""
    digest = hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def queue(world: World, events: list[str], in_any_order: bool) -> None:
    """Leave events for the senders, as the present mode says. Part of the transaction that made them."""
    mode, delay = how(world)
    if in_any_order or mode == "shuffle":
        events = random.sample(events, len(events))
    due = time.time() + delay + (SHUFFLE_GATHERS if mode == "shuffle" else 0)
    state = {"hold": "held", "drop": "dropped"}.get(mode, "pending")
    for event in events:
        found = world.store.get(event)
        for endpoint in listening_to(world, found["type"]) if found else []:
            world.store.execute(
                "INSERT INTO deliveries (event, endpoint, state, due, created) VALUES (?, ?, ?, ?, ?)",
                (event, endpoint["id"], state, due, world.now),
            )


def how(world: World) -> tuple[str, float]:
    """The mode of delivery and its delay in seconds."""
    kept = world.store.setting("deliveries", {"mode": "normal", "delay": 0})
    return kept["mode"], kept["delay"]


def set_mode(world: World, mode: str, delay: float = 0) -> None:
    """Deliver differently from now on. What was held goes out as soon as the mode is another."""
    world.store.set_setting("deliveries", {"mode": mode, "delay": delay})
    if mode != "hold":
        world.store.execute(
            "UPDATE deliveries SET state = 'pending', due = ? WHERE state = 'held'", (time.time() + delay,)
        )


def send_again(world: World, event: str) -> int:
    """Send an event once more to everybody who listens. Says how many deliveries that makes."""
    before = world.store.execute("SELECT count(*) FROM deliveries").fetchone()[0]
    found = world.fetch("event", event)
    for endpoint in listening_to(world, found["type"]):
        world.store.execute(
            "INSERT INTO deliveries (event, endpoint, state, due, created) VALUES (?, ?, 'pending', ?, ?)",
            (event, endpoint["id"], time.time(), world.now),
        )
    return world.store.execute("SELECT count(*) FROM deliveries").fetchone()[0] - before


def counts(world: World) -> dict[str, int]:
    """How many deliveries are in which state."""
    return dict(world.store.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall())


def failures(world: World) -> list[dict[str, Any]]:
    """Deliveries that were tried and not taken, newest first."""
    rows = world.store.execute(
        "SELECT event, endpoint, state, attempts, status, problem FROM deliveries"
        " WHERE attempts > 0 AND state IN ('pending', 'sending', 'failed') ORDER BY id DESC LIMIT 100"
    ).fetchall()
    names = ("event", "endpoint", "state", "attempts", "status", "problem")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    for one in found:
        event = world.store.get(one["event"])
        one["type"] = event["type"] if event else None
    return found


class Senders:
    """A few threads that carry events to their endpoints."""

    def __init__(self, world: World):
        self.world = world
        self.stopping = False
        self.threads = [
            threading.Thread(target=self._work, name=f"sender {number}", daemon=True) for number in range(SENDERS)
        ]

    def start(self) -> None:
        """Begin; what a former run had in hand is pending again."""
        with self.world.transaction():
            self.world.store.execute("UPDATE deliveries SET state = 'pending' WHERE state = 'sending'")
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Stop after what is in hand; the rest stays pending."""
        self.stopping = True
        with self.world.news:
            self.world.news.notify_all()
        until = time.monotonic() + 1
        for thread in self.threads:
            thread.join(timeout=max(0.0, until - time.monotonic()))

    def drain(self, patience: float = 10.0) -> bool:
        """Send what is pending now, without waiting for its turn, until nothing is left or patience (seconds) is."""
        until = time.monotonic() + patience
        world = self.world
        with world.transaction():
            world.store.execute("UPDATE deliveries SET due = ? WHERE state = 'pending'", (time.time(),))
        with world.news:
            while counts(world).keys() & {"pending", "sending"}:
                left = until - time.monotonic()
                if left <= 0 or self.stopping:
                    return False
                world.news.wait(min(left, 0.2))
        return True

    def _work(self) -> None:
        while not self.stopping:
            parcel = self._take()
            if parcel:
                for _ in range(parcel.copies):
                    status, problem = _post(parcel)
                self._note(parcel, status, problem)

    def _take(self) -> Parcel | None:
        """The next parcel that is due; waits a moment when there is none."""
        world = self.world
        with world.news:
            if self.stopping:
                return None
            row = world.store.execute(
                "SELECT id, event, endpoint, attempts FROM deliveries WHERE state = 'pending' AND due <= ?"
                " ORDER BY due, id LIMIT 1",
                (time.time(),),
            ).fetchone()
            if not row:
                world.news.wait(0.2)
                return None
            with world.transaction():
                return self._packed(*row)

    def _packed(self, delivery: int, event: str, endpoint: str, attempts: int) -> Parcel | None:
        world = self.world
        found, to = world.store.get(event), world.store.get(endpoint)
        if not found or not to:
            world.store.execute("UPDATE deliveries SET state = 'dropped' WHERE id = ?", (delivery,))
            return None
        world.store.execute("UPDATE deliveries SET state = 'sending' WHERE id = ?", (delivery,))
        mode, _ = how(world)
        body = _as_json(shown(world, found))
        secret = "whsec_somebody_elses" if mode == "wrong_secret" else to["_secret"]
        moment = int(time.time()) - (OLD if mode == "old_timestamp" else 0)
        copies = 2 if mode == "duplicate" else 1
        return Parcel(delivery, attempts + 1, to["url"], body, signature(secret, body, moment), copies)

    def _note(self, parcel: Parcel, status: int | None, problem: str | None) -> None:
        if self.stopping:
            return
        taken = status is not None and 200 <= status < 300
        state = "delivered" if taken else "failed" if parcel.attempts >= ATTEMPTS else "pending"
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (parcel.attempts - 1))
        with self.world.transaction():
            self.world.store.execute(
                "UPDATE deliveries SET state = ?, attempts = ?, due = ?, status = ?, problem = ? WHERE id = ?",
                (state, parcel.attempts, time.time() + wait, status, problem, parcel.id),
            )


def _as_json(event: Thing) -> bytes:
    return json.dumps(event, indent=2, ensure_ascii=False).encode()


def _post(parcel: Parcel) -> tuple[int | None, str | None]:
    """Send once; gives the status of the answer, or what went wrong."""
    to = urllib.parse.urlsplit(parcel.url)
    make = http.client.HTTPSConnection if to.scheme == "https" else http.client.HTTPConnection
    connection = make(to.hostname or "", to.port, timeout=PATIENCE)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": parcel.signature,
        "User-Agent": "Stripe/1.0 (local sandbox)",
    }
    path = (to.path or "/") + (f"?{to.query}" if to.query else "")
    try:
        connection.request("POST", path, body=parcel.body, headers=headers)
        answer = connection.getresponse()
        words = answer.read(500).decode(errors="replace")
        return answer.status, None if answer.status < 300 else words
    except (OSError, http.client.HTTPException) as problem:
        return None, f"{type(problem).__name__}: {problem}"
    finally:
        connection.close()
