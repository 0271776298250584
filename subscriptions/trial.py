"""Who has had the free trial? One for each person, told apart by mailbox and by card or account."""

from datetime import datetime
from typing import Any

from .models import Subscription, TrialUse

# At these providers dots in the name make no difference, and both domains are one.
_DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


def mailbox_of(email: str) -> str:
    """The address in its normal form: lower case, no `+tag`, and no dots where the provider ignores them."""
    name, _, domain = email.strip().lower().rpartition("@")
    name = name.split("+", 1)[0] or name
    if domain in _DOTLESS:
        name, domain = name.replace(".", ""), _DOTLESS[domain]
    return f"{name}@{domain}"


def is_offered_to(user: Any) -> bool:
    """Whether this reader (or AnonymousUser) may still have the free days."""
    if not user.is_authenticated:
        return True
    return not (
        TrialUse.objects.filter(mailbox=mailbox_of(user.email)).exists()
        or Subscription.objects.filter(reader=user).exists()
    )


def note_use(reader: Any, fingerprint: str = "", *, at: datetime) -> bool:
    """Remember that this mailbox has its trial, with the card or account of this fingerprint (Stripe's; may be empty).

    False where that card or account has paid for the trial of another mailbox before, or another account of the same
    mailbox has had its trial. A second note changes nothing.
    """
    mailbox = mailbox_of(reader.email)
    had_one = fingerprint and TrialUse.objects.filter(fingerprint=fingerprint).exclude(mailbox=mailbox).exists()
    use, _ = TrialUse.objects.get_or_create(
        mailbox=mailbox, defaults={"reader": reader, "used_at": at, "fingerprint": "" if had_one else fingerprint}
    )
    return not had_one and use.reader_id == reader.pk
