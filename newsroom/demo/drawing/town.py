"""Scenes of works and ways: railways, borders, ports, building sites."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from newsroom.demo.drawing.press import Plate, Point, Sheet


def flare(sheet: Sheet) -> None:
    """A gas flare burning above storage tanks."""
    x, y = sheet.x, sheet.y
    smoke = sheet.cloud(0.36, 4)
    centre = 0.60 - 0.30 * np.clip(0.42 - y, 0, 1) + 0.05 * np.sin(y * 16) * (0.42 - y)
    width = 0.018 + 0.17 * np.clip(0.42 - y, 0, 1) ** 0.8
    flame = np.exp(-(((x - centre) / width) ** 2)) * (y < 0.425) * (0.55 + 0.9 * (smoke - 0.25))
    spot = np.clip(flame * 1.25, 0, 1)
    sky = 0.12 + 0.55 * y**1.6 + 0.16 * (smoke - 0.5)
    sheet.dark.wash(sky * (1 - 0.85 * spot) + 0.25 * np.clip(0.2 - y, 0, 1) * smoke)
    sheet.spot.wash(spot)
    _stack(sheet)
    _tank_farm(sheet)


def _stack(sheet: Sheet) -> None:
    dark = sheet.dark
    dark.polygon([(0.594, 0.42), (0.606, 0.42), (0.614, 1), (0.586, 1)], 0.96)
    for level in range(9):
        down, half = 0.47 + level * 0.06, 2.6 * (0.006 + 0.0016 * level)
        dark.line([(0.6 - half, down + 0.06), (0.6 + half, down)], 0.92, 0.004)
        dark.line([(0.6 + half, down + 0.06), (0.6 - half, down)], 0.92, 0.004)
    dark.line([(0.556, 1), (0.597, 0.45)], 0.94, 0.007)
    dark.line([(0.644, 1), (0.603, 0.45)], 0.94, 0.007)


def _tank_farm(sheet: Sheet) -> None:
    dark = sheet.dark
    for place, wide, tall in ((0.10, 0.11, 0.20), (0.235, 0.11, 0.20), (0.36, 0.075, 0.14)):
        roof = 0.92 - tall
        dark.box(place - wide / 2, roof, place + wide / 2, 1, 0.84)
        dark.disc((place, roof), wide / 2 * sheet.aspect, 0.59, squash=0.25)
        dark.box(place - wide / 2, roof, place - wide * 0.28, 1, 0.97)
    for pipe in range(4):
        dark.box(0, 0.885 + 0.022 * pipe, 1, 0.893 + 0.022 * pipe, 0.98 - 0.12 * (pipe % 2))
    for post in np.linspace(0.03, 0.97, 15):
        dark.box(post, 0.88, post + 0.007, 1, 0.98)
    dark.box(0.72, 0.80, 1, 1, 0.91)
    for shed in range(6):
        left = 0.745 + 0.042 * shed
        dark.box(left, 0.70 + 0.03 * (shed % 2), left + 0.02, 0.82, 0.96)


def arches(sheet: Sheet) -> None:
    """A stone viaduct striding across a valley at first light."""
    x, y = sheet.x, sheet.y
    grain = sheet.cloud(0.44, 12)
    dark = 0.04 + 0.20 * (1 - y) + 0.08 * (grain - 0.5)
    spot = sheet.sun((0.665, 0.50), 0.125, glow=0.34, reach=0.625)
    for level, swing, waves, phase, shade in ((0.60, 0.045, 0.9, 0.5, 0.20), (0.68, 0.05, 1.2, 2.6, 0.36)):
        hill = level + swing * np.sin(2 * np.pi * waves * x + phase)
        dark = np.where(y > hill, shade + 0.22 * (y - hill), dark)
        spot = np.where(y > hill, 0.10, spot)
    view = np.clip(dark, 0, 1)
    sheet.dark.wash(view)
    open_view = _viaduct(sheet, view)
    valley = 0.86 - 0.05 * np.sin(x * 3.4 + 0.4) - 0.02 * np.sin(x * 11)
    stone = sheet.dark.coverage
    built = ~open_view & (np.abs(stone - view) > 0.02)
    sheet.dark.wash(np.where(y > valley, np.clip(0.88 + 0.2 * (grain - 0.5), 0, 0.97), stone))
    sheet.spot.wash(np.where((stone > 0.6) | (y > valley) | built, 0, spot))


def _viaduct(sheet: Sheet, view: np.ndarray) -> np.ndarray:
    """Draw the thirteen arches; return where one looks through them."""
    count, spring, rise = 13, 0.56, 0.46

    def at(along: float, down: float) -> Point:
        scale = 1 / (1 + along * 0.55)
        return 1.22 - 1.38 * scale, 0.47 + (down - 0.47) * scale

    def opening(arch: int, shift: float) -> list[Point]:
        left, right = arch + 0.17, arch + 0.87
        middle, radius = (left + right) / 2, (right - left) / 2
        curve = [
            at(middle - radius * np.cos(q) + shift, spring - rise * 0.78 * np.sin(q)) for q in np.linspace(0, np.pi, 48)
        ]
        return [at(left + shift, 1.7), *curve, at(right + shift, 1.7)]

    size = (sheet.x.shape[1], sheet.x.shape[0])
    mouths, far_side = Plate(size), Plate(size)
    for arch in range(count):
        mouths.polygon(opening(arch, 0), 1)
        far_side.polygon(opening(arch, -0.15), 1)
    sheet.dark.polygon([at(0, -0.04), at(count, -0.04), at(count, 1.7), at(0, 1.7)], 0.77)
    mouth = mouths.coverage > 0.5
    through = mouth & (far_side.coverage > 0.5)
    sheet.dark.wash(np.where(through, view, np.where(mouth, 0.975, sheet.dark.coverage)))
    for arch in range(count):
        for q in np.linspace(0, np.pi, 15):
            inner = at(arch + 0.52 - 0.35 * np.cos(q), spring - rise * 0.78 * np.sin(q))
            outer = at(arch + 0.52 - 0.42 * np.cos(q), spring - rise * 0.905 * np.sin(q))
            sheet.dark.line([inner, outer], 0.35, 0.0035 / (1 + arch * 0.4))
    sheet.dark.polygon([at(0, -0.10), at(count, -0.10), at(count, -0.015), at(0, -0.015)], 0.98)
    sheet.dark.polygon([at(0, 0.012), at(count, 0.012), at(count, 0.035), at(0, 0.035)], 0.27)
    return through


def rails(sheet: Sheet) -> None:
    """Tracks and overhead wires running towards a low sun."""
    x, y = sheet.x, sheet.y
    horizon = 0.44
    near = np.clip((y - horizon) / (1 - horizon), 0, 1)
    ballast = np.clip(0.34 + 0.22 * (sheet.cloud(0.125, 3) - 0.5) + 0.20 * near, 0, 1)
    sheet.dark.wash(np.where(y < horizon, 0.05 + 0.26 * (1 - y / horizon), ballast))
    shine = 0.16 * np.clip(1 - np.abs(x - 0.5) / (0.06 + 0.4 * near), 0, 1)
    sheet.spot.wash(np.where(y < horizon, sheet.sun((0.5, horizon), 0.10, glow=0.62, reach=0.42), shine))

    def ground(across: float, depth: float) -> Point:
        return 0.5 + across / depth, horizon + (1 - horizon) * 0.98 / depth

    def aloft(across: float, depth: float, height: float) -> Point:
        return 0.5 + across / depth, horizon - height / depth

    dark = sheet.dark
    for track in (-0.95, -0.22, 0.42, 1.18):
        for depth in np.geomspace(0.82, 30, 48)[::-1]:
            front, back = depth * 0.962, depth
            dark.polygon(
                [
                    ground(track - 0.16, back),
                    ground(track + 0.16, back),
                    ground(track + 0.16, front),
                    ground(track - 0.16, front),
                ],
                0.90,
            )
        for rail in (track - 0.10, track + 0.10):
            dark.polygon(
                [
                    ground(rail - 0.012, 0.7),
                    ground(rail + 0.012, 0.7),
                    ground(rail + 0.012, 60),
                    ground(rail - 0.012, 60),
                ],
                0.99,
            )
    for depth in (14, 8.2, 5, 3.1, 2.0, 1.32):
        stroke = 0.020 / depth
        for side in (-1, 1):
            dark.line([ground(side * 0.62, depth), aloft(side * 0.62, depth, 0.50)], 0.96, stroke)
            dark.line([aloft(side * 0.62, depth, 0.46), aloft(side * 0.10, depth, 0.46)], 0.96, stroke * 0.67)
            dark.line([aloft(side * 0.62, depth, 0.40), aloft(side * 0.30, depth, 0.455)], 0.96, stroke / 2)
    for wire in (-0.22, 0.42):
        for height in (0.46, 0.40):
            dark.line([aloft(wire, 0.6, height), aloft(wire, 60, height)], 0.93, 0.0035)
    sheet.keep_spot_off(0.85)


def border_post(sheet: Sheet) -> None:
    """An empty road, a canopy, and a striped barrier that is down."""
    x, y = sheet.x, sheet.y
    horizon = 0.60
    hills = horizon - 0.05 - 0.035 * np.sin(x * 5.3 + 0.7) - 0.015 * np.sin(x * 14)
    sky = 0.05 + 0.30 * (1 - y) ** 1.4 + 0.12 * (sheet.cloud(0.5, 9) - 0.5)
    near = np.clip((y - horizon) / (1 - horizon), 0, 1)
    road = np.abs(x - 0.5) < 0.06 + 0.52 * near
    asphalt = 0.30 + 0.14 * near + 0.10 * (sheet.cloud(0.05, 2) - 0.5)
    verge = 0.60 + 0.20 * (sheet.cloud(0.08, 6) - 0.5)
    dark = np.where(y > horizon, np.where(road, asphalt, verge), np.where(y > hills, 0.42, sky))
    sheet.dark.wash(dark)
    sheet.spot.wash(np.where(y > hills, 0, sheet.sun((0.50, 0.50), 0.10, glow=0.50, reach=0.45)))
    for begin, end in ((0.04, 0.07), (0.12, 0.18), (0.26, 0.37), (0.52, 0.74)):
        rows = [(horizon + 0.4 * t, 0.0016 + 0.012 * t) for t in (begin, end)]
        sheet.dark.polygon(
            [
                (0.5 - rows[0][1], rows[0][0]),
                (0.5 + rows[0][1], rows[0][0]),
                (0.5 + rows[1][1], rows[1][0]),
                (0.5 - rows[1][1], rows[1][0]),
            ],
            0.0,
        )
    _canopy(sheet)
    for pivot, tip in ((0.285, 0.485), (0.715, 0.515)):
        _barrier(sheet, pivot, tip)
    sheet.keep_spot_off(0.9)


def _canopy(sheet: Sheet) -> None:
    dark = sheet.dark
    for left, right in ((0.185, 0.275), (0.725, 0.815)):
        dark.box(left, 0.47, right, 0.74, 0.92)
        dark.box(left + 0.010, 0.50, right - 0.010, 0.60, 0.12)
        sheet.spot.box(left + 0.010, 0.50, right - 0.010, 0.60, 0.35)
        dark.line([((left + right) / 2, 0.50), ((left + right) / 2, 0.60)], 0.92, 0.008)
        dark.box(left - 0.012, 0.73, right + 0.012, 0.76, 0.70)
    for post in (0.155, 0.30, 0.70, 0.845):
        dark.box(post - 0.006, 0.34, post + 0.006, 0.74, 0.95)
    dark.polygon([(0.075, 0.285), (0.925, 0.285), (0.900, 0.365), (0.100, 0.365)], 0.95)
    dark.box(0.075, 0.272, 0.925, 0.290, 0.55)
    for lamp in (0.225, 0.40, 0.60, 0.775):
        dark.box(lamp - 0.040, 0.365, lamp + 0.040, 0.374, 0.0)
        sheet.spot.box(lamp - 0.040, 0.365, lamp + 0.040, 0.374, 0.5)
    for sign in (0.40, 0.60):
        dark.disc((sign, 0.325), 0.027, 0.0)
        sheet.spot.disc((sign, 0.325), 0.027, 0.95)
        dark.box(sign - 0.010, 0.320, sign + 0.010, 0.330, 0.0)
        sheet.spot.box(sign - 0.010, 0.320, sign + 0.010, 0.330, 0.0)


def _barrier(sheet: Sheet, pivot: float, tip: float) -> None:
    sheet.dark.box(pivot - 0.011, 0.66, pivot + 0.011, 0.80, 0.96)
    stripes = np.linspace(pivot, tip, 10)
    for number, (begin, end) in enumerate(pairwise(stripes)):
        red = number % 2 == 0
        sheet.dark.box(begin, 0.688, end, 0.712, 0.22 if red else 0.0)
        sheet.spot.box(begin, 0.688, end, 0.712, 1.0 if red else 0.0)
    sheet.dark.line([(pivot, 0.712), (tip, 0.712)], 0.9, 0.004)


def containers(sheet: Sheet) -> None:
    """A wall of stacked boxes under the legs of a crane."""
    y = sheet.y
    sheet.dark.wash(0.05 + 0.22 * (1 - y) + 0.12 * (sheet.cloud(0.5, 25) - 0.5))
    sheet.spot.wash(0.45 * np.clip(1 - np.abs(y - 0.55) / 0.40, 0, 1) ** 1.5)
    _gantry(sheet)
    generator = np.random.default_rng(19)
    heights = (5, 5, 4, 3, 4, 2, 3, 5)
    for stack, height in enumerate(heights):
        left = -0.03 + stack * 0.134
        for level in range(height):
            top = 0.86 - (level + 1) * 0.118
            copper = generator.random() < 0.28
            _container(sheet, (left, top), float(generator.uniform(0.18, 0.72)), copper)
    sheet.dark.box(0, 0.86, 1, 1, 0.90)
    sheet.spot.box(0, 0.86, 1, 1, 0.0)
    for mark in np.linspace(0.02, 0.94, 8):
        sheet.dark.polygon([(mark, 0.925), (mark + 0.055, 0.925), (mark + 0.062, 0.94), (mark + 0.002, 0.94)], 0.15)


def _container(sheet: Sheet, corner: Point, shade: float, copper: bool) -> None:
    left, top = corner
    right, bottom = left + 0.130, top + 0.115
    sheet.dark.box(left, top, right, bottom, 0.10 if copper else shade)
    sheet.spot.box(left, top, right, bottom, 0.92 if copper else 0.0)
    for rib in np.linspace(left + 0.008, right - 0.008, 15):
        sheet.dark.line([(rib, top + 0.012), (rib, bottom - 0.012)], min(1.0, shade + 0.26), 0.0042)
    for edge in ([(left, top), (right, top)], [(left, bottom), (right, bottom)]):
        sheet.dark.line(edge, 0.95, 0.008)
    for edge in ([(left, top), (left, bottom)], [(right, top), (right, bottom)]):
        sheet.dark.line(edge, 0.95, 0.008)


def _gantry(sheet: Sheet) -> None:
    dark = sheet.dark
    for leg in (0.44, 0.76):
        dark.line([(leg, 0.10), (leg, 0.90)], 0.92, 0.020)
    dark.line([(0.30, 0.13), (1.02, 0.13)], 0.92, 0.030)
    dark.line([(0.44, 0.34), (0.76, 0.34)], 0.92, 0.014)
    dark.line([(0.44, 0.34), (0.76, 0.14)], 0.85, 0.008)
    dark.line([(0.60, 0.02), (0.31, 0.12)], 0.88, 0.007)
    dark.line([(0.60, 0.02), (0.98, 0.12)], 0.88, 0.007)
    dark.line([(0.60, 0.02), (0.60, 0.13)], 0.92, 0.012)
    for rope in (0.635, 0.715):
        dark.line([(rope, 0.13), (rope, 0.215)], 0.90, 0.004)
    dark.box(0.625, 0.205, 0.725, 0.222, 0.95)
    _container(sheet, (0.61, 0.222), 0.2, True)


def cranes(sheet: Sheet) -> None:
    """Three tower cranes over a half-built block."""
    y = sheet.y
    sheet.dark.wash(0.06 + 0.24 * (1 - y) ** 1.2 + 0.14 * (sheet.cloud(0.6, 51) - 0.5))
    sheet.spot.wash(sheet.sun((0.235, 0.40), 0.13, glow=0.36, reach=0.60))
    for mast, top, reach, back in (
        (0.90, 0.30, -0.27, 0.07),
        (0.155, 0.20, 0.36, -0.09),
        (0.60, 0.09, -0.30, 0.10),
    ):
        _crane(sheet, mast, top, reach, back)
    _half_built(sheet)
    sheet.keep_spot_off(0.8)


def _crane(sheet: Sheet, mast: float, top: float, reach: float, back: float) -> None:
    dark = sheet.dark
    half = 0.008
    for side in (-half, half):
        dark.line([(mast + side, top), (mast + side, 1)], 0.95, 0.0065)
    for number, level in enumerate(np.arange(top, 0.98, 0.032)):
        lean = half if number % 2 else -half
        dark.line([(mast - lean, level), (mast + lean, level + 0.032)], 0.95, 0.0045)
    peak = (mast, top - 0.085)
    dark.line([(mast + back, top), (mast + reach, top)], 0.95, 0.010)
    dark.line([(mast, top - 0.028), (mast + reach * 0.97, top - 0.008)], 0.95, 0.006)
    joints = np.linspace(0.02, 0.95, 20) * reach + mast
    for number, (begin, end) in enumerate(pairwise(joints)):
        high, low = (top - 0.024 * (1 - number / 20), top)
        dark.line([(begin, high if number % 2 else low), (end, low if number % 2 else high)], 0.9, 0.0035)
    for end in (mast + reach * 0.7, mast + back * 0.9):
        dark.line([peak, (end, top)], 0.92, 0.0035)
    dark.line([(mast, top), peak], 0.95, 0.010)
    dark.box(mast + back - 0.016, top - 0.004, mast + back + 0.016, top + 0.045, 0.95)
    dark.box(mast + np.sign(reach) * 0.010, top + 0.004, mast + np.sign(reach) * 0.030, top + 0.042, 0.95)
    hook = mast + reach * 0.62
    dark.line([(hook, top), (hook, top + 0.17)], 0.9, 0.003)
    dark.box(hook - 0.026, top + 0.17, hook + 0.026, top + 0.182, 0.95)


def _half_built(sheet: Sheet) -> None:
    dark = sheet.dark
    floors = ((0.62, 0.30, 0.70), (0.71, 0.28, 0.78), (0.80, 0.28, 0.82), (0.89, 0.28, 0.82))
    for top, left, right in floors:
        dark.box(left, top + 0.014, right, top + 0.09, 0.30)
        sheet.spot.box(left, top + 0.014, right, top + 0.09, 0.0)
        for number, bay in enumerate(np.arange(left, right - 0.03, 0.045)):
            if (number * 7 + round(top * 100)) % 5:
                dark.box(bay + 0.012, top + 0.022, bay + 0.036, top + 0.085, 0.72)
        for column in np.arange(left, right + 0.01, 0.045):
            dark.box(column - 0.004, top, column + 0.004, top + 0.09, 0.96)
        dark.box(left - 0.012, top, right + 0.012, top + 0.015, 0.96)
    for rod in np.arange(0.31, 0.70, 0.016):
        dark.line([(rod, 0.62), (rod, 0.585)], 0.9, 0.003)
    dark.box(0, 0.965, 1, 1, 0.96)


SCENES = (flare, arches, rails, border_post, containers, cranes)
