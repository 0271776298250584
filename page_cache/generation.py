"""Which code, with which settings, at which database makes these pages? Others' pages are no use to it."""

import hashlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.db import connection

_SHOWN = (".py", ".html", ".txt", ".mo", ".svg", ".json")


def generation() -> str:
    """The same for processes whose pages are alike to the byte. Raises DatabaseError."""
    return hashlib.sha256(f"{_code()} {_database()}".encode()).hexdigest()[:24]


@cache
def _code() -> str:
    digest = hashlib.sha256(django.get_version().encode())
    for path in _files():
        digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
    chosen = {name: _plain(getattr(settings, name)) for name in dir(settings) if name.isupper()}
    digest.update(repr(sorted(chosen.items())).encode())
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    """Everything of ours that a page can be made of, and the names of static files."""
    base = Path(settings.BASE_DIR)
    ours = [Path(app.path) for app in apps.get_app_configs() if Path(app.path).is_relative_to(base)]
    templates: Any = settings.TEMPLATES[0]["DIRS"]
    folders = {*ours, base / "edge", *map(Path, templates), *map(Path, settings.LOCALE_PATHS)}
    for folder in sorted(folders):
        found = (Path(at) / name for at, _, names in os.walk(folder) for name in names if name.endswith(_SHOWN))
        yield from sorted(found)
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if manifest.exists():
        yield manifest


def _plain(value: Any) -> Any:
    """What says the same in every process: words and numbers, and what is made of them."""
    if isinstance(value, dict):
        return sorted((str(name), repr(_plain(one))) for name, one in value.items())
    if isinstance(value, (set, frozenset)):
        return sorted(repr(_plain(one)) for one in value)
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if isinstance(value, (str, int, float, type(None))) else type(value).__name__


def _database() -> str:
    """The database and when it was last started: what was restored is another one."""
    if connection.vendor == "sqlite":
        file = os.stat(connection.settings_dict["NAME"])
        return f"{file.st_dev} {file.st_ino}"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::text || ' ' || pg_postmaster_start_time()::text FROM pg_database"
            " WHERE datname = current_database()"
        )
        return str(cursor.fetchone()[0])
