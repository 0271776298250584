"""What we do when Stripe says that something changed. Verify, receipt, lock, ask anew, write: in that order."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from readers import letters
from readers.models import User

from . import billing, calls, contracts, dunning, leaving, notices, price_changes, purchases, refunds, surplus, trial
from .billing import EventFacts, SubscriptionFacts
from .models import Contract, Customer, Plan, StripeEvent, Subscription
from .models.stripe_event import NO_READER

log = logging.getLogger(__name__)


def handle(event: EventFacts, *, at: datetime) -> None:
    """Keep the receipt of an event, then bring its reader up to date. A second delivery changes nothing.

    The payload is only a hint: the state is asked for anew while the reader is locked, so that events may come in
    any order. Raises BillingUnavailable where Stripe cannot be asked now; the receipt stays, and Stripe delivers again.
    """
    receipt, _ = StripeEvent.objects.get_or_create(
        stripe_id=event.stripe_id,
        defaults={"kind": event.kind, "payload": event.payload, "received_at": at},
    )
    if receipt.handled_at:
        return
    with transaction.atomic():
        # Of two deliveries at once the second waits here, and finds it done.
        if StripeEvent.objects.select_for_update().get(pk=receipt.pk).handled_at:
            return
        remark = _bring_up_to_date(event, at=at)
        StripeEvent.objects.filter(pk=receipt.pk).update(handled_at=at, remark=remark[:300])


@cache
def hearers() -> tuple[Callable[..., str | None], ...]:
    """Who is told of events besides readers' subscriptions (STRIPE_EVENT_HEARERS).

    Each is called as `hear(event, at=…)` and answers with a remark, or None where the event is not about its subject.
    """
    return tuple(import_string(name) for name in settings.STRIPE_EVENT_HEARERS)


def _bring_up_to_date(event: EventFacts, *, at: datetime) -> str:
    for hear in hearers():
        if (remark := hear(event, at=at)) is not None:
            return remark
    if refunds.is_about(event):
        return refunds.hear(event, at=at)
    if event.session_id and not event.subscription_id:
        failed = event.kind == "checkout.session.async_payment_failed"
        return purchases.hear(event.session_id, failed=failed, at=at)
    if not event.subscription_id and event.kind != "customer.deleted":
        return "Not about a subscription."
    customer = Customer.objects.filter(stripe_id=event.customer_id).first()
    if customer is None:
        log.warning(
            "Stripe event %s is about customer %s, who is no reader of ours", event.stripe_id, event.customer_id
        )
        return NO_READER
    if event.kind == "customer.deleted":
        return "" if leaving.is_gone(customer, at=at) else "Stripe still has this customer."
    with locked(customer.reader_id) as reader:
        record(reader, billing.gateway().subscription(event.subscription_id), at=at)
    return ""


def refresh(reader: User, *, at: datetime) -> None:
    """Ask Stripe for all of a reader's subscriptions and record them. Raises BillingError."""
    customer = Customer.objects.of(reader)
    if customer is None:
        return
    with locked(reader.pk):
        for facts in billing.gateway().subscriptions_of(customer.stripe_id):
            record(reader, facts, at=at)


def change(subscription: Subscription, ask: Any, *, at: datetime) -> Subscription:
    """Let `ask(gateway)` change a subscription at Stripe and record the answer. Raises BillingError.

    The reader is locked meanwhile, so that a webhook about the change waits for it.
    """
    with locked(subscription.reader_id) as reader:
        return record(reader, ask(billing.gateway()), at=at)


@contextmanager
def locked(reader_id: int) -> Iterator[User]:
    """A reader nobody else may change until the block ends; Stripe gets no longer than `calls.WHILE_LOCKED_SECONDS`."""
    with transaction.atomic():
        reader = User.objects.select_for_update().get(pk=reader_id)
        with calls.budget(calls.WHILE_LOCKED_SECONDS):
            yield reader


@transaction.atomic
def record(reader: User, facts: SubscriptionFacts, *, at: datetime) -> Subscription:
    """Make our row say what Stripe says, and write the letters that follow from the difference.

    Call it with the reader's row locked and with facts fetched under that lock. The letters leave after commit.
    Recording the same facts twice changes nothing and writes nothing.
    """
    before = Subscription.objects.filter(stripe_id=facts.stripe_id).first()
    if before and before.reader_id != reader.pk:
        raise ValueError(f"{facts.stripe_id} belongs to another reader.")
    after = Subscription(
        pk=before.pk if before else None,
        reader=reader,
        plan=_plan_of(facts),
        stripe_id=facts.stripe_id,
        **_mirrored(facts, before),
        surplus=before.surplus if before else "",
        settled_at=before.settled_at if before else None,
        recorded_at=at,
    )
    if facts.trial_ends_at and before is None and not trial.note_use(reader, facts.fingerprint, at=facts.started_at):
        surplus.refuse_second_trial(after, at=at)
    surplus.keep_one(after, at=at)
    after.save()
    if before and _may_have_been_paid_too_late(before, after):
        refunds.promise_what_came_too_late(after, at=at)
    if not after.is_surplus:
        contract = contracts.keep_up(before, after, facts, at=at)
        _write_letters(before, after, contract, facts, at=at)
    if before:
        notices.follow(after, at=at)
    return after


def says_the_same(row: Subscription, facts: SubscriptionFacts) -> bool:
    """Whether recording these facts would leave the row as it is, as far as a list of subscriptions can tell."""
    said = _mirrored(facts, row)
    if facts.is_discounted and facts.discounted_cents is None:
        if row.discounted_cents is None:
            return False
        del said["discounted_cents"]
    if facts.status == "past_due":
        # Whether the bank wants a word is asked of each on its own.
        del said["needs_confirmation"]
    return row.plan.stripe_price_id == facts.price_id and all(getattr(row, name) == said[name] for name in said)


def _mirrored(facts: SubscriptionFacts, before: Subscription | None) -> dict[str, Any]:
    """What a row says of a subscription besides whose it is and what was bought."""
    return {
        "status": facts.status,
        "started_at": facts.started_at,
        "trial_ends_at": facts.trial_ends_at,
        "period_starts_at": facts.period_starts_at,
        "period_ends_at": facts.period_ends_at,
        "ends_at": facts.ends_at,
        "cancelled_at": facts.cancelled_at,
        "unpaid_since": _unpaid_since(facts, before),
        "payment_pending": facts.payment_pending,
        "needs_confirmation": facts.needs_confirmation,
        "first_payment_failed": facts.first_payment_failed,
        "discounted_cents": facts.discounted_cents,
        "pause_starts_at": facts.pause_starts_at,
        "pause_ends_at": facts.pause_ends_at,
        "put_off_from": facts.put_off_from,
        "card_brand": facts.card_brand,
        "card_last4": facts.card_last4,
        "card_expires_on": facts.card_expires_on,
    }


def _plan_of(facts: SubscriptionFacts) -> Plan:
    """The plan with that price; one that is not for sale where the price was made at Stripe by hand."""
    plan, _ = Plan.objects.get_or_create(
        stripe_price_id=facts.price_id,
        defaults={
            "interval": facts.interval,
            "price_cents": facts.price_cents,
            "is_on_sale": False,
            "lookup_key": facts.price_id,
        },
    )
    return plan


def _unpaid_since(facts: SubscriptionFacts, before: Subscription | None) -> datetime | None:
    """When the grace begins: with the invoice that failed, and it does not begin anew with a later one.

    After the end it says that the last invoice is still open.
    """
    if facts.status == "canceled":
        return facts.unpaid_since
    if facts.status not in ("past_due", "unpaid"):
        return None
    if before and before.unpaid_since:
        return before.unpaid_since
    return facts.unpaid_since or facts.period_starts_at


def _write_letters(
    before: Subscription | None,
    after: Subscription,
    contract: Contract | None,
    facts: SubscriptionFacts,
    *,
    at: datetime,
) -> None:
    reader, occasion = after.reader, after.stripe_id
    if after.first_payment_failed and not (before and before.first_payment_failed):
        amount_cents = facts.unpaid_cents or after.plan.price_cents
        letters.debit_returned(reader, amount_cents=amount_cents, occasion=occasion, at=at)
    if not after.is_live and before and before.is_live and before.pause_has_begun(at=at):
        letters.ended_in_pause(reader, occasion=occasion, at=at)
    if not after.is_live and before and before.is_live and facts.ended_unpaid:
        dunning.say_ended(before, at=at)
    if not after.is_live or after.status == "incomplete":
        dunning.fall_silent(reader)
        return
    if contract and not after.first_payment_failed:
        _welcome(after, contract, facts, at=at)
    if after.ends_at and not (before and before.ends_at) and not after.pause_has_begun(at=at):
        letters.cancelled(reader, reads_until=after.ends_at, occasion=f"{occasion} {_stamp(facts.cancelled_at)}", at=at)
    if before and before.is_cancelled and after.ends_at is None:
        letters.undone(
            reader, next_charge_at=after.next_charge_at, occasion=f"{occasion} {_stamp(before.cancelled_at)}", at=at
        )
    if before and before.is_live and before.plan_id != after.plan_id and not price_changes.explains(before, after):
        letters.switched(
            reader,
            plan_words=after.plan.get_interval_display(),
            price_cents=after.plan.price_cents,
            interval_words=after.plan.interval,
            next_charge_at=after.period_ends_at,
            occasion=f"{occasion} {after.plan_id} {_stamp(after.period_starts_at)}",
            at=at,
        )
    _write_about_pauses(before, after, at=at)
    if after.status == "past_due" and after.access_ends_at:
        dunning.tell(after, amount_cents=facts.unpaid_cents, needs_confirmation=facts.needs_confirmation, at=at)
    elif before and before.status in ("past_due", "unpaid"):
        dunning.fall_silent(reader)


def _welcome(after: Subscription, contract: Contract, facts: SubscriptionFacts, *, at: datetime) -> None:
    """The contract in a letter, at once (law.md L6, L17)."""
    invoiced_cents = after.plan.price_cents if facts.invoiced_cents is None else facts.invoiced_cents
    letters.welcome(
        after.reader,
        number=contract.number,
        interval=after.plan.interval,
        price_cents=after.plan.price_cents,
        first_charge_at=after.period_ends_at if after.is_trial else after.started_at,
        first_charge_cents=after.next_charge_cents if after.is_trial else invoiced_cents,
        is_trial=after.is_trial,
        concluded_at=contract.concluded_at,
        **contracts.terms_in_words(contract),
        occasion=after.stripe_id,
        at=at,
    )


def _write_about_pauses(before: Subscription | None, after: Subscription, *, at: datetime) -> None:
    was_paused = before is not None and before.pause_starts_at is not None
    occasion = f"{after.stripe_id} {_stamp(at)}"
    if after.pause_starts_at and after.pause_ends_at and not was_paused:
        letters.paused(
            after.reader,
            starts_at=after.pause_starts_at,
            resumes_at=after.pause_ends_at,
            charge_cents=after.next_charge_cents,
            occasion=occasion,
            at=at,
        )
    if before and was_paused and after.pause_starts_at is None:
        letters.resumed(
            after.reader,
            had_begun=before.pause_has_begun(at=at),
            charge_cents=after.next_charge_cents,
            next_charge_at=after.next_charge_at,
            occasion=occasion,
            at=at,
        )


def _may_have_been_paid_too_late(before: Subscription, after: Subscription) -> bool:
    """Whether it has ended, and what was open or under way when we last looked is so no more."""
    was_open = before.payment_pending or before.unpaid_since is not None
    return after.status == "canceled" and was_open and after.unpaid_since is None


def _stamp(moment: datetime | None) -> str:
    return f"{moment.timestamp():.0f}" if moment else ""
