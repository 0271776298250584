"""Make a backup: the newest on the shelf, and the oldest off it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from . import archive, sealing, shelf


@dataclass(frozen=True)
class Made:
    """A backup that was just made; `gone` are the names of those that it replaced."""

    path: Path
    size: int
    total: archive.Sum
    gone: tuple[str, ...]

    @property
    def in_words(self) -> str:
        """In one line."""
        pictures = f"{self.total.media_files:,} picture{'' if self.total.media_files == 1 else 's'}"
        gone = f" {len(self.gone)} older removed." if self.gone else ""
        return f"{self.path.name}: {self.size:,} bytes, the database and {pictures}.{gone}"


def make(place: Path, *, keep: int, at: datetime) -> Made:
    """Write one into that folder and keep so many. Raises NoKey, NoShelf, DatabaseTrouble and OSError."""
    key = sealing.keys()[0]
    with shelf.one_at_a_time(place):
        with shelf.new_file(place, at=at) as (file, path):
            total = archive.write(file, key=key, connection=connection, media=Path(settings.MEDIA_ROOT), at=at)
        gone = shelf.prune(place, keep=keep)
    return Made(path, path.stat().st_size, total, tuple(one.name for one in gone))
