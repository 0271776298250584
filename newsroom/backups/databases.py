"""A database written out and read in again, on either engine: a consistent state, in pieces, and nothing half done."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from django.db import Error
from django.utils.crypto import get_random_string

PIECE = 4 * 1024 * 1024
# Left out: what is made anew by itself, and what must not come back. Whoever signed out stays signed out.
LEFT_OUT = (
    "django_session",
    "usersessions_usersession",
    "newsroom_cache",
    "newsroom_worker",
)
# On PostgreSQL its rows name transactions of this server, and mean others on the next.
LEFT_OUT_ON_POSTGRESQL = (*LEFT_OUT, "page_cache_change")
# Rows of these make a database one that somebody would miss.
DEAR = ("readers_user", "articles_article")
HOW_TO_GET_THEM = "apt-get install postgresql-client, of the server's version or newer"


class DatabaseTrouble(Exception):
    """The database could not be written out or read in; nothing was changed. The message says why."""


@dataclass(frozen=True)
class Dump:
    """A state of the database: how many rows each table has in it, and the bytes that bring it back."""

    counts: dict[str, int]
    pieces: Iterator[bytes]


class Database(Protocol):
    """One engine's way."""

    def dump(self) -> AbstractContextManager[Dump]:
        """The state of this moment. Raises DatabaseTrouble."""

    def load(self, pieces: Iterable[bytes], *, counts: Mapping[str, int]) -> None:
        """Put that state in the place of what is there, all of it or nothing. Raises DatabaseTrouble."""

    def scratch(self) -> AbstractContextManager["Database"]:
        """An empty database to try a backup in; gone afterwards. Raises DatabaseTrouble."""


def of(connection: Any) -> Database:
    """The way of the engine behind that connection of Django's."""
    return OnSQLite(connection) if connection.vendor == "sqlite" else OnPostgreSQL(connection)


def would_be_missed(connection: Any) -> bool:
    """Whether there is a reader or an article in it."""
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in tables.intersection(DEAR):
            cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {table})")  # noqa: S608 - names of ours
            if cursor.fetchone()[0]:
                return True
    return False


class OnSQLite:
    """By SQLite's online backup, while the site is written to: into a file beside the database, and from there."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    @contextlib.contextmanager
    def dump(self) -> Iterator[Dump]:
        """See Database."""
        with self._beside() as place, self._at(place) as other:
            self.connection.ensure_connection()
            self.connection.connection.backup(other.connection)
            _leave_out(other.connection)
            yield Dump(_counts_on_sqlite(other.connection), _packed(place))

    def load(self, pieces: Iterable[bytes], *, counts: Mapping[str, int]) -> None:
        """See Database."""
        with self._beside() as place:
            try:
                _unpack(pieces, place)
                with self._at(place) as other:
                    _check_on_sqlite(other.connection, counts)
                    self.connection.ensure_connection()
                    other.connection.backup(self.connection.connection)
            except (zlib.error, sqlite3.Error, Error) as error:
                raise DatabaseTrouble(f"The database cannot be brought back: {error}") from error

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Database]:
        """See Database."""
        with self._beside() as place, self._at(place) as other:
            yield OnSQLite(other)

    @contextlib.contextmanager
    def _at(self, place: Path) -> Iterator[Any]:
        """A connection of Django's to that file, since constraints and indexes name functions of Django's."""
        other = self.connection.copy("beside")
        other.settings_dict["NAME"] = str(place)
        # It need not survive a power cut, and no second file shall lie beside it.
        other.settings_dict["OPTIONS"] = {}
        other.ensure_connection()
        try:
            yield other
        finally:
            other.close()

    @contextlib.contextmanager
    def _beside(self) -> Iterator[Path]:
        """A file that only its owner may read, where the database is: what it holds is as secret and as large."""
        name = Path(self.connection.settings_dict["NAME"])
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=name.parent) as folder:
            yield Path(folder) / "copy.sqlite3"


def _leave_out(copy: sqlite3.Connection) -> None:
    there = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table in there.intersection(LEFT_OUT):
        copy.execute(f'DELETE FROM "{table}"')  # noqa: S608 - names of ours
    # Not the journal of the database it came from: nothing may stay behind in a second file.
    copy.execute("PRAGMA journal_mode = DELETE")
    copy.execute("VACUUM")


def _counts_on_sqlite(copy: sqlite3.Connection) -> dict[str, int]:
    named = copy.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()
    return {name: copy.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in named}  # noqa: S608


def _check_on_sqlite(copy: sqlite3.Connection, counts: Mapping[str, int]) -> None:
    said = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    orphans = copy.execute("PRAGMA foreign_key_check").fetchall()
    if said != "ok" or orphans:
        raise DatabaseTrouble(f"The database in the backup is not whole: {orphans[0] if said == 'ok' else said}")
    if wrong := _differences(counts, _counts_on_sqlite(copy)):
        raise DatabaseTrouble(f"Rows are missing or too many: {wrong}")


def _differences(wanted: Mapping[str, int], found: Mapping[str, int]) -> str:
    tables = sorted(wanted.keys() | found.keys())
    return ", ".join(
        f"{table} has {found.get(table, 0)} instead of {wanted.get(table, 0)}"
        for table in tables
        if wanted.get(table) != found.get(table)
    )


def _packed(place: Path) -> Iterator[bytes]:
    packing = zlib.compressobj(6)
    with place.open("rb") as file:
        while piece := file.read(PIECE):
            yield packing.compress(piece)
    yield packing.flush()


def _unpack(pieces: Iterable[bytes], place: Path) -> None:
    unpacking = zlib.decompressobj()
    with place.open("wb") as file:
        for piece in pieces:
            # In portions: a piece of nothing but zeros would unpack to a thousand times its size.
            while piece:
                file.write(unpacking.decompress(piece, PIECE))
                piece = unpacking.unconsumed_tail
        file.write(unpacking.flush())


class OnPostgreSQL:
    """By PostgreSQL's own programs. Rows are counted in the very state that is written out, and again before COMMIT."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    @contextlib.contextmanager
    def dump(self) -> Iterator[Dump]:
        """See Database."""
        program = _program("pg_dump")
        with self.connection.copy("backup").temporary_connection() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone()
            counts = _counts_on_postgresql(cursor)
            command = [program, "--format=custom", f"--snapshot={snapshot}", "--no-owner", "--no-privileges"]
            command += [f"--exclude-table-data=public.{table}" for table in LEFT_OUT_ON_POSTGRESQL]
            yield Dump(counts, self._said_by(command))
            cursor.execute("ROLLBACK")

    def load(self, pieces: Iterable[bytes], *, counts: Mapping[str, int]) -> None:
        """See Database. One transaction, which ends well only after the last row has been counted."""
        unpacking = [_program("pg_restore"), "--no-owner", "--no-privileges", "--file=-"]
        writing = [_program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-"]
        with tempfile.TemporaryFile() as said:
            options: dict[str, Any] = {"env": self._environment(), "stdin": subprocess.PIPE, "stderr": said}
            writer = subprocess.Popen(writing, stdout=subprocess.DEVNULL, **options)  # noqa: S603 - ours
            try:
                _tell(writer, _BEGIN)
                unpacker = subprocess.Popen(unpacking, stdout=writer.stdin, **options)  # noqa: S603 - ours
                _feed(unpacker, pieces)
                if unpacker.wait() == 0:
                    _tell(writer, _counted(counts) + "COMMIT;\n")
            finally:
                # Without its COMMIT the transaction comes to nothing.
                with contextlib.suppress(BrokenPipeError):
                    writer.stdin.close()  # type: ignore[union-attr]
                ended = writer.wait()
            if unpacker.returncode or ended:
                raise DatabaseTrouble(f"The database cannot be brought back: {_first_words(said)}")

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Database]:
        """See Database. The role needs the right to create databases."""
        name = f"newsroom_scratch_{get_random_string(8, 'abcdefghjkmnpqrstuvwxyz')}"
        other = self.connection.copy("scratch")
        other.settings_dict["NAME"] = name
        with self.connection._nodb_cursor() as cursor:
            try:
                cursor.execute(f"CREATE DATABASE {name}")
            except Error as error:
                raise DatabaseTrouble(f"No scratch database can be made (ALTER ROLE … CREATEDB): {error}") from error
            try:
                yield OnPostgreSQL(other)
            finally:
                other.close()
                cursor.execute(f"DROP DATABASE IF EXISTS {name}")

    def _said_by(self, command: list[str]) -> Iterator[bytes]:
        with tempfile.TemporaryFile() as said:
            options: dict[str, Any] = {"env": self._environment(), "stdout": subprocess.PIPE, "stderr": said}
            with subprocess.Popen(command, **options) as process:  # noqa: S603 - ours
                try:
                    while piece := process.stdout.read(PIECE):  # type: ignore[union-attr]
                        yield piece
                    if process.wait():
                        raise DatabaseTrouble(f"The database cannot be written out: {_first_words(said)}")
                finally:
                    process.kill()

    def _environment(self) -> dict[str, str]:
        """What PostgreSQL's programs are told of the database; a password is on no command line."""
        known = self.connection.get_connection_params()
        told = {
            "PGHOST": known.get("host"),
            "PGPORT": known.get("port"),
            "PGUSER": known.get("user"),
            "PGPASSWORD": known.get("password"),
            "PGDATABASE": known.get("dbname"),
            "PGSERVICE": known.get("service"),
            "PGSSLMODE": known.get("sslmode"),
            "PGSSLROOTCERT": known.get("sslrootcert"),
            "PGSSLCERT": known.get("sslcert"),
            "PGSSLKEY": known.get("sslkey"),
        }
        return {"PATH": os.defpath, "LC_ALL": "C.UTF-8"} | {name: str(value) for name, value in told.items() if value}


# Nobody may be using what is about to go; whoever is has ten seconds.
_BEGIN = """SET lock_timeout = '10s'; SET client_min_messages = warning; BEGIN;
DO $newsroom$ DECLARE schema text; BEGIN
FOR schema IN SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname = 'public'
OR (nspowner = current_user::regrole AND nspname !~ '^pg_' AND nspname <> 'information_schema')
LOOP EXECUTE 'DROP SCHEMA ' || schema || ' CASCADE'; END LOOP; END $newsroom$;
CREATE SCHEMA public;
"""


def _counts_on_postgresql(cursor: Any) -> dict[str, int]:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    counts = {}
    for (table,) in cursor.fetchall():
        cursor.execute(f'SELECT count(*) FROM public."{table}"')  # noqa: S608 - from the catalogue
        counts[table] = 0 if table in LEFT_OUT_ON_POSTGRESQL else cursor.fetchone()[0]
    return counts


def _counted(counts: Mapping[str, int]) -> str:
    """SQL that ends the transaction badly where a table has other rows than it should."""
    each = "".join(
        f"""SELECT count(*) INTO found FROM public."{table.replace('"', '""')}"; IF found <> {int(count)} THEN """  # noqa: S608 - sealed by us
        f"""RAISE EXCEPTION '% has % rows instead of {int(count)}', $t${table}$t$, found; END IF;\n"""
        for table, count in counts.items()
    )
    return f"DO $newsroom$ DECLARE found bigint; BEGIN\n{each}END $newsroom$;\n"


def _tell(process: subprocess.Popen[bytes], words: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(words.encode())  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]


def _feed(process: subprocess.Popen[bytes], pieces: Iterable[bytes]) -> None:
    """Hand it everything. Where it has given up, its exit says so; where the pieces end badly, it goes."""
    try:
        for piece in pieces:
            process.stdin.write(piece)  # type: ignore[union-attr]
    except BrokenPipeError:
        pass
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()  # type: ignore[union-attr]


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise DatabaseTrouble(f"{name} is not installed: {HOW_TO_GET_THEM}.")
    return found


def _first_words(said: IO[bytes]) -> str:
    said.seek(0)
    lines = [line for line in said.read(8192).decode(errors="replace").splitlines() if line.strip()]
    return " ".join(lines[:3]) or "without a word"
