"""The letter about a login on a device that the account did not know."""

from datetime import datetime

from ..models import Letter, User
from .post import write


def new_device(reader: User, *, device: str, occasion: str, at: datetime) -> Letter | None:
    """Somebody has logged in with `device` ("Firefox on Windows"), where this account was not seen before."""
    return write(reader, "new_device", occasion, {"device": device, "logged_in_at": at}, at=at)
