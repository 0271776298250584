"""What groups know of somebody who may not read yet, or any more: for the desk's answer."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from subscriptions.answer import moment

from . import addresses
from .models import Invitation, Seat, StudentApplication


def explained(reader: Any, at: datetime) -> Iterator[str]:
    """Seats that give nothing now, invitations that wait, and how far a student's proof has come."""
    for seat in Seat.objects.filter(reader=reader).select_related("group").order_by("-given_at"):
        if seat.ended_at:
            yield f"Left the seat of {seat.group} on {moment(seat.ended_at)}."
        elif not seat.group.gives_access(at=at):
            state = seat.group.state(at=at).label.lower()
            yield f"Has a seat of {seat.group}, which gives nothing: the agreement is {state}."
        elif seat.domain_id and seat.address != addresses.canonical(reader.email):
            yield f"Took the seat of {seat.group} as {seat.address}, and has another address now."
    waiting = Invitation.objects.filter(address=addresses.canonical(reader.email), accepted_at=None, withdrawn_at=None)
    for invitation in waiting.select_related("group"):
        until = "has run out" if invitation.expires_at <= at else f"waits until {moment(invitation.expires_at)}"
        yield f"Was invited by {invitation.group} on {moment(invitation.invited_at)}; the invitation {until}."
    application = StudentApplication.objects.filter(reader=reader).first()
    if application and application.state != StudentApplication.State.GRANTED:
        said = application.get_state_display().lower()
        reason = f": {application.reason}" if application.reason else ""
        yield f"Asked for student access on {moment(application.asked_at)}; {said}{reason}"
