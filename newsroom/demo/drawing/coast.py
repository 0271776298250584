"""Scenes by the water: ships, lights, quays, and the bridge across."""

from __future__ import annotations

import numpy as np

from newsroom.demo.drawing.press import Coverage, Point, Sheet


def _sea(sheet: Sheet, horizon: float, sun: float, radius: float) -> None:
    """Sky, waves, and a sun with its path on the water."""
    x, y = sheet.x, sheet.y
    near = np.clip((y - horizon) / (1 - horizon), 0, 1)
    swell = 2.6 * np.sin(x * (16 / (0.35 + near)) + 4 * near) + 1.2 * np.sin(x * (41 / (0.4 + near)))
    wave = np.sin(60 * np.log1p(7 * near) + swell)
    water = np.clip(0.40 + 0.35 * near + 0.28 * wave, 0.04, 0.95)
    sheet.dark.wash(np.where(y > horizon, water, 0.05 + 0.30 * (1 - y / horizon)))
    disc = (sheet.distance((sun, horizon - 0.08)) < radius) & (y < horizon)
    path = (y > horizon) & (np.abs(x - sun + 0.02 * wave) < radius * 0.42 + 0.10 * near)
    glitter = np.clip(0.55 - 0.45 * near + 0.3 * wave, 0, 0.9)
    sheet.spot.wash(np.where(disc, 0.95, np.where(path, glitter, 0)))


def harbour(sheet: Sheet) -> None:
    """A trawler on a calm sea at sunrise."""
    _sea(sheet, horizon=0.50, sun=0.27, radius=0.13)

    def at(across: float, down: float) -> Point:
        return 0.64 + across / sheet.aspect, 0.535 + down

    dark = sheet.dark
    hull = ((-0.30, -0.105), (-0.27, -0.085), (0.20, -0.085), (0.33, -0.15), (0.285, 0.025), (-0.25, 0.025))
    dark.polygon([at(*point) for point in hull], 0.98)
    dark.box(*at(-0.03, -0.24), *at(0.12, -0.08), 0.93)
    dark.box(*at(-0.045, -0.262), *at(0.14, -0.235), 0.98)
    for window in range(4):
        dark.box(*at(-0.015 + 0.034 * window, -0.215), *at(0.007 + 0.034 * window, -0.175), 0.12)
    for start, end, width in (
        ((-0.20, -0.09), (-0.20, -0.42), 0.010),
        ((0.06, -0.26), (0.06, -0.47), 0.010),
        ((-0.20, -0.40), (-0.40, -0.22), 0.008),
        ((-0.20, -0.42), (0.06, -0.45), 0.004),
        ((0.06, -0.46), (0.33, -0.15), 0.004),
        ((-0.40, -0.22), (-0.29, -0.09), 0.004),
        ((-0.20, -0.42), (-0.30, -0.10), 0.004),
    ):
        dark.line([at(*start), at(*end)], 0.95, width)
    sheet.keep_spot_off(0.85)


def tanker(sheet: Sheet) -> None:
    """A gas carrier with four round tanks, outward bound."""
    _sea(sheet, horizon=0.60, sun=0.84, radius=0.12)

    def at(across: float, down: float) -> Point:
        return 0.46 + across / sheet.aspect, 0.64 + down

    dark = sheet.dark
    for place in (-0.30, -0.06, 0.18, 0.42):
        for shift, radius, shade in (
            (0.0, 0.115, 0.80),
            (0.008, 0.102, 0.52),
            (0.020, 0.084, 0.30),
            (0.036, 0.050, 0.08),
        ):
            dark.disc(at(place + shift, -0.150 - shift * 0.6), radius, shade)
        sheet.spot.disc(at(place, -0.150), 0.115, 0.0)
    hull = ((-0.72, -0.15), (-0.60, -0.12), (0.56, -0.12), (0.74, -0.19), (0.66, 0.03), (-0.66, 0.03))
    dark.polygon([at(*point) for point in hull], 0.97)
    dark.polygon([at(-0.66, 0.012), at(0.665, 0.012), at(0.66, 0.035), at(-0.655, 0.035)], 0.25)
    sheet.spot.polygon([at(-0.66, 0.012), at(0.665, 0.012), at(0.66, 0.035), at(-0.655, 0.035)], 0.9)
    dark.box(*at(-0.64, -0.34), *at(-0.46, -0.12), 0.90)
    dark.box(*at(-0.67, -0.36), *at(-0.43, -0.325), 0.97)
    for storey in range(4):
        for window in range(5):
            left = -0.625 + 0.033 * window
            dark.box(*at(left, -0.305 + 0.046 * storey), *at(left + 0.018, -0.283 + 0.046 * storey), 0.10)
    dark.box(*at(-0.62, -0.44), *at(-0.55, -0.36), 0.95)
    dark.line([at(-0.50, -0.36), at(-0.50, -0.47)], 0.95, 0.008)
    dark.line([at(-0.43, -0.265), at(0.54, -0.265)], 0.90, 0.007)
    for post in np.linspace(-0.42, 0.53, 9):
        dark.line([at(post, -0.265), at(post, -0.12)], 0.90, 0.005)
    dark.line([at(0.66, -0.16), at(0.66, -0.33)], 0.95, 0.007)
    bow = [at(0.66 + 0.02 * t, 0.03 + 0.012 * np.sin(9 * t)) for t in np.linspace(0, 8, 40)]
    dark.line(bow, 0.0, 0.010)
    sheet.keep_spot_off(0.85)


def lighthouse(sheet: Sheet) -> None:
    """A striped tower on a rock, its beam turning over a rough sea."""
    x, y = sheet.x, sheet.y
    horizon = 0.66
    near = np.clip((y - horizon) / (1 - horizon), 0, 1)
    lamp = (0.66, 0.235)
    light = np.maximum(_beam(sheet, lamp, -1), _beam(sheet, lamp, 1))
    sky = 0.84 - 0.46 * (y / horizon) + 0.26 * (sheet.cloud(0.45, 44) - 0.5)
    sky = sky * (1 - 0.9 * light)
    wave = np.sin(34 * np.log1p(6 * near) + 2.2 * np.sin(x * 14 + 3 * near) + 1.3 * np.sin(x * 31 / (0.6 + near)))
    water = np.clip(0.62 + 0.22 * near + 0.34 * wave, 0.06, 0.97)
    sheet.dark.wash(np.where(y > horizon, water, sky))
    sheet.spot.wash(np.where(y > horizon, 0, 0.8 * light))
    rock = [
        (0.46, 0.80),
        (0.50, 0.73),
        (0.545, 0.715),
        (0.57, 0.655),
        (0.62, 0.62),
        (0.70, 0.615),
        (0.745, 0.66),
        (0.79, 0.675),
        (0.83, 0.74),
        (0.88, 0.76),
        (0.90, 0.80),
    ]
    sheet.dark.polygon(rock, 0.95)
    sheet.spot.polygon(rock, 0)
    _tower(sheet, lamp)
    generator = np.random.default_rng(3)
    for place in np.linspace(0.45, 0.91, 46):
        sheet.dark.disc(
            (place, 0.80 + generator.uniform(-0.012, 0.012)),
            generator.uniform(0.010, 0.024),
            0.02,
            squash=0.5,
        )


def _beam(sheet: Sheet, lamp: Point, side: int) -> Coverage:
    """Light from the lamp to one side: sharp-edged, and weaker with distance."""
    across, down = (sheet.x - lamp[0]) * sheet.aspect * side, sheet.y - lamp[1]
    off = np.abs(down - 0.06 * across * side) / np.maximum(0.030 + 0.13 * across, 1e-3)
    fade = np.clip(1 - across / 1.25, 0, 1)
    return np.where(across > 0, np.clip((1 - off) * 4, 0, 1) * fade, 0)


def _tower(sheet: Sheet, lamp: Point) -> None:
    x, top = lamp
    bands = 5
    edges = np.linspace(top + 0.05, 0.63, bands + 1)
    halves = np.linspace(0.026, 0.043, bands + 1)
    for band in range(bands):
        corners = [
            (x - halves[band], edges[band]),
            (x + halves[band], edges[band]),
            (x + halves[band + 1], edges[band + 1]),
            (x - halves[band + 1], edges[band + 1]),
        ]
        sheet.dark.polygon(corners, 0.08 if band % 2 else 0.16)
        sheet.spot.polygon(corners, 0.0 if band % 2 else 0.96)
        shadow = [
            corners[0],
            (x - halves[band] * 0.3, edges[band]),
            (x - halves[band + 1] * 0.3, edges[band + 1]),
            corners[3],
        ]
        sheet.dark.polygon(shadow, 0.45 if band % 2 else 0.55)
    sheet.dark.box(x - 0.040, top + 0.038, x + 0.040, top + 0.054, 0.95)
    sheet.dark.box(x - 0.022, top - 0.035, x + 0.022, top + 0.038, 0.02)
    sheet.spot.box(x - 0.022, top - 0.035, x + 0.022, top + 0.038, 0.30)
    for bar in (-0.022, 0, 0.022):
        sheet.dark.line([(x + bar, top - 0.035), (x + bar, top + 0.038)], 0.9, 0.005)
    sheet.dark.polygon([(x - 0.030, top - 0.033), (x, top - 0.085), (x + 0.030, top - 0.033)], 0.95)
    sheet.dark.line([(x, top - 0.08), (x, top - 0.12)], 0.95, 0.005)


def bridge(sheet: Sheet) -> None:
    """A cable-stayed bridge over a wide river at evening."""
    x, y = sheet.x, sheet.y
    water_line = 0.70
    near = np.clip((y - water_line) / (1 - water_line), 0, 1)
    sky = 0.05 + 0.26 * (1 - y) ** 1.3 + 0.12 * (sheet.cloud(0.5, 17) - 0.5)
    wave = np.sin(40 * np.log1p(6 * near) + 1.6 * np.sin(x * 22 / (0.5 + near)))
    sheet.dark.wash(np.where(y > water_line, np.clip(0.34 + 0.30 * near + 0.20 * wave, 0.05, 0.9), sky))
    glow = sheet.sun((0.44, 0.60), 0.11, glow=0.42, reach=0.55)
    path = (np.abs(x - 0.44 + 0.012 * wave) < 0.05 + 0.06 * near) * np.clip(0.6 - 0.4 * near + 0.3 * wave, 0, 0.9)
    sheet.spot.wash(np.where(y > water_line, path, glow))
    hills = [
        (0, 0.66),
        (0.12, 0.635),
        (0.25, 0.66),
        (0.40, 0.678),
        (0.55, 0.668),
        (0.70, 0.64),
        (0.86, 0.665),
        (1, 0.63),
        (1, 0.705),
        (0, 0.705),
    ]
    sheet.dark.polygon(hills, 0.55)
    sheet.spot.polygon(hills, 0.10)

    def deck(place: float) -> float:
        return 0.545 + 0.16 * (place - 0.62) ** 2

    for place, top in ((0.215, 0.20), (0.745, 0.08)):
        _mast(sheet, place, top, deck(place))
        for step in np.linspace(0.035, 0.31, 12):
            for side in (-1, 1):
                end = place + side * step
                sheet.dark.line([(place, top + 0.02 + 0.28 * (0.33 - step)), (end, deck(end))], 0.82, 0.0032)
    span = np.linspace(-0.02, 1.02, 60)
    roadway = [(p, deck(p)) for p in span]
    sheet.dark.polygon(roadway + [(p, deck(p) + 0.028) for p in span[::-1]], 0.96)
    sheet.dark.line([(p, deck(p) - 0.016) for p in span], 0.85, 0.0035)
    for place in (0.33, 0.375, 0.42, 0.555, 0.60):
        half = 0.013
        sheet.dark.box(place - half, deck(place) - 0.032, place + half, deck(place), 0.96)
        sheet.dark.box(place + half, deck(place) - 0.024, place + half + 0.008, deck(place), 0.96)
    sheet.keep_spot_off(0.8)


def _mast(sheet: Sheet, place: float, top: float, deck: float) -> None:
    for lean in (-0.030, 0.030):
        sheet.dark.line([(place, top), (place + lean, deck), (place + lean * 0.75, 0.80)], 0.97, 0.018)
    sheet.dark.line([(place, top - 0.02), (place, top + 0.10)], 0.97, 0.020)
    sheet.dark.line([(place - 0.03, deck + 0.02), (place + 0.03, deck + 0.02)], 0.97, 0.016)
    sheet.dark.box(place - 0.048, 0.785, place + 0.048, 0.83, 0.97)
    reflection: Coverage = np.linspace(0.845, 0.99, 9, dtype=np.float32)
    for level in reflection:
        sheet.dark.box(place - 0.035, level, place + 0.035, level + 0.007, 0.85)


SCENES = (harbour, tanker, lighthouse, bridge)
