"""Who looks things up: the seam behind which an index does its work.

An engine is a module with four functions. The databases keep their index themselves, by triggers, so that whatever
writes a row is found; `install` makes sure that the triggers are there. SEARCH_ENGINE=opensearch takes another engine,
which has the database note what it must be told of.
"""

from datetime import datetime
from typing import Protocol

from django.conf import settings

from . import database, outbox
from .question import Question


class Engine(Protocol):
    """What `postgresql`, `sqlite` and `opensearch` can do, and whatever takes their place."""

    def find(self, asked: Question, *, in_full: bool, at: datetime, most: int) -> list[int]:
        """The keys of at most `most` articles published at that moment, in the order asked for.

        `in_full`: also in what is paid for. Otherwise nothing paid for has any part in the answer or its order.
        """

    def closest(self, words: tuple[str, ...]) -> dict[str, str] | None:
        """Words that stand nowhere everyone may read, each with the nearest that does; words without one are left out.

        None from an engine that cannot tell.
        """

    def install(self) -> None:
        """Make the index where it is missing, and fill it. Safe to repeat."""

    def uninstall(self) -> None:
        """Take away what would stand in the way of changes to the tables. `install` brings it back."""


def engine() -> Engine:
    """The one that the settings name."""
    if settings.SEARCH_ENGINE == "opensearch":
        # Imported where it is used: its package need not be installed.
        from . import opensearch

        return opensearch
    return database.engine()


def install() -> None:
    """Make what the engine needs in the database where it is missing, and take away what only another needs."""
    engine().install()
    if settings.SEARCH_ENGINE != "opensearch":
        outbox.remove()
