"""A reader deletes their account: Stripe first, then everything the law does not keep, then a last letter (law.md L11).

What happens to each row is said by its model (`personal_data.on_deletion`). Where rows stay they are tied to an
empty account, which holds neither address nor name and lets nobody in.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from secrets import token_hex
from typing import Any

from allauth.account.models import EmailAddress
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import CharField, EmailField, JSONField, Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from edge.personal_data import Anonymise, Erase, Keep
from readers.letters import about_deletion
from readers.models import NOWHERE, Letter, User
from subscriptions import billing, leaving, trial
from subscriptions.models import Customer, StripeEvent, Subscription

from . import sessions
from .export import addresses_of
from .inventory import Entry, entries, of_readers
from .models import Erasure

STRUCK_OUT = "(deleted)"
BATCH = 200


class MayNotBeErased(Exception):
    """Staff have done things that others answer for: an administrator takes their rights first."""


class AlreadyErased(Exception):
    """Somebody was quicker: another press of the same button."""


@dataclass(frozen=True)
class Left:
    """One kind of thing that stays: how many, until when at the latest (UTC), why, and what of the reader it says."""

    entry: Entry
    count: int
    until: datetime | None
    still_says: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """In words, for the reader."""
        return str(self.entry.data.what)

    @property
    def why(self) -> str:
        """In words, for the reader."""
        return str(getattr(self.entry.data.on_deletion, "why", ""))

    @property
    def still_says_in_words(self) -> str:
        """The fields that stay readable, by their names."""
        fields = (self.entry.model._meta.get_field(name) for name in self.still_says)
        return ", ".join(str(getattr(field, "verbose_name", field.name)) for field in fields)


@dataclass(frozen=True)
class Outlook:
    """What deleting the account would do, for the page above the button."""

    erased: tuple[Left, ...]
    kept: tuple[Left, ...]
    subscription: Subscription | None

    @property
    def keeps_invoices(self) -> bool:
        """Whether Stripe has invoices, which stay there."""
        return any(left.entry.model is Customer for left in self.kept)


def may_erase(reader: User) -> bool:
    """Whether this account can be deleted in this way: not that of anybody with rights at the desk."""
    if reader.is_staff or reader.is_superuser:
        return False
    return not (reader.groups.exists() or reader.user_permissions.exists())


def outlook_of(reader: User) -> Outlook:
    """What would be erased at once, and what would stay until when and why."""
    addresses = addresses_of(reader)
    erased, kept = [], []
    for entry in of_readers():
        rows = entry.rows_of(reader, addresses)
        stays = _staying(entry, rows)
        gone = rows.count() - (stays.count() if stays is not None else 0)
        if gone:
            erased.append(Left(entry, gone, None))
        if stays is not None and (left := _left(entry, stays)):
            kept.append(left)
    running = Subscription.objects.running().filter(reader=reader).select_related("plan").first()
    return Outlook(tuple(erased), tuple(kept), running)


def erase(reader: User, *, at: datetime, by_staff: bool = False) -> tuple[Erasure, tuple[Left, ...]]:
    """Delete this account, and say what stays. Every way in is closed and every session over when it returns.

    Raises MayNotBeErased for staff, AlreadyErased the second time, and BillingError where Stripe could not end what is
    running; then nothing of the account is changed. What Stripe has ended by then stays ended, and the next try goes on
    from there. Nothing is given back by itself. The last letter leaves after the commit; its row keeps the address
    until then, no longer.
    """
    if not may_erase(reader):
        raise MayNotBeErased
    leaving.leave(reader, at=at)
    with transaction.atomic():
        found = User.objects.select_for_update().filter(pk=reader.pk).first()
        if found is None or found.is_deleted:
            raise AlreadyErased
        reader = found
        if not may_erase(reader):
            raise MayNotBeErased
        if Subscription.objects.running().filter(reader=reader).exists():
            raise billing.BillingUnavailable("Something was ordered in this very moment.")
        return _erase(reader, at=at, by_staff=by_staff)


def _erase(reader: User, *, at: datetime, by_staff: bool) -> tuple[Erasure, tuple[Left, ...]]:
    """Everything in one transaction, the reader locked."""
    goodbye_to = User.objects.get(pk=reader.pk)
    addresses, mark = _every_address(reader), token_hex(12)
    sessions.end_all(reader, addresses)
    trial.forget_mailbox(reader)
    proved = addresses_of(reader)
    for entry in of_readers():
        if entry.model is not User:
            _let_go(entry, entry.rows_of(reader, proved), mark)
    _forget_payloads(reader)
    _strike_out(addresses)
    _become_nobody(reader, f"{mark}@{NOWHERE}")
    kept = _what_stays(reader)
    erasure = Erasure.objects.note(at=at, by_staff=by_staff, kept={left.entry.label: left.count for left in kept})
    letter = about_deletion.account_deleted(
        goodbye_to, number=erasure.number, kept=[(left.what, left.why, left.until) for left in kept], at=at
    )
    if letter:
        transaction.on_commit(partial(forget_last_letters, at=at), robust=True)
    if kept:
        erasure.reader = reader
        erasure.save(update_fields=["reader"])
    else:
        Letter.objects.filter(reader=reader).update(reader=None)
        reader.delete()
    return erasure, kept


def forget_last_letters(*, at: datetime) -> int:
    """Empty the rows of last letters that have left, or that could not leave for too long. How many that were."""
    return forget_letters(about_deletion.last_letters_to_forget(at=at))


def forget_letters(letters: QuerySet[Letter]) -> int:
    """Empty these letters. The row stays: it says that something was sent, and no longer to whom."""
    letters.filter(sent_at=None).update(withdrawn=True)
    return letters.update(to=_nobody_of(token_hex(12)), text="", html="", last_error="")


# --- What happens to the rows ----------------------------------------------------------------------------------------


def _staying(entry: Entry, rows: QuerySet[Any]) -> QuerySet[Any] | None:
    """Those rows that outlive the account; None where all go."""
    if entry.model is User or isinstance(entry.data.on_deletion, Erase):
        return None
    return rows.filter(entry.data.on_deletion.only) if isinstance(entry.data.on_deletion, Keep) else rows


def _let_go(entry: Entry, rows: QuerySet[Any], mark: str) -> None:
    stays = _staying(entry, rows)
    if stays is None:
        rows.delete()
        return
    pks = list(stays.values_list("pk", flat=True))
    rows.exclude(pk__in=pks).delete()
    if emptied := _emptied_by(entry.data.on_deletion):
        fields = [entry.model._meta.get_field(name) for name in emptied]
        nothing = {field.name: nothing_of(field, mark) for field in fields}
        entry.model._base_manager.filter(pk__in=pks).update(**nothing)


def _emptied_by(rule: Erase | Keep | Anonymise) -> tuple[str, ...]:
    if isinstance(rule, Keep):
        return rule.empties
    return rule.fields if isinstance(rule, Anonymise) else ()


def nothing_of(field: Any, mark: str = "") -> Any:
    """What a field holds when it holds nothing any more; addresses differ from row to row, since some are unique."""
    if isinstance(field, EmailField) and not field.blank:
        return _nobody_of(mark)
    if field.null:
        return None
    if isinstance(field, JSONField) and not field.has_default():
        return {}
    return field.get_default() if field.has_default() else field.to_python("")


def _nobody_of(mark: str) -> Concat:
    """An address without anybody behind it, for a query."""
    return Concat(Cast("pk", CharField()), Value(f"-{mark}@{NOWHERE}"))


def _left(entry: Entry, rows: QuerySet[Any]) -> Left | None:
    count, keep = rows.count(), entry.data.on_deletion
    if not count:
        return None
    until = [
        rule.term.ends(moment)
        for rule in entry.data.deleted_by
        for moment in rows.filter(rule.only).order_by().values_list(rule.counted_from, flat=True)
        if moment
    ]
    return Left(entry, count, max(until, default=None), keep.still_says if isinstance(keep, Keep) else ())


def _what_stays(reader: User) -> tuple[Left, ...]:
    """What is still tied to the empty account."""
    found = []
    for entry in of_readers():
        if entry.model is not User and (left := _left(entry, entry.rows_of(reader, frozenset()))):
            found.append(left)
    return tuple(found)


def _every_address(reader: User) -> frozenset[str]:
    """All that ever stood at this account, proved or not."""
    theirs = EmailAddress.objects.filter(user=reader).values_list("email", flat=True)
    return frozenset({reader.email, *theirs})


def _become_nobody(reader: User, nowhere: str) -> None:
    """The row that what is kept is tied to: nobody's address, nobody's name, no way in."""
    reader.email, reader.name, reader.is_active, reader.last_login = nowhere, "", False, None
    reader.set_unusable_password()
    emptied = ["email", "name", "is_active", "last_login", "password"]
    if hasattr(reader, "language"):
        reader.language = ""
        emptied.append("language")
    reader.save(update_fields=emptied)


def _forget_payloads(reader: User) -> None:
    """What Stripe sent about this reader: the receipts stay, their contents go."""
    for stripe_id in reader.customers.values_list("stripe_id", flat=True):
        about = Q(payload__data__object__customer=stripe_id) | Q(payload__data__object__id=stripe_id)
        StripeEvent.objects.filter(about).exclude(handled_at=None).update(payload={})


# --- Addresses in words and in JSON ----------------------------------------------------------------------------------


def _strike_out(addresses: Iterable[str]) -> None:
    """Replace the addresses wherever somebody or something wrote them into a text."""
    for entry in entries():
        for name in entry.data.mentions:
            for address in addresses:
                _strike_out_of(entry.model, entry.model._meta.get_field(name), address)


def _strike_out_of(model: type[Model], field: Any, address: str) -> None:
    """Row by row, since an address may be written in capitals."""
    escaped = json.dumps(address)[1:-1]
    mentioned = Q(as_words__icontains=address) | Q(as_words__icontains=escaped)
    rows = model._base_manager.annotate(as_words=Cast(field.name, TextField())).filter(mentioned)
    pattern = re.compile(re.escape(address), re.IGNORECASE)
    for row in rows.only("pk", field.name).iterator(chunk_size=BATCH):
        value = getattr(row, field.name)
        if isinstance(field, JSONField):
            words = json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
            value = json.loads(pattern.sub(STRUCK_OUT, words))
        else:
            value = pattern.sub(STRUCK_OUT, value)
        model._base_manager.filter(pk=row.pk).update(**{field.name: value})
