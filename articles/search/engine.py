"""Who looks things up: the seam behind which an index does its work.

An engine is a module with three functions. The databases keep their index themselves, by triggers, so that whatever
writes a row is found; `install` makes sure that the triggers are there.
"""

from datetime import datetime
from typing import Protocol

from django.db import connection

from . import postgresql, sqlite
from .question import Question


class Engine(Protocol):
    """What `postgresql` and `sqlite` can do, and whatever takes their place."""

    def find(self, asked: Question, *, in_full: bool, at: datetime, most: int) -> list[int]:
        """The keys of at most `most` articles published at that moment, in the order asked for.

        `in_full`: also in what is paid for. Otherwise nothing paid for has any part in the answer or its order.
        """

    def install(self) -> None:
        """Make the index where it is missing, and fill it. Safe to repeat."""

    def uninstall(self) -> None:
        """Take away what would stand in the way of changes to the tables. `install` brings it back."""


def engine() -> Engine:
    """The one that belongs to the database."""
    return {"sqlite": sqlite, "postgresql": postgresql}[connection.vendor]
