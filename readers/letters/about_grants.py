"""Letters about access that staff gave: to the reader that it is there, to its owner that it ends."""

from datetime import datetime
from typing import Any

from django.conf import settings

from ..models import Letter, User
from .post import write, write_to_operator


def access_given(reader: User, *, kind: str, ends_at: datetime, occasion: str, at: datetime) -> Letter | None:
    """You may read everything until `ends_at`; it costs nothing and ends by itself. `kind` as `Grant.Kind` has it."""
    return write(reader, "access_given", occasion, {"access": kind, "ends_at": ends_at}, at=at)


def grants_end(
    owner: User | None,
    *,
    grants: list[tuple[str, str, str, datetime]],
    more: int,
    desk_path: str,
    occasion: str,
    at: datetime,
) -> Letter | None:
    """To staff: what you answer for ends soon. Each of `grants`: address, kind, reason, end; `more` are not named.

    Without an owner who works here it goes to whoever runs the site.
    """
    context: dict[str, Any] = {"grants": grants, "more": more, "desk": settings.SITE_URL + desk_path}
    if owner is None:
        return write_to_operator("operator_grants_end", occasion, context, at=at)
    return write(owner, "operator_grants_end", occasion, context, at=at)
