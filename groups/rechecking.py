"""Once a year whoever sits by the address of the organisation proves it again; who has left loses the seat."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe

from django.db.models import F, Q

from readers import letters
from readers.letters import about_groups
from readers.models import Letter, User

from . import addresses, seating
from .models import Invitation, Seat

PROOF_LASTS = timedelta(days=365)
ANSWER_WITHIN = timedelta(days=30)
_LETTER = "seat_proof"


@dataclass(frozen=True)
class Recheck:
    """What one round did."""

    asked: int
    ended: int
    moved: int

    @property
    def in_words(self) -> str:
        """For the log of the job."""
        return f"{self.asked} asked, {self.ended} without an answer or a domain, {self.moved} had moved."


def carry_out(*, at: datetime) -> Recheck:
    """Ask those whose proof is a year old, and free the seats of those who did not answer. Twice does no harm."""
    ended = _end_unanswered(at=at) + _end_of_given_up_domains(at=at)
    return Recheck(asked=_ask(at=at), ended=ended, moved=seating.end_moved(at=at))


def note_proof(reader: User, address: str, *, at: datetime) -> None:
    """The reader has just proved this address: by a code that was mailed to it, or by the link in our letter."""
    theirs = Seat.objects.held().filter(reader=reader, address=addresses.canonical(address), proved_at__lt=at)
    theirs = theirs.exclude(domain__ended_at__isnull=False)
    theirs.update(proved_at=at, proof_asked_at=None, proof_token_hash="")


def seat_asked(token: str) -> Seat | None:
    """The seat whose letter holds this token, while an answer is waited for."""
    held = Seat.objects.held().select_related("group")
    return held.filter(proof_token_hash=Invitation.hash_of(token), proof_asked_at__isnull=False).first()


def _ask(*, at: datetime) -> int:
    due = Seat.objects.held().filter(proved_at__lte=at - PROOF_LASTS, proof_asked_at=None).exclude(domain=None)
    kept = due.filter(domain__ended_at=None).select_related("group", "reader")
    with letters.many():
        return sum(_ask_one(seat, at=at) for seat in kept.iterator())


def _end_of_given_up_domains(*, at: datetime) -> int:
    """A proof holds for a year, also where the domain was given up since; nobody can prove it anew."""
    over = Seat.objects.held().filter(proved_at__lte=at - PROOF_LASTS, domain__ended_at__isnull=False)
    return sum(
        seating.remove(seat, by=None, at=at, why=Seat.Why.DOMAIN_ENDED)
        for seat in over.select_related("group", "reader")
    )


def _ask_one(seat: Seat, *, at: datetime) -> bool:
    if not seat.group.gives_access(at=at):
        return False
    token = token_urlsafe(32)
    waits = Seat.objects.held().filter(pk=seat.pk, proof_asked_at=None)
    if not waits.update(proof_asked_at=at, proof_token_hash=Invitation.hash_of(token)):
        return False
    about_groups.seat_proof(
        seat.reader,
        organisation=seat.group.organisation,
        address=seat.address,
        token=token,
        answer_by=at + ANSWER_WITHIN,
        occasion=_occasion(seat, at),
        at=at,
    )
    return True


def _end_unanswered(*, at: datetime) -> int:
    """Only where our letter was sent 30 days ago: what we could not ask is nobody's fault."""
    late = Seat.objects.held().filter(Q(proof_asked_at__lte=at - ANSWER_WITHIN), proved_at__lt=F("proof_asked_at"))
    return sum(
        seating.remove(seat, by=None, at=at, why=Seat.Why.NOT_PROVED)
        for seat in late.select_related("group", "reader")
        if _was_told(seat, at=at)
    )


def _was_told(seat: Seat, *, at: datetime) -> bool:
    occasion = _occasion(seat, seat.proof_asked_at)
    return Letter.objects.filter(kind=_LETTER, occasion=occasion, sent_at__lte=at - ANSWER_WITHIN).exists()


def _occasion(seat: Seat, asked_at: datetime | None) -> str:
    return f"{seat.pk} {asked_at:%Y-%m-%d}"
