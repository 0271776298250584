"""What one part of a file says of another, kept on disk while the file is read: its size is no matter of memory."""

import json
import sqlite3
from typing import Any


class Index:
    """Values by kind and key, in a file of SQLite's own that nobody else sees and that goes with the process."""

    def __init__(self) -> None:
        # An empty name is a temporary file that SQLite deletes itself.
        self._kept = sqlite3.connect("", isolation_level=None)
        self._kept.execute("PRAGMA synchronous=OFF")
        self._kept.execute("PRAGMA journal_mode=OFF")
        self._kept.execute("CREATE TABLE kept (kind TEXT, key TEXT, place INTEGER, value TEXT)")
        self._kept.execute("CREATE INDEX found ON kept (kind, key, place)")

    def keep(self, kind: str, key: object, value: Any, *, place: int = 0) -> None:
        """Keep a value; several may stand under one key, in the order of their places."""
        self._kept.execute("INSERT INTO kept VALUES (?, ?, ?, ?)", (kind, str(key), place, json.dumps(value)))

    def every(self, kind: str, key: object) -> list[Any]:
        """All values under a key."""
        asked = "SELECT value FROM kept WHERE kind = ? AND key = ? ORDER BY place, rowid"
        return [json.loads(value) for (value,) in self._kept.execute(asked, (kind, str(key)))]

    def one(self, kind: str, key: object) -> Any:
        """The first value under a key, or None."""
        found = self.every(kind, key)
        return found[0] if found else None

    def close(self) -> None:
        """Forget everything."""
        self._kept.close()
