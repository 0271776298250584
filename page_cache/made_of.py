"""Which tables is a page made of? Read off the queries themselves, so that no view has to say it or can forget to."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from django.db import connection

from .sources import sources

_TABLES = re.compile(r"\b(?:FROM|JOIN)\s+\(*\s*(?!SELECT\b|\()\"?(\w+)\"?", re.IGNORECASE)
_READS = re.compile(r"\s*\(?\s*SELECT\b", re.IGNORECASE)
# A common table expression gives tables names that nothing watches.
_NAMES_ITS_OWN = re.compile(r"\s*WITH\b", re.IGNORECASE)


class Recorder:
    """Listens to the queries of one page. `tables` are what it read; `is_watched` is False once one is unknown.

    A page for everyone may not read tables whose rows belong to somebody, and writes nothing; `of_one_reader` may.
    """

    def __init__(self, *, of_one_reader: bool = False) -> None:
        self.tables: set[str] = set()
        self.unknown: set[str] = set()
        self.of_one_reader = of_one_reader

    @property
    def is_watched(self) -> bool:
        """Whether everything it was made of will be known to change."""
        return not self.unknown

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if _READS.match(sql):
            read = {name.lower() for name in _TABLES.findall(sql)}
            self.tables |= read
            self.unknown |= {name for name in read if not self._may_read(name)}
        elif self.of_one_reader and not _NAMES_ITS_OWN.match(sql):
            pass
        elif _NAMES_ITS_OWN.match(sql) or not sql.lstrip().upper().startswith(("SAVEPOINT", "RELEASE")):
            self.unknown.add(sql[:60])
        return execute(sql, params, many, context)

    def _may_read(self, table: str) -> bool:
        source = sources().get(table)
        return source is not None and (self.of_one_reader or not source.by)

    def listening(self) -> AbstractContextManager[None]:
        """While this holds, the queries of this thread are heard."""
        return connection.execute_wrapper(self)
