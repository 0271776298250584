"""No charge without its notice: where the mail server has not taken it in time, the charge waits.

A free trial goes on for longer; a yearly renewal comes later and the reader reads on for free; a pause lasts longer.
It is decided as soon as it is certain that the notice is late, days before Stripe makes an invoice, so that there is
time to try again while Stripe is away. The decision is written down first; then Stripe is asked; then the reader is
told the new date. If that word does not leave either, the charge is put off again, and again.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from readers.letters import about_notices
from readers.models import User

from . import billing, notices, webhooks
from .models import Notice, PutOff, Subscription
from .notice_dates import Need, need_of

log = logging.getLogger(__name__)
# So much more than the notice needs: for as long the mail server may stay away before it is put off once more.
TRIES_LAST = timedelta(days=3)
# Where Stripe has not confirmed it so long before the charge, a person is told.
ALARM = timedelta(days=3)
AT_ONCE = 500


def guard(*, at: datetime) -> int:
    """Put off every charge whose notice was not sent in time; returns how many Stripe has confirmed.

    What fails is left for the next time. The operator is told once a day, and of each charge that is at risk.
    """
    Notice.objects.take_note_of_what_was_sent()
    for one in list(_without_notice(at=at)):
        try:
            _decide(one, at=at)
        except Exception:  # One that cannot be decided must not keep the others from being put off.
            log.exception("It could not be decided whether %s is put off", one.stripe_id)
    done = sum(_try(one, at=at) for one in PutOff.objects.to_do().select_related("subscription__reader"))
    _tell_the_operator(done, at=at)
    return done


# --- Which ones ---------------------------------------------------------------------------------------


def _without_notice(*, at: datetime) -> Iterator[Subscription]:
    """Those whose next charge has lost its chance of a notice in time, and is not put off yet."""
    days = max(settings.TRIAL_LAST_REMINDER_DAYS, settings.RENEWAL_LAST_NOTICE_DAYS)
    soon = at + timedelta(days=days)
    charged_soon = Q(period_ends_at__gt=at, period_ends_at__lte=soon) | Q(pause_ends_at__gt=at, pause_ends_at__lte=soon)
    needs_it = Q(status="trialing") | Q(status="active", plan__interval="year")
    found = Subscription.objects.live().filter(charged_soon, needs_it, ends_at=None)
    for one in found.select_related("plan").prefetch_related("notices").iterator(chunk_size=AT_ONCE):
        need = need_of(one)
        if need and _is_lost(one, need, at=at):
            yield one


def _is_lost(subscription: Subscription, need: Need, *, at: datetime) -> bool:
    return need.sent_by < at < need.charge_at and not need.is_met(subscription.notices.all())


# --- One of them --------------------------------------------------------------------------------------


def _decide(subscription: Subscription, *, at: datetime) -> None:
    """Write down that the charge waits, and until when; after a last look at what Stripe says."""
    with webhooks.locked(subscription.reader_id) as reader:
        try:
            now = webhooks.record(reader, billing.gateway().subscription(subscription.stripe_id), at=at)
        except billing.BillingError as error:
            log.warning("%s is put off as we know it, Stripe does not answer: %s", subscription.stripe_id, error)
            now = Subscription.objects.select_related("plan").get(pk=subscription.pk)
        need = need_of(now)
        if need is None or not _is_lost(now, need, at=at):
            return
        before = now.put_offs.filter(moved_to=need.charge_at).exclude(done_at=None).first()
        row, _ = PutOff.objects.get_or_create(
            subscription=now,
            was_due_at=need.charge_at,
            defaults={
                "moved_to": _new_date(need, at=at),
                "first_due_at": before.first_due_at if before else need.charge_at,
                "decided_at": at,
            },
        )
        row.is_needed_after_all()


def _new_date(need: Need, *, at: datetime) -> datetime:
    """The first day on which a notice has its time and some tries, at the hour of the first date."""
    least = at + need.ahead + TRIES_LAST
    missing_days = -((need.charge_at - least) // timedelta(days=1))
    return need.charge_at + timedelta(days=max(missing_days, 1))


def _try(put_off: PutOff, *, at: datetime) -> bool:
    try:
        return _do(put_off, at=at)
    except billing.BillingError as error:
        log.warning("The charge of %s is not put off yet: %s", put_off.subscription.stripe_id, error)
    except Exception:  # One that cannot be put off must not keep the others from it, and needs a person all the more.
        log.exception("The charge of %s could not be put off", put_off.subscription.stripe_id)
    if put_off.was_due_at - ALARM <= at:
        _raise_alarm(put_off, at=at)
    return False


def _do(put_off: PutOff, *, at: datetime) -> bool:
    """Have Stripe move the charge, and tell the reader the new date. Safe to repeat. Raises BillingError."""
    gateway, stripe_id = billing.gateway(), put_off.subscription.stripe_id
    with webhooks.locked(put_off.subscription.reader_id) as reader:
        if not PutOff.objects.to_do().filter(pk=put_off.pk).exists():
            return False
        now = webhooks.record(reader, gateway.subscription(stripe_id), at=at)
        if now.next_charge_at not in (put_off.was_due_at, put_off.moved_to):
            put_off.is_not_needed()
            return False
        need = need_of(now)
        if need and now.next_charge_at == put_off.was_due_at:
            # It may have waited for Stripe for days.
            put_off.moved_to = max(put_off.moved_to, _new_date(need, at=at))
        moved = gateway.put_off(stripe_id, charge_at=put_off.was_due_at, until=put_off.moved_to)
        now = webhooks.record(reader, moved, at=at)
        put_off.was_done(at=at)
        notices.keep(now, at=at)
    return True


# --- Who is told --------------------------------------------------------------------------------------


def _tell_the_operator(done: int, *, at: datetime) -> None:
    if done:
        about_notices.operator_charges_put_off(
            count=done,
            desk_path=reverse("admin:subscriptions_putoff_changelist"),
            occasion=timezone.localdate(at).isoformat(),
            at=at,
        )
    for one in PutOff.objects.to_decide(due_before=_long_ago(at)).select_related("subscription__reader"):
        reader = one.subscription.reader
        about_notices.operator_cannot_be_told(
            about=reader.email,
            desk_path=_page_of(reader),
            first_due_at=one.first_due_at,
            occasion=f"{one.subscription.stripe_id} {one.first_due_at.timestamp():.0f}",
            at=at,
        )


def _raise_alarm(put_off: PutOff, *, at: datetime) -> None:
    reader = put_off.subscription.reader
    about_notices.operator_charge_at_risk(
        about=reader.email,
        desk_path=_page_of(reader),
        charge_at=put_off.was_due_at,
        occasion=f"{put_off.subscription.stripe_id} {put_off.was_due_at.timestamp():.0f}",
        at=at,
    )


def _page_of(reader: User) -> str:
    return reverse("admin:readers_user_change", args=[reader.pk])


def _long_ago(at: datetime) -> datetime:
    return at - timedelta(days=settings.PUT_OFF_DECISION_DAYS)


def needs_a_person(*, at: datetime) -> list[PutOff]:
    """Charges that have waited for so long that somebody has to find another way."""
    waiting = PutOff.objects.to_decide(due_before=_long_ago(at))
    return list(waiting.select_related("subscription__reader"))
