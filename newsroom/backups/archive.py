"""What stands in a backup, and in which order: what it is, the database, the pictures, and what they add up to.

The order is that of safety: pictures are listed after the moment of the database, so that each one it names is there.
"""

import contextlib
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from . import databases
from .sealing import CannotOpen, Key, Opened, Sealed

FORMAT = 1
ABOUT, SUM, DATABASE, MEDIA = "about.json", "sum.json", "database/", "media/"
# Beside the pictures, while they are brought back, and afterwards what was there before.
STAGED, BEFORE = ".restoring", ".before-"


class NotThisSite(Exception):
    """The backup is whole, and cannot be brought back here; the message says why."""


@dataclass(frozen=True)
class About:
    """What a backup says of itself: `made_at` is the moment of its database (UTC, ISO 8601)."""

    format: int
    made_at: str
    engine: str
    migrations: dict[str, list[str]]
    counts: dict[str, int]


@dataclass(frozen=True)
class Sum:
    """What everything adds up to; a digest is of SHA-256."""

    database: str
    media_files: int
    media_bytes: int
    media: str


class Adding:
    """Adds up while a backup is written, and again while it is read."""

    def __init__(self) -> None:
        self._database, self._media = hashlib.sha256(), hashlib.sha256()
        self._files = self._bytes = 0

    def piece(self, data: bytes) -> None:
        """Of the database."""
        self._database.update(data)

    def file(self, name: str, size: int, digest: bytes) -> None:
        """A picture."""
        self._files, self._bytes = self._files + 1, self._bytes + size
        self._media.update(f"{name}\0{size}\0".encode() + digest)

    def so_far(self) -> Sum:
        """What it is by now."""
        return Sum(self._database.hexdigest(), self._files, self._bytes, self._media.hexdigest())


# --- Writing ------------------------------------------------------------------------------------------------


def write(file: BinaryIO, *, key: Key, connection: Any, media: Path, at: datetime) -> Sum:
    """Write everything into `file`, sealed. Raises DatabaseTrouble and OSError; the file is then of no use."""
    sealed, adding = Sealed(file, key), Adding()
    with tarfile.open(fileobj=sealed, mode="w|", bufsize=tarfile.RECORDSIZE) as tar:
        with databases.of(connection).dump() as dump:
            about = About(FORMAT, at.isoformat(), connection.vendor, _applied(connection), dump.counts)
            _add(tar, ABOUT, json.dumps(asdict(about)).encode())
            for number, piece in enumerate(dump.pieces):
                adding.piece(piece)
                _add(tar, f"{DATABASE}{number:08}", piece)
        for path in _files_in(media):
            _add_picture(tar, path, f"{MEDIA}{path.relative_to(media).as_posix()}", adding)
        _add(tar, SUM, json.dumps(asdict(adding.so_far())).encode())
    sealed.finish()
    return adding.so_far()


def _applied(connection: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        found.setdefault(app, []).append(name)
    return found


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))
    # It would remember every member until the end.
    tar.members.clear()  # type: ignore[attr-defined]


def _files_in(media: Path) -> Iterator[Path]:
    """Every file below, but what begins with a dot; links are nothing that the site writes."""
    for folder, below, names in os.walk(media):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if not name.startswith(".") and path.is_file() and not path.is_symlink():
                yield path


def _add_picture(tar: tarfile.TarFile, path: Path, name: str, adding: Adding) -> None:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        # Removed since it was listed.
        return
    with file:
        member = tarfile.TarInfo(name)
        member.size = os.fstat(file.fileno()).st_size
        hashed = _Hashed(file)
        tar.addfile(member, hashed)  # type: ignore[arg-type]
        tar.members.clear()  # type: ignore[attr-defined]
        adding.file(name, member.size, hashed.digest.digest())


class _Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


# --- Reading ------------------------------------------------------------------------------------------------


def examine(path: Path, *, keys: list[Key], media_to: Path | None = None) -> tuple[About, Sum]:
    """Read all of it and make sure that every byte is as it was written; put the pictures into `media_to`, if any.

    Raises CannotOpen.
    """
    adding, about, said = Adding(), None, None
    with path.open("rb") as file:
        for name, data in _members(Opened(file, keys)):
            if name == ABOUT:
                about = About(**json.load(data))
                if about.format != FORMAT:
                    raise CannotOpen(f"It has format {about.format}; known here is {FORMAT}.")
            elif name.startswith(DATABASE):
                adding.piece(data.read())
            elif name.startswith(MEDIA):
                adding.file(name, *_read_picture(data, _place_of(name, media_to)))
            elif name == SUM:
                said = Sum(**json.load(data))
    if about is None or said is None or said != adding.so_far():
        raise CannotOpen("What stands in it does not add up to what it says.")
    return about, said


def pieces_of_database(path: Path, *, keys: list[Key]) -> Iterator[bytes]:
    """Its database, to be handed to `Database.load`. Raises CannotOpen."""
    with path.open("rb") as file:
        for name, data in _members(Opened(file, keys)):
            if name.startswith(DATABASE):
                yield data.read()
            elif name.startswith(MEDIA):
                return


def _members(opened: Opened) -> Iterator[tuple[str, Any]]:
    try:
        with tarfile.open(fileobj=opened, mode="r|") as tar:
            for member in tar:
                if not member.isfile():
                    raise CannotOpen(f"It holds {member.name}, which is no file.")
                yield member.name, tar.extractfile(member)
                tar.members.clear()  # type: ignore[attr-defined]
    except tarfile.TarError as error:
        raise CannotOpen(f"What stands in it cannot be read: {error}") from error
    opened.read_to_the_end()


def _place_of(name: str, media: Path | None) -> Path | None:
    """Where a picture goes. Raises CannotOpen for a name that leads elsewhere."""
    parts = PurePosixPath(name).parts[1:]
    if not parts or any(part in ("..", "/") or part.startswith(".") for part in parts):
        raise CannotOpen(f"It holds a file of the name {name!r}.")
    return media.joinpath(*parts) if media else None


def _read_picture(data: Any, place: Path | None) -> tuple[int, bytes]:
    """Its size and its digest."""
    digest, size = hashlib.sha256(), 0
    with contextlib.ExitStack() as leaving:
        file = None
        if place:
            place.parent.mkdir(parents=True, exist_ok=True)
            file = leaving.enter_context(place.open("xb"))
        while piece := data.read(1024 * 1024):
            digest.update(piece)
            size += len(piece)
            if file:
                file.write(piece)
    return size, digest.digest()


# --- Bringing back ------------------------------------------------------------------------------------------


def check(path: Path, *, keys: list[Key], connection: Any) -> tuple[About, Sum]:
    """Bring the database back in a scratch database, count every row, and read every picture.

    Raises CannotOpen, NotThisSite and DatabaseTrouble.
    """
    about, total = examine(path, keys=keys)
    _must_fit(about, connection)
    with databases.of(connection).scratch() as scratch:
        scratch.load(pieces_of_database(path, keys=keys), counts=about.counts)
    return about, total


def restore(path: Path, *, keys: list[Key], connection: Any, media: Path, at: datetime) -> tuple[About, Sum]:
    """Put everything back in the place of what is there. What goes wrong before the end leaves all as it was.

    The pictures that were there before stay in a folder beside. Raises CannotOpen, NotThisSite, DatabaseTrouble and
    OSError.
    """
    staged = media / STAGED
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    try:
        about, total = examine(path, keys=keys, media_to=staged)
        _must_fit(about, connection)
        with _in_place(media, staged, media / f"{BEFORE}{at:%Y%m%dT%H%M%SZ}"):
            databases.of(connection).load(pieces_of_database(path, keys=keys), counts=about.counts)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return about, total


def _must_fit(about: About, connection: Any) -> None:
    if about.engine != connection.vendor:
        raise NotThisSite(f"It was made from {about.engine}, and this site runs on {connection.vendor}.")
    if newer := _newer_than_here(about.migrations):
        raise NotThisSite(f"It was made by a newer version of the site, which has {', '.join(newer)}: install that.")


def _newer_than_here(migrations: dict[str, list[str]]) -> list[str]:
    """What had been migrated there and is not known here. Old ones that a library dropped are no matter."""
    here: dict[str, set[str]] = {}
    for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {}:
        here.setdefault(app, set()).add(name)
    return [
        f"{app}.{name}"
        for app, names in migrations.items()
        if app in here
        for name in names
        if name not in here[app] and name > max(here[app])
    ]


@contextlib.contextmanager
def _in_place(media: Path, staged: Path, before: Path) -> Iterator[None]:
    """The new pictures in the place of the old, and back again where the rest fails.

    Within one folder, which may be a volume of its own: nothing is copied.
    """
    old, new = _names_in(media), _names_in(staged)
    before.mkdir()
    _move(old, media, before)
    try:
        _move(new, staged, media)
        yield
    except BaseException:
        _move(_names_in(media), media, staged)
        _move(old, before, media)
        raise
    finally:
        # It stays where there is something in it.
        with contextlib.suppress(OSError):
            before.rmdir()


def _names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if not path.name.startswith(".")]


def _move(names: list[str], here: Path, there: Path) -> None:
    for name in names:
        (here / name).rename(there / name)
