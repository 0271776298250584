"""Every letter the site writes about a subscription, one function each, and how it is written once and sent once.

A letter is a row first. It is sent after the transaction that wrote it, and again by `manage.py send_letters`
where that failed. No letter holds a link that signs anybody in, a picture, or a way to see whether it was read.
"""

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from email.utils import parseaddr
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from .models import Letter, User

log = logging.getLogger(__name__)
ONE_DAY = timedelta(days=1)
# Nobody needs more letters of ours in a day; whatever would write more is a loop gone mad.
A_DAY_AT_MOST = 12


def welcome(
    reader: User,
    *,
    plan_words: str,
    price_cents: int,
    interval_words: str,
    first_charge_at: datetime,
    is_trial: bool,
    terms_version: str,
    occasion: str,
    at: datetime,
    first_charge_cents: int | None = None,
) -> Letter | None:
    """The contract on a durable medium: what was ordered, for how much, from when, and the ways out.

    `plan_words` is "Yearly", `interval_words` what one price pays for ("year"); `terms_version` those accepted;
    `first_charge_cents` what the first charge comes to where a promotion code makes it less than the price.
    """
    context = _plan_in_words(plan_words, price_cents, interval_words) | {
        "first_charge_cents": price_cents if first_charge_cents is None else first_charge_cents,
        "first_charge_at": first_charge_at,
        "is_trial": is_trial,
        "terms_version": terms_version,
        "begins_at": at,
    }
    return write(reader, "welcome", occasion, context, at=at)


def cancelled(reader: User, *, reads_until: datetime, occasion: str, at: datetime) -> Letter | None:
    """The subscription ends at `reads_until` and nothing more is charged."""
    return write(reader, "cancelled", occasion, {"reads_until": reads_until, "cancelled_at": at}, at=at)


def undone(reader: User, *, next_charge_at: datetime | None, occasion: str, at: datetime) -> Letter | None:
    """The cancellation was taken back; charging goes on at `next_charge_at`."""
    return write(reader, "undone", occasion, {"next_charge_at": next_charge_at}, at=at)


def switched(
    reader: User,
    *,
    plan_words: str,
    price_cents: int,
    interval_words: str,
    next_charge_at: datetime | None,
    occasion: str,
    at: datetime,
) -> Letter | None:
    """The reader is on another plan now; words and price are those of the new one."""
    context = _plan_in_words(plan_words, price_cents, interval_words) | {"next_charge_at": next_charge_at}
    return write(reader, "switched", occasion, context, at=at)


def payment_failed(
    reader: User, *, amount_cents: int, grace_ends_at: datetime, occasion: str, at: datetime
) -> Letter | None:
    """The bank refused `amount_cents`; reading goes on until `grace_ends_at`."""
    context = {"amount_cents": amount_cents, "grace_ends_at": grace_ends_at}
    return write(reader, "payment_failed", occasion, context, at=at)


def payment_confirm(
    reader: User, *, amount_cents: int, grace_ends_at: datetime, occasion: str, at: datetime
) -> Letter | None:
    """The bank wants its customer to confirm the payment of `amount_cents` (law.md L9)."""
    context = {"amount_cents": amount_cents, "grace_ends_at": grace_ends_at}
    return write(reader, "payment_confirm", occasion, context, at=at)


def payment_last_call(reader: User, *, grace_ends_at: datetime, occasion: str, at: datetime) -> Letter | None:
    """The payment is still missing, and reading ends at `grace_ends_at`."""
    return write(reader, "payment_last_call", occasion, {"grace_ends_at": grace_ends_at}, at=at)


def ended_unpaid(reader: User, *, occasion: str, at: datetime) -> Letter | None:
    """The grace is over: the subscription has ended and nothing will be charged for it."""
    return write(reader, "ended_unpaid", occasion, {}, at=at)


def card_expires(
    reader: User, *, last4: str, expires_on: date, next_charge_at: datetime, occasion: str, at: datetime
) -> Letter | None:
    """The card stops working on `expires_on`, before the charge at `next_charge_at`."""
    context = {"last4": last4, "expires_on": expires_on, "next_charge_at": next_charge_at}
    return write(reader, "card_expires", occasion, context, at=at)


def withdraw(reader: User, *, kinds: Iterable[str]) -> None:
    """Let letters of these kinds that were not sent yet stay unsent: what they say is no longer so."""
    Letter.objects.filter(reader=reader, kind__in=kinds, sent_at=None, withdrawn=False).update(withdrawn=True)


def ordered_twice(reader: User, *, refunded_cents: int, occasion: str, at: datetime) -> Letter | None:
    """A second subscription of the same reader was ended by itself; `refunded_cents` are on their way back."""
    return write(reader, "ordered_twice", occasion, {"refunded_cents": refunded_cents}, at=at)


def second_trial(reader: User, *, occasion: str, at: datetime) -> Letter | None:
    """The card or account had its free trial before: this one was ended at once and nothing was charged."""
    return write(reader, "second_trial", occasion, {}, at=at)


def refund_on_its_way(
    reader: User, *, cents: int, card_brand: str, card_last4: str, has_ended: bool, occasion: str, at: datetime
) -> Letter | None:
    """`cents` go back to the card or account that paid; `has_ended`: the subscription ended with it."""
    context = {"cents": cents, "card_brand": card_brand, "card_last4": card_last4, "has_ended": has_ended}
    return write(reader, "refund_on_its_way", occasion, context, at=at)


def dispute_lost(reader: User, *, cents: int, occasion: str, at: datetime) -> Letter | None:
    """The bank has given back a payment that its customer called wrong, and the subscription has ended with it."""
    return write(reader, "dispute_lost", occasion, {"cents": cents}, at=at)


def operator_refund_failed(
    *, about: str, desk_path: str, cents: int, why: str, reason: str, occasion: str, at: datetime
) -> Letter | None:
    """To the operator: a refund for the reader `about` did not arrive; `desk_path` leads to the reader's page."""
    context = {"about": about, "desk": settings.SITE_URL + desk_path, "cents": cents, "why": why, "reason": reason}
    return write_to_operator("operator_refund_failed", occasion, context, at=at)


def operator_dispute(
    *, about: str, desk_path: str, cents: int, status: str, answer_by: datetime | None, occasion: str, at: datetime
) -> Letter | None:
    """To the operator: a payment of the reader `about` is disputed; `status` is open, won, lost or closed."""
    context = {"about": about, "desk": settings.SITE_URL + desk_path, "cents": cents, "status": status}
    return write_to_operator("operator_dispute", occasion, context | {"answer_by": answer_by}, at=at)


def debit_returned(reader: User, *, amount_cents: int, occasion: str, at: datetime) -> Letter | None:
    """The bank sent the very first debit back: nothing was paid, and the subscription ends."""
    return write(reader, "debit_returned", occasion, {"amount_cents": amount_cents}, at=at)


def paused(
    reader: User, *, starts_at: datetime, resumes_at: datetime, charge_cents: int, occasion: str, at: datetime
) -> Letter | None:
    """Nothing is charged and nothing can be read from `starts_at` until `resumes_at`; then `charge_cents` are due."""
    context = {"starts_at": starts_at, "resumes_at": resumes_at, "charge_cents": charge_cents}
    return write(reader, "paused", occasion, context, at=at)


def pause_reminder(
    reader: User, *, resumes_at: datetime, charge_cents: int, occasion: str, at: datetime
) -> Letter | None:
    """The pause is over soon, at `resumes_at`, and `charge_cents` are charged then."""
    return write(reader, "pause_reminder", occasion, {"resumes_at": resumes_at, "charge_cents": charge_cents}, at=at)


def resumed(
    reader: User, *, had_begun: bool, charge_cents: int, next_charge_at: datetime | None, occasion: str, at: datetime
) -> Letter | None:
    """The pause is over and a new period is charged; or it was taken back before it had begun."""
    context = {"had_begun": had_begun, "charge_cents": charge_cents, "next_charge_at": next_charge_at}
    return write(reader, "resumed", occasion, context, at=at)


def ended_in_pause(reader: User, *, occasion: str, at: datetime) -> Letter | None:
    """A paused subscription has ended; nothing is charged any more."""
    return write(reader, "ended_in_pause", occasion, {}, at=at)


def write(reader: User, kind: str, occasion: str, context: dict[str, Any], *, at: datetime) -> Letter | None:
    """Write the letter `kind` to the reader, and send it after commit. None where it was written before.

    One letter exists per address, kind and occasion, whoever asks for it at the same moment. The words are in
    `templates/emails/<kind>.txt`, whose first line is the subject, and `<kind>.html`.
    """
    return _write(reader.email, reader, kind, occasion, context, at=at)


def write_to_operator(kind: str, occasion: str, context: dict[str, Any], *, at: datetime) -> Letter | None:
    """The same to who runs the site (SERVER_EMAIL): what a person has to look at, once for each occasion."""
    return _write(parseaddr(settings.SERVER_EMAIL)[1], None, kind, occasion, context, at=at)


def _write(
    to: str, reader: User | None, kind: str, occasion: str, context: dict[str, Any], *, at: datetime
) -> Letter | None:
    if Letter.objects.filter(to=to, kind=kind, occasion=occasion).exists():
        return None
    subject, text, html = _in_words(kind, context)
    letter, is_new = Letter.objects.get_or_create(
        to=to,
        kind=kind,
        occasion=occasion,
        defaults={"reader": reader, "subject": subject, "text": text, "html": html, "written_at": at},
    )
    if not is_new:
        return None
    transaction.on_commit(partial(send, letter, at=at), robust=True)
    return letter


def send_waiting(*, at: datetime, put_off_too: bool = False) -> tuple[int, int]:
    """Send what was written and not yet sent, oldest first. How many were sent, and how many are left.

    What failed before waits for its next try, unless a person asks for those that were put off, too.
    """
    letters = Letter.objects.unsent(at=at) if put_off_too else Letter.objects.waiting(at=at)
    tried = [send(letter, at=at) for letter in letters.order_by("written_at")]
    return tried.count(True), tried.count(False)


def send(letter: Letter, *, at: datetime) -> bool:
    """Send it, unless somebody else is doing so or has done so. True if this call sent it. Never raises."""
    if not letter.claim(at=at):
        return False
    if Letter.objects.filter(to=letter.to, sent_at__gt=at - ONE_DAY).count() >= A_DAY_AT_MOST:
        log.error("Letter %s waits: %s letters went to %s within a day", letter.pk, A_DAY_AT_MOST, letter.to)
        letter.could_not_be_sent(f"It waits: {A_DAY_AT_MOST} letters went to this address within a day.", at=at)
        return False
    try:
        _as_message(letter).send()
    except Exception as error:  # A mail server, a proxy, an address: whatever it is must not reach the page.
        log.warning("Letter %s was not sent: %s", letter.pk, error)
        letter.could_not_be_sent(f"{type(error).__name__}: {error}", at=at)
        return False
    letter.was_sent(at=at)
    return True


def _in_words(kind: str, context: dict[str, Any]) -> tuple[str, str, str]:
    """Subject, text and HTML."""
    everything = _addresses() | context
    text = render_to_string(f"emails/{kind}.txt", everything).strip()
    subject, _, rest = text.partition("\n")
    subject = " ".join(subject.split())[: Letter._meta.get_field("subject").max_length]
    text = f"{subject}\n{'=' * len(subject)}\n\n{rest.strip()}\n"
    return subject, text, render_to_string(f"emails/{kind}.html", everything | {"subject": subject})


def _plan_in_words(plan_words: str, price_cents: int, interval_words: str) -> dict[str, Any]:
    return {
        "plan_name": f"{plan_words.lower()} plan",
        "price_cents": price_cents,
        "interval_words": interval_words,
    }


def _addresses() -> dict[str, Any]:
    """Brand and full addresses: a letter has no request to take them from."""
    pages = {
        name: settings.SITE_URL + reverse(name)
        for name in ("account", "cancel", "withdraw", "terms", "front", "plans", "pay", "invoices")
    }
    brand = {name: getattr(settings, name) for name in ("SITE_NAME", "SITE_PUBLISHER", "CONTACT_EMAIL")}
    return {"address_of": pages} | brand


def _as_message(letter: Letter) -> EmailMultiAlternatives:
    # Always the same id: a mailbox that gets a letter twice, after a crash between two lines, shows it once.
    headers = {
        "Message-ID": f"<letter-{letter.pk}@{urlsplit(settings.SITE_URL).hostname}>",
        "Auto-Submitted": "auto-generated",
    }
    message = EmailMultiAlternatives(
        letter.subject, letter.text, to=[letter.to], reply_to=[settings.CONTACT_EMAIL], headers=headers
    )
    message.attach_alternative(letter.html, "text/html")
    return message
