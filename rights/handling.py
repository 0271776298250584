"""A statement has its effect: at once where Stripe answers, else again and again until it has. What counts is when
it was sent.
"""

import logging
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid5

from django.urls import reverse

from edge.clock import BRUSSELS
from readers.letters import about_rights
from subscriptions import billing, cancelling, webhooks, withdrawing
from subscriptions.models import Plan, Subscription

from . import matching, stating
from .models import Handling, Statement

log = logging.getLogger(__name__)
Outcome = Handling.Outcome


def send(said: stating.Said, user: Any, *, at: datetime) -> Statement:
    """A statement is sent: kept, acknowledged, and carried out where that is possible. Twice is the same as once.

    `user` is the reader who sends it, or AnonymousUser.
    """
    statement, is_new = stating.make(said, user, at=at)
    if is_new:
        handle(statement.handling, at=at)
        tell_the_house(at=at)
    return statement


def handle(handling: Handling, *, at: datetime) -> Handling:
    """Carry a matched statement out, unless that is done, or somebody else is doing it. Never raises BillingError."""
    if not handling.claim(at=at):
        return _anew(handling)
    handling = _anew(handling)
    try:
        if handling.statement.is_withdrawal:
            _withdraw(handling, at=at)
        else:
            _cancel(handling, at=at)
    except billing.BillingUnavailable as error:
        log.warning("The statement %s is not carried out yet: %s", handling.pk, error)
        handling.could_not_be_done(str(error), at=at)
    except billing.BillingError as error:
        log.error("The statement %s could not be carried out: %s", handling.pk, error)
        handling.could_not_be_done(str(error), at=at)
        if not handling.why_a_person:
            handling.needs(f"Stripe said no: {error}")
    return handling


def handle_waiting(*, at: datetime) -> tuple[int, int]:
    """Carry out what is due; how many were, and how many are left for another time."""
    tried = [handle(one, at=at).is_done for one in Handling.objects.to_do(at=at).order_by("statement__sent_at")]
    tell_the_house(at=at)
    return tried.count(True), tried.count(False)


def tell_the_house(*, at: datetime) -> None:
    """One letter a day to the operator while something waits for a person; more would drown other alarms."""
    if waiting := Handling.objects.need_a_person().count():
        desk = reverse("admin:rights_statement_changelist") + "?queue=waiting"
        day = f"{at.astimezone(BRUSSELS):%Y-%m-%d}"
        about_rights.operator_statements(waiting=waiting, desk_path=desk, occasion=day, at=at)


def _anew(handling: Handling) -> Handling:
    with_all = Handling.objects.select_related("statement", "reader", "subscription__plan", "subscription__reader")
    return with_all.get(pk=handling.pk)


# --- Withdrawal ---------------------------------------------------------------------------------------


def _withdraw(handling: Handling, *, at: datetime) -> None:
    statement, subscription = handling.statement, _contract(handling)
    contract = matching.contract_of(subscription)
    had_ended = _ended_before(subscription, statement.sent_at)
    if subscription.payment_pending:
        handling.has_a_debit_under_way()
    try:
        given = withdrawing.withdraw(
            subscription,
            sent_at=statement.sent_at,
            key=statement.pk,
            at=at,
            concluded_at=contract.concluded_at if contract else None,
            although_late=handling.although_late,
        )
    except withdrawing.TooLate as error:
        handling.was_done(Outcome.TOO_LATE, at=at, deadline=error.deadline)
        about_rights.withdrawal_too_late(
            subscription.reader,
            sent_at=statement.sent_at,
            last_day=error.deadline - timedelta(seconds=1),
            has_ended=had_ended,
            link=stating.path_of(statement, from_mailbox=True),
            occasion=str(statement.pk),
            at=at,
        )
        return
    if had_ended and not given.cents:
        _say_ended_before(handling, at=at)
        return
    handling.was_done(
        Outcome.WITHDRAWN,
        at=at,
        cents=given.cents,
        ends_at=Subscription.objects.get(pk=subscription.pk).ends_at or at,
    )
    about_rights.withdrawn(
        subscription.reader,
        cents=given.cents,
        card_brand=given.card_brand,
        card_last4=given.card_last4,
        awaits_payment=handling.awaits_payment,
        given_back_by=statement.sent_at + withdrawing.GIVEN_BACK_WITHIN,
        link=stating.path_of(statement, from_mailbox=True),
        occasion=str(statement.pk),
        at=at,
    )


# --- Cancellation -------------------------------------------------------------------------------------


def _cancel(handling: Handling, *, at: datetime) -> None:
    statement, subscription = handling.statement, _contract(handling)
    subscription = webhooks.change(
        subscription, lambda gateway, stripe_id=subscription.stripe_id: gateway.subscription(stripe_id), at=at
    )
    if not subscription.is_live:
        _say_ended_before(handling, at=at)
    elif subscription.is_cancelled:
        handling.was_done(Outcome.CANCELLED_BEFORE, at=at, ends_at=subscription.ends_at)
        _say_without_effect(handling, ends_at=subscription.ends_at, at=at)
    elif _renewed_meanwhile(statement, subscription):
        _take_the_renewal_back(handling, subscription, at=at)
    elif ends_with_this_period(subscription, statement.wished_on):
        ended = cancelling.cancel(subscription, at=at)
        handling.was_done(Outcome.CANCELLED, at=at, ends_at=ended.ends_at or at)
    else:
        handling.waits(until=subscription.period_ends_at)


def ends_with_this_period(subscription: Subscription, wished_on: date | None) -> bool:
    """Whether the present period is the last one. A contract ends with the last period that ends by the wished day.

    It never ends later than was wished, except that what is paid or free already is read to its end.
    """
    if wished_on is None:
        return True
    next_end = _a_period_later(subscription.period_ends_at.astimezone(BRUSSELS).date(), subscription.plan.interval)
    return next_end > wished_on


def _a_period_later(day: date, interval: str) -> date:
    """The same day one month or year later; the last of the month where there is no such day."""
    months = day.month - 1 + (12 if interval == Plan.Interval.YEAR else 1)
    year, month = day.year + months // 12, months % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("Every month has 28 days.")


def _counts_from(statement: Statement) -> datetime:
    """From when on nothing may be charged: the moment of sending, or the end of the wished day."""
    if statement.wished_on is None:
        return statement.sent_at
    end = datetime.combine(statement.wished_on + timedelta(days=1), time.min, BRUSSELS)
    return max(statement.sent_at, end)


def _renewed_meanwhile(statement: Statement, subscription: Subscription) -> bool:
    """Whether a period began that should not have: we could not ask Stripe in time."""
    return subscription.period_starts_at > _counts_from(statement)


def _take_the_renewal_back(handling: Handling, subscription: Subscription, *, at: datetime) -> None:
    statement = handling.statement
    given = withdrawing.undo_what_came_after(subscription, since=_counts_from(statement), key=statement.pk, at=at)
    handling.was_done(Outcome.CANCELLED, at=at, cents=given.cents, ends_at=_counts_from(statement))
    about_rights.renewal_taken_back(
        subscription.reader,
        cents=given.cents,
        card_brand=given.card_brand,
        card_last4=given.card_last4,
        sent_at=statement.sent_at,
        occasion=str(statement.pk),
        at=at,
    )


# --- Nothing left to do --------------------------------------------------------------------------------


def _ended_before(subscription: Subscription, sent_at: datetime) -> bool:
    """Whether it was over when the statement was sent. Stripe counts in whole seconds."""
    ended_at = subscription.ends_at or subscription.recorded_at
    return not subscription.is_live and ended_at < sent_at.replace(microsecond=0)


def _say_ended_before(handling: Handling, *, at: datetime) -> None:
    ends_at = _contract(handling).ends_at
    handling.was_done(Outcome.ENDED_BEFORE, at=at, ends_at=ends_at)
    _say_without_effect(handling, ends_at=ends_at, at=at)


def _say_without_effect(handling: Handling, *, ends_at: datetime | None, at: datetime) -> None:
    about_rights.nothing_to_end(
        _contract(handling).reader,
        ends_at=ends_at,
        is_over=ends_at is None or ends_at <= at,
        occasion=str(handling.pk),
        at=at,
    )


def _contract(handling: Handling) -> Subscription:
    if handling.subscription is None:
        raise ValueError("It is not matched.")
    return handling.subscription


# --- What the reader says next -------------------------------------------------------------------------


def cancel_instead(handling: Handling, *, at: datetime) -> Statement:
    """A withdrawal came too late, and its reader cancels the same contract instead. Twice is the same as once."""
    late = handling.statement
    subscription = _contract(handling)
    said = stating.Said(
        key=uuid5(late.pk, "cancel instead"),
        kind=Statement.Kind.ORDINARY,
        name=late.name,
        email=late.email,
        contract=matching.number_of(subscription),
    )
    return send(said, subscription.reader, at=at)


def was_not_me(handling: Handling, *, at: datetime) -> None:
    """The reader of the contract says that somebody else made the statement: a person looks at it."""
    handling.was_disputed(at=at)
    tell_the_house(at=at)
