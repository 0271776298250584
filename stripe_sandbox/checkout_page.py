"""The page on which a buyer pays, with a choice of how the payment shall turn out."""

from html import escape

from . import cards, checkout
from .checkout import NeedsAuthentication, NotPaid, Payer
from .clock import DAY
from .errors import ApiError
from .pages import Page, Redirect, alert, day, every, framed, money, note
from .store import Thing
from .world import World

CHOICES = (
    ("card_ok", "Card that works", "4242 4242 4242 4242"),
    ("card_3ds", "Card that asks for 3-D Secure", "4000 0025 0000 3155"),
    ("card_declined", "Card that is declined", "4000 0000 0000 0002"),
    ("card_fails_later", "Card that works now and fails when charged", "4000 0000 0000 0341"),
    ("sepa_ok", "SEPA debit that arrives", "DE89 3704 0044 0532 0130 00"),
    ("sepa_fails", "SEPA debit that comes back", "DE62 3704 0044 0532 0130 01"),
    ("bancontact", "Bancontact", ""),
    ("ideal", "iDEAL", ""),
)


def show(world: World, form: dict[str, str], session: str) -> Page:
    """GET /c/pay/{cs}"""
    found = _found(world, session)
    return found if isinstance(found, Page) else _pay_page(world, found, {})


def pay(world: World, form: dict[str, str], session: str) -> Page | Redirect:
    """POST /c/pay/{cs}: pay in the way that was chosen, or leave (`abandon`)."""
    found = _found(world, session, posted=True)
    if isinstance(found, Page):
        return found
    way = form.get("method", "card_ok")
    if way == "abandon":
        return Redirect(found["cancel_url"] or f"{world.base_url}/c/pay/{session}")
    problem = _problem(found, form, way)
    if problem:
        return _pay_page(world, found, form, problem)
    payer = Payer(
        email=form.get("email", "").strip(),
        way=way,
        number=cards.plain(form.get("number", "")) or cards.WAYS[way],
        promotion_code=form.get("promotion_code", "").strip(),
        authenticated=form.get("outcome") == "authorise",
        is_ready_made=not cards.plain(form.get("number", "")),
    )
    if form.get("outcome") == "fail":
        return _pay_page(world, found, form, cards.DECLINES["not_authenticated"].message)
    try:
        with world.transaction():
            return Redirect(checkout.complete(world, world.fetch("checkout.session", session), payer))
    except NeedsAuthentication:
        return _bank_page(found, form)
    except (NotPaid, ApiError) as refusal:
        return _pay_page(world, _found_again(world, session), form, str(refusal))


def _problem(session: Thing, form: dict[str, str], way: str) -> str:
    if way not in cards.WAYS:
        return "Choose a way to pay."
    if not _known_email(session) and "@" not in form.get("email", ""):
        return "Enter your e-mail address."
    consents = session["consent_collection"] or {}
    if consents.get("terms_of_service") == "required" and form.get("terms") != "on":
        return "Agree to the terms to go on."
    return ""


def _found(world: World, session: str, *, posted: bool = False) -> Thing | Page:
    with world.transaction():
        found = world.store.get(session)
    if found is None or found["object"] != "checkout.session":
        return note("Nothing here", "This payment page does not exist.", status=404)
    status = 409 if posted else 200
    if found["status"] == "complete":
        way_back = found["success_url"].replace("{CHECKOUT_SESSION_ID}", session)
        return note("Already paid", "This payment is complete.", status=status, link=(way_back, "Go on"))
    if found["status"] == "expired":
        back = (found["cancel_url"], "Back") if found["cancel_url"] else None
        return note("Expired", "This payment page has expired. Nothing was charged.", status=status, link=back)
    return found


def _found_again(world: World, session: str) -> Thing:
    with world.transaction():
        return world.fetch("checkout.session", session)


def _known_email(session: Thing) -> str | None:
    return (session["customer_details"] or {}).get("email") or session["customer_email"]


def _pay_page(world: World, session: Thing, form: dict[str, str], problem: str = "") -> Page:
    with world.transaction():
        summary = _summary(world, session)
    body = (
        f"<h1>{_heading(session)}</h1><section>{summary}</section>"
        f'<form class="card" method="post" action="/c/pay/{session["id"]}">{alert(problem)}'
        f"{_email_field(session, form)}{_choices(form.get('method', 'card_ok'))}"
        "<label>Another card or account number "
        '<span class="quiet">(typed twice it is the same card; those above are everybody’s own)</span>'
        f'<input type="text" name="number" autocomplete="off" value="{escape(form.get("number", ""))}"></label>'
        f"{_promotion_field(session, form)}{_terms_field(session)}{_message(session, 'submit')}"
        f'<button class="wide">{_button(session)}</button></form>'
        f'<form method="post" action="/c/pay/{session["id"]}"><input type="hidden" name="method" value="abandon">'
        '<button class="second wide">Leave without paying</button></form>'
    )
    return framed("Pay", body, status=402 if problem and form else 200)


def _heading(session: Thing) -> str:
    return {"subscription": "Subscribe", "setup": "Add a payment method", "payment": "Pay"}[session["mode"]]


def _button(session: Thing) -> str:
    if session["mode"] == "setup":
        return "Save payment method"
    return "Start trial" if checkout.has_trial(session) else "Subscribe and pay" if _renews(session) else "Pay"


def _renews(session: Thing) -> bool:
    return session["mode"] == "subscription"


def _summary(world: World, session: Thing) -> str:
    if session["mode"] == "setup":
        return "<p>Nothing is charged now.</p>"
    lines = []
    for item in checkout.line_items(world, session):
        price = item["price"]
        cost = money(price["unit_amount"] * item["quantity"], price["currency"])
        lines.append(f"<p><strong>{escape(item['description'])}</strong><br>{_terms(session, cost, price, world)}</p>")
    due = money(session["amount_total"], session["currency"])
    return f'{"".join(lines)}<p class="amount">{due}</p><p class="quiet">due today</p>'


def _terms(session: Thing, cost: str, price: Thing, world: World) -> str:
    about = session["_subscription_data"]
    if "trial_period_days" in about:
        days = about["trial_period_days"]
        return f"{days} days free, then {cost} {every(price)}, first charged on {day(world.now + days * DAY)}"
    if "trial_end" in about:
        return f"free until {day(about['trial_end'])}, then {cost} {every(price)}"
    return f"{cost} {every(price)}"


def _email_field(session: Thing, form: dict[str, str]) -> str:
    known = _known_email(session)
    if known:
        hidden = f'<input type="hidden" name="email" value="{escape(known)}">'
        return f"<p>E-mail<br><strong>{escape(known)}</strong>{hidden}</p>"
    value = escape(form.get("email", ""))
    return f'<label>E-mail<input type="email" name="email" autocomplete="email" value="{value}"></label>'


def _choices(chosen: str) -> str:
    options = "".join(
        f'<label><input type="radio" name="method" value="{way}"{" checked" if way == chosen else ""}>'
        f'<span>{words}<br><span class="quiet">{number}</span></span></label>'
        for way, words, number in CHOICES
    )
    return f"<fieldset><legend>How shall the payment turn out?</legend>{options}</fieldset>"


def _promotion_field(session: Thing, form: dict[str, str]) -> str:
    if not session["allow_promotion_codes"]:
        return ""
    value = escape(form.get("promotion_code", ""))
    return f'<label>Promotion code<input type="text" name="promotion_code" autocomplete="off" value="{value}"></label>'


def _terms_field(session: Thing) -> str:
    if (session["consent_collection"] or {}).get("terms_of_service") != "required":
        return ""
    words = (session["custom_text"]["terms_of_service_acceptance"] or {}).get("message", "I agree to the terms.")
    return f'<fieldset><label><input type="checkbox" name="terms"><span>{escape(words)}</span></label></fieldset>'


def _message(session: Thing, place: str) -> str:
    text = (session["custom_text"][place] or {}).get("message")
    return f'<p class="quiet">{escape(text)}</p>' if text else ""


def _bank_page(session: Thing, form: dict[str, str]) -> Page:
    """Where a bank would ask its customer whether he means it."""
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in form.items()
        if name != "outcome"
    )
    return framed(
        "3-D Secure",
        "<section><h1>Your bank asks</h1><p>Do you authorise this payment? (3-D Secure, simulated.)</p>"
        f'<form class="row" method="post" action="/c/pay/{session["id"]}">{kept}'
        '<button name="outcome" value="authorise">Authorise</button>'
        '<button class="second" name="outcome" value="fail">Fail</button></form></section>',
    )


PAGES = [
    ("GET", "/c/pay/{session}", show),
    ("POST", "/c/pay/{session}", pay),
]
