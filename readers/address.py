"""A reader changes the address of the account: both mailboxes agree, and only then anything is different."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import IntegrityError, transaction
from django.urls import reverse

from . import devices
from .letters import about_account
from .models import AddressChange, User


class AddressTaken(Exception):
    """Another account has this address."""


def ask(reader: User, new_email: str, *, session_key: str, at: datetime) -> AddressChange:
    """Begin a change to `new_email` (in lower case), and mail both addresses. An earlier one is dropped.

    Nobody is told whether the address has an account: where it does, its owner gets a letter instead of a code.
    Raises what the mail server raises; nothing has begun then.
    """
    token = AddressChange.new_token()
    with transaction.atomic():
        User.objects.select_for_update().get(pk=reader.pk)
        AddressChange.objects.filter(reader=reader, done_at=None, stopped_at=None).update(stopped_at=at, code_hash="")
        change = AddressChange.objects.create(
            reader=reader,
            old_email=reader.email,
            new_email=new_email,
            asked_at=at,
            asked_in=session_key,
            code_sent_at=at,
            token_hash=AddressChange.hash_of(token),
        )
    try:
        send_code(change, at=at)
        _mail(change.old_email, "address_change_old", change, address=_old_address(token))
    except Exception:
        change.stop(at=at)
        raise
    return change


def send_code(change: AddressChange, *, at: datetime) -> None:
    """Send a code to the new address; the one before it no longer works. Raises what the mail server raises."""
    taken = is_taken(change.new_email, by_others_than=change.reader, at=at)
    code = "" if taken else f"{secrets.randbelow(1_000_000):06}"
    change.new_code(code, at=at)
    _mail(change.new_email, "address_change_taken" if taken else "address_change_new", change, code=code)


def is_taken(email: str, *, by_others_than: User, at: datetime) -> bool:
    """Whether another account has this address. One that somebody typed and nobody proved is none."""
    others = User.objects.filter(email=email).exclude(pk=by_others_than.pk)
    proved = EmailAddress.objects.filter(email__iexact=email, verified=True).exclude(user=by_others_than)
    return proved.exists() or others.exclude(pk__in=_never_came(email, at=at)).exists()


def finish_if_agreed(change: AddressChange, *, session: SessionBase | None, at: datetime) -> bool:
    """Make the change once both mailboxes have agreed; True if this call did. Everywhere else the reader is logged out.

    `session` is the one that stays. Raises AddressTaken where somebody was quicker; the change is dropped then.
    """
    try:
        return _finish(change, session=session, at=at)
    except (AddressTaken, IntegrityError) as error:
        change.stop(at=at)
        raise AddressTaken(change.new_email) from error


@transaction.atomic
def _finish(change: AddressChange, *, session: SessionBase | None, at: datetime) -> bool:
    reader = User.objects.select_for_update().get(pk=change.reader_id)
    change.refresh_from_db()
    if not change.is_open(at=at) or change.new_agreed_at is None or change.old_agreed_at is None:
        return False
    if not reader.is_active or is_taken(change.new_email, by_others_than=reader, at=at):
        raise AddressTaken(change.new_email)
    _never_came(change.new_email, at=at).delete()
    about_account.address_changed(reader, to=change.new_email, occasion=str(change.pk), at=at)
    reader.email = change.new_email
    reader.save(update_fields=["email"])
    about_account.address_changed(reader, to=change.new_email, occasion=str(change.pk), at=at)
    EmailAddress.objects.filter(user=reader).delete()
    EmailAddress.objects.create(user=reader, email=reader.email, verified=True, primary=True)
    change.done_at = at
    change.save(update_fields=["done_at"])
    devices.end_all(reader, but=session)
    return True


def stop_and_log_out(change: AddressChange, *, at: datetime) -> bool:
    """The old mailbox says no: nothing changes, and whoever asked for it is logged out with everybody else."""
    if not change.stop(at=at):
        return False
    devices.end_all(change.reader)
    return True


def _never_came(email: str, *, at: datetime) -> Any:
    """The row of an address that somebody typed to log in, and that nobody ever proved."""
    return User.objects.who_never_came(since=at + timedelta(days=1)).filter(email=email)


def _old_address(token: str) -> str:
    return settings.SITE_URL + reverse("address_change_old", args=[token])


def _mail(to: str, kind: str, change: AddressChange, **more: Any) -> None:
    """A mail with a secret in it is sent at once and kept nowhere, unlike a letter."""
    context = {"change": change, "user": change.reader, **more}
    get_adapter().send_mail(f"account/email/{kind}", to, context)
