"""Letters to students: a year begins, waits for its payment, is refused, ends soon."""

from datetime import datetime
from typing import Any

from django.conf import settings

from ..models import Letter, User
from .post import write, write_to_operator


def student_year_begins(
    reader: User, *, starts_at: datetime, ends_at: datetime, cents: int, occasion: str, at: datetime
) -> Letter | None:
    """A year of access, from when until when; `cents` is what was paid, 0 for nothing."""
    return write(
        reader,
        "student_year_begins",
        occasion,
        {"starts_at": starts_at, "ends_at": ends_at, "cents": cents, "follows": starts_at > at},
        at=at,
    )


def student_may_pay(reader: User, *, cents: int, path: str, occasion: str, at: datetime) -> Letter | None:
    """We have looked at the proof, and it holds: one payment at `path`, and the year begins."""
    return write(reader, "student_may_pay", occasion, {"cents": cents, "link": settings.SITE_URL + path}, at=at)


def student_refused(reader: User, *, reason: str, path: str, occasion: str, at: datetime) -> Letter | None:
    """The proof did not do, for this reason, in the words of staff; at `path` there is another try."""
    return write(reader, "student_refused", occasion, {"reason": reason, "link": settings.SITE_URL + path}, at=at)


def student_year_ends(
    reader: User, *, ends_at: datetime, days: int, path: str, occasion: str, at: datetime
) -> Letter | None:
    """The year ends in so many days, by itself; at `path` it is proved anew."""
    context: dict[str, Any] = {"ends_at": ends_at, "days": days, "link": settings.SITE_URL + path}
    return write(reader, "student_year_ends", occasion, context, at=at)


def operator_student_proofs(*, waiting: int, desk_path: str, occasion: str, at: datetime) -> Letter | None:
    """To the operator, once a day: so many proofs wait for a person."""
    context = {"waiting": waiting, "desk": settings.SITE_URL + desk_path}
    return write_to_operator("operator_student_proofs", occasion, context, at=at)
