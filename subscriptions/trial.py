"""Who has had the free trial? One for each person, told apart by mailbox and by card or account."""

from datetime import datetime
from typing import Any

from django.utils.crypto import salted_hmac

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


def marks_of(email: str) -> tuple[str, str]:
    """How the mailbox of this address stands in the list: as it is, and as it stays after its account was deleted.

    The second is a keyed hash: it answers "this one?" and never "which one?". Its key is SECRET_KEY.
    """
    mailbox = mailbox_of(email)
    return mailbox, salted_hmac("subscriptions.trial", mailbox, algorithm="sha256").hexdigest()


def use_of(email: str) -> TrialUse | None:
    """The free trial that this mailbox has had, also with an account that is deleted."""
    return TrialUse.objects.filter(mailbox__in=marks_of(email)).first()


def forget_mailbox(reader: Any) -> None:
    """The account is being deleted: keep that the mailbox had its trial, and no longer which one it is."""
    for use in TrialUse.objects.filter(reader=reader):
        use.mailbox, use.reader = marks_of(use.mailbox)[1], None
        if TrialUse.objects.filter(mailbox=use.mailbox).exists():
            use.delete()
        else:
            use.save(update_fields=["mailbox", "reader"])


def is_offered_to(user: Any) -> bool:
    """Whether this reader (or AnonymousUser) may still have the free days."""
    if not user.is_authenticated:
        return True
    return not (use_of(user.email) or Subscription.objects.filter(reader=user).exists())


def note_use(reader: Any, fingerprint: str = "", *, at: datetime) -> bool:
    """Remember that this mailbox has its trial, with the card or account of this fingerprint (Stripe's; may be empty).

    False where that card or account has paid for the trial of another mailbox before, or another account of the same
    mailbox has had its trial. A second note changes nothing.
    """
    marks = marks_of(reader.email)
    had_one = fingerprint and TrialUse.objects.filter(fingerprint=fingerprint).exclude(mailbox__in=marks).exists()
    use = use_of(reader.email)
    if use is None:
        use, _ = TrialUse.objects.get_or_create(
            mailbox=marks[0], defaults={"reader": reader, "used_at": at, "fingerprint": "" if had_one else fingerprint}
        )
    return not had_one and use.reader_id == reader.pk
