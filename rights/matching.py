"""Whose contract is a statement about? Decided by what only its reader is likely to know, and never told to others.

Signed in, the contract that was chosen. Signed out, the e-mail address, and the name where we know one; a number that
is not one of that reader's, or a name that does not fit, sends it to staff. Nobody gains anything by ending somebody
else's contract: money goes back to the card that paid, and the reader is written to at the address of the contract.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress

from readers.models import User
from subscriptions import trial
from subscriptions.models import Contract, Subscription

from .models import Handling, Statement

By = Handling.MatchedBy
# What looks like a number of ours or of Stripe's, among whatever people type.
_NUMBER = re.compile(r"\b[A-Z]{1,9}[\W_]?\d{4}[\W_]?\d{3,}\b|\bsub_\w+", re.IGNORECASE)


@dataclass(frozen=True)
class Match:
    """The contract, and by what it was found; or why it was not."""

    subscription: Subscription | None = None
    by: str = By.NOBODY
    why_not: str = ""


def find(statement: Statement, user: Any) -> Match:
    """The contract that a statement is about. `user` is the reader who sent it, or AnonymousUser."""
    if user.is_authenticated:
        running = [one for one in contracts_of(user) if one.is_live]
        if own := _among(running, statement.contract):
            return Match(own, By.SESSION)
    reader = reader_at(statement.email)
    if reader is None:
        return Match(why_not="No reader has this address.")
    contracts = contracts_of(reader)
    if not contracts:
        return Match(why_not="The reader of this address has no contract.")
    if not names_fit(statement.name, reader.name):
        return Match(why_not="The name is not the one of this address.")
    found = _among(contracts, statement.contract)
    if found is None:
        return Match(why_not="The number is not one of this reader's.")
    return Match(found, By.NUMBER if _has_number(statement.contract) else By.ADDRESS)


def contracts_of(reader: User) -> list[Subscription]:
    """What this reader may end: what is running, or, where nothing is, what was there last."""
    all_of_them = Subscription.objects.filter(reader=reader, surplus="").exclude(status="incomplete")
    found = list(all_of_them.select_related("plan", "reader", "contract"))
    return [one for one in found if one.is_live] or found[:1]


def number_of(subscription: Subscription) -> str:
    """What readers quote: the number of the contract, or Stripe's where there is none."""
    contract = contract_of(subscription)
    return contract.number if contract else subscription.stripe_id


def contract_of(subscription: Subscription) -> Contract | None:
    """What was agreed about it, where that is written down."""
    return getattr(subscription, "contract", None)


def by_number(typed: str) -> Subscription | None:
    """The subscription with that number, ours or Stripe's, whoever's it is; for staff."""
    contract = Contract.objects.matching(number=typed).select_related("subscription__plan").first()
    if contract and contract.subscription:
        return contract.subscription
    return Subscription.objects.filter(stripe_id=typed.strip(), surplus="").select_related("plan", "reader").first()


def reader_at(email: str) -> User | None:
    """The reader of that address: the account's own, its mailbox without a tag, or another one proved by the reader."""
    typed = email.strip().lower()
    for address in dict.fromkeys((typed, trial.mailbox_of(typed))):
        if reader := User.objects.filter(email=address).first():
            return reader
    other = EmailAddress.objects.filter(email=typed, verified=True).select_related("user").first()
    return other.user if other else None


def names_fit(typed: str, known: str) -> bool:
    """Whether two names may be one person's. Where one is missing, they do; else one word in common is enough."""
    mine, theirs = _words(typed), _words(known)
    return not mine or not theirs or bool(mine & theirs)


def _among(contracts: list[Subscription], typed: str) -> Subscription | None:
    """The one of that number; or, where only words were typed, the only one there is."""
    key = _key(typed)
    for one in contracts:
        if any(_key(number) in key for number in (number_of(one), one.stripe_id)):
            return one
    return contracts[0] if len(contracts) == 1 and not _has_number(typed) else None


def _has_number(typed: str) -> bool:
    return _NUMBER.search(typed) is not None


def _key(number: str) -> str:
    return "".join(sign for sign in number.upper() if sign.isalnum())


def _words(name: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
    return {word for word in re.findall(r"\w+", plain) if len(word) > 1}
