"""What a reader is told before something happens, once each: the ledger, and how it is kept true.

`notice_dates` says what is due; here it is written, written anew where its facts change before the mail server has
taken it, and let go where nobody needs it any more. A row and its letter are made in one transaction under the
reader's lock, so that neither a restart nor a second worker tells anybody twice.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from readers import letters
from readers.letters import about_notices
from readers.models import Letter

from . import billing, webhooks
from .models import Notice, Plan, Repricing, Subscription
from .notice_dates import CARD_DAYS, SERIES, Due, due_now, longest_ahead, need_of, notice_time, notices_for

log = logging.getLogger(__name__)
Kind, Result = Notice.Kind, Notice.Result
# So long Stripe may be away before a notice is written from what we know ourselves.
PATIENCE = timedelta(hours=6)
AT_ONCE = 500
SPOKEN_OF_WITHOUT_STRIPE = (*CARD_DAYS, Kind.TERMS_AT_ZERO)


def write_due(*, at: datetime) -> int:
    """Write what is due, and let go of what is over; returns how many letters were written.

    Before a word about money is written Stripe is asked anew; while it is away the notice waits, for six hours.
    """
    Notice.objects.take_note_of_what_was_sent()
    waiting = [one.pk for one in _to_look_at(at=at) if _has_something_to_do(one, at=at)]
    with letters.many():
        return sum(_try(pk, at=at) for pk in waiting)


def keep(subscription: Subscription, *, at: datetime) -> int:
    """Write what is due for one subscription and let go of what is over. Call it with the reader's row locked."""
    due = _due(subscription, at=at)
    rows = _let_go(subscription, due, at=at)
    return sum(_say(subscription, one, rows.get((one.kind, one.about_at)), at=at) for one in due)


def follow(subscription: Subscription, *, at: datetime) -> None:
    """A subscription has changed: what is on its way and not true any more stays unsent. Reader's row locked."""
    if subscription.notices.open().exists():
        _let_go(subscription, _due(subscription, at=at), at=at)


# --- Whom it may concern ------------------------------------------------------------------------------


def _to_look_at(*, at: datetime) -> Iterator[Subscription]:
    soon = at + longest_ahead()
    charged_soon = Q(period_ends_at__gt=at, period_ends_at__lte=soon) | Q(pause_ends_at__gt=at, pause_ends_at__lte=soon)
    today = timezone.localdate(at)
    card = Q(card_expires_on__gte=today, card_expires_on__lte=today + timedelta(days=max(CARD_DAYS.values())))
    to_reprice = Q(Exists(Repricing.objects.to_do().filter(subscription=OuterRef("pk"))))
    is_open = Q(Exists(Notice.objects.open().filter(subscription=OuterRef("pk"))))
    has_terms = Exists(Notice.objects.filter(subscription=OuterRef("pk"), kind=Kind.TERMS_AT_ZERO))
    without_terms = Q(status="trialing", put_off_from=None) & ~Q(has_terms)
    runs = Q(status__in=["trialing", "active"], ends_at=None, surplus="")
    wanted = (runs & (charged_soon | card | to_reprice | without_terms)) | is_open
    return _with_all(Subscription.objects.filter(wanted).order_by("pk")).iterator(chunk_size=AT_ONCE)


def _with_all(subscriptions: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """With everything that `_planned` asks for, so that it is asked for once for all of them."""
    return subscriptions.select_related("reader", "plan").prefetch_related(
        Prefetch("notices", Notice.objects.select_related("letter")),
        "put_offs",
        Prefetch("repricings", Repricing.objects.select_related("change__plan")),
    )


def _has_something_to_do(subscription: Subscription, *, at: datetime) -> bool:
    rows = {(one.kind, one.about_at): one for one in subscription.notices.all()}
    wanted = {(one.kind, one.about_at) for one in _due(subscription, at=at)}
    is_over = any(row.is_open and key not in wanted for key, row in rows.items())
    return is_over or bool(_to_say(subscription, at=at))


def _to_say(subscription: Subscription, *, at: datetime) -> list[Due]:
    rows = {(one.kind, one.about_at): one for one in subscription.notices.all()}
    due = _due(subscription, at=at)
    return [one for one in due if _is_to_be_said(subscription, one, rows.get((one.kind, one.about_at)))]


def _try(pk: int, *, at: datetime) -> int:
    try:
        return _bring_up_to_date(pk, at=at)
    except Exception:  # One that cannot be written must not keep the others from being told.
        log.exception("The notices of subscription %s could not be written", pk)
        return 0


def _bring_up_to_date(pk: int, *, at: datetime) -> int:
    with webhooks.locked(Subscription.objects.get(pk=pk).reader_id) as reader:
        one = _with_all(Subscription.objects.filter(pk=pk)).get()
        if not _has_something_to_do(one, at=at):
            return 0
        about_money = [due for due in _to_say(one, at=at) if due.kind not in SPOKEN_OF_WITHOUT_STRIPE]
        if about_money:
            try:
                webhooks.record(reader, billing.gateway().subscription(one.stripe_id), at=at)
            except billing.BillingUnknown:
                return 0
            except billing.BillingError as error:
                log.warning("Stripe could not be asked about %s before a notice: %s", one.stripe_id, error)
                if all(due.due_at > at - PATIENCE for due in about_money):
                    return 0
            one = _with_all(Subscription.objects.filter(pk=pk)).get()
        return keep(one, at=at)


# --- What is planned, and what is over ----------------------------------------------------------------


def _planned(subscription: Subscription) -> list[Due]:
    charge_at = subscription.next_charge_at
    put_off = next((one for one in subscription.put_offs.all() if one.moved_to == charge_at and one.done_at), None)
    return notices_for(subscription, put_off=put_off, repricing=_repricing_of(subscription))


def _due(subscription: Subscription, *, at: datetime) -> list[Due]:
    """What is to be written, or is on its way; not what has lost its chance, since that charge will be put off."""
    due = due_now(_planned(subscription), at=at)
    return [one for one in due if not _is_too_late(subscription, one.kind, one.about_at, at=at)]


def _is_too_late(subscription: Subscription, kind: str, about_at: datetime, *, at: datetime) -> bool:
    if kind == Kind.PRICE_CHANGE:
        # Then the old price is charged once more, and the notice is about the charge after it.
        return at > about_at - notice_time()
    need = need_of(subscription)
    if need is None or kind not in need.kinds or about_at != need.charge_at:
        return False
    return at > need.sent_by and not need.is_met(subscription.notices.all())


def _repricing_of(subscription: Subscription) -> Repricing | None:
    to_do = (one for one in subscription.repricings.all() if one.changed_at is None and one.left_at is None)
    return next(to_do, None)


def _let_go(subscription: Subscription, due: Iterable[Due], *, at: datetime) -> dict[tuple[str, datetime], Notice]:
    """Close the open notices that are not due as things stand, their letters unsent. Returns all rows by their key."""
    rows = {(one.kind, one.about_at): one for one in subscription.notices.select_related("letter")}
    wanted = {(one.kind, one.about_at) for one in due}
    for key, row in rows.items():
        row.look_at_letter()
        if row.is_open and key not in wanted and row.take_back(at=at):
            row.close(_why_over(subscription, row, at=at))
    return rows


def _why_over(subscription: Subscription, row: Notice, *, at: datetime) -> str:
    was_put_off = subscription.put_offs.filter(was_due_at=row.about_at).exists()
    if row.about_at <= at or was_put_off or _is_too_late(subscription, row.kind, row.about_at, at=at):
        return Result.NOT_SENT
    return Result.NOT_NEEDED if subscription.next_charge_at is None else Result.REPLACED


# --- Saying it ----------------------------------------------------------------------------------------


def _is_to_be_said(subscription: Subscription, due: Due, row: Notice | None) -> bool:
    if row is None:
        return due.kind != Kind.TERMS_AT_ZERO or _welcome_of(subscription) is not None
    if row.sent_at:
        return False
    return not row.is_open or row.said != _facts_of(subscription, due) or not _is_under_way(row, subscription)


def _is_under_way(row: Notice, subscription: Subscription) -> bool:
    """Whether its letter waits to be sent, and to the address that the reader has now."""
    letter = row.letter
    return letter is not None and not letter.withdrawn and letter.to == subscription.reader.email


def _say(subscription: Subscription, due: Due, row: Notice | None, *, at: datetime) -> bool:
    """Write it, or write it anew where its words are not true any more. Whether there is a new letter."""
    if not _is_to_be_said(subscription, due, row):
        return False
    if row is None:
        row = Notice(
            subscription=subscription,
            kind=due.kind,
            about_at=due.about_at,
            due_at=due.due_at,
        )
    elif row.is_open and not row.take_back(at=at):
        return False
    else:
        row.revision += 1
    row.said, row.written_at, row.result = _facts_of(subscription, due), at, ""
    row.letter = _written(subscription, due, row, at=at)
    row.save()
    return due.kind != Kind.TERMS_AT_ZERO


def _facts_of(subscription: Subscription, due: Due) -> dict[str, Any]:
    """What stands in its words, as JSON keeps it: another value here makes another letter."""
    if due.kind == Kind.TERMS_AT_ZERO:
        return {}
    if due.kind in CARD_DAYS:
        return {"card": subscription.card_last4, "charge": _day(subscription.next_charge_at)}
    cents = subscription.next_charge_cents
    if due.kind == Kind.PRICE_CHANGE and (repricing := _repricing_of(subscription)):
        cents = repricing.change.plan.price_cents
    return {
        "cents": cents,
        "charge": _day(due.about_at),
        "plan": subscription.plan_id,
        "card": subscription.card_last4,
    }


def _day(moment: datetime | None) -> str:
    return timezone.localdate(moment).isoformat() if moment else ""


def _written(subscription: Subscription, due: Due, row: Notice, *, at: datetime) -> Letter | None:
    """The letter of a notice. The same one where it was written before, which is then not sent again."""
    if due.kind == Kind.TERMS_AT_ZERO:
        return _welcome_of(subscription)
    occasion = _occasion(subscription, due) + (f" {row.revision}" if row.revision else "")
    letter = _write(subscription, due, occasion, at=at)
    known = Letter.objects.filter(reader=subscription.reader, kind=_letter_kind(due), occasion=occasion)
    return letter or known.order_by("-written_at").first()


def _welcome_of(subscription: Subscription) -> Letter | None:
    """The welcome is what tells of the terms, also where nothing is charged yet (law.md L6)."""
    return Letter.objects.filter(reader=subscription.reader, kind="welcome", occasion=subscription.stripe_id).first()


def _letter_kind(due: Due) -> str:
    return {
        Kind.TRIAL_FIRST: "trial_reminder",
        Kind.TRIAL_LAST: "trial_reminder",
        Kind.RENEWAL_FIRST: "renewal_notice",
        Kind.RENEWAL_LAST: "renewal_notice",
        Kind.MONTH: "renewal_notice",
        Kind.PRICE_CHANGE: "price_change",
        Kind.CARD_FIRST: "card_expires",
        Kind.CARD_LAST: "card_expires",
        Kind.PAUSE_ENDS: "pause_reminder",
    }[due.kind]


def _occasion(subscription: Subscription, due: Due) -> str:
    """As letters about cards and pauses were called before there was a ledger, so that none goes out twice."""
    stage = next(kinds.index(due.kind) for kinds in SERIES if due.kind in kinds)
    if due.kind in CARD_DAYS:
        return f"{subscription.stripe_id} {subscription.card_expires_on} {stage}"
    stamp = f"{due.about_at.timestamp():.0f}"
    return (
        f"{subscription.stripe_id} {stamp}"
        if due.kind == Kind.PAUSE_ENDS
        else (f"{subscription.stripe_id} {stamp} {due.kind}")
    )


def _write(subscription: Subscription, due: Due, occasion: str, *, at: datetime) -> Letter | None:
    reader, plan = subscription.reader, subscription.plan
    if due.kind in CARD_DAYS and subscription.card_expires_on and subscription.next_charge_at:
        return letters.card_expires(
            reader,
            last4=subscription.card_last4,
            expires_on=subscription.card_expires_on,
            next_charge_at=subscription.next_charge_at,
            occasion=occasion,
            at=at,
        )
    if due.kind == Kind.PAUSE_ENDS:
        return letters.pause_reminder(
            reader, resumes_at=due.about_at, charge_cents=subscription.next_charge_cents, occasion=occasion, at=at
        )
    charge = about_notices.Charge(
        at=due.about_at,
        cents=subscription.next_charge_cents,
        is_yearly=plan.is_yearly,
        card_last4=subscription.card_last4,
        was_put_off_from=_put_off_from(subscription, due),
    )
    if due.kind in (Kind.TRIAL_FIRST, Kind.TRIAL_LAST):
        other = Plan.objects.on_sale().exclude(interval=plan.interval).first()
        return about_notices.trial_reminder(
            reader,
            charge=charge,
            began_at=subscription.started_at,
            other_cents=other.price_cents if other else None,
            occasion=occasion,
            at=at,
        )
    if due.kind == Kind.PRICE_CHANGE:
        return _write_of_price(subscription, charge, occasion, at=at)
    return about_notices.renewal_notice(reader, charge=charge, occasion=occasion, at=at)


def _write_of_price(
    subscription: Subscription, charge: about_notices.Charge, occasion: str, *, at: datetime
) -> Letter | None:
    repricing = _repricing_of(subscription)
    if repricing is None:
        return None
    return about_notices.price_change(
        subscription.reader,
        charge=charge,
        old_cents=repricing.old_plan.price_cents,
        new_cents=repricing.change.plan.price_cents,
        occasion=occasion,
        at=at,
    )


def _put_off_from(subscription: Subscription, due: Due) -> datetime | None:
    found = (one.first_due_at for one in subscription.put_offs.all() if one.moved_to == due.about_at)
    return next(found, None)
