"""The sandbox's own controls, in JSON: clock, deliveries, faults, and what only a Dashboard or a bank can do."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import deliveries, disputes, payments, refunds, subscriptions
from .agenda import move_clock
from .errors import ApiError, invalid
from .pages import Page
from .view import shown
from .world import World

if TYPE_CHECKING:
    from .server import Sandbox

Wish = dict[str, Any]
COUNTED = (
    "customer", "product", "price", "checkout.session", "subscription", "invoice", "payment_intent", "charge", "refund",
    "dispute", "credit_note", "payment_method", "event",
)  # fmt: skip


def answer(sandbox: "Sandbox", method: str, path: str, body: bytes) -> Page:
    """Answer a request to /_sandbox/…"""
    function = CONTROLS.get((method, path))
    if not function:
        return _json({"error": f"no such control: {method} {path}"}, 404)
    try:
        wish = json.loads(body or b"{}")
        if path == "/_sandbox/faults" and isinstance(wish, list):
            wish = {"faults": wish}
        if not isinstance(wish, dict):
            raise TypeError("a JSON object is expected")
        return _json(function(sandbox, wish))
    except ApiError as refusal:
        return _json({"error": refusal.message}, refusal.status)
    except (ValueError, TypeError, KeyError) as problem:
        return _json({"error": f"{type(problem).__name__}: {problem}"}, 400)


def _json(thing: Any, status: int = 200) -> Page:
    return Page(json.dumps(thing, indent=2) + "\n", status=status, kind="application/json")


def reset(sandbox: "Sandbox", wish: Wish) -> Wish:
    """Forget everything; the clock is the wall's again."""
    sandbox.reset()
    return {"ok": True}


def clock(sandbox: "Sandbox", wish: Wish) -> Wish:
    """What time it is, in seconds, and by how much the wall's time is behind."""
    world = sandbox.world
    with world.transaction():
        return {"now": world.now, "offset": world.clock.offset}


def set_clock(sandbox: "Sandbox", wish: Wish) -> Wish:
    """Move the clock: {"advance": seconds} or {"to": moment}; back only while there are no customers."""
    world = sandbox.world
    with world.transaction():
        to = int(wish["to"]) if "to" in wish else world.now + int(wish["advance"])
        if to < world.now - 1 and world.store.count("customer"):
            raise invalid("the clock only goes forward once there are customers")
        move_clock(world, to)
    return clock(sandbox, {})


def drain(sandbox: "Sandbox", wish: Wish) -> Wish:
    """Deliver what is pending, within {"patience": 10} seconds; says what did not arrive."""
    done = sandbox.senders.drain(float(wish.get("patience", 10)))
    world = sandbox.world
    with world.transaction():
        return {"drained": done, "counts": deliveries.counts(world), "failures": deliveries.failures(world)}


def fail_next_payment(sandbox: "Sandbox", wish: Wish) -> Wish:
    """{"customer": …, "on": true, "times": 1}: the next payments of a customer fail."""
    world = sandbox.world
    with world.transaction():
        customer = world.fetch("customer", wish["customer"])["id"]
        payments.order_failures(world, customer, int(wish.get("times", 1)) if wish.get("on", True) else 0)
        return {"failing": payments.failures_ordered(world)}


def set_faults(sandbox: "Sandbox", wish: Wish) -> Wish:
    """A list of faults (or {"faults": […]}), see `faults.Faults`; an empty list ends them."""
    sandbox.faults.set(wish.get("faults", []))
    return {"faults": sandbox.faults.orders}


def set_deliveries(sandbox: "Sandbox", wish: Wish) -> Wish:
    """{"mode": …, "delay": seconds}: how events are delivered from now on."""
    mode, delay = wish.get("mode", "normal"), float(wish.get("delay", 0))
    if mode not in deliveries.MODES or not 0 <= delay <= 3600:
        raise ValueError(f"mode must be one of {', '.join(deliveries.MODES)}")
    world = sandbox.world
    with world.transaction():
        deliveries.set_mode(world, mode, delay)
    return {"mode": mode, "delay": delay}


def deliver_again(sandbox: "Sandbox", wish: Wish) -> Wish:
    """{"event": evt_…}: send an event once more, as the Dashboard's button does."""
    with sandbox.world.transaction():
        return {"deliveries": deliveries.send_again(sandbox.world, wish["event"])}


def refund(sandbox: "Sandbox", wish: Wish) -> Wish:
    """{"charge" or "payment_intent": …, "amount": cents}: as from the Dashboard; {"fail": re_…}: it comes back."""
    world = sandbox.world
    with world.transaction():
        if "fail" in wish:
            found = world.fetch("refund", wish["fail"])
            refunds.fail(world, found)
        else:
            found = refunds.create(world, wish)
        return shown(world, found)


def dispute(sandbox: "Sandbox", wish: Wish) -> Wish:
    """{"charge": …, "reason": …} opens a dispute; {"dispute": …, "status": "won" or "lost"} decides it."""
    world = sandbox.world
    with world.transaction():
        if "dispute" in wish:
            found = world.fetch("dispute", wish["dispute"])
            if wish["status"] not in ("won", "lost"):
                raise ValueError("status must be won or lost")
            disputes.decide(world, found, wish["status"])
        else:
            found = disputes.begin(world, world.fetch("charge", wish["charge"]), wish.get("reason", "fraudulent"))
        return shown(world, found)


def state(sandbox: "Sandbox", wish: Wish) -> Wish:
    """How much there is of everything, and the money: charged and refunded, in cents, in all and per customer."""
    world = sandbox.world
    with world.transaction():
        return {
            "now": world.now,
            "offset": world.clock.offset,
            "counts": {kind: world.store.count(kind) for kind in COUNTED},
            "subscriptions": _by_status(world),
            "money": _money(world),
            "deliveries": {**dict(zip(("mode", "delay"), deliveries.how(world), strict=True))}
            | {"counts": deliveries.counts(world)},
            "next_due": world.agenda.next_moment(),
        }


def _by_status(world: World) -> dict[str, int]:
    return {
        status: count
        for status in subscriptions.STATUSES
        if (count := len(world.store.find("subscription", {"status": status})))
    }


def _money(world: World) -> Wish:
    rows = world.store.execute(
        "SELECT json_extract(body, '$.customer'), sum(json_extract(body, '$.amount')), count(*),"
        " sum(json_extract(body, '$.amount_refunded')) FROM objects"
        " WHERE kind = 'charge' AND json_extract(body, '$.status') = 'succeeded' GROUP BY 1"
    ).fetchall()
    customers = {row[0]: {"charged": row[1], "charges": row[2], "refunded": row[3]} for row in rows}
    totals = {name: sum(one[name] for one in customers.values()) for name in ("charged", "charges", "refunded")}
    return totals | {"customers": customers}


CONTROLS: dict[tuple[str, str], Callable[["Sandbox", Wish], Wish]] = {
    ("POST", "/_sandbox/reset"): reset,
    ("GET", "/_sandbox/clock"): clock,
    ("POST", "/_sandbox/clock"): set_clock,
    ("POST", "/_sandbox/drain"): drain,
    ("POST", "/_sandbox/fail_next_payment"): fail_next_payment,
    ("POST", "/_sandbox/faults"): set_faults,
    ("POST", "/_sandbox/deliveries"): set_deliveries,
    ("POST", "/_sandbox/deliver_again"): deliver_again,
    ("POST", "/_sandbox/refund"): refund,
    ("POST", "/_sandbox/dispute"): dispute,
    ("GET", "/_sandbox/state"): state,
}
