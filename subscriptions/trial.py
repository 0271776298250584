"""Who has had the free trial? One for each person, told apart by mailbox."""

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


def note_use(reader: Any, *, at: datetime) -> None:
    """Remember that this mailbox has had its trial; a second note changes nothing."""
    TrialUse.objects.get_or_create(mailbox=mailbox_of(reader.email), defaults={"reader": reader, "used_at": at})
