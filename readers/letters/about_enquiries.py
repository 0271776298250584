"""Letters about what somebody asked us: that it came, what we answer, and to staff what waits."""

from datetime import datetime

from django.conf import settings

from ..models import Letter, User
from .post import write, write_to_address, write_to_operator


def enquiry_received(
    address: str, reader: User | None, *, topic: str, students_path: str, language: str, occasion: str, at: datetime
) -> Letter | None:
    """A question has come and a person answers it. It repeats no word of it: anybody can type anybody's address.

    `topic` is one of `groups.models.Enquiry.Topic`; students are shown the way to `students_path`, which is quicker.
    """
    context = {"topic": topic, "students": settings.SITE_URL + students_path}
    return write_to_address(address, reader, "enquiry_received", occasion, context, language=language, at=at)


def enquiry_answered(
    address: str, reader: User | None, *, subject: str, text: str, language: str, occasion: str, at: datetime
) -> Letter | None:
    """Our answer, word for word as staff wrote it, around it only our name."""
    context = {"answer_subject": subject, "answer": text}
    return write_to_address(address, reader, "enquiry_answered", occasion, context, language=language, at=at)


def operator_enquiries(
    owner: User | None, *, new: int, due: list[tuple[str, str]], desk_path: str, occasion: str, at: datetime
) -> Letter | None:
    """To staff, once a day: how many are nobody's yet, and what is due (who asked, next step) of theirs."""
    context = {"new": new, "due": due, "desk": settings.SITE_URL + desk_path}
    if owner is None:
        return write_to_operator("operator_enquiries", occasion, context, at=at)
    return write(owner, "operator_enquiries", occasion, context, at=at)
