"""JSON read piece by piece, so that a large file needs no more memory than its largest record."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from .story import Broken

AT_ONCE = 1 << 16
# No record of a table is longer, in characters.
LONGEST = 24_000_000
_decoder = json.JSONDecoder()


class JsonText:
    """A file of JSON and the place in it up to which it is read. All raise Broken where it is cut off or damaged."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open(encoding="utf-8-sig", errors="replace")
        self._buffer, self._at, self._before = "", 0, 0

    @property
    def position(self) -> int:
        """How many characters are read."""
        return self._before + self._at

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def next(self) -> str:
        """The next character that means something, still unread."""
        while True:
            while self._at < len(self._buffer):
                if not self._buffer[self._at].isspace():
                    return self._buffer[self._at]
                self._at += 1
            if not self._fill():
                raise Broken(f"The file is cut off after {self.position:,} characters.")

    def take(self, wanted: str) -> None:
        """Read that one character."""
        if self.next() != wanted:
            raise Broken(f"The file is damaged after {self.position:,} characters: “{wanted}” should stand there.")
        self._at += 1

    def value(self) -> Any:
        """The next value, whole."""
        self.next()
        while True:
            try:
                found, end = _decoder.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                if len(self._buffer) - self._at > LONGEST or not self._fill():
                    where = f"after {self.position:,} characters"
                    raise Broken(f"The file is cut off or damaged {where}: {error.msg}.") from error
                continue
            except RecursionError as error:
                raise Broken(f"The file is nested too deeply after {self.position:,} characters.") from error
            # A number may go on in the next piece.
            if end == len(self._buffer) and self._fill():
                continue
            self._at = end
            return found

    def names(self) -> Iterator[str]:
        """The keys of an object; the caller reads the value of each before the next."""
        self.take("{")
        while self.next() != "}":
            key = self.value()
            self.take(":")
            yield str(key)
            if self.next() == ",":
                self._at += 1
        self._at += 1

    def elements(self) -> Iterator[None]:
        """The places of an array; the caller reads the value at each before the next."""
        self.take("[")
        while self.next() != "]":
            yield
            if self.next() == ",":
                self._at += 1
        self._at += 1

    def _fill(self) -> bool:
        """Read more, and twice as much as is waiting, so that a long value is tried a few times only."""
        more = self._file.read(max(AT_ONCE, len(self._buffer) - self._at))
        self._before += self._at
        self._buffer, self._at = self._buffer[self._at :] + more, 0
        return bool(more)
