"""A round: what was written and has not left is sent, oldest first, over one connection.

Only a batch of letters is in memory at a time, and each is claimed just before it is sent and marked just after. So a
round may be killed at any moment, and another go on beside it: nothing is left out, and at most the one letter that
the mail server had taken and that was not marked yet leaves again, after ten minutes and under the same Message-ID.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused
from time import monotonic, sleep
from typing import NamedTuple

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Count, Q

from ..models import Letter
from .post import ONE_DAY, deliver

BATCH = 100
# The worker has other things to do: then they have their turn, and the next round goes on.
LASTS = timedelta(seconds=20)
# Where the mail server does not answer so many times in a row, the others need not wait for it one by one.
GIVES_UP_AFTER = 3
# The server is there, and does not want this letter.
_REFUSALS = (SMTPRecipientsRefused, SMTPDataError, SMTPSenderRefused)


class Round(NamedTuple):
    """How many letters were sent, and how many are left: not sent now, or not reached."""

    sent: int
    left: int


def send_waiting(
    *,
    at: datetime,
    put_off_too: bool = False,
    lasts: timedelta | None = LASTS,
    pause: Callable[[float], None] = sleep,
) -> Round:
    """Send what waits, for so long (None: until nothing waits) and no faster than LETTERS_A_MINUTE.

    What failed before waits for its next try, unless a person asks for those that were put off, too.
    """
    began, sent, failed = monotonic(), 0, 0
    apart = 60 / settings.LETTERS_A_MINUTE if settings.LETTERS_A_MINUTE else 0.0
    line = _Line()
    try:
        for letter, sent_lately in _one_after_another(at=at, put_off_too=put_off_too):
            elapsed = monotonic() - began
            wait = max(0.0, apart * (sent + failed + 1) - elapsed)
            if (lasts is not None and elapsed + wait > lasts.total_seconds()) or line.is_given_up:
                break
            if wait:
                pause(wait)
            # Whole seconds will do, as long as nobody takes for forgotten what has been claimed now.
            now = at + timedelta(seconds=int(elapsed + wait))
            if letter.claim(at=now):
                is_sent = line.carries(letter, sent_lately=sent_lately, at=now)
                sent, failed = sent + is_sent, failed + (not is_sent)
    finally:
        line.close()
    waiting = Letter.objects.unsent(at=at) if put_off_too else Letter.objects.waiting(at=at)
    return Round(sent, waiting.count() + (0 if put_off_too else failed))


def some_wait(*, at: datetime) -> bool:
    """Whether a letter could leave at that moment."""
    return Letter.objects.waiting(at=at).exists()


def _one_after_another(*, at: datetime, put_off_too: bool) -> Iterator[tuple[Letter, int]]:
    """Each letter that waits, and how many went to its address within a day; read in batches, from where it stopped."""
    waiting = Letter.objects.unsent(at=at) if put_off_too else Letter.objects.waiting(at=at)
    behind = Q()
    while batch := list(waiting.filter(behind).order_by("written_at", "pk")[:BATCH]):
        lately = _sent_lately([letter.to for letter in batch], at=at)
        for letter in batch:
            yield letter, lately.get(letter.to, 0)
            lately[letter.to] = lately.get(letter.to, 0) + 1
        last = batch[-1]
        # The first condition is the second one's, for the index.
        behind = Q(written_at__gte=last.written_at) & (Q(written_at__gt=last.written_at) | Q(pk__gt=last.pk))


def _sent_lately(addresses: list[str], *, at: datetime) -> dict[str, int]:
    sent = Letter.objects.filter(to__in=addresses, sent_at__gt=at - ONE_DAY)
    return dict(sent.order_by().values_list("to").annotate(times=Count("pk")))


class _Line:
    """The connection to the mail server, opened when the first letter comes and anew where it broke."""

    def __init__(self) -> None:
        self._connection: BaseEmailBackend = get_connection(fail_silently=False)
        self._failed_in_a_row = 0

    @property
    def is_given_up(self) -> bool:
        return self._failed_in_a_row >= GIVES_UP_AFTER

    def carries(self, letter: Letter, *, sent_lately: int, at: datetime) -> bool:
        """Whether the mail server took it."""
        error = deliver(letter, sent_lately=sent_lately, at=at, line=self._connection)
        if isinstance(error, OSError) and not isinstance(error, _REFUSALS):
            self._failed_in_a_row += 1
            self.close()
        else:
            self._failed_in_a_row = 0
        return error is None

    def close(self) -> None:
        with suppress(OSError):
            self._connection.close()
