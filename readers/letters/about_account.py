"""Letters about the account itself."""

from datetime import datetime

from ..models import Letter, User
from .post import write


def address_changed(reader: User, *, to: str, occasion: str, at: datetime) -> Letter | None:
    """The account's address is `to` from now on. Written to the address that `reader` has at this moment."""
    return write(reader, "address_changed", occasion, {"new_email": to, "changed_at": at}, at=at)
