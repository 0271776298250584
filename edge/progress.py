"""How far it has got, on stderr: a bar for a person, nothing where nobody looks."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
WIDTH = 30


class Bar:
    """One line that is written over and over. `total` may be an estimate; 0 where there is none."""

    def __init__(self, *, total: int, what: str) -> None:
        self._total, self._what = total, what

    def show(self, done: int) -> None:
        """So many are done."""
        if sys.stderr.isatty():
            total = max(self._total, done)
            full = WIDTH * done // total if total else 0
            how_far = f"{done:,} of {total:,}" if self._total else f"{done:,}"
            sys.stderr.write(f"\r{self._what:<10} [{'#' * full}{'.' * (WIDTH - full)}] {how_far}")
            sys.stderr.flush()

    def end(self) -> None:
        """Leave the line."""
        if sys.stderr.isatty():
            sys.stderr.write("\n")


def shown(items: Iterable[Item], *, total: int, what: str) -> Iterator[Item]:
    """The items, with a bar that grows while they are used up."""
    if not total:
        yield from items
        return
    bar = Bar(total=total, what=what)
    for done, item in enumerate(items):
        bar.show(done)
        yield item
    bar.show(total)
    bar.end()
