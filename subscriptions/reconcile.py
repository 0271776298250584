"""Ask Stripe for every subscription there is, and mend what we have down differently.

The list is only a hint, as an event is: it may be older than what a webhook has just recorded. What differs is asked
for anew under the reader's lock and goes through `webhooks.record`, so that this may run at any time.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

from . import billing, webhooks
from .billing import BillingUnavailable, BillingUnknown, SubscriptionFacts
from .models import Customer, Finding, Reconciliation, Sighting, Subscription
from .models.reconciliation import HELD_FOR

log = logging.getLogger(__name__)
# Rows that Stripe did not list are asked about one by one. Where there are more of them, the account is the wrong one.
ASKED_ABOUT_AT_MOST = 500
# What is ours, or changes with every look.
NOT_COMPARED = ("id", "reader", "recorded_at")

Clock = Callable[[], datetime]


def run(*, at: datetime, progress: Callable[[int], None] | None = None) -> Reconciliation:
    """Compare everything, mend what differs, and return what was found.

    An interrupted run is gone on with where it stopped. `progress` is told how many subscriptions have been looked
    at. Raises AlreadyRunning where another process is at it, BillingError where Stripe cannot be asked any more: what
    was mended until then stays mended.
    """
    now = _counted_on_from(at)
    walk = Reconciliation.objects.take(at=at)
    try:
        for page in billing.gateway().every_subscription(starting_after=walk.last_seen):
            _compare(walk, page, now)
            walk.note(last_seen=page[-1].stripe_id, seen=walk.seen + len(page), held_until=now() + HELD_FOR)
            if progress:
                progress(walk.seen)
        remark = _ask_about_the_rest(walk, now)
    except BaseException as stopped:
        walk.put_down(f"Stopped after {walk.seen:,}. {type(stopped).__name__}: {stopped}")
        raise
    walk.finish(at=now(), remark=remark)
    return walk


def _compare(walk: Reconciliation, page: list[SubscriptionFacts], now: Clock) -> None:
    ids = [facts.stripe_id for facts in page]
    rows = {row.stripe_id: row for row in Subscription.objects.filter(stripe_id__in=ids).select_related("plan")}
    customers = Customer.objects.filter(stripe_id__in={facts.customer_id for facts in page})
    readers = dict(customers.values_list("stripe_id", "reader_id"))
    for facts in page:
        row = rows.get(facts.stripe_id)
        reader_id = row.reader_id if row else readers.get(facts.customer_id)
        if reader_id is None:
            why = f"The customer {facts.customer_id} is no reader of ours."
            _report(walk, Finding.Kind.STRANGER, facts.stripe_id, why=why, at=now())
        elif row is None or not webhooks.says_the_same(row, facts):
            _repair(walk, reader_id, facts.stripe_id, now)
    met = Subscription.objects.filter(stripe_id__in=ids).values_list("pk", flat=True)
    Sighting.objects.bulk_create(
        [Sighting(subscription_id=pk, reconciliation=walk) for pk in met],
        update_conflicts=True,
        unique_fields=["subscription"],
        update_fields=["reconciliation"],
    )


def _ask_about_the_rest(walk: Reconciliation, now: Clock) -> str:
    """Ask about rows that Stripe did not list. Returns a remark where there are too many of them."""
    unmet = Subscription.objects.filter(recorded_at__lt=walk.started_at).exclude(sighting__reconciliation=walk)
    too_many = unmet.count() - ASKED_ABOUT_AT_MOST
    for row in unmet.select_related("plan").order_by("-pk")[:ASKED_ABOUT_AT_MOST]:
        walk.hold(at=now())
        try:
            facts = billing.gateway().subscription(row.stripe_id)
        except BillingUnknown:
            why = "We have it down, and Stripe knows no subscription of this number."
            _report(walk, Finding.Kind.UNKNOWN, row.stripe_id, reader_id=row.reader_id, why=why, at=now())
        else:
            if not webhooks.says_the_same(row, facts):
                _repair(walk, row.reader_id, row.stripe_id, now)
    if too_many > 0:
        return f"Stripe did not list {too_many:,} more of our rows. Is this key of the right account?"
    return ""


def _repair(walk: Reconciliation, reader_id: int, stripe_id: str, now: Clock) -> None:
    """Record what Stripe says at this moment, and report what that changed; nothing where a webhook was quicker."""
    walk.hold(at=now())
    try:
        with webhooks.locked(reader_id) as reader:
            before = Subscription.objects.filter(stripe_id=stripe_id).select_related("plan").first()
            after = webhooks.record(reader, billing.gateway().subscription(stripe_id), at=now())
            if changes := _differences(_said_by(before), _said_by(after)):
                kind = Finding.Kind.REPAIRED if before else Finding.Kind.MISSING
                why = _why_late(before.recorded_at if before else None)
                _report(walk, kind, stripe_id, reader_id=reader_id, changes=changes, why=why, at=now())
    except BillingUnavailable:
        raise
    except Exception as error:  # One row that cannot be recorded must not keep the others from it.
        log.exception("Reconciliation could not record %s", stripe_id)
        why = f"{type(error).__name__}: {error}"
        _report(walk, Finding.Kind.FAILED, stripe_id, reader_id=reader_id, why=why, at=now())


def _said_by(row: Subscription | None) -> dict[str, Any]:
    """What a row says, field by field; nothing where there is none."""
    if row is None:
        return {}
    fields = [field for field in Subscription._meta.concrete_fields if field.name not in NOT_COMPARED]
    return {field.name: field.value_from_object(row) for field in fields} | {"plan": str(row.plan)}


def _differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """Field by field what was and what is; an empty text and nothing are the same."""
    changed = [name for name, value in after.items() if (before.get(name) or None) != (value or None)]
    return {name: [before.get(name), after[name]] for name in changed}


def _why_late(asked_at: datetime | None) -> str:
    if asked_at is None:
        return "A reader of ours has it at Stripe, and no word of it had reached us."
    moment = date_format(timezone.localtime(asked_at), "j F Y, H:i")
    return f"It changed at Stripe after we last asked ({moment}), and no word of it had reached us."


def _report(
    walk: Reconciliation,
    kind: Finding.Kind,
    stripe_id: str,
    *,
    why: str,
    at: datetime,
    reader_id: int | None = None,
    changes: dict[str, list[Any]] | None = None,
) -> None:
    """Write a finding down. One that only a person can settle is written once and found again by every run."""
    said = {"reconciliation": walk, "reader_id": reader_id, "why": why[:300], "changes": changes or {}}
    if kind in Finding.STANDING:
        Finding.objects.update_or_create(
            kind=kind, stripe_id=stripe_id, defaults=said, create_defaults=said | {"found_at": at}
        )
    else:
        Finding.objects.create(kind=kind, stripe_id=stripe_id, found_at=at, **said)


def _counted_on_from(at: datetime) -> Clock:
    """The moment it is, counted on from the one that was handed down: a run may take an hour."""
    began = time.monotonic()
    return lambda: at + timedelta(seconds=time.monotonic() - began)
