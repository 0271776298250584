"""The local Stripe with trouble on purpose: `python -m tests.simulation.unreliable`, a process of its own.

Its clock stands still until it is moved. Every kind of fault happens to so many percent: each request to the API may be
refused (429, 500), met with silence, done and not answered, or done and answered by an error; each event may be lost,
sent twice, sent days later or signed with a wrong secret, and all of them arrive in any order. What the site did not
take is sent again on the next days.
"""

import argparse
import http.client
import json
import random
import re
import signal
import sys
import threading
import time
import urllib.parse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from stripe_sandbox import collection, control, ids, subscribing, subscriptions
from stripe_sandbox.clock import DAY, Clock
from stripe_sandbox.deliveries import signature
from stripe_sandbox.faults import Faults
from stripe_sandbox.server import Sandbox
from stripe_sandbox.view import shown
from stripe_sandbox.webhook_endpoints import listening_to
from stripe_sandbox.world import World
from tests.simulation.clock import SILENCE

# Of all silences, so many are waited out; the others are told at once by `clock.SILENCE`, which saves hours.
WAITED_OUT = 0.01
REAL_SILENCE = "hang:4"
REQUEST_FAULTS = {
    "429": "status:429",
    "500": "status:500",
    "silence": f"status:{SILENCE}",
    "request lost": "drop_before",
    "answer lost": "drop_after",
    "done, answered 500": "apply_then_500",
}
# What a newsroom subscribes its endpoint to.
TOLD = re.compile(
    r"checkout\.session\..*|customer\.subscription\..*|customer\.(updated|deleted)|invoice\.(paid|payment_failed|"
    r"payment_action_required|finalization_failed|upcoming|overdue|voided|marked_uncollectible)|charge\.refunded|"
    r"refund\.(updated|failed)|charge\.dispute\..*|credit_note\.created|mandate\.updated"
)
SENDERS = 8
# So often an event is sent again, once a day, when the site did not take it.
TRIES = 4


class StandingClock(Clock):
    """Stands still, so that nothing depends on how fast this machine is."""

    def __init__(self, moment: int) -> None:
        super().__init__()
        self.moment = moment

    def now(self) -> int:
        return self.moment if self._held is None else self._held

    def move_to(self, moment: int) -> None:
        self.moment = moment


class Dice:
    """Chance that can be repeated: the n-th throw for something on a day falls as it did the last time."""

    def __init__(self, world: World, seed: int, percent: float) -> None:
        self.world, self.seed, self.percent = world, seed, percent
        self.counted: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._throws: Counter[str] = Counter()
        self._moment = 0

    def about(self, what: str) -> random.Random:
        """The next throw for this."""
        with self._lock:
            if self._moment != self.world.clock.now():
                self._throws, self._moment = Counter(), self.world.clock.now()
            self._throws[what] += 1
            return random.Random(f"{self.seed} {self._moment} {what} {self._throws[what]}")

    def falls(self, dice: random.Random, fault: str) -> bool:
        """Whether this fault happens; counted when it does."""
        happens = dice.random() * 100 < self.percent
        if happens:
            with self._lock:
                self.counted[fault] += 1
        return happens


class RandomFaults(Faults):
    """Trouble with requests to the API, on top of what was ordered."""

    def __init__(self, dice: Dice) -> None:
        super().__init__()
        self.dice = dice

    def next_for(self, method: str, path: str) -> str:
        if ordered := super().next_for(method, path):
            return ordered
        dice = self.dice.about(f"{method} {re.sub(r'_[0-9A-Za-z_]{8,}', '', path)}")
        action = next((action for fault, action in REQUEST_FAULTS.items() if self.dice.falls(dice, fault)), "")
        is_waited_out = action == REQUEST_FAULTS["silence"] and dice.random() < WAITED_OUT
        return REAL_SILENCE if is_waited_out else action


@dataclass(frozen=True)
class Parcel:
    """One event on its way. `due` is a moment of the standing clock."""

    event: str
    body: bytes
    url: str
    secret: str
    due: int
    tries: int = 0
    with_wrong_secret: bool = False
    is_copy: bool = False


@dataclass
class PostOffice:
    """Carries events to the site: some twice, some late, some never, and all in any order."""

    dice: Dice
    waiting: list[Parcel] = field(default_factory=list)

    def queue(self, world: World, events: list[str], in_any_order: bool) -> None:
        """Take new events in, and throw the dice for each. Part of the transaction that made them."""
        for event in events:
            found = world.store.get(event)
            if found is None or not TOLD.fullmatch(found["type"]):
                continue
            body = json.dumps(shown(world, found)).encode()
            for endpoint in listening_to(world, found["type"]):
                self._drop_in(Parcel(event, body, endpoint["url"], endpoint["_secret"], world.now), found["type"])

    def _drop_in(self, parcel: Parcel, kind: str) -> None:
        dice = self.dice.about(kind)
        if self.dice.falls(dice, "event lost"):
            return
        if self.dice.falls(dice, "event twice"):
            self.waiting.append(replace(parcel, is_copy=True))
        if self.dice.falls(dice, "event late"):
            parcel = replace(parcel, due=parcel.due + dice.randint(1, 3) * DAY)
        wrong = self.dice.falls(dice, "wrong secret")
        self.waiting.append(replace(parcel, with_wrong_secret=wrong))

    def deliver(self, now: int, *, everything: bool = False) -> dict[str, int]:
        """Send what is due, several at once, in any order; says what became of it."""
        due = [one for one in self.waiting if everything or one.due <= now]
        self.waiting = [one for one in self.waiting if not (everything or one.due <= now)]
        self.dice.about("order").shuffle(due)
        with ThreadPoolExecutor(SENDERS) as senders:
            answers = list(senders.map(self._post, due))
        came: Counter[str] = Counter()
        for parcel, status in zip(due, answers, strict=True):
            came[self._sorted(parcel, status, now)] += 1
        return dict(came)

    def _sorted(self, parcel: Parcel, status: int, now: int) -> str:
        if parcel.with_wrong_secret:
            self.waiting.append(replace(parcel, with_wrong_secret=False, due=now + DAY // 2))
            return "refused" if status == 400 else f"wrong secret answered {status}"
        if 200 <= status < 300:
            return "delivered"
        if parcel.is_copy or parcel.tries + 1 >= TRIES:
            return "given up"
        self.waiting.append(replace(parcel, tries=parcel.tries + 1, due=now + DAY // 2))
        return f"not taken: {status or 'no answer'}"

    def _post(self, parcel: Parcel) -> int:
        """The status of the answer; 0 where there was none."""
        to = urllib.parse.urlsplit(parcel.url)
        secret = "whsec_of_somebody_else" if parcel.with_wrong_secret else parcel.secret
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(secret, parcel.body, int(time.time())),
        }
        connection = http.client.HTTPConnection(to.hostname or "", to.port, timeout=60)
        try:
            connection.request("POST", to.path, parcel.body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()


class Controls:
    """What the simulation may order, besides the sandbox's own controls."""

    def __init__(self, sandbox: Sandbox, dice: Dice, post: PostOffice) -> None:
        self.sandbox, self.dice, self.post = sandbox, dice, post

    def calm(self, sandbox: Sandbox, wish: dict[str, Any]) -> dict[str, Any]:
        """Nothing goes wrong any more."""
        self.dice.percent = 0
        return {}

    def deliver(self, sandbox: Sandbox, wish: dict[str, Any]) -> dict[str, Any]:
        """Send what is due, or everything there is; answers when that is done."""
        came = self.post.deliver(sandbox.world.clock.now(), everything=wish.get("everything", False))
        return {"came": came, "waiting": len(self.post.waiting)}

    def faults(self, sandbox: Sandbox, wish: dict[str, Any]) -> dict[str, Any]:
        """How often what went wrong."""
        return dict(self.dice.counted)

    def everybody(self, sandbox: Sandbox, wish: dict[str, Any]) -> dict[str, Any]:
        """Every subscription in a few words, straight from the store."""
        return {"subscriptions": _rows(sandbox.world, EVERYBODY)}

    def charges(self, sandbox: Sandbox, wish: dict[str, Any]) -> dict[str, Any]:
        """Every payment that went through, with the subscription it was for; of one customer where one is named."""
        of = "AND json_extract(c.body, '$.customer') = ?" if "customer" in wish else ""
        values = (wish["customer"],) if of else ()
        return {"charges": _rows(sandbox.world, f"{CHARGES} {of}", values)}

    def subscribe_again(self, sandbox: Sandbox, wish: dict[str, Any]) -> dict[str, Any]:
        """Somebody makes a second subscription by hand, for the customer of this one and with the same card."""
        world = sandbox.world
        with world.transaction():
            first = world.fetch("subscription", wish["subscription"])
            if first["status"] in subscriptions.ENDED:
                return {"made": False}
            card = subscriptions.payment_method_of(world, first)
            items = [{"price": subscriptions.items_of(first)[0]["price"]["id"]}]
            terms = {"customer": first["customer"], "items": items, "default_payment_method": card}
            subscribing.create(world, terms)
        return {"made": True}

    def install(self) -> None:
        """Hang them beside the sandbox's own."""
        for name in ("calm", "deliver", "faults", "everybody", "charges", "subscribe_again"):
            control.CONTROLS["POST", f"/_sandbox/simulation/{name}"] = getattr(self, name)


EVERYBODY = """
SELECT s.id AS id, s.body ->> '$.customer' AS customer, s.body ->> '$.status' AS status,
    s.body ->> '$.start_date' AS start_date, s.body ->> '$.trial_end' AS trial_end,
    s.body ->> '$.cancel_at' AS cancel_at, s.body ->> '$.cancel_at_period_end' AS cancel_at_period_end,
    s.body ->> '$.canceled_at' AS canceled_at, s.body ->> '$.ended_at' AS ended_at,
    s.body ->> '$.items.data[0].price.id' AS price,
    s.body ->> '$.items.data[0].current_period_start' AS period_start,
    s.body ->> '$.items.data[0].current_period_end' AS period_end,
    CAST(s.body ->> '$.metadata.paused_from' AS INTEGER) AS paused_from,
    coalesce(m.body ->> '$.card.last4', m.body ->> '$.sepa_debit.last4', '') AS last4,
    CASE WHEN s.body ->> '$.status' = 'past_due' THEN
        (SELECT min(i.created) FROM objects i WHERE i.kind = 'invoice' AND i.body ->> '$.status' = 'open'
            AND json_extract(i.body, '$.parent.subscription_details.subscription') = s.id || '') END AS unpaid_since
FROM objects s LEFT JOIN objects m ON m.id = s.body ->> '$.default_payment_method'
WHERE s.kind = 'subscription'
"""
CHARGES = """
SELECT c.id AS id, json_extract(c.body, '$.customer') AS customer, json_extract(c.body, '$.amount') AS amount,
    json_extract(c.body, '$.amount_refunded') AS refunded, json_extract(c.body, '$.disputed') AS disputed,
    c.created AS created, s.id AS subscription, json_extract(s.body, '$.ended_at') AS ended_at
FROM objects c
JOIN objects p ON p.id = json_extract(c.body, '$.payment_intent')
LEFT JOIN objects i ON i.id = json_extract(p.body, '$._invoice')
LEFT JOIN objects s ON s.id = json_extract(i.body, '$.parent.subscription_details.subscription')
WHERE c.kind = 'charge' AND json_extract(c.body, '$.status') = 'succeeded'
"""


def _rows(world: World, sql: str, values: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    with world.transaction():
        found = world.store.execute(sql, values)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]


def _ids_by_chance_that_repeats(world: World, seed: int) -> None:
    """Let the same story have the same numbers. Those of requests are counted apart: how many there are varies."""
    streams: dict[int, random.Random] = {}

    def text(length: int) -> str:
        stream = streams.setdefault(length, random.Random(f"{seed} {length}"))
        return "".join(stream.choices(ids.ALPHABET, k=length))

    ids.random_text = text


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--webhook-url", required=True)
    parser.add_argument("--webhook-secret", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=5)
    parser.add_argument("--start", type=int, required=True, help="the first moment, in seconds since 1970")
    given = parser.parse_args()
    sandbox = Sandbox(given.port, webhook_url=given.webhook_url, webhook_secret=given.webhook_secret)
    world = sandbox.world
    world.clock = StandingClock(given.start)
    dice = Dice(world, given.seed, given.faults)
    post = PostOffice(dice)
    sandbox.faults = RandomFaults(dice)
    world.on_events = post.queue
    # The post office delivers; those who would do it otherwise need not wake up at every change.
    sandbox.senders.threads.clear()
    if given.seed % 2:
        # The newsroom has told Stripe to go on trying for three weeks: the grace of 14 days ends first.
        collection.RETRIES_AFTER = tuple(days * DAY for days in (1, 3, 5, 7, 14, 21))
    random.seed(given.seed)
    _ids_by_chance_that_repeats(world, given.seed)
    Controls(sandbox, dice, post).install()
    sandbox.start()
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    stop.wait()
    sandbox.stop()
    sys.exit(0)


if __name__ == "__main__":
    main()
