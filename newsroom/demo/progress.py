"""How far it has got, on stderr: a bar for a person, nothing where nobody looks."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
WIDTH = 30


def shown(items: Iterable[Item], *, total: int, what: str) -> Iterator[Item]:
    """The items, with a bar that grows while they are used up."""
    for done, item in enumerate(items):
        _show(done, total, what)
        yield item
    _show(total, total, what)
    if total and sys.stderr.isatty():
        sys.stderr.write("\n")


def _show(done: int, total: int, what: str) -> None:
    if total and sys.stderr.isatty():
        full = WIDTH * done // total
        sys.stderr.write(f"\r{what:<10} [{'#' * full}{'.' * (WIDTH - full)}] {done:,} of {total:,}")
        sys.stderr.flush()
