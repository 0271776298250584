"""Scenes of open country: desert, fields, hills, forests, and what crosses them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from newsroom.demo.drawing.press import Coverage, Point, Sheet


def sahel(sheet: Sheet) -> None:
    """Five lorries on the crest of a dune under a low sun."""
    x, y = sheet.x, sheet.y
    dark: Coverage = 0.04 + 0.20 * (1 - y) ** 2.2
    spot = sheet.sun((0.70, 0.35), 0.16, glow=0.40, reach=0.60)
    dunes = (
        (0.555, 0.020, 1.15, 0.3, 0.34, 0.10),
        (0.62, 0.040, 0.80, 2.1, 0.46, 0.16),
        (0.73, 0.070, 0.62, 4.0, 0.62, 0.30),
        (0.88, 0.085, 0.45, 5.9, 0.80, 0.62),
    )
    for order, (level, swing, waves, phase, shadow, light) in enumerate(dunes):
        crest = _crest(x, level, swing, waves, phase)
        below = y > crest
        depth = (y - crest) / (1.05 - level)
        lee = 1 / (1 + np.exp(14 * np.sin(2 * np.pi * waves * x + phase + 1.0 + depth * 2.2)))
        ripples = 0.055 * np.sin((y - crest) * 1440 / (7 + 22 * depth) + 7 * np.sin(x * 5 + phase))
        tone = light + (shadow - light) * lee + ripples * np.clip(depth * 5, 0, 1)
        dark = np.where(below, np.clip(tone - 0.10 * np.exp(-np.maximum(depth, 0) * 16), 0.03, 0.96), dark)
        sand = np.clip((1 - lee) * 0.34 * (1 - depth) * (1.05 - 0.24 * order), 0, 0.4)
        spot = np.where(below, sand, spot)
    sheet.dark.wash(dark)
    sheet.spot.wash(spot)
    for place in (0.165, 0.215, 0.262, 0.335, 0.378):
        _lorry(sheet, (place, float(_crest(np.float32(place), *dunes[0][:4]))))
    sheet.keep_spot_off(0.9)


def _crest(x: Coverage | np.float32, level: float, swing: float, waves: float, phase: float) -> Coverage:
    turn = 2 * np.pi * waves * x
    return level + swing * np.sin(turn + phase) + swing * 0.25 * np.sin(2.1 * turn + 1.7 * phase)


def _lorry(sheet: Sheet, at: Point) -> None:
    x, y = at
    unit = 0.0115
    across = unit / sheet.aspect
    sheet.dark.box(x - across * 1.9, y - unit * 1.5, x + across * 1.9, y, 0.96)
    sheet.dark.box(x - across * 1.9, y - unit * 2.7, x + across * 0.5, y - unit * 1.4, 0.96)
    for wheel in (-1.1, 1.1):
        sheet.dark.disc((x + across * wheel, y), unit * 0.5, 0.98)


def fields(sheet: Sheet) -> None:
    """Furrows running to a line of poplars under a red sun."""
    x, y = sheet.x, sheet.y
    horizon = 0.34
    near = np.clip((y - horizon) / (1 - horizon), 1e-3, 1)
    furrows = np.sin((x - 0.42) / near * 15)
    earth = np.clip(0.42 + 0.34 * furrows * np.clip(near * 3, 0, 1) + 0.12 * near, 0.04, 0.95)
    dark = np.where(y > horizon, earth, 0.05 + 0.22 * (1 - y / horizon))
    hills = horizon - 0.05 - 0.04 * np.sin(x * 5 + 1) - 0.02 * np.sin(x * 13)
    dark = np.where((y > hills) & (y <= horizon), 0.62, dark)
    spot = np.where((y > horizon) & (furrows < -0.2), 0.42 * np.clip(near * 2, 0, 1), 0)
    sun = (sheet.distance((0.78, 0.15)) < 0.075) & (y < hills)
    sheet.dark.wash(dark)
    sheet.spot.wash(np.where(sun, 0.95, spot))
    for place in np.linspace(0.05, 0.38, 12):
        sheet.dark.disc((place, horizon - 0.048), 0.011, 0.94, squash=4.7)


def pylons(sheet: Sheet) -> None:
    """A line of pylons crossing flat land at dusk."""
    x, y = sheet.x, sheet.y
    ground = 0.80 + 0.012 * np.sin(x * 9)
    sky = 0.06 + 0.26 * (1 - y)
    sheet.dark.wash(np.where(y > ground, np.clip(0.55 + 1.4 * (y - 0.8), 0, 0.95), sky))
    sheet.spot.wash(0.75 * np.clip(1 - np.abs(y - 0.80) / 0.34, 0, 1) ** 1.6 * (y < 0.815))
    places = (
        (0.135, 1.04, 0.95),
        (0.44, 0.90, 0.55),
        (0.63, 0.85, 0.36),
        (0.755, 0.828, 0.25),
        (0.845, 0.815, 0.17),
    )
    arms = [_pylon(sheet, *place) for place in places]
    before = [(px - 0.62, py - 0.10) for px, py in arms[0]]
    for left, right in zip([before, *arms], arms, strict=False):
        for start, end in zip(left, right, strict=True):
            _cable(sheet, start, end)


def _pylon(sheet: Sheet, centre: float, foot: float, size: float) -> list[Point]:
    """Draw a pylon and return the points its cables hang from."""

    def at(across: float, down: float) -> Point:
        return centre + across * size / sheet.aspect, foot - size + down * size

    stroke = 0.011 * size
    for side in (-1, 1):
        sheet.dark.line([at(side * 0.03, 0), at(side * 0.055, 0.42), at(side * 0.15, 1)], 0.96, stroke)
    for down, half in ((0.10, 0.22), (0.24, 0.27), (0.38, 0.27)):
        sheet.dark.line([at(-half, down), at(half, down)], 0.96, stroke)
        for side in (-1, 1):
            sheet.dark.line([at(side * half, down), at(0, down - 0.07)], 0.96, stroke / 2)
    braces = np.linspace(0, 1, 9)
    for top, bottom in pairwise(braces):
        upper, lower = np.interp([top, bottom], [0, 0.42, 1], [0.03, 0.055, 0.15])
        for side in (-1, 1):
            sheet.dark.line([at(-side * upper, top), at(side * lower, bottom)], 0.96, stroke / 2)
    return [at(side * half, down) for down, half in ((0.10, 0.22), (0.24, 0.27), (0.38, 0.27)) for side in (-1, 1)]


def _cable(sheet: Sheet, start: Point, end: Point) -> None:
    sag = abs(start[0] - end[0]) * 0.18
    points = [
        (start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t + sag * 4 * t * (1 - t))
        for t in np.linspace(0, 1, 40)
    ]
    sheet.dark.line(points, 0.88, 0.0032)


def windmills(sheet: Sheet) -> None:
    """Turbines on a ridge before a rising sun, with one close by."""
    x, y = sheet.x, sheet.y
    ridge = 0.70 - 0.05 * np.sin(x * 4.4 + 0.6) - 0.012 * np.sin(x * 15)
    front = 0.88 + 0.05 * np.sin(x * 3.1 + 2.4)
    dark = 0.05 + 0.24 * (1 - y) ** 1.5 + 0.10 * (sheet.cloud(0.5, 21) - 0.5)
    dark = np.where(y > ridge, 0.46 + 0.5 * (y - ridge), dark)
    dark = np.where(y > front, 0.86 + 0.06 * np.sin((y - front) * 120 + x * 18), dark)
    spot = np.where(y > ridge, 0.12, sheet.sun((0.30, 0.60), 0.17, glow=0.5, reach=0.7))
    sheet.dark.wash(dark)
    sheet.spot.wash(np.where(y > front, 0, spot))
    for place, foot, height, turn in (
        (0.07, 0.67, 0.20, 0.9),
        (0.17, 0.655, 0.22, 0.2),
        (0.285, 0.66, 0.25, 1.5),
        (0.41, 0.70, 0.29, 0.5),
        (0.55, 0.75, 0.38, 1.1),
        (0.80, 1.02, 0.80, 0.32),
    ):
        _turbine(sheet, (place, foot), height, turn)
    sheet.keep_spot_off(0.85)


def _turbine(sheet: Sheet, foot: Point, height: float, turn: float) -> None:
    x, bottom = foot
    hub = (x, bottom - height)
    thick = 0.021 * height / sheet.aspect
    sheet.dark.polygon(
        [(x - thick, bottom), (x - thick / 2.4, hub[1]), (x + thick / 2.4, hub[1]), (x + thick, bottom)], 0.95
    )
    for blade in range(3):
        angle = turn + blade * 2 * np.pi / 3
        sheet.dark.polygon(_blade(sheet, hub, height * 0.62, angle), 0.95)
    sheet.dark.disc(hub, 0.030 * height, 0.97)


def _blade(sheet: Sheet, hub: Point, length: float, angle: float) -> list[Point]:
    outline = ((0, -0.018), (0.20, -0.048), (0.45, -0.030), (1, -0.004), (1, 0.004), (0, 0.018))
    return [
        (
            hub[0] + length * (along * np.cos(angle) - off * np.sin(angle)) / sheet.aspect,
            hub[1] + length * (along * np.sin(angle) + off * np.cos(angle)),
        )
        for along, off in outline
    ]


def snow_forest(sheet: Sheet) -> None:
    """Firs in ranks of mist, ski tracks, and a lit cabin."""
    x, y = sheet.x, sheet.y
    sheet.dark.wash(0.30 - 0.26 * y + 0.10 * (sheet.cloud(0.4, 31) - 0.5))
    sheet.spot.wash(sheet.sun((0.36, 0.19), 0.085, glow=0.34, reach=0.40))
    generator = np.random.default_rng(8)
    for level, size, shade, count in ((0.56, 0.17, 0.26, 46), (0.63, 0.27, 0.46, 30), (0.72, 0.40, 0.70, 17)):
        for place in np.linspace(-0.02, 1.02, count):
            if level > 0.7 and 0.40 < place < 0.80:
                continue
            shift, tall = generator.uniform(-0.4, 0.4) / count, size * generator.uniform(0.75, 1.2)
            _fir(sheet, (place + shift, level + generator.uniform(-0.01, 0.015)), tall, shade)
    snow = 0.69 + 0.03 * np.sin(x * 4 + 1.2) + 0.015 * np.sin(x * 11)
    drift = 0.03 + 0.13 * np.clip(np.sin((y - snow) * 26 + 3 * np.sin(x * 3.2)), 0, 1) * (y - snow) * 3
    dark = np.where(y > snow, drift + 0.05 * (sheet.cloud(0.15, 5) - 0.5), sheet.dark.coverage)
    spot = sheet.spot.coverage
    sheet.dark.wash(dark)
    sheet.spot.wash(np.where(y > snow, spot * 0.15, np.where(dark > 0.4, spot * 0.3, spot)))
    _cabin(sheet)
    for offset in (0, 0.030):
        track = [
            (0.585 + offset * t + 0.05 * np.sin(t * 3.2) - 0.27 * t**1.6, 0.715 + 0.30 * t)
            for t in np.linspace(0, 1, 50)
        ]
        for begin, end, width in zip(track, track[1:], np.linspace(0.003, 0.011, 49), strict=False):
            sheet.dark.line([begin, end], 0.55, width)
    for place, tall in ((0.055, 0.80), (0.93, 0.92)):
        _fir(sheet, (place, 1.02), tall, 0.95)


def _fir(sheet: Sheet, foot: Point, height: float, shade: float) -> None:
    x, bottom = foot
    tiers = 7
    for tier in range(tiers):
        top = bottom - height + height * 0.86 * tier / tiers
        base = top + height * 0.27
        half = height * (0.055 + 0.20 * (tier + 1) / tiers) / sheet.aspect
        sheet.dark.polygon(
            [
                (x, top),
                (x + half, base),
                (x + half * 0.4, base - height * 0.025),
                (x - half * 0.5, base - height * 0.03),
                (x - half, base),
            ],
            shade,
        )


def _cabin(sheet: Sheet) -> None:
    sheet.dark.polygon([(0.555, 0.64), (0.665, 0.64), (0.665, 0.725), (0.555, 0.725)], 0.88)
    sheet.dark.polygon([(0.540, 0.650), (0.570, 0.570), (0.650, 0.570), (0.680, 0.650)], 0.05)
    sheet.dark.line([(0.540, 0.650), (0.680, 0.650)], 0.7, 0.006)
    sheet.dark.box(0.636, 0.545, 0.648, 0.60, 0.9)
    for left in (0.572, 0.625):
        sheet.dark.box(left, 0.667, left + 0.022, 0.70, 0.0)
        sheet.spot.box(left, 0.667, left + 0.022, 0.70, 0.98)
    sheet.dark.box(0.602, 0.668, 0.616, 0.725, 0.6)


def dishes(sheet: Sheet) -> None:
    """Receiving dishes on a plain, all turned to the same part of the night sky."""
    x, y = sheet.x, sheet.y
    ground = 0.80 + 0.015 * np.sin(x * 6)
    sky = 0.80 - 0.62 * y + 0.16 * (sheet.cloud(0.6, 14) - 0.5)
    sheet.dark.wash(np.where(y > ground, 0.82 + 0.4 * (y - ground), sky))
    sheet.spot.wash(np.where(y > ground, 0, 0.62 * np.clip((y - 0.40) / 0.42, 0, 1) ** 2))
    generator = np.random.default_rng(12)
    for _ in range(150):
        star = (generator.random(), generator.random() ** 1.6 * 0.62)
        sheet.dark.disc(star, generator.choice([0.0018, 0.0026, 0.0042]), 0.0)
    for place, foot, size in (
        (0.90, 0.815, 0.11),
        (0.775, 0.825, 0.15),
        (0.60, 0.845, 0.22),
        (0.26, 0.93, 0.46),
    ):
        _dish(sheet, (place, foot), size)


def _dish(sheet: Sheet, foot: Point, size: float) -> None:
    """One dish seen half from behind: mast, bowl, feed on three legs."""

    def at(across: float, up: float) -> Point:
        return foot[0] + across * size / sheet.aspect, foot[1] - up * size

    sheet.dark.polygon([at(-0.30, 0), at(-0.10, 0.62), at(0.10, 0.62), at(0.30, 0)], 0.93)
    tilt = np.deg2rad(38)
    around = np.linspace(0, 2 * np.pi, 90)

    def rim(scale: float, lift: float) -> list[Point]:
        along, deep = scale * np.cos(around), scale * 0.42 * np.sin(around) + lift
        across, up = (
            along * np.cos(tilt) + deep * np.sin(tilt),
            0.98 - along * np.sin(tilt) + deep * np.cos(tilt),
        )
        return [at(a, u) for a, u in zip(across, up, strict=True)]

    back = [
        at(-0.66 * np.cos(tilt), 0.98 + 0.66 * np.sin(tilt)),
        at(-0.24, 0.60),
        at(0.06, 0.46),
        at(0.66 * np.cos(tilt), 0.98 - 0.66 * np.sin(tilt)),
    ]
    sheet.dark.polygon(back, 0.97)
    sheet.spot.polygon(back, 0)
    sheet.dark.polygon(rim(0.66, 0), 0.08)
    sheet.spot.polygon(rim(0.66, 0), 0.16)
    sheet.dark.polygon(rim(0.46, -0.05), 0.22)
    sheet.dark.polygon(rim(0.20, -0.08), 0.42)
    focus = at(0.62 * np.sin(tilt), 0.98 + 0.62 * np.cos(tilt))
    outline = rim(0.60, 0)
    for leg in (8, 38, 62):
        sheet.dark.line([outline[leg], focus], 0.9, 0.014 * size)
    sheet.dark.disc(focus, 0.045 * size, 0.3)
    sheet.spot.disc(focus, 0.045 * size, 0.95)


SCENES = (sahel, fields, pylons, windmills, snow_forest, dishes)
