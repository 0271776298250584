"""What a run found: as text, in docs/performance.md between two marks, and as a picture beside it."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from bench.bars import Bar
from tests import programs

PAGE = programs.ROOT / "docs" / "performance.md"
PICTURE = programs.ROOT / "docs" / "performance.svg"
BEGIN, END = "<!-- make bench: begin -->", "<!-- make bench: end -->"
WIDTH, ROW, LABEL, BAR = 760, 26, 290, 360


@dataclass(frozen=True)
class Table:
    """Rows of words and figures under a title."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def as_text(self) -> str:
        """For a terminal."""
        every = [self.head, *self.rows]
        wide = [max(len(row[column]) for row in every) for column in range(len(self.head))]
        lines = [
            "  ".join(cell.rjust(wide[at]) if at else cell.ljust(wide[at]) for at, cell in enumerate(row))
            for row in every
        ]
        return "\n".join([f"\n{self.title}", *lines])

    def as_markdown(self) -> str:
        """For the page."""
        lines = [self.head, ["---"] + ["---:"] * (len(self.head) - 1), *self.rows]
        return f"### {self.title}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in lines)


def write(tables: Sequence[Table], judged: Sequence[Bar], figures: Any, *, size: str, at: datetime) -> None:
    """Put the figures where the last run's stood."""
    said = [
        BEGIN,
        f"## `make bench SIZE={size}`, {at.day} {at:%B %Y}",
        f"{machine()}. Medians of {figures.size.rounds} rounds of {figures.size.seconds} s, 16 connections (four where"
        " each page is made), one process of the site with four threads, everything on loopback.",
        f"![What the pages reach beside the limit of the server]({PICTURE.name})",
        Table(
            "Bars", ("", "found", ""), [(b.asks, b.found, "PASS" if b.holds else "FAIL") for b in judged]
        ).as_markdown(),
        *(table.as_markdown() for table in tables),
        END,
    ]
    section = "\n\n".join(said)
    page = PAGE.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    after = rest.partition(END)[2] if begin else ""
    PAGE.write_text(before.rstrip() + "\n\n" + section + (after.rstrip() + "\n" or "\n"), encoding="utf-8")
    shares = [(what, one.share, f"{one.per_second:,.0f} a second") for what, one in figures.beside.items()]
    PICTURE.write_text(picture(shares), encoding="utf-8")


def machine() -> str:
    """Processor, number of cores, memory and versions, in a sentence without its full stop."""
    named = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    processor = named[0].partition(":")[2].strip() if named else platform.machine()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{os.cpu_count()} processors ({processor}), {memory:.0f} GiB, {platform.system()} {platform.release()},"
        f" Python {platform.python_version()}; load {os.getloadavg()[0]:.1f} at the end"
    )


def picture(rows: Sequence[tuple[str, float, str]]) -> str:
    """Bars, as long as the share of the limit, each with its name and its rate. Light and dark alike."""
    height = ROW * len(rows) + 40
    longest = max((share for _, share, _ in rows), default=1) or 1
    drawn = []
    for number, (name, share, rate) in enumerate(rows):
        top = 28 + ROW * number
        length = max(1, BAR * share / longest)
        drawn.append(
            f'<text x="{LABEL - 10}" y="{top + 14}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{LABEL}" y="{top + 2}" width="{length:.1f}" height="{ROW - 9}" rx="2"/>'
            f'<text class="rate" x="{LABEL + length + 6:.1f}" y="{top + 14}">{share:.0%}, {escape(rate)}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 90} {height}" role="img"'
        ' aria-label="Requests a second beside the limit of the server">'
        "<style>text{font:12px system-ui,sans-serif;fill:#1c1c1c}rect{fill:#0b5b4f}.paper{fill:#fff}"
        "@media(prefers-color-scheme:dark){text{fill:#e8e6e1}rect{fill:#82d5b9}.paper{fill:#161616}}</style>"
        f'<rect class="paper" width="100%" height="100%"/>{"".join(drawn)}</svg>\n'
    )
