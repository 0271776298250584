"""The portal as the customer sees it: his subscriptions, card and invoices, and one page for each change."""

from collections.abc import Callable
from html import escape

from . import (
    cards,
    collection,
    payment_methods,
    portal,
    previews,
    renewals,
    setup_intents,
    subscriptions,
    switching,
)
from .errors import ApiError
from .events import changing
from .invoice_page import line_rows
from .pages import Page, Redirect, alert, button, day, every, framed, money, note
from .periods import stepped
from .store import Thing
from .world import World

Step = Callable[[World, Thing, dict[str, str]], Page | Redirect]
STATUS_WORDS = {
    "trialing": "in trial",
    "past_due": "payment overdue",
    "canceled": "ended",
    "incomplete": "waiting for the first payment",
    "incomplete_expired": "never paid",
}


def show(world: World, form: dict[str, str], session: str, step: str = "") -> Page | Redirect:
    """GET /p/session/{bps} and its steps: the overview, or the one step the link was made for."""
    return _opened(world, session, lambda found: _shown(world, found, form, step))


def do(world: World, form: dict[str, str], session: str, step: str) -> Page | Redirect:
    """POST /p/session/{bps}/{step}"""
    return _opened(world, session, lambda found: _done(world, found, form, step))


def _opened(world: World, session: str, then: Callable[[Thing], Page | Redirect]) -> Page | Redirect:
    with world.transaction():
        found = world.store.get(session)
        if found is None or found["object"] != "billing_portal.session":
            return note("Nothing here", "This link does not exist.", status=404)
        if portal.is_over(world, found):
            back = (found["return_url"], "Back") if found["return_url"] else None
            return note("This link is too old", "Portal links live for an hour. Ask for a new one.", link=back)
        return then(found)


def _shown(world: World, session: Thing, form: dict[str, str], step: str) -> Page | Redirect:
    flow = session["flow"]
    if not step and flow and not session.get("_flow_done"):
        return _flow_step(world, session, flow)
    if step and step in STEPS and STEPS[step][0]:
        return STEPS[step][0](world, session, form)  # type: ignore[misc]
    return _overview(world, session, form.get("problem", ""))


def _flow_step(world: World, session: Thing, flow: Thing) -> Page | Redirect:
    kind = flow["type"]
    if kind == "payment_method_update":
        return _card_page(world, session, {})
    about = flow[kind]
    form = {"subscription": about["subscription"]}
    if kind == "subscription_update_confirm":
        form["price"] = about["items"][0].get("price", "")
    pages: dict[str, Step] = {
        "subscription_cancel": _cancel_page,
        "subscription_pause": _pause_page,
        "subscription_update": _switch_page,
        "subscription_update_confirm": _switch_page,
    }
    return pages[kind](world, session, form)


def _done(world: World, session: Thing, form: dict[str, str], step: str) -> Page | Redirect:
    if step not in STEPS:
        return note("Nothing here", "There is no such step.", status=404)
    try:
        STEPS[step][1](world, session, form)
    except ApiError as refusal:
        if not refusal.keeps_changes:
            raise
        return _overview(world, session, refusal.message)
    flow = session["flow"]
    if flow and not session.get("_flow_done"):
        session["_flow_done"] = True
        world.store.save(session)
        after = flow["after_completion"]
        if after["type"] == "redirect":
            return Redirect(after["redirect"]["return_url"])
        if after["type"] == "hosted_confirmation":
            words = (after["hosted_confirmation"] or {}).get("custom_message") or "Your change is made."
            return note("Done", words, link=_way_back(session))
    return Redirect(f"/p/session/{session['id']}")


def _way_back(session: Thing) -> tuple[str, str] | None:
    return (session["return_url"], "Back to the site") if session["return_url"] else None


def _features(world: World, session: Thing) -> Thing:
    return world.fetch("billing_portal.configuration", session["configuration"])["features"]


def _own_subscription(world: World, session: Thing, form: dict[str, str]) -> Thing:
    subscription = world.fetch("subscription", form.get("subscription", ""))
    return subscription if subscription["customer"] == session["customer"] else world.fetch("subscription", "")


def _cancel(world: World, session: Thing, form: dict[str, str]) -> None:
    """Flexible billing: the end is noted as a moment, and `cancel_at_period_end` stays false."""
    subscription = _own_subscription(world, session, form)
    details = {"feedback": form["feedback"]} if form.get("feedback") else {}
    if _features(world, session)["subscription_cancel"]["mode"] == "immediately":
        renewals.cancel_request(world, {"cancellation_details": details}, subscription["id"])
        return
    end = subscriptions.period_end(subscription)
    switching.change(world, subscription, {"cancel_at": end, "cancellation_details": details})


def _keep(world: World, session: Thing, form: dict[str, str]) -> None:
    subscription = _own_subscription(world, session, form)
    switching.change(world, subscription, {"cancel_at": None, "cancel_at_period_end": False})


def _switch_terms(world: World, session: Thing, form: dict[str, str]) -> tuple[Thing, Thing]:
    """The subscription, and what a switch asks of it."""
    subscription = _own_subscription(world, session, form)
    features = _features(world, session)["subscription_update"]
    item = subscriptions.items_of(subscription)[0]["id"]
    asked: Thing = {
        "items": [{"id": item, "price": form.get("price", "")}],
        "proration_behavior": features["proration_behavior"],
    }
    if subscription["status"] == "trialing" and features["trial_update_behavior"] == "end_trial":
        asked["trial_end"] = "now"
    return subscription, asked


def _switch(world: World, session: Thing, form: dict[str, str]) -> None:
    subscription, asked = _switch_terms(world, session, form)
    switching.change(world, subscription, asked)


def _pause(world: World, session: Thing, form: dict[str, str]) -> None:
    subscription = _own_subscription(world, session, form)
    months = int(form.get("months") or 0)
    resumes_at = stepped(world.now, "month", 1, months) if months else None
    subscriptions.pause(world, subscription, "pause_requested", resumes_at=resumes_at)


def _resume(world: World, session: Thing, form: dict[str, str]) -> None:
    renewals.resume_now(world, _own_subscription(world, session, form))


def _new_card(world: World, session: Thing, form: dict[str, str]) -> None:
    """Add a payment method and pay with it from now on."""
    number = cards.plain(form.get("number", "")) or cards.WAYS.get(form.get("method", ""), cards.WAYS["card_ok"])
    customer = world.fetch("customer", session["customer"])
    billing = {"email": customer["email"], "name": customer["name"]}
    method = payment_methods.new(world, number, billing=billing)
    intent = setup_intents.new(world, customer["id"])
    if not setup_intents.attempt(world, intent, method, authenticated=True):
        raise ApiError(402, "card_error", intent["last_setup_error"]["message"], keeps_changes=True)
    payment_methods.attach_to(world, method, customer["id"])
    with changing(world, customer, "customer.updated"):
        customer["invoice_settings"]["default_payment_method"] = method["id"]
    for subscription in subscriptions.live_of(world, customer["id"]):
        with changing(world, subscription, "customer.subscription.updated"):
            subscription |= {"default_payment_method": method["id"], "pending_setup_intent": None}


def _pay(world: World, session: Thing, form: dict[str, str]) -> None:
    invoice = world.fetch("invoice", form.get("invoice", ""))
    if invoice["customer"] == session["customer"]:
        collection.pay_request(world, {}, invoice["id"])


def _overview(world: World, session: Thing, problem: str = "") -> Page:
    back = _way_back(session)
    link = f'<p><a href="{escape(back[0])}">← {escape(back[1])}</a></p>' if back else ""
    live = subscriptions.live_of(world, session["customer"])
    parts = [_subscription_part(world, session, one) for one in live] or [
        "<section><p>You have no subscription.</p></section>"
    ]
    body = (
        f"{link}<h1>Your subscription</h1>{alert(problem)}{''.join(parts)}{_card_part(world, session)}"
        f"{_invoice_part(world, session)}"
    )
    return framed("Your subscription", body)


def _subscription_part(world: World, session: Thing, subscription: Thing) -> str:
    features, at = _features(world, session), f"/p/session/{session['id']}"
    item = subscriptions.items_of(subscription)[0]
    price = item["price"]
    name = world.fetch("product", price["product"])["name"]
    stop, wanted = subscriptions.ends_at(subscription), subscription["id"]
    status = STATUS_WORDS.get(subscription["status"], subscription["status"])
    when = f"ends on {day(stop)}" if stop else f"next charge on {day(subscriptions.period_end(subscription))}"
    links = []
    if features["subscription_update"]["enabled"]:
        links.append(f'<a class="button second" href="{at}/switch?subscription={wanted}">Change plan</a>')
    if subscription["status"] == "paused":
        links.append(button("Resume", f"{at}/resume", second=True, subscription=wanted))
    elif features["subscription_pause"]["enabled"]:
        links.append(f'<a class="button second" href="{at}/pause?subscription={wanted}">Pause</a>')
    if stop:
        links.append(button("Do not cancel", f"{at}/keep", subscription=wanted))
    elif features["subscription_cancel"]["enabled"]:
        links.append(f'<a class="button second" href="{at}/cancel?subscription={wanted}">Cancel</a>')
    return (
        f"<section><h2>{escape(name)}</h2><p>{money(price['unit_amount'], price['currency'])} {every(price)} · "
        f'{escape(str(status))} · {when}</p><div class="row">{"".join(links)}</div></section>'
    )


def _card_part(world: World, session: Thing) -> str:
    if not _features(world, session)["payment_method_update"]["enabled"]:
        return ""
    found = world.store.find("payment_method", {"customer": session["customer"]})
    live = subscriptions.live_of(world, session["customer"])
    used = subscriptions.payment_method_of(world, live[0]) if live else None
    listed = "".join(
        f"<p>{escape(payment_methods.described(one))}{' · in use' if one['id'] == used else ''}</p>" for one in found
    )
    link = f'<a class="button second" href="/p/session/{session["id"]}/card">Add another</a>'
    return f"<section><h2>Payment method</h2>{listed}{link}</section>"


def _invoice_part(world: World, session: Thing) -> str:
    if not _features(world, session)["invoice_history"]["enabled"]:
        return ""
    rows = []
    for invoice in world.store.find("invoice", {"customer": session["customer"]}, limit=24):
        if invoice["status"] == "draft":
            continue
        pay = ""
        if invoice["status"] == "open":
            pay = button("Pay now", f"/p/session/{session['id']}/pay", invoice=invoice["id"])
        rows.append(
            f'<tr><td><a href="/i/{invoice["id"]}">{escape(invoice["number"])}</a><br>{day(invoice["created"])}</td>'
            f'<td class="number">{money(invoice["total"], invoice["currency"])}</td>'
            f"<td>{invoice['status']}{pay}</td></tr>"
        )
    return f'<section><h2>Invoices</h2><div class="scroll"><table>{"".join(rows)}</table></div></section>'


def _form_page(session: Thing, step: str, title: str, inside: str, act: str, **fields: str) -> Page:
    hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items())
    at, back = f"/p/session/{session['id']}", _way_back(session)
    home = back[0] if back and session["flow"] else f"{at}/overview"
    return framed(
        title,
        f'<form class="card" method="post" action="{at}/{step}"><h1>{escape(title)}</h1>{hidden}{inside}'
        f'<p class="row"><button>{escape(act)}</button><a class="button second" href="{escape(home)}">Go back</a></p>'
        "</form>",
    )


def _cancel_page(world: World, session: Thing, form: dict[str, str]) -> Page:
    subscription = _own_subscription(world, session, form)
    reasons = _features(world, session)["subscription_cancel"]["cancellation_reason"]
    asks = ""
    if reasons["enabled"]:
        options = "".join(f'<option value="{one}">{one.replace("_", " ")}</option>' for one in reasons["options"])
        asks = f'<label>Reason (optional)<select name="feedback"><option value=""></option>{options}</select></label>'
    end = day(subscriptions.period_end(subscription))
    inside = f"<p>It stays yours until {end}. Nothing is charged after that.</p>{asks}"
    return _form_page(session, "cancel", "Cancel subscription", inside, "Cancel", subscription=subscription["id"])


def _pause_page(world: World, session: Thing, form: dict[str, str]) -> Page:
    subscription = _own_subscription(world, session, form)
    options = "".join(f'<option value="{n}">{n} month{"s" if n > 1 else ""}</option>' for n in (1, 2, 3))
    inside = f'<label>For how long?<select name="months">{options}</select></label>'
    return _form_page(session, "pause", "Pause subscription", inside, "Pause", subscription=subscription["id"])


def _switch_page(world: World, session: Thing, form: dict[str, str]) -> Page:
    subscription, asked = _switch_terms(world, session, form)
    wanted = subscription["id"]
    if not form.get("price"):
        return _choose_price_page(world, session, subscription)
    invoice = previews.upcoming(world, wanted, asked)
    price = world.fetch("price", form["price"])
    lines = line_rows(invoice)
    due = money(invoice["amount_due"], invoice["currency"])
    when = "due now" if invoice["created"] <= world.now else f"on the next invoice, {day(invoice['created'])}"
    if invoice["total"] < 0:
        when += f"; {money(-invoice['total'], invoice['currency'])} stay as a credit for what comes"
    inside = (
        f"<p>New price: {money(price['unit_amount'], price['currency'])} {every(price)}.</p>"
        f'<div class="scroll"><table>{lines}</table></div><p class="amount">{due}</p>'
        f'<p class="quiet">{when}</p>'
    )
    return _form_page(session, "switch", "Change plan", inside, "Confirm", subscription=wanted, price=price["id"])


def _choose_price_page(world: World, session: Thing, subscription: Thing) -> Page:
    present = subscriptions.items_of(subscription)[0]["price"]["id"]
    configuration = world.fetch("billing_portal.configuration", session["configuration"])
    links = []
    for wanted in portal.prices_on_offer(configuration):
        price = world.fetch("price", wanted)
        words = f"{money(price['unit_amount'], price['currency'])} {every(price)}"
        if wanted == present:
            links.append(f"<p>{words} · your plan</p>")
        else:
            at = f"/p/session/{session['id']}/switch?subscription={subscription['id']}&price={wanted}"
            links.append(f'<p><a class="button second" href="{escape(at)}">{words}</a></p>')
    home = f'<p><a href="/p/session/{session["id"]}/overview">Go back</a></p>'
    return framed("Change plan", f"<section><h1>Change plan</h1>{''.join(links)}{home}</section>")


def _card_page(world: World, session: Thing, form: dict[str, str]) -> Page:
    options = "".join(
        f'<label><input type="radio" name="method" value="{way}"{" checked" if way == "card_ok" else ""}>'
        f"<span>{words}</span></label>"
        for way, words in (
            ("card_ok", "Card that works"),
            ("card_declined", "Card that is declined"),
            ("card_fails_later", "Card that fails when charged"),
            ("sepa_ok", "SEPA debit"),
        )
    )
    inside = (
        f"<fieldset>{options}</fieldset><label>Another card or account number"
        '<input type="text" name="number" autocomplete="off"></label>'
    )
    return _form_page(session, "card", "Payment method", inside, "Save")


STEPS: dict[str, tuple[Step | None, Callable[[World, Thing, dict[str, str]], None]]] = {
    "cancel": (_cancel_page, _cancel),
    "keep": (None, _keep),
    "switch": (_switch_page, _switch),
    "pause": (_pause_page, _pause),
    "resume": (None, _resume),
    "card": (_card_page, _new_card),
    "pay": (None, _pay),
}
PAGES = [
    ("GET", "/p/session/{session}", show),
    ("GET", "/p/session/{session}/{step}", show),
    ("POST", "/p/session/{session}/{step}", do),
]
