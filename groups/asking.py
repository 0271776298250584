"""Somebody asks us something: it is kept once, acknowledged, answered by a person."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from edge import languages
from readers.letters import about_enquiries
from readers.models import User

from .models import Enquiry, EnquiryEntry

State = Enquiry.State


@dataclass(frozen=True)
class Asked:
    """What was typed, and under which key: the same key is the same question, however often it is sent."""

    key: UUID
    topic: str
    name: str
    email: str
    organisation: str = ""
    people: int | None = None
    words: str = ""
    # It looks as if a machine wrote it: kept apart for a while, and not acknowledged.
    is_suspect: bool = False


@transaction.atomic
def ask(asked: Asked, user: Any, *, at: datetime) -> tuple[Enquiry, bool]:
    """Keep a question and acknowledge it, at most once a day to one address. Whether this call did.

    `user` is the reader who is logged in, or AnonymousUser.
    """
    reader = user if user.is_authenticated else None
    enquiry, is_new = Enquiry.objects.get_or_create(
        key=asked.key,
        defaults={
            "topic": asked.topic,
            "name": asked.name,
            "email": asked.email,
            "organisation": asked.organisation,
            "people": asked.people,
            "words": asked.words,
            "language": languages.chosen(),
            "reader": reader,
            "asked_at": at,
            "state": State.SUSPECT if asked.is_suspect else State.NEW,
        },
    )
    if is_new and not asked.is_suspect:
        about_enquiries.enquiry_received(
            asked.email,
            reader if reader and reader.email == asked.email else None,
            topic=asked.topic,
            students_path=reverse("students"),
            language=enquiry.language,
            occasion=f"{timezone.localdate(at)}",
            at=at,
        )
    return enquiry, is_new


@transaction.atomic
def answer(enquiry: Enquiry, *, subject: str, text: str, by: User, at: datetime, seen: int = 0) -> EnquiryEntry:
    """Write to whoever asked. From then on it waits for them, and whoever answered has it in hand.

    `seen` is the last entry on the page on which it was written: the same words from the same page leave once.
    """
    Enquiry.objects.select_for_update(of=("self",)).get(pk=enquiry.pk)
    enquiry.refresh_from_db()
    said, kind = f"{subject}\n\n{text}", EnquiryEntry.Kind.ANSWER
    if sent := enquiry.entries.filter(pk__gt=seen, kind=kind, by=by, text=said).first():
        return sent
    entry = enquiry.note(said, by=by, at=at, kind=kind)
    about_enquiries.enquiry_answered(
        enquiry.email,
        enquiry.reader if enquiry.reader and enquiry.reader.email == enquiry.email else None,
        subject=subject,
        text=text,
        language=enquiry.language,
        occasion=str(entry.pk),
        at=at,
    )
    enquiry.owner = enquiry.owner or by
    enquiry.state, enquiry.closed_at = State.WAITING, None
    enquiry.save(update_fields=["owner", "state", "closed_at"])
    return entry


def remind_staff(*, at: datetime) -> int:
    """Once a day: tell owners what is due, and whoever runs the site what is nobody's. How many letters."""
    today = timezone.localdate(at)
    due_of: dict[User | None, list[tuple[str, str]]] = defaultdict(list)
    new = 0
    for one in Enquiry.objects.to_do(on=today).select_related("owner").order_by("due_on", "asked_at"):
        if one.state == State.NEW and one.owner is None:
            new += 1
        else:
            at_work = one.owner if one.owner and one.owner.is_active and one.owner.is_staff else None
            due_of[at_work].append((str(one), one.next_step))
    if new:
        due_of.setdefault(None, [])
    desk = reverse("admin:groups_enquiry_changelist")
    for owner, due in due_of.items():
        about_enquiries.operator_enquiries(
            owner, new=0 if owner else new, due=due[:30], desk_path=desk, occasion=f"{today}", at=at
        )
    return len(due_of)
