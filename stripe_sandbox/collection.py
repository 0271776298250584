"""Getting an invoice paid: finalise, charge, try again, give up; and what that does to the subscription."""

from typing import Any

from . import balances, invoices, payment_methods, payments, subscriptions
from .agenda import duty
from .cards import DECLINES
from .clock import DAY, HOUR
from .errors import invalid
from .events import changing, record
from .ids import new_id
from .parameters import FLAG, MAYBE_TEXT, TEXT
from .payments import Outcome
from .store import Thing
from .world import World

DRAFT_RESTS = HOUR
RETRIES_AFTER = (1 * DAY, 3 * DAY, 5 * DAY, 7 * DAY)


def finalise_later(world: World, invoice: Thing) -> None:
    """Leave a draft alone for an hour, as Stripe does, then finalise and collect it."""
    invoice["automatically_finalizes_at"] = world.now + DRAFT_RESTS
    world.store.save(invoice)
    world.agenda.put("finalise_invoice", invoice["id"], world.now + DRAFT_RESTS)


@duty("finalise_invoice")
def finalise_and_collect(world: World, wanted: str) -> None:
    """The hour of a draft is over."""
    invoice = world.store.get(wanted)
    if not invoice or invoice["status"] != "draft" or not invoice["auto_advance"]:
        return
    subscription = world.store.get(invoices.subscription_of(invoice) or "")
    paused = (subscription or {}).get("pause_collection")
    if paused and paused["behavior"] == "keep_as_draft":
        with changing(world, invoice, "invoice.updated"):
            invoice |= {"auto_advance": False, "automatically_finalizes_at": None}
        return
    finalise(world, invoice)
    if paused and invoice["status"] == "open":
        close(world, invoice, "void" if paused["behavior"] == "void" else "uncollectible")
    elif invoice["status"] == "open" and invoice["collection_method"] == "charge_automatically":
        collect(world, invoice)


def finalise(world: World, invoice: Thing) -> None:
    """Turn a draft into an open invoice, or a paid one when nothing is due. Raises `ApiError` (400)."""
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized, you can't re-finalize it.", code="invoice_not_editable")
    world.agenda.drop("finalise_invoice", invoice["id"])
    customer = world.fetch("customer", invoice["customer"])
    invoice["starting_balance"] = customer["balance"]
    invoices.add_up(invoice)
    invoice |= {
        "automatically_finalizes_at": None,
        "effective_at": world.now,
        "ending_balance": invoice["starting_balance"] + invoice["total"] - invoice["amount_due"],
        "hosted_invoice_url": f"{world.base_url}/i/{invoice['id']}",
        "invoice_pdf": f"{world.base_url}/i/{invoice['id']}/pdf",
        "number": invoices.next_number(world, customer),
        "status": "open",
    }
    invoice["status_transitions"]["finalized_at"] = world.now
    if invoice["collection_method"] == "send_invoice":
        invoice["due_date"] = invoice["due_date"] or world.now + (invoice.get("_days_until_due") or 30) * DAY
        world.agenda.put("invoice_overdue", invoice["id"], invoice["due_date"])
    if invoice["amount_due"]:
        _expect_payment(world, invoice)
    world.store.save(invoice)
    record(world, "invoice.finalized", invoice)
    balance_change = invoice["ending_balance"] - customer["balance"]
    balances.change(world, customer["id"], balance_change, "applied_to_invoice", invoice=invoice["id"])
    if not invoice["amount_due"]:
        mark_paid(world, invoice)


def _expect_payment(world: World, invoice: Thing) -> None:
    intent = payments.new_intent(
        world,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        description=_reason(invoice),
        _invoice=invoice["id"],
    )
    world.store.save(
        {
            "id": new_id("inpay"),
            "object": "invoice_payment",
            "amount_paid": None,
            "amount_requested": invoice["amount_due"],
            "created": world.now,
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": False,
            "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
            "status": "open",
            "status_transitions": {"canceled_at": None, "paid_at": None},
        }
    )


def _reason(invoice: Thing) -> str:
    return {
        "subscription_create": "Subscription creation",
        "subscription_update": "Subscription update",
    }.get(invoice["billing_reason"], f"Payment for invoice {invoice['number']}")


def intent_of(world: World, invoice: Thing) -> Thing:
    """The payment intent of an open invoice."""
    payment = invoices.payment_of(world, invoice)
    if not payment:
        raise invalid("This invoice expects no payment.")
    return world.fetch("payment_intent", payment["payment"]["payment_intent"])


def collect(world: World, invoice: Thing, *, method: Thing | None = None, authenticated: bool = False) -> Outcome:
    """Try once to charge an open invoice, and record what follows for invoice and subscription."""
    subscription = world.store.get(invoices.subscription_of(invoice) or "")
    intent = intent_of(world, invoice)
    if intent["status"] == "processing":
        return Outcome("processing")
    method = method or _usual_method(world, invoice, subscription)
    if method:
        outcome = payments.attempt(world, intent, method, authenticated=authenticated)
    else:
        outcome = Outcome("declined", DECLINES["generic_decline"])
    invoice.setdefault("_first_attempt", world.now)
    if outcome.word == "succeeded":
        invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
        mark_paid(world, invoice)
    elif outcome.word == "processing":
        _wait_for_bank(world, invoice, subscription)
    else:
        note_failure(world, invoice, outcome)
    return outcome


def _usual_method(world: World, invoice: Thing, subscription: Thing | None) -> Thing | None:
    customer = world.fetch("customer", invoice["customer"])
    wanted = (
        invoice["default_payment_method"]
        or (subscription and subscriptions.payment_method_of(world, subscription))
        or customer["invoice_settings"]["default_payment_method"]
    )
    return world.store.get(wanted) if wanted else None


def _wait_for_bank(world: World, invoice: Thing, subscription: Thing | None) -> None:
    with changing(world, invoice, "invoice.updated"):
        invoice |= {
            "attempted": True,
            "attempt_count": invoice["attempt_count"] + 1,
            "next_payment_attempt": None,
        }
    world.agenda.drop("retry_invoice", invoice["id"])
    if subscription and subscription["status"] == "incomplete":
        _activate(world, subscription)


def mark_paid(world: World, invoice: Thing, *, out_of_band: bool = False) -> None:
    """An invoice is settled; whatever waited for it goes on."""
    for kind in ("retry_invoice", "invoice_overdue"):
        world.agenda.drop(kind, invoice["id"])
    _settle_payment(world, invoice, out_of_band)
    due = invoice["amount_due"]
    with changing(world, invoice, "invoice.updated"):
        invoice |= {
            "amount_paid": due,
            "amount_remaining": 0,
            "attempted": True,
            "auto_advance": False,
            "next_payment_attempt": None,
            "status": "paid",
        }
        invoice["status_transitions"]["paid_at"] = world.now
    record(world, "invoice.paid", invoice)
    if not out_of_band:
        record(world, "invoice.payment_succeeded", invoice)
    subscription = world.store.get(invoices.subscription_of(invoice) or "")
    if subscription and subscription["status"] in ("incomplete", "past_due", "unpaid", "paused"):
        _go_on(world, subscription, invoice)


def _settle_payment(world: World, invoice: Thing, out_of_band: bool) -> None:
    payment = invoices.payment_of(world, invoice)
    if not payment:
        return
    if out_of_band:
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = world.now
        world.store.save(payment)
        payments.cancel_intent(world, intent_of(world, invoice), None)
        return
    payment |= {"status": "paid", "amount_paid": payment["amount_requested"]}
    payment["status_transitions"]["paid_at"] = world.now
    world.store.save(payment)
    record(world, "invoice_payment.paid", payment)


def _go_on(world: World, subscription: Thing, invoice: Thing) -> None:
    """A payment has arrived: the subscription is in order unless something else is still open."""
    if subscription["status"] == "paused":
        if subscription.get("_resumes_with") == invoice["id"]:
            resume(world, subscription)
    elif not _still_owed(world, subscription):
        _activate(world, subscription)


def _still_owed(world: World, subscription: Thing) -> bool:
    where = {"parent.subscription_details.subscription": subscription["id"], "status": "open"}
    return any(one["attempted"] for one in world.store.find("invoice", where))


def _activate(world: World, subscription: Thing) -> None:
    with changing(world, subscription, "customer.subscription.updated"):
        subscription["status"] = "active"
    subscriptions.plan_ahead(world, subscription)


def resume(world: World, subscription: Thing) -> None:
    """A paused subscription is active again, in the period it has."""
    with changing(world, subscription, "customer.subscription.updated"):
        subscription |= {"status": "active", "status_details": None}
        subscription.pop("_resumes_with", None)
    record(world, "customer.subscription.resumed", subscription)
    world.agenda.drop("resume_subscription", subscription["id"])
    subscriptions.plan_ahead(world, subscription)


def note_failure(world: World, invoice: Thing, outcome: Outcome) -> None:
    """An attempt failed or needs the payer: say so, try again later, or give up."""
    subscription = world.store.get(invoices.subscription_of(invoice) or "")
    again, given_up = _next_attempt(world, invoice, subscription)
    with changing(world, invoice, "invoice.updated"):
        invoice |= {
            "attempted": True,
            "attempt_count": invoice["attempt_count"] + 1,
            "next_payment_attempt": again,
        }
    record(world, "invoice.payment_failed", invoice)
    if outcome.word == "action":
        record(world, "invoice.payment_action_required", invoice)
    if again:
        world.agenda.put("retry_invoice", invoice["id"], again)
    if not subscription or subscription["status"] in subscriptions.ENDED:
        return
    if given_up:
        subscriptions.end(world, subscription, reason="payment_failed")
    elif subscription["status"] in ("active", "trialing"):
        with changing(world, subscription, "customer.subscription.updated"):
            subscription["status"] = "past_due"


def _next_attempt(world: World, invoice: Thing, subscription: Thing | None) -> tuple[int | None, bool]:
    """When to try again (seconds, or None), and whether this was the last attempt."""
    first = invoice.setdefault("_first_attempt", world.now)
    if not invoice["auto_advance"] or (subscription and subscription["status"] == "incomplete"):
        return None, False
    later = [first + wait for wait in RETRIES_AFTER if first + wait > world.now]
    return (later[0], False) if later else (None, True)


@duty("retry_invoice")
def retry(world: World, wanted: str) -> None:
    """It is time to try an unpaid invoice again."""
    invoice = world.store.get(wanted)
    if invoice and invoice["status"] == "open" and invoice["auto_advance"]:
        collect(world, invoice)


@duty("invoice_overdue")
def tell_overdue(world: World, wanted: str) -> None:
    """The due date of an invoice that was sent has passed."""
    invoice = world.store.get(wanted)
    if not invoice or invoice["status"] != "open":
        return
    record(world, "invoice.overdue", invoice)
    subscription = world.store.get(invoices.subscription_of(invoice) or "")
    if subscription and subscription["status"] == "active":
        with changing(world, subscription, "customer.subscription.updated"):
            subscription["status"] = "past_due"


def close(world: World, invoice: Thing, status: str) -> None:
    """Void an open invoice or write it off (`uncollectible`)."""
    word = {"void": "voided", "uncollectible": "marked_uncollectible"}[status]
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(f"You can only pass in open invoices. This invoice is {invoice['status']}.")
    for kind in ("retry_invoice", "invoice_overdue"):
        world.agenda.drop(kind, invoice["id"])
    payment = invoices.payment_of(world, invoice)
    if status == "void" and payment and payment["status"] == "open":
        payments.cancel_intent(world, intent_of(world, invoice), "void_invoice")
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = world.now
        world.store.save(payment)
    with changing(world, invoice, "invoice.updated"):
        invoice |= {"status": status, "auto_advance": False, "next_payment_attempt": None}
        invoice["status_transitions"][f"{word}_at"] = world.now
    record(world, f"invoice.{word}", invoice)
    subscription = world.store.get(invoices.subscription_of(invoice) or "")
    if subscription and subscription["status"] in ("past_due", "unpaid") and not _still_owed(world, subscription):
        _activate(world, subscription)


def finalise_request(world: World, given: dict[str, Any], invoice: str) -> Thing:
    """POST /v1/invoices/{id}/finalize"""
    found = world.fetch("invoice", invoice)
    if "auto_advance" in given:
        found["auto_advance"] = given["auto_advance"]
    finalise(world, found)
    if found["status"] == "open" and found["auto_advance"]:
        world.agenda.put("retry_invoice", invoice, world.now + DRAFT_RESTS)
    return found


def pay_request(world: World, given: dict[str, Any], invoice: str) -> Thing:
    """POST /v1/invoices/{id}/pay: at once. Raises `ApiError`: 402 when the bank says no, 400 when nothing is due."""
    found = world.fetch("invoice", invoice)
    if found["status"] == "draft":
        finalise(world, found)
    elif found["status"] not in ("open", "uncollectible"):
        raise invalid(f"Invoice is already {found['status']}", code="invoice_already_paid")
    if found["status"] == "paid":
        return found
    if given.get("paid_out_of_band"):
        mark_paid(world, found, out_of_band=True)
        return found
    method = given.get("payment_method")
    usable = payment_methods.usable(world, method, found["customer"], "payment_method") if method else None
    subscription = world.store.get(invoices.subscription_of(found) or "")
    if not usable and not _usual_method(world, found, subscription):
        raise invalid(
            "There is no default_payment_method set on this Customer or Invoice. Please set one or pass "
            "a payment_method.",
            param="payment_method",
        )
    outcome = collect(world, found, method=usable)
    if not outcome.went_through:
        payments.refusal(world, intent_of(world, found), outcome)
    return found


def void_request(world: World, given: dict[str, Any], invoice: str) -> Thing:
    """POST /v1/invoices/{id}/void"""
    found = world.fetch("invoice", invoice)
    close(world, found, "void")
    return found


def write_off_request(world: World, given: dict[str, Any], invoice: str) -> Thing:
    """POST /v1/invoices/{id}/mark_uncollectible"""
    found = world.fetch("invoice", invoice)
    close(world, found, "uncollectible")
    return found


def send_request(world: World, given: dict[str, Any], invoice: str) -> Thing:
    """POST /v1/invoices/{id}/send: the sandbox sends no mail, it only says that it did."""
    found = world.fetch("invoice", invoice)
    if found["collection_method"] != "send_invoice":
        raise invalid("You can only send an invoice whose collection method is send_invoice.")
    if found["status"] == "draft":
        finalise(world, found)
    record(world, "invoice.sent", found)
    return found


PAY = {"payment_method": TEXT, "paid_out_of_band": FLAG, "off_session": FLAG, "mandate": MAYBE_TEXT}
ROUTES = [
    ("POST", "/v1/invoices/{invoice}/finalize", finalise_request, {"auto_advance": FLAG}),
    ("POST", "/v1/invoices/{invoice}/pay", pay_request, PAY),
    ("POST", "/v1/invoices/{invoice}/void", void_request, {}),
    ("POST", "/v1/invoices/{invoice}/mark_uncollectible", write_off_request, {}),
    ("POST", "/v1/invoices/{invoice}/send", send_request, {}),
]
