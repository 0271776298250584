"""What became of each record: sums for the screen, and every line of it in a table for the desk."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from edge.tables import safe_cell

from .story import Note

EXAMPLES = 3
HEADINGS = ("source id", "headline", "what became of it", "note", "which")


class Report:
    """Counts, a few examples of each note, and a table on disk where one is asked for: never more in memory."""

    def __init__(self, table: Path | None = None) -> None:
        self.became: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = {}
        self._file = table.open("w", encoding="utf-8-sig", newline="") if table else None
        self._table = csv.writer(self._file) if self._file else None
        self._row(HEADINGS)

    def __enter__(self) -> "Report":
        return self

    def __exit__(self, *error: object) -> None:
        if self._file:
            self._file.close()

    def add(self, source_id: str, headline: str, became: str, notes: tuple[Note, ...] = ()) -> None:
        """A record and what became of it."""
        self.became[became] += 1
        for note in notes:
            self.notes[note.what] += 1
            examples = self._examples.setdefault(note.what, [])
            if len(examples) < EXAMPLES:
                examples.append(f"{headline[:50] or source_id}{f': {note.detail[:100]}' if note.detail else ''}")
        for note in notes or (Note(""),):
            self._row((source_id, headline, became, note.what, note.detail))

    def lines(self) -> Iterator[str]:
        """The sums in words."""
        for became, count in sorted(self.became.items()):
            yield f"{count:>9,}  {became}"
        if self.notes:
            yield "What could not be carried over as it was:"
        for what, count in self.notes.most_common():
            yield f"{count:>9,}  {what}"
            yield from (f"{'':11}{example}" for example in self._examples[what])

    def _row(self, cells: tuple[str, ...]) -> None:
        if self._table:
            self._table.writerow(map(safe_cell, cells))
