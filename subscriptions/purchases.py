"""A reader pays once: ordered on our page, paid on Stripe's, and then there is access with an end."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from edge import languages
from readers.letters import about_students
from readers.models import User

from . import billing, calls, checkout, student_years, webhooks
from .billing import CheckoutFacts, Payment
from .contracts import digest
from .models import Purchase, TermsVersion

PAID = ("paid", "no_payment_required")


def start(
    reader: User, kind: str, *, cents: int, reason: str, shown_html: str, back_url: str, at: datetime
) -> tuple[Purchase, str]:
    """Store what was shown and return the page to pay on; the same page for a second press. Raises BillingError.

    The address is empty where it is paid already, or a debit is under way. `back_url` is asked with the id of the
    purchase after payment and after none.
    """
    with calls.budget(settings.STRIPE_BUDGET_SECONDS):
        before = Purchase.objects.unfinished().filter(reader=reader, kind=kind).first()
        if before and before.stripe_session_id:
            is_same = before.cents == cents and before.shown_hash == digest(shown_html)
            if not is_same:
                billing.gateway().close_checkout(before.stripe_session_id)
            if finish(before, at=at).status == "open":
                return before, before.payment_url
            if before.paid_at or before.is_pending:
                return before, ""
        purchase = _under_way(reader, kind, cents=cents, reason=reason, shown_html=shown_html, at=at)
        if purchase.stripe_session_id:
            return purchase, purchase.payment_url
        gateway = billing.gateway()
        key = f"{kind}-{cents}"
        price_id = gateway.price_of(key) or gateway.make_price(
            lookup_key=key,
            product=f"{settings.SITE_NAME}, {purchase.get_kind_display().lower()}",
            cents=cents,
            currency="eur",
            interval="",
        )
        customer = checkout.customer_of(reader, at=at)
        facts = gateway.open_payment(
            Payment(str(purchase.pk), customer.stripe_id, price_id, f"{back_url}?order={purchase.pk}")
        )
    purchase.stripe_session_id, purchase.payment_url = facts.session_id, facts.url
    purchase.save(update_fields=["stripe_session_id", "payment_url"])
    return purchase, facts.url


def finish(purchase: Purchase, *, at: datetime) -> CheckoutFacts:
    """Ask Stripe what became of a payment page and record it, whoever asks first. Raises BillingError."""
    with webhooks.locked(purchase.reader_id) as reader:
        facts = billing.gateway().checkout(purchase.stripe_session_id)
        purchase.refresh_from_db()
        if purchase.paid_at is None:
            _record(purchase, reader, facts, at=at)
    return facts


def hear(session_id: str, *, failed: bool, at: datetime) -> str:
    """Stripe says that something changed about a payment page. A remark where nothing came of it.

    `failed`: the bank sent a debit back, which the page itself does not say. Raises BillingError.
    """
    purchase = Purchase.objects.filter(stripe_session_id=session_id).first()
    if purchase is None:
        return "Not about a subscription."
    finish(purchase, at=at)
    if failed and purchase.paid_at is None:
        purchase.is_pending, purchase.closed_at = False, at
        purchase.save(update_fields=["is_pending", "closed_at"])
    return ""


def give_back(purchase: Purchase, *, by: User, at: datetime) -> bool:
    """Give the money back and end the access. False where that was done, or nothing was paid. Raises BillingError."""
    with webhooks.locked(purchase.reader_id):
        purchase.refresh_from_db()
        if purchase.paid_at is None or purchase.given_back_at is not None or not purchase.stripe_payment_id:
            return False
        billing.gateway().refund(purchase.stripe_payment_id, purchase.cents, key=f"purchase-{purchase.pk}")
        purchase.given_back_at, purchase.given_back_by = at, by
        purchase.save(update_fields=["given_back_at", "given_back_by"])
        if purchase.grant:
            purchase.grant.end(by=by, at=at)
    return True


def close_pages(reader: User, *, at: datetime) -> None:
    """Let nobody pay any more on a page this reader has opened; one that was paid a moment ago is recorded."""
    for purchase in Purchase.objects.unfinished().filter(reader=reader).exclude(stripe_session_id=""):
        billing.gateway().close_checkout(purchase.stripe_session_id)
        finish(purchase, at=at)


def _under_way(reader: User, kind: str, *, cents: int, reason: str, shown_html: str, at: datetime) -> Purchase:
    """The order that is under way for the same price and words, or a new one in place of one nobody can pay."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=reader.pk)
        terms = TermsVersion.objects.in_force(at=at)
        found = Purchase.objects.unfinished().filter(reader=reader, kind=kind).first()
        if found and (found.stripe_session_id or (found.cents == cents and found.shown_hash == digest(shown_html))):
            return found
        if found:
            found.closed_at = at
            found.save(update_fields=["closed_at"])
        return Purchase.objects.create(
            reader=reader,
            kind=kind,
            cents=cents,
            reason=reason[:300],
            terms_version=terms.name if terms else "",
            language=languages.chosen(),
            shown_html=shown_html,
            shown_hash=digest(shown_html),
            ordered_at=at,
        )


def _record(purchase: Purchase, reader: User, facts: CheckoutFacts, *, at: datetime) -> None:
    if facts.status == "complete" and facts.payment_status in PAID:
        grant = student_years.give(reader, reason=purchase.reason, by=None, at=at, purchase=purchase)
        purchase.grant, purchase.paid_at, purchase.is_pending = grant, at, False
        purchase.stripe_payment_id = facts.payment_id
        purchase.save(update_fields=["grant", "paid_at", "is_pending", "stripe_payment_id"])
        about_students.student_year_begins(
            reader,
            starts_at=grant.starts_at,
            ends_at=grant.ends_at,
            cents=purchase.cents,
            occasion=str(grant.pk),
            at=at,
        )
    elif facts.status == "complete":
        purchase.is_pending = True
        purchase.save(update_fields=["is_pending"])
    elif facts.status == "expired":
        purchase.closed_at = at
        purchase.save(update_fields=["closed_at"])
