"""A backup brings everything back, only to those who hold a key, or it says why not and changes nothing."""

import contextlib
import os
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from articles.models import Article
from newsroom.backups import archive, databases, making, sealing, shelf
from newsroom.backups.databases import DatabaseTrouble, Dump
from newsroom.backups.sealing import CHUNK, CannotOpen, Key, NoKey, Opened, Sealed
from tests import pg
from tests.make import NOW, a_reader, an_article

KEY, ANOTHER = Key(b"k" * 32), Key(b"a" * 32)
HOUR = timedelta(hours=1)
A_PICTURE = "pictures/00112233445566778899-800.jpg"
in_a_database = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def place(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelf and a key; PostgreSQL's programs where the tests have its server."""
    settings.BACKUP_DIR, settings.BACKUP_KEYS, settings.BACKUP_KEY_FILE = str(tmp_path / "shelf"), [_written(KEY)], ""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{pg.binaries() or ''}")
    return tmp_path / "shelf"


def _written(key: Key) -> str:
    return sealing.base64.urlsafe_b64encode(key.secret).decode()


def said_by(*command: Any, **options: Any) -> str:
    said = StringIO()
    call_command(*command, stdout=said, **options)
    return said.getvalue()


def a_picture(media: Any, name: str = A_PICTURE, content: bytes = b"a picture") -> Path:
    path = Path(media) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


class Pretended:
    """A database that is a few bytes, and remembers what it was given."""

    vendor = connection.vendor

    def __init__(self, *pieces: bytes) -> None:
        self.pieces, self.given, self.fails = list(pieces or (b"rows", b"and rows")), b"", False

    @contextlib.contextmanager
    def dump(self) -> Iterator[Dump]:
        yield Dump({"articles_article": 2}, iter(self.pieces))

    def load(self, pieces: Any, *, counts: Any) -> None:
        self.given = b"".join(pieces)
        if self.fails:
            raise DatabaseTrouble("No.")


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> Pretended:
    """A backup of it takes no time."""
    one = Pretended()
    monkeypatch.setattr(databases, "of", lambda connection: one)
    monkeypatch.setattr(databases, "would_be_missed", lambda connection: False)
    monkeypatch.setattr(archive, "_applied", lambda connection: {"articles": ["0001_initial"]})
    return one


# --- Sealed -----------------------------------------------------------------------------------------------


def sealed(content: bytes, key: Key = KEY) -> bytes:
    file = BytesIO()
    writer = Sealed(file, key)
    for start in range(0, len(content), 100_000):
        writer.write(content[start : start + 100_000])
    writer.finish()
    return file.getvalue()


def opened(data: bytes, *keys: Key) -> bytes:
    return Opened(BytesIO(data), keys or (KEY,)).read()


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7])
def test_what_was_sealed_comes_out_again_and_stands_nowhere_in_the_file(length: int) -> None:
    content = (b"canaryword " * (length // 11 + 1))[:length]
    data = sealed(content)
    assert opened(data) == content
    assert b"canaryword" not in data
    assert sealed(content) != data


def test_a_file_is_opened_with_any_of_the_keys_and_with_no_other() -> None:
    data = sealed(b"rows")
    assert opened(data, ANOTHER, KEY) == b"rows"
    with pytest.raises(CannotOpen, match="another key"):
        opened(data, ANOTHER)


def test_a_changed_a_missing_a_moved_and_an_added_byte_are_all_seen() -> None:
    data = sealed(os.urandom(3 * CHUNK + 7))
    first, chunk = sealing.HEADER_LENGTH, CHUNK + sealing.TAG_LENGTH
    changed = [bytearray(data) for _ in range(4)]
    for one, at in zip(changed, (len(sealing.MAGIC) + 9, first, first + chunk, len(data) - 1), strict=True):
        one[at] ^= 1
    swapped = data[:first] + data[first + chunk : first + 2 * chunk] + data[first : first + chunk]
    cut = [data[:length] for length in (first, first + 5, first + chunk, first + 2 * chunk, len(data) - 1)]
    for number, bad in enumerate([*changed, swapped + data[first + 2 * chunk :], *cut, data + b"x"]):
        with pytest.raises(CannotOpen, match="damaged"):
            opened(bytes(bad))
        assert number < 20
    for bad in (b"", b"PK\x03\x04", sealing.MAGIC):
        with pytest.raises(CannotOpen, match="no backup"):
            opened(bad)


def test_a_key_is_made_by_the_command_and_read_from_a_setting_or_a_file(settings: Any, tmp_path: Path) -> None:
    new, old = said_by("backup", new_key=True).strip(), _written(KEY)
    settings.BACKUP_KEYS = [new, old]
    assert sealing.keys()[1].secret == KEY.secret
    assert "secret" not in repr(sealing.keys()[0])
    settings.BACKUP_KEYS, settings.BACKUP_KEY_FILE = [], str(tmp_path / "keys")
    (tmp_path / "keys").write_text(f"{new}\n{old}\n")
    assert len(sealing.keys()) == 2


@pytest.mark.parametrize(
    ("keys", "file", "says"),
    [([], "", "set BACKUP_KEY"), (["short"], "", "no key of 32 bytes"), ([], "/nowhere", "BACKUP_KEY_FILE")],
)
def test_without_a_key_that_is_one_nothing_is_written(
    settings: Any, place: Path, keys: list[str], file: str, says: str
) -> None:
    settings.BACKUP_KEYS, settings.BACKUP_KEY_FILE = keys, file
    with pytest.raises(NoKey, match=says):
        making.make(place, keep=3, at=NOW)
    assert not place.exists()


# --- On the shelf -----------------------------------------------------------------------------------------


def test_a_backup_is_its_owners_alone_and_has_its_name_only_once_it_is_whole(
    place: Path, pretended: Pretended, settings: Any
) -> None:
    def breaks() -> Iterator[bytes]:
        yield b"rows"
        raise DatabaseTrouble("The server went away.")

    pretended.pieces = breaks()  # type: ignore[assignment]
    with pytest.raises(DatabaseTrouble):
        making.make(place, keep=3, at=NOW)
    assert [path.name for path in place.iterdir()] == [".lock"]
    (place / f"{shelf.UNFINISHED}newsroom-20260101T000000Z.backup").touch()
    pretended.pieces = [b"rows"]
    made = making.make(place, keep=3, at=NOW)
    assert made.path.name == "newsroom-20261117T120000Z.backup"
    assert sorted(path.name for path in place.iterdir()) == [".lock", made.path.name]
    assert (made.path.stat().st_mode & 0o777, place.stat().st_mode & 0o777) == (0o600, 0o700)


def test_the_oldest_go_and_what_is_not_ours_stays(place: Path, pretended: Pretended) -> None:
    place.mkdir()
    (place / "notes.txt").touch()
    for hours in range(4):
        pretended.pieces = [b"rows"]
        making.make(place, keep=2, at=NOW + hours * HOUR)
    assert [one.made_at for one in shelf.newest_first(place)] == [NOW + 3 * HOUR, NOW + 2 * HOUR]
    assert (place / "notes.txt").exists()
    shelf.prune(place, keep=0)
    assert len(shelf.newest_first(place)) == 1


def test_two_do_not_work_on_one_shelf(place: Path, pretended: Pretended) -> None:
    with shelf.one_at_a_time(place), pytest.raises(shelf.NoShelf, match="being made just now"):
        making.make(place, keep=2, at=NOW)


def test_the_commands_say_what_is_missing(settings: Any, place: Path, pretended: Pretended) -> None:
    with pytest.raises(CommandError, match="no such backup"):
        said_by("restore", "newest")
    settings.BACKUP_DIR = ""
    with pytest.raises(CommandError, match="BACKUP_DIR is not set"):
        said_by("backup")


# --- What stands in it ------------------------------------------------------------------------------------


def a_backup(settings: Any) -> Path:
    return making.make(Path(settings.BACKUP_DIR), keep=9, at=NOW).path


def test_pictures_come_back_as_they_were_and_those_there_now_are_kept_beside(
    settings: Any, pretended: Pretended
) -> None:
    media = settings.MEDIA_ROOT
    a_picture(media, content=os.urandom(3_000_000))
    before = (media / A_PICTURE).read_bytes()
    a_picture(media, "cards/é 1.jpg")
    a_picture(media, ".hidden/one.jpg")
    path = a_backup(settings)
    a_picture(media, content=b"scribbled over")
    a_picture(media, "pictures/later.jpg")
    archive.restore(path, keys=[KEY], connection=connection, media=media, at=NOW)
    assert (media / A_PICTURE).read_bytes() == before
    assert (media / "cards/é 1.jpg").exists()
    assert not (media / "pictures/later.jpg").exists()
    kept = media / ".before-20261117T120000Z"
    assert (kept / A_PICTURE).read_bytes() == b"scribbled over"
    assert pretended.given == b"rowsand rows"


@pytest.mark.parametrize("fault", ["changed", "cut", "another key", "the database"])
def test_what_goes_wrong_leaves_everything_as_it_was(settings: Any, pretended: Pretended, fault: str) -> None:
    media = settings.MEDIA_ROOT
    a_picture(media)
    path = a_backup(settings)
    a_picture(media, content=b"as it is now")
    data = bytearray(path.read_bytes())
    if fault == "changed":
        data[-1] ^= 1
    if fault == "another key":
        settings.BACKUP_KEYS = [_written(ANOTHER)]
    path.write_bytes(data[:-100] if fault == "cut" else data)
    pretended.fails = fault == "the database"
    with pytest.raises(CommandError, match="Nothing was changed"):
        said_by("restore", "newest")
    assert {one.relative_to(media).as_posix() for one in media.rglob("*") if one.is_file()} == {A_PICTURE}
    assert (media / A_PICTURE).read_bytes() == b"as it is now"
    assert bool(pretended.given) == (fault == "the database")


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"engine": "oracle"}, "made from oracle"),
        ({"migrations": {"articles": ["0001_initial", "9999_from_the_future"]}}, "newer version.*9999_from_the_future"),
        ({"format": 2}, "format 2"),
    ],
)
def test_a_backup_of_another_engine_or_a_newer_version_is_refused(
    settings: Any, pretended: Pretended, monkeypatch: Any, about: dict[str, Any], says: str
) -> None:
    made = archive.About
    monkeypatch.setattr(archive, "About", lambda *given: replace(made(*given), **about))
    path = a_backup(settings)
    monkeypatch.setattr(archive, "About", made)
    with pytest.raises((archive.NotThisSite, CannotOpen), match=says):
        archive.restore(path, keys=[KEY], connection=connection, media=settings.MEDIA_ROOT, at=NOW)
    assert not pretended.given


def test_old_migrations_that_a_library_dropped_are_no_newer_version() -> None:
    assert not archive._newer_than_here({"articles": ["0000_gone"], "no_longer_installed": ["0001_initial"]})


@pytest.mark.parametrize("name", ["media/../../etc/cron.d/x", "media/.restoring/x", "media/a/../b"])
def test_no_name_in_a_backup_leads_out_of_the_pictures(place: Path, tmp_path: Path, name: str) -> None:
    file = BytesIO()
    writer = Sealed(file, KEY)
    with tarfile.open(fileobj=writer, mode="w|") as tar:
        archive._add(tar, name, b"x")
    writer.finish()
    (tmp_path / "bad").write_bytes(file.getvalue())
    with pytest.raises(CannotOpen, match="of the name"):
        archive.examine(tmp_path / "bad", keys=[KEY], media_to=tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_what_does_not_add_up_is_refused(settings: Any, pretended: Pretended, monkeypatch: Any) -> None:
    monkeypatch.setattr(archive.Adding, "file", lambda *given: None)
    a_picture(settings.MEDIA_ROOT)
    path = a_backup(settings)
    monkeypatch.undo()
    with pytest.raises(CannotOpen, match="add up"):
        archive.examine(path, keys=[KEY])


def test_a_backup_of_any_size_needs_little_memory(settings: Any, pretended: Pretended) -> None:
    import tracemalloc

    pretended.pieces = (zlib.compress(os.urandom(1000)) * 1000 for _ in range(40))  # type: ignore[assignment]
    a_picture(settings.MEDIA_ROOT, content=bytes(20_000_000))
    tracemalloc.start()
    try:
        path = a_backup(settings)
        archive.examine(path, keys=[KEY])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 60_000_000
    assert peak < 12_000_000


# --- With a real database ---------------------------------------------------------------------------------


@pytest.fixture
def scratch() -> Iterator[Any]:
    """A connection to an empty database beside the tests' own."""
    with databases.of(connection).scratch() as other:
        yield other.connection  # type: ignore[attr-defined]


def rows(of: Any, table: str, columns: str) -> list[Any]:
    with of.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table} ORDER BY id")
        return cursor.fetchall()


@in_a_database
def test_everything_comes_back_but_nobody_is_signed_in(settings: Any, scratch: Any) -> None:
    article, bob = an_article("A bridge of “quotes” – and\nlines"), a_reader()
    Client().force_login(bob, "django.contrib.auth.backends.ModelBackend")
    path = a_backup(settings)
    an_article("Written later")
    assert not databases.would_be_missed(scratch)
    about, _ = archive.restore(path, keys=[KEY], connection=scratch, media=settings.MEDIA_ROOT, at=NOW)
    assert about.counts["articles_article"] == 1
    assert rows(scratch, "articles_article", "id, headline") == [(article.pk, article.headline)]
    assert rows(scratch, "readers_user", "id, email") == [(bob.pk, bob.email)]
    with scratch.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_session")
        assert cursor.fetchone() == (0,)
    assert databases.would_be_missed(scratch)
    assert Article.objects.count() == 2


@in_a_database
def test_what_is_there_is_replaced_whole_or_not_at_all(settings: Any, scratch: Any, monkeypatch: Any) -> None:
    first = making.make(Path(settings.BACKUP_DIR), keep=9, at=NOW).path
    an_article("The second state")
    second = making.make(Path(settings.BACKUP_DIR), keep=9, at=NOW + HOUR).path

    def back(path: Path) -> None:
        archive.restore(path, keys=[KEY], connection=scratch, media=settings.MEDIA_ROOT, at=NOW)

    back(second)
    real = archive.examine

    def one_row_too_many(*given: Any, **more: Any) -> Any:
        about, total = real(*given, **more)
        return replace(about, counts=about.counts | {"readers_user": 7}), total

    with monkeypatch.context() as patch:
        patch.setattr(archive, "examine", one_row_too_many)
        with pytest.raises(DatabaseTrouble, match="readers_user has 0"):
            back(first)
    scratch.close()
    assert [headline for _, headline in rows(scratch, "articles_article", "id, headline")] == ["The second state"]
    scratch.close()
    back(first)
    assert rows(scratch, "articles_article", "id, headline") == []


@in_a_database
def test_a_backup_is_checked_by_bringing_it_back_beside(settings: Any) -> None:
    a_picture(settings.MEDIA_ROOT)
    an_article()
    said_by("backup")
    assert "1 pictures (9 bytes)" in said_by("backup", check="newest")
    with pytest.raises(CommandError, match="--replace"):
        said_by("restore", "newest")
    assert Article.objects.count() == 1


@in_a_database
def test_the_password_is_on_no_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL only")
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "open-sesame")
    engine = databases.OnPostgreSQL(connection)
    assert engine._environment()["PGPASSWORD"] == "open-sesame"
