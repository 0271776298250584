"""A database for the tests: copied from a template instead of migrated anew, and put back as it was after each test.

The template is what all migrations make; its name holds a digest of everything they depend on, so that another state
of the code never finds it. Django's own flush after a test with a real server empties every table, makes permissions
and content types again and takes 0.3 s; putting the rows of the template back takes a few thousandths.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from django.apps import apps
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import OperationalError, connection
from django.test.utils import setup_databases, teardown_databases

# Below the folder that `make reset` removes.
FOLDER = Path(settings.BASE_DIR) / "var" / "test-templates"
# What the migrations and the work after them stand on, besides themselves.
CODE = ("*/apps.py", "*/models.py", "*/models/**/*.py", "articles/search/**/*.py", "articles/body.py")
ALSO = ("newsroom/rights.py", "newsroom/settings.py", "subscriptions/first_terms.py", "requirements/base.txt")
KEPT = 4


class Fresh(Protocol):
    """A database of one kind: made from a template where there is one, and put back after a test."""

    def lay_out(self) -> bool:
        """Get ready what Django is to begin with. Whether that was a template."""

    def keep_as_template(self) -> None:
        """Make a template of what Django has just made."""

    def remember(self) -> None:
        """Note how the database looks before the first test."""

    def put_back(self) -> None:
        """Make it look like that again."""

    def send_others_away(self) -> None:
        """End what a thread of a test has left connected: it must not keep the database from going."""


def digest() -> str:
    """Of everything that decides what a new database holds."""
    root = Path(settings.BASE_DIR)
    files = {Path(__file__)} | {path for pattern in CODE for path in root.glob(pattern)}
    files |= {root / name for name in ALSO}
    for config in apps.get_app_configs():
        files |= set(Path(config.path).glob("migrations/*.py"))
    known = hashlib.sha256(f"{sys.version} {sqlite3.sqlite_version}".encode())
    for path in sorted(files):
        if path.is_file():
            known.update(f"{path} ".encode() + path.read_bytes())
    return known.hexdigest()[:16]


@contextlib.contextmanager
def database() -> Iterator[Fresh]:
    """The test database of this process; gone at the end. While it is made no other process makes a template."""
    fresh: Fresh = Sqlite() if connection.vendor == "sqlite" else Postgresql()
    if connection.vendor == "sqlite":
        # Nothing here has to survive a power cut.
        connection.settings_dict["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
    with _one_at_a_time():
        from_template = fresh.lay_out()
        made = setup_databases(0, False, aliases={"default"}, keepdb=from_template)
        if not from_template:
            fresh.keep_as_template()
    fresh.remember()
    yield fresh
    fresh.send_others_away()
    teardown_databases(made, 0)


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Served:
    """Knows whether the server of a test is still at work on a request, in a thread of its own."""

    def __init__(self) -> None:
        self._at_work = 0
        self._changed = threading.Condition()
        request_started.connect(self._begin)
        request_finished.connect(self._end)

    def wait(self, seconds: float = 2.0) -> None:
        """Until every request has been answered to its last line; no longer than that."""
        with self._changed:
            self._changed.wait_for(lambda: self._at_work <= 0, timeout=seconds)
            self._at_work = 0

    def _begin(self, **facts: object) -> None:
        self._count(1)

    def _end(self, **facts: object) -> None:
        self._count(-1)

    def _count(self, more: int) -> None:
        if threading.current_thread() is not threading.main_thread():
            with self._changed:
                self._at_work += more
                self._changed.notify_all()


class Sqlite:
    """A file, and a copy of it in memory that is written over it after a test."""

    def __init__(self) -> None:
        self._template = FOLDER / f"{digest()}.sqlite3"

    def lay_out(self) -> bool:
        """Copy the template to where Django expects the test database, or leave that place empty."""
        place = Path(connection.creation._get_test_db_name())
        for part in ("", "-wal", "-shm", "-journal"):
            place.with_name(place.name + part).unlink(missing_ok=True)
        if self._template.exists():
            shutil.copyfile(self._template, place)
            os.utime(self._template)
            return True
        return False

    def keep_as_template(self) -> None:
        """A compact copy; the newest few are kept, and nothing that is half written ever has the name of one."""
        unfinished = self._template.with_suffix(f".{os.getpid()}")
        unfinished.unlink(missing_ok=True)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(unfinished)])
        unfinished.rename(self._template)
        newest_first = sorted(FOLDER.glob("*.sqlite3"), key=lambda path: -path.stat().st_mtime)
        for stale in newest_first[KEPT:]:
            stale.unlink(missing_ok=True)

    def remember(self) -> None:
        """Take the whole of it into memory."""
        connection.ensure_connection()
        self._before = sqlite3.connect(":memory:", check_same_thread=False)
        connection.connection.backup(self._before)

    def put_back(self) -> None:
        """Write every page anew; triggers and constraints are not asked."""
        connection.ensure_connection()
        self._before.backup(connection.connection)

    def send_others_away(self) -> None:
        """A file can be removed while others have it open."""


class Postgresql:
    """A database of its own, and a schema beside its tables with the rows they had before the first test."""

    def __init__(self) -> None:
        self._template = f"newsroom_template_{digest()}"

    def lay_out(self) -> bool:
        """Let Django copy the template."""
        name = connection.creation._get_test_db_name()
        quoted = connection.ops.quote_name
        with connection.creation._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {quoted(name)}")
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self._template])
            if not cursor.fetchone():
                return False
            cursor.execute(f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(self._template)}")
        return True

    @contextlib.contextmanager
    def another(self) -> Iterator[None]:
        """Work on one more copy of the template meanwhile, which is gone afterwards."""
        own, name = connection.settings_dict["NAME"], f"another_{os.getpid()}"
        connection.close()
        with connection.creation._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE {connection.ops.quote_name(self._template)}")
        connection.settings_dict["NAME"] = name
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = own
            with connection.creation._nodb_cursor() as cursor:
                cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def keep_as_template(self) -> None:
        """A copy under its own name; those of other states of the code go."""
        quoted = connection.ops.quote_name
        made = connection.settings_dict["NAME"]
        connection.close()
        with connection.creation._nodb_cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'newsroom_template_%%'")
            for (stale,) in cursor.fetchall():
                cursor.execute(f"DROP DATABASE IF EXISTS {quoted(stale)}")
            cursor.execute(f"CREATE DATABASE {quoted(self._template)} TEMPLATE {quoted(made)}")

    def remember(self) -> None:
        """Copy the rows there are: content types, permissions, groups and what else the migrations write."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
            self._tables = sorted(name for (name,) in cursor.fetchall())
            self._written = self._filled(cursor)
            cursor.execute("DROP SCHEMA IF EXISTS before CASCADE; CREATE SCHEMA before")
            for table in self._written:
                cursor.execute(f"CREATE TABLE before.{table} AS TABLE public.{table}")

    def put_back(self) -> None:
        """Empty what was empty, and write anew what looks different; triggers and foreign keys are not asked."""
        with connection.cursor() as cursor:
            changed = self._changed(cursor)
            touched = sorted({*self._filled(cursor), *self._written} - set(self._written)) + changed
            if not touched:
                return
            work = [f"DELETE FROM public.{table}" for table in touched]
            work += [f"INSERT INTO public.{table} SELECT * FROM before.{table}" for table in changed]
            self._alone(
                cursor,
                "SET LOCAL lock_timeout = '5s'; SET LOCAL session_replication_role = replica; " + "; ".join(work),
            )

    def send_others_away(self) -> None:
        """By force; theirs is the test database alone."""
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    def _alone(self, cursor: Any, work: str) -> None:
        """In one transaction. A request that is still under way may stand in its way for a moment, but not five times.

        Without the ROLLBACK one deadlock would fail every test that comes after.
        """
        for tries_left in reversed(range(5)):
            try:
                cursor.execute(f"BEGIN; {work}; COMMIT")
                return
            except OperationalError:
                cursor.execute("ROLLBACK")
                if not tries_left:
                    raise

    def _filled(self, cursor: Any) -> list[str]:
        cursor.execute(
            " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM public.{name})" for name in self._tables)
        )
        return [name for (name,) in cursor.fetchall()]

    def _changed(self, cursor: Any) -> list[str]:
        """Those of the tables with rows from the beginning that do not hold exactly these any more."""
        both = "(TABLE public.{0} EXCEPT ALL TABLE before.{0}) UNION ALL (TABLE before.{0} EXCEPT ALL TABLE public.{0})"
        cursor.execute(
            " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS ({both.format(name)})" for name in self._written)
        )
        return [name for (name,) in cursor.fetchall()]
