"""The folder where backups lie: how they are named, which is the newest, and which may go."""

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

NAME = re.compile(r"newsroom-(\d{8}T\d{6}Z)\.backup")
STAMP = "%Y%m%dT%H%M%SZ"
UNFINISHED = ".unfinished-"


class NoShelf(Exception):
    """There is no folder for backups, or somebody else is at work in it; the message says which."""


@dataclass(frozen=True)
class Kept:
    """A backup on the shelf, and the moment it was begun (UTC)."""

    made_at: datetime
    path: Path


def folder() -> Path:
    """BACKUP_DIR. Raises NoShelf where none is set."""
    if not settings.BACKUP_DIR:
        raise NoShelf("BACKUP_DIR is not set: say in it where backups are kept.")
    return Path(settings.BACKUP_DIR)


def found(name: str, place: Path | None) -> Path:
    """The file of that name, here or on the shelf; `newest` is the newest. Raises NoShelf where there is none."""
    if name != "newest" and Path(name).is_file():
        return Path(name)
    place = place or folder()
    kept = [one.path for one in newest_first(place) if name in ("newest", one.path.name)]
    if not kept:
        raise NoShelf(f"There is no such backup in {place}.")
    return kept[0]


def newest_first(place: Path) -> list[Kept]:
    """Every finished backup in that folder; what has another name is not ours."""
    with contextlib.suppress(OSError):
        found = [(NAME.fullmatch(path.name), path) for path in place.iterdir()]
        kept = [Kept(_moment(match[1]), path) for match, path in found if match]
        return sorted(kept, key=lambda one: one.made_at, reverse=True)
    return []


@contextlib.contextmanager
def one_at_a_time(place: Path) -> Iterator[None]:
    """Have the folder to oneself, and clear away what was left unfinished. Raises NoShelf."""
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(place / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise NoShelf(f"Nothing can be kept in {place}: {error}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise NoShelf("Another backup is being made just now.") from error
    else:
        for left in place.glob(f"{UNFINISHED}*"):
            left.unlink(missing_ok=True)
        yield
    finally:
        os.close(lock)


@contextlib.contextmanager
def new_file(place: Path, *, at: datetime) -> Iterator[tuple[BinaryIO, Path]]:
    """A file that only its owner may read; it has its name once it is whole and on the disk, or it is gone."""
    final = place / f"newsroom-{at.astimezone(UTC).strftime(STAMP)}.backup"
    unfinished = place / f"{UNFINISHED}{final.name}"
    number = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(number, "wb") as file:
            yield file, final
            file.flush()
            os.fsync(file.fileno())
        os.rename(unfinished, final)
        _sync(place)
    finally:
        unfinished.unlink(missing_ok=True)


def prune(place: Path, *, keep: int) -> list[Path]:
    """Remove all but the newest so many, never the last one; returns what is gone."""
    gone = [one.path for one in newest_first(place)[max(keep, 1) :]]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def _moment(stamp: str) -> datetime:
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)


def _sync(place: Path) -> None:
    number = os.open(place, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
