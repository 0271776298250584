"""A reader goes to pay, and comes back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from edge import languages
from readers.models import User

from . import billing, calls, leaving, trial, webhooks
from .billing import CheckoutFacts, Order
from .contracts import digest
from .models import CheckoutAttempt, Customer, Plan, Subscription, TermsVersion

# Stripe keeps a payment page open for 24 hours, and remembers a request's key as long; we stop counting on it before.
PAGE_LIFETIME = timedelta(hours=23)


class AlreadySubscribed(Exception):
    """The reader has a subscription that is running."""


@dataclass(frozen=True)
class Offer:
    """What stands above the order button (law.md L2)."""

    plan: Plan
    with_trial: bool
    first_charge_at: datetime
    terms: TermsVersion | None


def offer_to(reader: User, plan: Plan, *, at: datetime) -> Offer:
    """What this reader is offered. Raises AlreadySubscribed."""
    if Subscription.objects.live().filter(reader=reader).exists():
        raise AlreadySubscribed
    with_trial = trial.is_offered_to(reader)
    first_charge_at = plan.first_charge_at(at=at, with_trial=with_trial)
    return Offer(plan, with_trial, first_charge_at, TermsVersion.objects.in_force(at=at))


def start(
    reader: User, offer: Offer, *, shown_html: str, return_to: str, success_url: str, cancel_url: str, at: datetime
) -> str:
    """Store what was agreed and return the address of the page to pay on. Raises AlreadySubscribed, BillingError.

    Two presses, or two tabs with the same plan, get the same page; choosing another plan closes the page of the first.
    `success_url` holds Stripe's placeholder {CHECKOUT_SESSION_ID}.
    """
    with calls.budget(settings.STRIPE_BUDGET_SECONDS):
        attempt = _attempt(reader, offer, shown_html=shown_html, return_to=return_to, at=at)
        if attempt.stripe_session_id:
            facts = billing.gateway().checkout(attempt.stripe_session_id)
            if facts.status == "open":
                return facts.url
            _see_what_became_of(attempt, at=at)
            attempt = _attempt(reader, offer, shown_html=shown_html, return_to=return_to, at=at)
        customer = customer_of(reader, at=at)
        _close_others(attempt, customer, at=at)
        facts = billing.gateway().open_checkout(
            Order(
                attempt_id=str(attempt.pk),
                customer_id=customer.stripe_id,
                price_id=offer.plan.stripe_price_id,
                trial_days=offer.plan.trial_days if offer.with_trial else 0,
                success_url=success_url,
                cancel_url=cancel_url,
                terms_version=attempt.terms_version,
            )
        )
    _keep_answer(attempt, facts)
    return facts.url


def finish(attempt: CheckoutAttempt, *, at: datetime) -> CheckoutFacts:
    """Ask Stripe what became of a payment page and record it, exactly as the webhook does. Raises BillingError."""
    with webhooks.locked(attempt.reader_id) as reader:
        facts = billing.gateway().checkout(attempt.stripe_session_id)
        if facts.status == "complete" and facts.subscription_id:
            webhooks.record(reader, billing.gateway().subscription(facts.subscription_id), at=at)
            attempt.completed_at = attempt.completed_at or at
            attempt.save(update_fields=["completed_at"])
        elif facts.status == "expired":
            attempt.expires_at = min(attempt.expires_at or at, at)
            attempt.save(update_fields=["expires_at"])
    return facts


def _attempt(reader: User, offer: Offer, *, shown_html: str, return_to: str, at: datetime) -> CheckoutAttempt:
    """The attempt that is under way for the same offer, or a new one."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=reader.pk)
        if Subscription.objects.live().filter(reader=reader).exists():
            raise AlreadySubscribed
        shown_hash = digest(shown_html)
        under_way = (
            _open_attempts(reader, at=at)
            .filter(plan=offer.plan, shown_hash=shown_hash, started_at__gt=at - PAGE_LIFETIME, return_to=return_to)
            .first()
        )
        return under_way or CheckoutAttempt.objects.create(
            reader=reader,
            plan=offer.plan,
            with_trial=offer.with_trial,
            price_cents=offer.plan.price_cents,
            first_charge_at=offer.first_charge_at,
            terms_version=offer.terms.name if offer.terms else "",
            language=languages.chosen(),
            shown_html=shown_html,
            shown_hash=shown_hash,
            return_to=return_to,
            started_at=at,
        )


def _open_attempts(reader: User, *, at: datetime) -> QuerySet[CheckoutAttempt]:
    unfinished = CheckoutAttempt.objects.filter(reader=reader, completed_at=None)
    return unfinished.exclude(expires_at__lte=at)


def customer_of(reader: User, *, at: datetime) -> Customer:
    """The reader's customer, made at Stripe the first time and kept before anything else happens."""
    customer = Customer.objects.of(reader)
    if customer and not leaving.is_gone(customer, at=at):
        return customer
    # After one that Stripe has deleted, the old key would bring its number back.
    deleted = Customer.objects.filter(reader=reader).count()
    key = f"customer-{reader.pk}-{reader.date_joined.timestamp():.0f}" + (f"-{deleted}" if deleted else "")
    gateway = billing.gateway()
    # One may have been made whose answer was lost, so long ago that its key is forgotten.
    asked_before = CheckoutAttempt.objects.filter(reader=reader, started_at__lte=at - PAGE_LIFETIME).exists()
    found = gateway.customer_of(reader_id=reader.pk, email=reader.email) if asked_before else None
    stripe_id = found or gateway.make_customer(reader_id=reader.pk, email=reader.email, key=key)
    fields = {"stripe_id": stripe_id, "created_at": at}
    return Customer.objects.get_or_create(reader=reader, deleted_at=None, defaults=fields)[0]


def _close_others(attempt: CheckoutAttempt, customer: Customer, *, at: datetime) -> None:
    """Let nobody pay on the pages of earlier attempts, also on one that was opened and whose answer was lost.

    Raises AlreadySubscribed where one has been paid a moment ago.
    """
    for other in _open_attempts(attempt.reader, at=at).exclude(pk=attempt.pk):
        if not other.stripe_session_id and not _look_up(other, customer):
            other.expires_at = at
            other.save(update_fields=["expires_at"])
            continue
        billing.gateway().close_checkout(other.stripe_session_id)
        _see_what_became_of(other, at=at)


def close_pages(reader: User, customer: Customer, *, at: datetime) -> None:
    """Let nobody pay any more on a page this reader has opened; one that was paid a moment ago is recorded."""
    for attempt in _open_attempts(reader, at=at):
        if attempt.stripe_session_id or _look_up(attempt, customer):
            billing.gateway().close_checkout(attempt.stripe_session_id)
            finish(attempt, at=at)


def _see_what_became_of(attempt: CheckoutAttempt, *, at: datetime) -> None:
    finish(attempt, at=at)
    if Subscription.objects.live().filter(reader=attempt.reader).exists():
        raise AlreadySubscribed


def _look_up(attempt: CheckoutAttempt, customer: Customer) -> bool:
    """Whether Stripe has opened a page for an attempt that got no answer; if so it is kept."""
    facts = billing.gateway().checkout_of(customer.stripe_id, str(attempt.pk))
    if facts:
        _keep_answer(attempt, facts)
    return facts is not None


def _keep_answer(attempt: CheckoutAttempt, facts: CheckoutFacts) -> None:
    attempt.stripe_session_id, attempt.payment_url, attempt.expires_at = facts.session_id, facts.url, facts.expires_at
    attempt.save(update_fields=["stripe_session_id", "payment_url", "expires_at"])
