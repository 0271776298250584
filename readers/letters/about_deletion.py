"""The last letter to somebody who has deleted their account."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from ..models import Letter, User
from .post import write

LAST = "account_deleted"


def account_deleted(
    reader: User, *, number: str, kept: Sequence[tuple[str, str, datetime | None]], at: datetime
) -> Letter | None:
    """The account is deleted. `number` is the receipt's; `kept` says what stays: what, why, and until when (UTC)."""
    return write(reader, LAST, number, {"number": number, "kept": kept, "deleted_at": at}, at=at)


def last_letters_to_forget(*, at: datetime) -> QuerySet[Letter]:
    """Last letters whose address and words are needed no longer: they have left, or could not leave for days."""
    waited_enough = at - timedelta(days=settings.KEEP_LAST_LETTERS_DAYS)
    over = Q(sent_at__isnull=False) | Q(written_at__lt=waited_enough)
    return Letter.objects.filter(over, kind=LAST).exclude(text="")
