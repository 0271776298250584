"""A small picture of thirty days: a bar for each, the part that ended at the wall darker."""

from collections.abc import Sequence
from dataclasses import dataclass

from articles.results import Day

# In units of the drawing.
WIDTH, HEIGHT, GAP = 600, 120, 4


@dataclass(frozen=True)
class Bar:
    """A day as it is drawn: `top` and `height` of all that was opened, and of the part that met the wall."""

    day: Day
    left: int
    width: int
    top: int
    height: int
    wall_top: int
    wall_height: int


def bars(days: Sequence[Day]) -> list[Bar]:
    """The days from left to right, as high as the highest of them allows."""
    most = max((day.opened for day in days), default=0) or 1
    step = WIDTH // max(len(days), 1)
    drawn = []
    for place, day in enumerate(days):
        height, wall = (round(count / most * HEIGHT) for count in (day.opened, min(day.wall_met, day.opened)))
        drawn.append(Bar(day, place * step, step - GAP, HEIGHT - height, height, HEIGHT - wall, wall))
    return drawn
