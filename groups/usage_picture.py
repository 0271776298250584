"""The months as bars: where each stands and how high it is. No script, no style, one drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

from .usage import Month

WIDTH, HEIGHT, FOOT = 640, 220, 28
_STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Bar:
    """One month, in the units of the drawing."""

    month: Month
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        """Where its name stands."""
        return self.x + self.width // 2

    @property
    def is_told(self) -> bool:
        """Whether there is a bar; otherwise fewer than five people read."""
        return self.month.is_told


@dataclass(frozen=True)
class Line:
    """A line across, with its number."""

    y: int
    number: int


@dataclass(frozen=True)
class Picture:
    """The drawing."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    width: int = WIDTH
    height: int = HEIGHT
    foot: int = HEIGHT - FOOT

    @property
    def text_y(self) -> int:
        """Where the names of the months stand."""
        return self.height - 8


def picture_of(months: Sequence[Month]) -> Picture:
    """Bars for the months, under a round number that none is higher than."""
    top = above(max((month.articles for month in months), default=0))
    ground, left = HEIGHT - FOOT, 44
    step = (WIDTH - left) / max(len(months), 1)
    bars = []
    for place, month in enumerate(months):
        height = round(month.articles / top * (ground - 12))
        width = min(round(step * 0.7), 72)
        bars.append(Bar(month, round(left + place * step + (step - width) / 2), ground - height, width, height))
    lines = tuple(Line(round(ground - part / 2 * (ground - 12)), round(top * part / 2)) for part in range(3))
    return Picture(tuple(bars), lines)


def above(number: int) -> int:
    """The next round number: 1, 2 or 5 with zeros, never below 10."""
    scale = 10
    while True:
        for step in _STEPS:
            if step * scale >= number:
                return step * scale
        scale *= 10
