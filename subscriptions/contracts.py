"""A contract is written down once, when it is concluded; what changes later is added to it."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from edge import languages
from edge.clock import BRUSSELS
from edge.plain_text import as_plain_text

from .billing import SubscriptionFacts
from .models import (
    Amendment,
    CheckoutAttempt,
    Contract,
    ContractYear,
    Grant,
    Plan,
    Purchase,
    Subscription,
    TermsVersion,
)

# Contracts are numbered by the year of this calendar.
# What was shown for a change of plan belongs to it where Stripe confirms it so soon.
SHOWN_FOR = timedelta(days=1)


def digest(shown_html: str) -> str:
    """SHA-256 of what a page showed, by which it proves it."""
    return hashlib.sha256(shown_html.encode()).hexdigest()


def keep_up(
    before: Subscription | None, after: Subscription, facts: SubscriptionFacts, *, at: datetime
) -> Contract | None:
    """Write down what the difference between two records of a subscription means for its contract.

    Returns the contract where this is the moment it was concluded. Call it in the transaction that records.
    """
    if not after.is_live or after.status == "incomplete":
        return None
    if before is None or before.status == "incomplete":
        return _conclude(after, facts, at=at)
    if before.plan_id != after.plan_id:
        _amend(after, at=at)
    return None


def _conclude(subscription: Subscription, facts: SubscriptionFacts, *, at: datetime) -> Contract:
    """The contract of a subscription that has just begun; the one there is where that was written down before."""
    known = Contract.objects.filter(subscription=subscription).first()
    if known:
        return known
    attempt = _attempt_of(subscription, facts.attempt_id)
    reader, plan = subscription.reader, subscription.plan
    language = attempt.language if attempt else "en"
    if attempt and attempt.completed_at is None:
        CheckoutAttempt.objects.filter(pk=attempt.pk).update(completed_at=at)
    return Contract.objects.create(
        **_numbered(subscription.started_at),
        kind=Contract.Kind.SUBSCRIPTION,
        channel=Contract.Channel.WEB if attempt else Contract.Channel.STAFF,
        reader=reader,
        email=reader.email,
        name=reader.name,
        subscription=subscription,
        attempt=attempt,
        concluded_at=subscription.started_at,
        made_at=at,
        **_terms(TermsVersion.objects.filter(name=attempt.terms_version).first() if attempt else None, language),
        language=language,
        shown_html=attempt.shown_html if attempt else "",
        shown_text=as_plain_text(attempt.shown_html) if attempt else "",
        shown_hash=attempt.shown_hash if attempt else "",
        price_cents=plan.price_cents,
        interval=plan.interval,
        trial_days=_trial_days(subscription),
        first_charge_at=subscription.trial_ends_at or subscription.started_at,
        billing_country=facts.billing_country,
        payment_country=facts.payment_country,
    )


def _attempt_of(subscription: Subscription, attempt_id: str) -> CheckoutAttempt | None:
    """The press of the order button that Stripe says it came from; one press makes one contract."""
    try:
        pressed = UUID(attempt_id)
    except ValueError:
        return None
    return CheckoutAttempt.objects.filter(pk=pressed, reader=subscription.reader, contract=None).first()


def _trial_days(subscription: Subscription) -> int:
    ends = subscription.trial_ends_at
    return max(round((ends - subscription.started_at) / timedelta(days=1)), 0) if ends else 0


def _terms(version: TermsVersion | None, language: str) -> dict[str, object]:
    text = version.text_in(language) if version else None
    return {"terms": version, "terms_hash": digest(text.html) if text else ""}


def _numbered(concluded_at: datetime) -> dict[str, str]:
    number = ContractYear.next_number(concluded_at.astimezone(BRUSSELS).year)
    return {"number": number, "number_key": Contract.key_of(number)}


@transaction.atomic
def conclude_for_grant(grant: Grant, *, at: datetime, purchase: Purchase | None = None) -> Contract | None:
    """The contract of a student, paid or not; None for other grants, which are presents and no contracts."""
    if grant.kind != Grant.Kind.STUDENT:
        return None
    known = Contract.objects.filter(grant=grant).first()
    if known:
        return known
    language = purchase.language if purchase else grant.reader.language or "en"
    accepted = TermsVersion.objects.filter(name=purchase.terms_version).first() if purchase else None
    shown_html = purchase.shown_html if purchase else ""
    return Contract.objects.create(
        **_numbered(at),
        kind=Contract.Kind.STUDENT,
        channel=Contract.Channel.STAFF if grant.granted_by else Contract.Channel.WEB,
        reader=grant.reader,
        email=grant.reader.email,
        name=grant.reader.name,
        grant=grant,
        concluded_at=at,
        made_at=at,
        **_terms(accepted or TermsVersion.objects.in_force(at=at), language),
        language=language,
        shown_html=shown_html,
        shown_text=as_plain_text(shown_html) if shown_html else "",
        shown_hash=purchase.shown_hash if purchase else "",
        price_cents=purchase.cents if purchase else 0,
        first_charge_at=at if purchase else None,
    )


@transaction.atomic
def conclude_for_organisation(
    *,
    name: str,
    email: str,
    channel: Contract.Channel,
    price_cents: int,
    shown_html: str,
    language: str,
    country: str,
    at: datetime,
) -> Contract:
    """The contract with an organisation, for which that person said yes to what is shown there (law.md L17)."""
    return Contract.objects.create(
        **_numbered(at),
        kind=Contract.Kind.GROUP,
        channel=channel,
        reader=None,
        email=email,
        name=name,
        concluded_at=at,
        made_at=at,
        **_terms(TermsVersion.objects.in_force(at=at), language),
        language=language,
        shown_html=shown_html,
        shown_text=as_plain_text(shown_html, base_url=settings.SITE_URL),
        shown_hash=digest(shown_html),
        price_cents=price_cents,
        billing_country=country,
    )


def terms_in_words(contract: Contract) -> dict[str, str]:
    """The terms that were accepted, for a letter: version, language, cleaned HTML and plain text; empty without any."""
    text = contract.accepted_terms
    return {
        "terms_version": contract.terms.name if contract.terms else "",
        "terms_language": text.language if text else "",
        "terms_html": text.html if text else "",
        "terms_text": as_plain_text(text.html, base_url=settings.SITE_URL) if text else "",
    }


def show_change(subscription: Subscription, plan: Plan, *, shown_html: str, at: datetime) -> Amendment | None:
    """Keep what stood above the button that changes the plan, before Stripe is asked to change it.

    It becomes part of the contract when Stripe has confirmed the change. None where there is no contract.
    """
    contract = Contract.objects.filter(subscription=subscription).first()
    if contract is None:
        return None
    return Amendment.objects.create(
        contract=contract,
        **_new_price(plan),
        channel=Contract.Channel.WEB,
        shown_at=at,
        shown_html=shown_html,
        shown_text=as_plain_text(shown_html),
        shown_hash=digest(shown_html),
        language=languages.chosen(),
    )


def _amend(subscription: Subscription, *, at: datetime) -> None:
    """The plan has changed at Stripe: with what was shown for it, or by staff where nothing was."""
    contract = Contract.objects.filter(subscription=subscription).first()
    if contract is None:
        return
    shown = contract.amendments.filter(Q(plan=subscription.plan, agreed_at=None, shown_at__gt=at - SHOWN_FOR))
    pressed = shown.order_by("-shown_at").first()
    if pressed:
        Amendment.objects.filter(pk=pressed.pk).update(agreed_at=at)
        return
    Amendment.objects.create(
        contract=contract, **_new_price(subscription.plan), channel=Contract.Channel.STAFF, agreed_at=at
    )


def _new_price(plan: Plan) -> dict[str, object]:
    return {"plan": plan, "price_cents": plan.price_cents, "interval": plan.interval}
