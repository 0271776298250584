"""Which function answers which address."""

import re
from collections.abc import Iterable
from typing import Any


class Table:
    """Rows of (method, pattern, function, …); `{name}` in a pattern stands for one part of the address."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]):
        ordered = sorted(rows, key=lambda row: row[1].count("{"))
        self.rows = [(self._compiled(row[1]), row) for row in ordered]

    @staticmethod
    def _compiled(pattern: str) -> re.Pattern[str]:
        parts = re.split(r"(\{\w+\})", pattern)
        return re.compile(
            "".join(f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part) for part in parts)
        )

    def find(self, method: str, path: str) -> tuple[tuple[Any, ...], dict[str, str]] | None:
        """The row for a request and the parts of its address by name, or None."""
        for pattern, row in self.rows:
            match = pattern.fullmatch(path)
            if match and row[0] == method:
                return row, match.groupdict()
        return None
