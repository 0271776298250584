"""Reads, from the database's own account of each query, how many rows of a table were touched to answer it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

# Tables that stay small whatever happens: read whole, and rightly so.
READS = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Bitmap Index Scan", "CTE Scan")


@dataclass
class Watch:
    """What was asked meanwhile. `most` rows are the most that one step of a query may touch."""

    most: int
    queries: int = 0
    slowest_ms: float = 0.0
    found: list[str] = field(default_factory=list)

    def look_at(self, sql: str, plan: dict[str, Any], milliseconds: float) -> None:
        """Note the steps that touch too many rows."""
        self.queries += 1
        self.slowest_ms = max(self.slowest_ms, milliseconds)
        for step in _steps(plan):
            touched = _touched(step)
            if touched > self.most and step["Node Type"] in READS:
                what = step.get("Relation Name") or step.get("Index Name") or step.get("CTE Name")
                self.found.append(f"{step['Node Type']} of {what}: {touched:,.0f} rows\n    {sql[:1500]}")


@contextmanager
def watched(*, most: int) -> Iterator[Watch]:
    """Every SELECT inside is explained after it was answered. PostgreSQL only."""
    watch = Watch(most)
    at_work = False

    def explain(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        nonlocal at_work
        answer = execute(sql, params, many, context)
        words = str(sql).lstrip().upper()
        if at_work or many or not words.startswith(("SELECT", "WITH")) or "FOR UPDATE" in words:
            return answer
        at_work = True
        try:
            # The cursor of the query keeps its answer, so the question goes through another one.
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) {sql}", params)
                [(said,)] = cursor.fetchall()
        finally:
            at_work = False
        [top] = json.loads(said) if isinstance(said, str) else said
        watch.look_at(str(sql), top["Plan"], top["Planning Time"] + top["Execution Time"])
        return answer

    with connection.execute_wrapper(explain):
        yield watch


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _steps(below)


def _touched(step: dict[str, Any]) -> float:
    """All the rows that it looked at, also those that it threw away, over all its turns."""
    removed = sum(count for name, count in step.items() if name.startswith("Rows Removed by"))
    return (step["Actual Rows"] + removed) * step["Actual Loops"]
