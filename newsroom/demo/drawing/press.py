"""How is a scene put on paper? Two plates, two halftone screens, two inks.

A scene draws on a :class:`Sheet` in fractions of its width and height, so it knows nothing of pixels.
Shades run from 0.0 (bare paper) to 1.0 (solid ink).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Coverage: TypeAlias = NDArray[np.float32]
Point: TypeAlias = tuple[float, float]
Colour: TypeAlias = tuple[int, int, int]

PAPER: Colour = (228, 241, 234)
DARK_INK: Colour = (12, 52, 46)
SPOT_INK: Colour = (214, 92, 44)

SUPERSAMPLING = 2
CELL_PIXELS = 6.0
DARK_ANGLE = 45.0
SPOT_ANGLE = 75.0
DOT_GAIN = 0.95


class Plate:
    """The share of the paper that one ink covers, drawn upon like a picture."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._image = Image.new("L", size, 0)
        self._draw = ImageDraw.Draw(self._image)

    @property
    def coverage(self) -> Coverage:
        """The plate as an array of shades."""
        return np.asarray(self._image, dtype=np.float32) / 255

    def wash(self, coverage: Coverage) -> None:
        """Replace the whole plate; shades outside 0..1 are clipped."""
        levels = (np.clip(coverage, 0, 1) * 255).astype("uint8")
        self._image = Image.fromarray(levels)
        self._draw = ImageDraw.Draw(self._image)

    def polygon(self, points: Iterable[Point], shade: float) -> None:
        """Fill the shape between the points."""
        self._draw.polygon(self._pixels(points), fill=_level(shade))

    def box(self, left: float, top: float, right: float, bottom: float, shade: float) -> None:
        """Fill an upright rectangle; its sides may be given in any order."""
        (x0, y0), (x1, y1) = self._pixels([(left, top), (right, bottom)])
        self._draw.rectangle((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)), fill=_level(shade))

    def disc(self, centre: Point, radius: float, shade: float, *, squash: float = 1.0) -> None:
        """Fill a circle, its radius a fraction of the height; ``squash`` flattens it to an ellipse."""
        [(x, y)] = self._pixels([centre])
        across = radius * self._image.height
        down = across * squash
        self._draw.ellipse((x - across, y - down, x + across, y + down), fill=_level(shade))

    def line(self, points: Sequence[Point], shade: float, width: float) -> None:
        """Draw a stroke through the points, its width a fraction of the height."""
        pixels = max(1, round(width * self._image.height))
        self._draw.line(self._pixels(points), fill=_level(shade), width=pixels, joint="curve")

    def _pixels(self, points: Iterable[Point]) -> list[Point]:
        width, height = self._image.size
        return [(x * width, y * height) for x, y in points]


class Sheet:
    """A blank sheet with a dark plate and a spot plate, and the coordinates of every point on it."""

    def __init__(self, width: int, height: int) -> None:
        size = (width * SUPERSAMPLING, height * SUPERSAMPLING)
        rows, columns = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
        self.x: Coverage = columns / size[0]
        self.y: Coverage = rows / size[1]
        self.aspect = width / height
        self.dark = Plate(size)
        self.spot = Plate(size)

    def distance(self, centre: Point) -> Coverage:
        """The distance of every point from ``centre``, in heights of the sheet."""
        return np.hypot((self.x - centre[0]) * self.aspect, self.y - centre[1])

    def cloud(self, scale: float, seed: int) -> Coverage:
        """Soft noise between 0 and 1; ``scale`` is the size of its largest lumps, in heights."""
        height, width = self.x.shape
        generator = np.random.default_rng(seed)
        total = np.zeros((height, width), np.float32)
        weight = 1.0
        for octave in range(5):
            step = max(2, int(scale * height / 2**octave))
            total += weight * _stretched(generator, height, width, step)
            weight /= 2
        return total / (2 - 2 * weight)

    def sun(self, centre: Point, radius: float, *, glow: float, reach: float) -> Coverage:
        """A disc of spot ink with a halo: ``glow`` is the halo's shade at the rim, ``reach`` its width."""
        away = self.distance(centre)
        halo = glow * np.clip(1 - (away - radius) / reach, 0, 1) ** 1.7
        return np.where(away < radius, 0.95, halo).astype(np.float32)

    def keep_spot_off(self, above: float) -> None:
        """Remove spot ink wherever the dark plate is heavier than ``above``."""
        self.spot.wash(np.where(self.dark.coverage > above, 0, self.spot.coverage))


def printed(sheet: Sheet) -> Image.Image:
    """The sheet as it comes off the press: halftone dots of both inks on tinted paper."""
    dark = np.clip(sheet.dark.coverage, 0, 1) ** DOT_GAIN
    page = np.ones((*dark.shape, 3), np.float32) * np.array(PAPER, np.float32) / 255
    for coverage, angle, ink in (
        (sheet.spot.coverage, SPOT_ANGLE, SPOT_INK),
        (dark, DARK_ANGLE, DARK_INK),
    ):
        dots = _screened(coverage, CELL_PIXELS * SUPERSAMPLING, angle)
        page *= 1 - dots[..., None] * (1 - np.array(ink, np.float32) / 255)
    height, width = dark.shape
    image = Image.fromarray((page * 255).astype("uint8"))
    return image.resize((width // SUPERSAMPLING, height // SUPERSAMPLING), Image.Resampling.LANCZOS)


def _screened(coverage: Coverage, cell: float, degrees: float) -> Coverage:
    """Dots on a turned grid, each as large as the coverage below it asks for."""
    height, width = coverage.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    angle = np.deg2rad(degrees)
    across = (x * np.cos(angle) + y * np.sin(angle)) / cell
    down = (y * np.cos(angle) - x * np.sin(angle)) / cell
    threshold = 0.5 + 0.25 * (np.cos(2 * np.pi * across) + np.cos(2 * np.pi * down))
    return np.clip((coverage - (1 - threshold)) * cell * 0.55 + 0.5, 0, 1)


def _stretched(generator: np.random.Generator, height: int, width: int, step: int) -> Coverage:
    coarse = generator.random((height // step + 3, width // step + 3)).astype(np.float32)
    size = (width + 2 * step, height + 2 * step)
    smooth = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(smooth)[step : step + height, step : step + width]


def _level(shade: float) -> int:
    return int(np.clip(shade, 0, 1) * 255)
