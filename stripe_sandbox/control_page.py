"""The page at the root: the clock and its buttons, who there is, and what was told to the site."""

from html import escape
from typing import TYPE_CHECKING

from . import deliveries, payments, subscriptions
from .agenda import move_clock
from .clock import DAY, HOUR
from .pages import Page, Redirect, button, clock_time, day, every, framed, money
from .store import Thing
from .world import World

if TYPE_CHECKING:
    from .server import Sandbox

SHOWN = 50
A_LITTLE_MORE = HOUR + 60  # The draft rests an hour before it is charged.


def show(sandbox: "Sandbox", form: dict[str, str]) -> Page:
    """GET /"""
    world = sandbox.world
    with world.transaction():
        body = "".join((_clock(world), _subscriptions(world), _customers(world), _events(world)))
    return framed("Controls", body, wide=True)


def do(sandbox: "Sandbox", form: dict[str, str]) -> Redirect:
    """POST /: one of the buttons."""
    world = sandbox.world
    with world.transaction():
        if "advance" in form:
            move_clock(world, world.now + int(form["advance"]))
        elif "to" in form:
            move_clock(world, max(world.now, int(form["to"])))
        elif "fail" in form:
            on = form["fail"] not in payments.failures_ordered(world)
            payments.order_failures(world, world.fetch("customer", form["fail"])["id"], int(on))
        elif "again" in form:
            deliveries.send_again(world, form["again"])
    return Redirect("/")


def _clock(world: World) -> str:
    buttons = [button("One day on", "/", advance=DAY), button("One week on", "/", advance=7 * DAY)]
    trial, renewal = _next_end(world, "trialing"), _next_end(world, "active")
    if trial:
        buttons.append(button("To the end of the next trial", "/", to=trial + A_LITTLE_MORE))
    if renewal:
        buttons.append(button("To the next renewal", "/", to=renewal + A_LITTLE_MORE))
    ahead = world.clock.offset // DAY
    words = f"{ahead} day{'' if ahead == 1 else 's'} ahead of the wall" if ahead else "the wall's time"
    return (
        f"<section><h1>Stripe sandbox</h1><p><strong>{clock_time(world.now)}</strong> · {words}</p>"
        f'<div class="row">{"".join(buttons)}</div></section>'
    )


def _next_end(world: World, status: str) -> int | None:
    found = world.store.find("subscription", {"status": status})
    return min((subscriptions.period_end(one) for one in found if subscriptions.ends_at(one) is None), default=None)


def _subscriptions(world: World) -> str:
    rows = "".join(_subscription(world, one) for one in world.store.find("subscription", limit=SHOWN))
    return _table("Subscriptions", ("Customer", "Plan", "Status", "Period ends", ""), rows)


def _subscription(world: World, subscription: Thing) -> str:
    price = subscriptions.items_of(subscription)[0]["price"]
    stop, end = subscriptions.ends_at(subscription), subscriptions.period_end(subscription)
    actions = ""
    if subscription["status"] not in subscriptions.ENDED and end > world.now:
        words = "To the end of the trial" if subscription["status"] == "trialing" else "To its renewal"
        actions = button(words, "/", second=True, to=end + A_LITTLE_MORE)
    status = escape(subscription["status"]) + (f", ends {day(stop)}" if stop else "")
    return (
        f"<tr><td>{_who(world, subscription['customer'])}<br><code>{subscription['id']}</code></td>"
        f"<td>{money(price['unit_amount'], price['currency'])} {every(price)}</td><td>{status}</td>"
        f"<td>{day(end)}</td><td>{actions}</td></tr>"
    )


def _who(world: World, customer: str) -> str:
    found = world.store.get(customer) or {}
    return escape(found.get("email") or found.get("name") or ("deleted" if found.get("deleted") else customer))


def _customers(world: World) -> str:
    failing = payments.failures_ordered(world)
    rows = []
    for customer in world.store.find("customer", {"livemode": False}, limit=SHOWN):
        wanted = customer["id"]
        words = "Let it succeed again" if wanted in failing else "Fail the next payment"
        balance = f"balance {money(customer['balance'], customer['currency'] or 'eur')}" if customer["balance"] else ""
        rows.append(
            f"<tr><td>{_who(world, wanted)}<br><code>{wanted}</code></td><td>{balance}</td>"
            f"<td>{button(words, '/', second=True, fail=wanted)}</td></tr>"
        )
    return _table("Customers", ("Customer", "", ""), "".join(rows))


def _events(world: World) -> str:
    mode, _ = deliveries.how(world)
    rows = "".join(_event(world, one) for one in world.store.find("event", limit=SHOWN))
    title = "Events" if mode == "normal" else f"Events (delivery: {mode})"
    return _table(title, ("When", "What", "Delivered", ""), rows)


def _event(world: World, event: Thing) -> str:
    rows = world.store.execute(
        "SELECT state, attempts, status, problem FROM deliveries WHERE event = ?", (event["id"],)
    ).fetchall()
    words = [
        f"{state}{f', {attempts} attempts' if attempts > 1 else ''}{f' ({status})' if status else ''}"
        f"{' ' + escape((problem or '')[:80])}"
        for state, attempts, status, problem in rows
    ]
    about = event["data"]["object"].get("id", "")
    return (
        f"<tr><td>{clock_time(event['created'])}</td><td>{event['type']}<br><code>{about}</code></td>"
        f"<td>{'<br>'.join(words) or 'nobody listens'}</td>"
        f"<td>{button('Send again', '/', second=True, again=event['id'])}</td></tr>"
    )


def _table(title: str, heads: tuple[str, ...], rows: str) -> str:
    head = "".join(f"<th>{one}</th>" for one in heads)
    body = f'<div class="scroll"><table><tr>{head}</tr>{rows}</table></div>' if rows else "<p>None yet.</p>"
    return f"<section><h2>{title}</h2>{body}</section>"
