"""Scenes indoors: assemblies, courts, wards, markets, machines, desks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from newsroom.demo.drawing.press import Point, Sheet


def mics(sheet: Sheet) -> None:
    """A cluster of microphones on bent stands."""
    x, y = sheet.x, sheet.y
    sheet.dark.wash(0.10 + 0.30 * y + 0.25 * np.clip(x - 0.55, 0, 1))
    sheet.spot.wash(0.62 * np.clip(1 - sheet.distance((0.30, 0.30)) / 0.62, 0, 1) ** 1.4)
    for microphone in (
        (0.86, 0.70, 0.40, 0.030, 0.59),
        (0.97, 0.80, 0.52, 0.034, 0.65),
        (0.70, 0.545, 0.34, 0.036, 0.73),
        (0.52, 0.44, 0.45, 0.040, 0.80),
        (0.30, 0.36, 0.36, 0.050, 0.92),
        (0.13, 0.22, 0.55, 0.052, 0.96),
        (0.66, 0.63, 0.60, 0.055, 0.98),
    ):
        _microphone(sheet, *microphone)
    sheet.dark.box(0, 0.93, 1, 1, 0.92)
    sheet.keep_spot_off(0.5)


def _microphone(sheet: Sheet, base: float, tip: float, height: float, size: float, shade: float) -> None:
    neck: list[Point] = []
    for t in np.linspace(0, 1, 60):
        across = (1 - t**2) * base + t**2 * tip
        down = (1 - t) ** 2 * 1.05 + 2 * (1 - t) * t * (height - 0.12) + t**2 * height
        neck.append((across, down))
    sheet.dark.line(neck, shade, size * 0.26)
    (x0, y0), (x1, y1) = neck[-7], neck[-1]
    angle = np.arctan2(y1 - y0, (x1 - x0) * sheet.aspect)
    radius, length = size * 0.82, size * 2.5
    end = (x1 + np.cos(angle) * length / sheet.aspect, y1 + np.sin(angle) * length)
    sheet.dark.line([(x1, y1), end], shade, 2 * radius)
    sheet.dark.disc((x1, y1), radius, shade)
    sheet.dark.disc(end, radius, shade)
    middle = (x1 + (end[0] - x1) * 0.30, y1 + (end[1] - y1) * 0.30)
    side = (-np.sin(angle) * radius / sheet.aspect, np.cos(angle) * radius)
    band = [(middle[0] - side[0], middle[1] - side[1]), (middle[0] + side[0], middle[1] + side[1])]
    sheet.dark.line(band, 0.16, radius * 0.22)


def servers(sheet: Sheet) -> None:
    """An aisle between racks, some lamps lit."""
    sheet.dark.wash(np.full_like(sheet.x, 0.07))
    generator = np.random.default_rng(9)
    depths = np.geomspace(0.5, 9, 12)

    def at(across: float, down: float, depth: float) -> Point:
        return 0.56 + across / depth, 0.44 + down / depth

    for side in (-0.34, 0.34):
        for bay in range(len(depths) - 2, -1, -1):
            near, far = depths[bay], depths[bay + 1] * 0.985
            shade = 0.92 - 0.59 * bay / 11

            def panel(top: float, bottom: float, begin: float, end: float, side: float = side) -> list[Point]:
                return [
                    at(side, top, begin),
                    at(side, top, end),
                    at(side, bottom, end),
                    at(side, bottom, begin),
                ]

            sheet.dark.polygon(panel(-0.62, 0.62, near, far), shade)
            for unit in range(17):
                top = -0.58 + unit * 0.07
                begin, end = near + (far - near) * 0.10, near + (far - near) * 0.90
                unit_shade = max(0.08, shade - 0.23 - 0.16 * generator.random())
                sheet.dark.polygon(panel(top, top + 0.045, begin, end), unit_shade)
                for lamp in range(5):
                    if generator.random() < 0.42:
                        left = begin + (end - begin) * (0.12 + 0.16 * lamp)
                        light = panel(top + 0.012, top + 0.033, left, left + (end - begin) * 0.08)
                        sheet.dark.polygon(light, 0.0)
                        sheet.spot.polygon(light, 0.95)
    for tile, (near, far) in enumerate(pairwise(depths)):
        floor = [at(-0.34, 0.62, near), at(0.34, 0.62, near), at(0.34, 0.62, far), at(-0.34, 0.62, far)]
        ceiling = [at(-0.34, -0.62, near), at(0.34, -0.62, near), at(0.34, -0.62, far), at(-0.34, -0.62, far)]
        sheet.dark.polygon(floor, 0.55 if tile % 2 else 0.35)
        sheet.dark.polygon(ceiling, 0.67 if tile % 2 else 0.80)


def papers(sheet: Sheet) -> None:
    """A fan of typed pages with lines blacked out."""
    height, width = sheet.x.shape
    dark = Image.new("L", (width, height), 150)
    spot = Image.new("L", (width, height), 0)
    generator = np.random.default_rng(5)
    for number in range(7):
        page, marks = _typed_page(generator, (int(height * 0.62), int(height * 0.88)), 14 + number * 2)
        turn = generator.uniform(-24, 24)
        left = int(width * (0.02 + 0.14 * number) - height * 0.062)
        top = int(height * (0.02 + 0.18 * generator.random()))
        outline = Image.new("L", page.size, 255).rotate(turn, expand=True)
        shadow_at = (left + int(height * 0.018), top + int(height * 0.022))
        dark.paste(228, shadow_at, outline)
        spot.paste(0, shadow_at, outline)
        dark.paste(page.rotate(turn, expand=True, resample=Image.Resampling.BICUBIC), (left, top), outline)
        spot.paste(marks.rotate(turn, expand=True), (left, top), outline)
    sheet.dark.wash(np.asarray(dark, dtype=np.float32) / 255)
    sheet.spot.wash(np.asarray(spot, dtype=np.float32) / 255 * 0.9)


def _typed_page(generator: np.random.Generator, size: tuple[int, int], tint: int) -> tuple[Image.Image, Image.Image]:
    """One page: its text and redactions in dark ink, and the redactions in spot ink."""
    wide, tall = size
    page, marks = Image.new("L", size, tint), Image.new("L", size, 0)
    ink, highlight = ImageDraw.Draw(page), ImageDraw.Draw(marks)
    margin = int(wide * 0.12)
    ink.rectangle((margin, margin, margin + wide * 0.34, margin + tall * 0.022), fill=220)
    for row in range(24):
        top = margin + tall * 0.085 + row * tall * 0.032
        length = (wide - 2 * margin) * (0.5 if row % 6 == 5 else 1)
        if generator.random() >= 0.26:
            ink.rectangle((margin, top, margin + length, top + tall * 0.009), fill=120)
        elif generator.random() < 0.30:
            end = margin + length * (0.35 + 0.6 * generator.random())
            highlight.rectangle((margin, top - tall * 0.004, end, top + tall * 0.018), fill=250)
        else:
            start = margin + length * 0.1 * generator.random()
            end = margin + length * (0.5 + 0.5 * generator.random())
            ink.rectangle((start, top - tall * 0.004, end, top + tall * 0.018), fill=250)
    ink.rectangle((0, 0, wide - 1, tall - 1), outline=200, width=3)
    return page, marks


def columns(sheet: Sheet) -> None:
    """A court's portico: fluted columns, and a lit door between the middle two."""
    y = sheet.y
    sheet.dark.wash(0.90 - 0.10 * y)
    door = (0.432, 0.36, 0.568, 0.83)
    sheet.dark.box(door[0] - 0.020, door[1] - 0.035, door[2] + 0.020, door[3], 0.35)
    sheet.dark.box(*door, 0.0)
    sheet.spot.box(*door, 0.95)
    sheet.dark.line([(0.5, door[1]), (0.5, door[3])], 0.9, 0.006)
    for place in (0.06, 0.207, 0.354, 0.646, 0.793, 0.94):
        _column(sheet, place, 0.046)
    _entablature(sheet)
    for step in range(5):
        top, inset = 0.845 + 0.034 * step, 0.012 * (4 - step)
        sheet.dark.box(inset, top, 1 - inset, top + 0.022, 0.08 + 0.05 * step)
        sheet.dark.box(inset, top + 0.022, 1 - inset, top + 0.036, 0.80)
    light = [(door[0], 0.845), (door[2], 0.845), (door[2] + 0.07, 1), (door[0] - 0.07, 1)]
    sheet.spot.polygon(light, 0.55)
    sheet.keep_spot_off(0.6)


def _column(sheet: Sheet, place: float, half: float) -> None:
    """One shaft, lit from the left; its flutes crowd towards the edges."""
    top, bottom, taper = 0.215, 0.83, 0.84
    edges = half * np.sin(np.linspace(-np.pi / 2, np.pi / 2, 25))
    for number, (left, right) in enumerate(pairwise(edges)):
        side = (left + right) / 2 / half
        shade = 0.04 + 0.70 / (1 + np.exp(-6 * (side - 0.42))) + (0.24 if number % 2 else 0.0)
        corners = [
            (place + left * taper, top),
            (place + right * taper, top),
            (place + right, bottom),
            (place + left, bottom),
        ]
        sheet.dark.polygon(corners, shade)
    for level, wide, tall in (
        (0.195, 1.28, 0.026),
        (0.221, 1.02, 0.018),
        (0.806, 1.14, 0.020),
        (0.826, 1.30, 0.022),
    ):
        sheet.dark.box(place - half * wide, level, place + half * wide, level + tall, 0.10)
        sheet.dark.box(place + half * 0.45, level, place + half * wide, level + tall, 0.62)
        sheet.dark.line([(place - half * wide, level + tall), (place + half * wide, level + tall)], 0.9, 0.004)


def _entablature(sheet: Sheet) -> None:
    """The beam above: mouldings, and a row of small blocks."""
    sheet.dark.box(0, 0, 1, 0.198, 0.20)
    for top, bottom, shade in (
        (0.0, 0.020, 0.75),
        (0.058, 0.074, 0.85),
        (0.074, 0.084, 0.05),
        (0.150, 0.158, 0.80),
        (0.186, 0.200, 0.92),
    ):
        sheet.dark.box(0, top, 1, bottom, shade)
    for block in np.arange(0.008, 1, 0.0305):
        sheet.dark.box(block, 0.086, block + 0.018, 0.118, 0.80)


def hemicycle(sheet: Sheet) -> None:
    """Rows of empty benches curving round the chair."""
    x, y = sheet.x, sheet.y
    sheet.dark.wash(np.where(y < 0.30, 0.72 - 0.35 * y, 0.80))
    sheet.spot.wash(np.zeros_like(x))
    centre = (0.50, 0.345)
    for panel in np.linspace(0.03, 0.97, 25):
        sheet.dark.box(panel - 0.013, 0.03, panel + 0.013, 0.285, 0.42)
    sheet.dark.box(0.40, 0.05, 0.60, 0.26, 0.06)
    sheet.spot.box(0.40, 0.05, 0.60, 0.26, 0.85)
    for arch in (0.455, 0.50, 0.545):
        for plate in (sheet.dark, sheet.spot):
            plate.disc((arch, 0.155), 0.034, 0.0)
            plate.box(arch - 0.019, 0.155, arch + 0.019, 0.215, 0.0)
    generator = np.random.default_rng(7)
    for row, radius in enumerate(np.geomspace(0.15, 0.98, 11)):
        _bench(sheet, centre, float(radius), row, generator)
    sheet.dark.polygon([(0.435, 0.315), (0.565, 0.315), (0.575, 0.385), (0.425, 0.385)], 0.95)
    sheet.dark.box(0.430, 0.300, 0.570, 0.318, 0.20)
    for seat in (0.455, 0.485, 0.515, 0.545):
        sheet.dark.box(seat - 0.009, 0.262, seat + 0.009, 0.302, 0.88)


def _bench(sheet: Sheet, centre: Point, radius: float, row: int, generator: np.random.Generator) -> None:
    """One curved row: a pale desk, the backs of its seats, and five aisles left open."""
    flat = 0.62
    thick = 0.30 * radius**0.9

    def at(angle: float, out: float, lift: float = 0.0) -> Point:
        return centre[0] - out * np.cos(angle) / sheet.aspect * 1.55, centre[1] + out * flat * np.sin(angle) - lift

    seats = 18 + 5 * row
    for seat in range(seats):
        begin = np.pi * (0.02 + 0.96 * seat / seats)
        end = np.pi * (0.02 + 0.96 * (seat + 0.80) / seats)
        middle = (begin + end) / 2
        if np.min(np.abs(middle - np.pi * np.array([0.2, 0.4, 0.6, 0.8]))) < 0.030:
            continue
        desk = [
            at(begin, radius),
            at(end, radius),
            at(end, radius + thick * 0.24),
            at(begin, radius + thick * 0.24),
        ]
        sheet.dark.polygon(desk, 0.10)
        chair = [
            at(begin, radius + thick * 0.30),
            at(end, radius + thick * 0.30),
            at(end, radius + thick * 0.52),
            at(begin, radius + thick * 0.52),
        ]
        copper = generator.random() < 0.20
        sheet.dark.polygon(chair, 0.15 if copper else 0.52)
        sheet.spot.polygon(chair, 0.95 if copper else 0.0)


def hospital(sheet: Sheet) -> None:
    """A long ward corridor at night, one bed by the wall."""
    gone = (0.47, 0.43)

    def at(across: float, down: float, depth: float) -> Point:
        return gone[0] + across / depth, gone[1] + down / depth

    sheet.dark.wash(np.full_like(sheet.x, 0.3))
    near, far = 0.55, 9.0
    sheet.dark.polygon([at(-0.45, 0.50, near), at(0.45, 0.50, near), at(0.45, 0.50, far), at(-0.45, 0.50, far)], 0.30)
    sheet.dark.polygon(
        [at(-0.45, -0.42, near), at(0.45, -0.42, near), at(0.45, -0.42, far), at(-0.45, -0.42, far)], 0.46
    )
    for side, shade in ((-0.45, 0.22), (0.45, 0.58)):
        sheet.dark.polygon(
            [at(side, -0.42, near), at(side, -0.42, far), at(side, 0.50, far), at(side, 0.50, near)], shade
        )
        sheet.dark.polygon([at(side, 0.14, near), at(side, 0.14, far), at(side, 0.19, far), at(side, 0.19, near)], 0.85)
        for begin, end in ((0.72, 0.98), (1.32, 1.75), (2.4, 3.1), (4.3, 5.4)):
            sheet.dark.polygon(
                [at(side, -0.28, begin), at(side, -0.28, end), at(side, 0.50, end), at(side, 0.50, begin)],
                0.82,
            )
            inner, outer = begin + (end - begin) * 0.28, begin + (end - begin) * 0.72
            glass = [
                at(side, -0.20, inner),
                at(side, -0.20, outer),
                at(side, 0.02, outer),
                at(side, 0.02, inner),
            ]
            sheet.dark.polygon(glass, 0.08)
            sheet.spot.polygon(glass, 0.55 if side > 0 else 0.12)
    for begin, end in ((0.62, 0.84), (1.06, 1.42), (1.8, 2.4), (3.05, 4.1), (5.2, 7.0)):
        sheet.dark.polygon(
            [at(-0.12, -0.42, begin), at(0.12, -0.42, begin), at(0.12, -0.42, end), at(-0.12, -0.42, end)],
            0.0,
        )
        sheet.dark.polygon(
            [at(-0.10, 0.50, begin), at(0.10, 0.50, begin), at(0.12, 0.50, end), at(-0.12, 0.50, end)], 0.08
        )
    sheet.dark.box(*at(-0.45, -0.42, far), *at(0.45, 0.50, far), 0.0)
    sheet.spot.box(*at(-0.45, -0.42, far), *at(0.45, 0.50, far), 0.95)
    _bed(sheet, at)


def _bed(sheet: Sheet, at: Callable[[float, float, float], Point]) -> None:
    left, right, front, back = 0.10, 0.37, 1.05, 1.62

    def slab(top: float, bottom: float) -> list[list[Point]]:
        return [
            [at(left, top, front), at(right, top, front), at(right, top, back), at(left, top, back)],
            [at(left, top, front), at(right, top, front), at(right, bottom, front), at(left, bottom, front)],
            [at(left, top, front), at(left, top, back), at(left, bottom, back), at(left, bottom, front)],
        ]

    for across, depth in (
        (left + 0.02, back),
        (right - 0.02, back),
        (left + 0.02, front),
        (right - 0.02, front),
    ):
        sheet.dark.line([at(across, 0.30, depth), at(across, 0.485, depth)], 0.95, 0.010 / depth)
        sheet.dark.disc(at(across, 0.487, depth), 0.013 / depth, 0.95)
    for face, shade in zip(slab(0.24, 0.32), (0.02, 0.40, 0.62), strict=True):
        sheet.dark.polygon(face, shade)
        sheet.spot.polygon(face, 0.0)
    blanket = [at(left, 0.235, front), at(right, 0.235, front), at(right, 0.235, 1.38), at(left, 0.235, 1.38)]
    fall = [at(left, 0.235, front), at(left, 0.235, 1.38), at(left, 0.37, 1.38), at(left, 0.37, front)]
    foot = [at(left, 0.235, front), at(right, 0.235, front), at(right, 0.37, front), at(left, 0.37, front)]
    for face, shade, copper in ((blanket, 0.0, 0.85), (fall, 0.30, 0.95), (foot, 0.12, 0.95)):
        sheet.dark.polygon(face, shade)
        sheet.spot.polygon(face, copper)
    for depth in (front, back):
        sheet.dark.line(
            [at(left, 0.30, depth), at(left, 0.14, depth), at(right, 0.14, depth), at(right, 0.30, depth)],
            0.95,
            0.012 / depth,
        )


def ballot_boxes(sheet: Sheet) -> None:
    """Three sealed boxes on a table, a folded paper halfway into the nearest."""
    x, y = sheet.x, sheet.y
    table = 0.70
    sheet.dark.wash(np.where(y > table, 0.40 + 0.5 * (y - table), 0.20 + 0.20 * y + 0.10 * np.abs(x - 0.5)))
    glow = 0.75 * np.clip(1 - sheet.distance((0.5, 0.34)) / 0.55, 0, 1) ** 1.2
    sheet.spot.wash(np.where(y > table, 0.0, glow))
    sheet.dark.line([(0, table), (1, table)], 0.75, 0.006)
    _ballot_box(sheet, (0.215, 0.72), 0.30)
    _ballot_box(sheet, (0.785, 0.72), 0.30)
    _ballot_box(sheet, (0.50, 0.88), 0.46)
    _ballot(sheet, (0.505, 0.395), 0.19)
    for left, top, turn in ((0.07, 0.86, 0.10), (0.78, 0.89, -0.12), (0.86, 0.84, 0.2)):
        _loose_paper(sheet, (left, top), turn)


def _ballot_box(sheet: Sheet, foot: Point, size: float) -> None:
    """A box turned a little, so that three of its faces show."""

    def at(across: float, up: float) -> Point:
        return foot[0] + across * size / sheet.aspect, foot[1] - up * size

    left = [at(-0.62, 0.16), at(0.12, 0), at(0.12, 0.78), at(-0.62, 0.90)]
    right = [at(0.12, 0), at(0.62, 0.20), at(0.62, 0.94), at(0.12, 0.78)]
    top = [at(-0.62, 0.90), at(0.12, 0.78), at(0.62, 0.94), at(-0.10, 1.06)]
    shadow = [at(-0.62, 0.16), at(0.12, 0), at(0.62, 0.20), at(1.25, 0.16), at(0.75, -0.04), at(0.12, -0.02)]
    sheet.dark.polygon(shadow, 0.85)
    for face, shade in ((left, 0.30), (right, 0.88), (top, 0.06)):
        sheet.dark.polygon(face, shade)
        sheet.spot.polygon(face, 0.0)
    window = [at(-0.52, 0.26), at(0.02, 0.145), at(0.02, 0.66), at(-0.52, 0.765)]
    sheet.dark.polygon(window, 0.05)
    generator = np.random.default_rng(int(foot[0] * 100))
    for level in np.arange(0.24, 0.58, 0.035):
        start, end = generator.uniform(-0.52, -0.42), generator.uniform(-0.15, 0.02)
        lean = generator.uniform(-0.03, 0.03)
        sheet.dark.line(
            [at(start, level + 0.06 - start * 0.21 - 0.1), at(end, level - 0.02 - end * 0.21 + lean)],
            0.55,
            0.012 * size,
        )
    sheet.dark.line([*window, window[0]], 0.92, 0.012 * size)
    slot = [at(-0.18, 0.945), at(0.16, 0.89), at(0.20, 0.903), at(-0.14, 0.958)]
    sheet.dark.polygon(slot, 0.98)
    for across, up in ((-0.57, 0.855), (0.07, 0.74)):
        sheet.dark.disc(at(across, up), 0.030 * size, 0.95)
        sheet.spot.disc(at(across, up), 0.030 * size, 0.0)
    seal = [at(0.14, 0.60), at(0.34, 0.67), at(0.34, 0.56), at(0.14, 0.49)]
    sheet.dark.polygon(seal, 0.10)
    sheet.spot.polygon(seal, 0.95)


def _ballot(sheet: Sheet, middle: Point, size: float) -> None:
    x, y = middle
    wide = size * 0.62 / sheet.aspect
    front = [
        (x - wide, y - size * 0.62),
        (x + wide * 0.92, y - size * 0.78),
        (x + wide, y + size * 0.34),
        (x - wide * 0.93, y + size * 0.50),
    ]
    sheet.dark.polygon(front, 0.02)
    sheet.spot.polygon(front, 0.0)
    sheet.dark.line([*front, front[0]], 0.75, 0.004)
    for row in range(4):
        down = y - size * 0.44 + row * size * 0.20
        sheet.dark.line([(x - wide * 0.30, down), (x + wide * 0.66, down - size * 0.07)], 0.6, 0.007)
        square = (x - wide * 0.62, down + size * 0.03)
        sheet.dark.disc(square, size * 0.055, 0.55)
        sheet.dark.disc(square, size * 0.040, 0.02)
    chosen = (x - wide * 0.62, y - size * 0.44 + 2 * size * 0.20 + size * 0.03)
    arm = size * 0.085
    for sign in (-1, 1):
        stroke = [
            (chosen[0] - arm / sheet.aspect, chosen[1] - sign * arm),
            (chosen[0] + arm / sheet.aspect, chosen[1] + sign * arm),
        ]
        sheet.spot.line(stroke, 1.0, 0.011)
        sheet.dark.line(stroke, 0.20, 0.011)


def _loose_paper(sheet: Sheet, corner: Point, turn: float) -> None:
    x, y = corner
    page = [(x, y), (x + 0.10, y - 0.10 * turn), (x + 0.115, y + 0.055), (x + 0.008, y + 0.062 + 0.10 * turn)]
    sheet.dark.polygon([(px + 0.006, py + 0.012) for px, py in page], 0.85)
    sheet.dark.polygon(page, 0.03)
    sheet.dark.line([(x + 0.052, y - 0.05 * turn), (x + 0.060, y + 0.058 + 0.05 * turn)], 0.45, 0.004)


def fish_market(sheet: Sheet) -> None:
    """Crates of iced fish in rows, seen from above."""
    sheet.dark.wash(0.62 + 0.25 * (sheet.cloud(0.08, 13) - 0.5))
    generator = np.random.default_rng(23)
    for row in range(3):
        for crate in range(4):
            shift = 0.05 if row % 2 else 0.0
            _crate(sheet, (-0.035 + crate * 0.272 - shift, 0.015 + row * 0.335), generator)


def _crate(sheet: Sheet, corner: Point, generator: np.random.Generator) -> None:
    left, top = corner
    wide, tall, wall = 0.262, 0.315, 0.011
    sheet.dark.box(left + 0.007, top + 0.012, left + wide + 0.007, top + tall + 0.012, 0.97)
    sheet.dark.box(left, top, left + wide, top + tall, 0.45)
    inner = (left + wall, top + wall * 1.8, left + wide - wall, top + tall - wall * 1.8)
    sheet.dark.box(*inner, 0.06)
    for _ in range(170):
        place = (generator.uniform(inner[0], inner[2]), generator.uniform(inner[1], inner[3]))
        sheet.dark.disc(place, generator.uniform(0.003, 0.007), generator.choice([0.0, 0.22, 0.35]))
    copper = generator.random() < 0.30
    for lane in range(5):
        middle = (left + wide / 2 + generator.uniform(-0.006, 0.006), top + 0.055 + lane * 0.051)
        _fish(sheet, middle, 0.098 * generator.uniform(0.92, 1.03), copper, bool(lane % 2))


def _fish(sheet: Sheet, middle: Point, half: float, copper: bool, turned: bool) -> None:
    """One fish on its side: dark back, pale belly, eye, gill and a forked tail."""
    x, y = middle
    way = -1 if turned else 1
    along = np.linspace(-1, 1, 40)
    bulk = 0.024 * (1 - along**2) ** 0.62 * (1 + 0.25 * along)

    def at(forward: float, up: float) -> Point:
        return x + way * half * forward, y - up

    upper = [at(a, b) for a, b in zip(along, bulk, strict=True)]
    lower = [at(a, -b) for a, b in zip(along[::-1], bulk[::-1], strict=True)]
    tail = [at(-0.90, 0), at(-1.22, 0.022), at(-1.12, 0), at(-1.22, -0.022)]
    middle_line = [at(a, 0.004) for a in along[::-1]]
    for shape, shade in ((upper + lower, 0.16), (upper + middle_line, 0.45 if copper else 0.78), (tail, 0.7)):
        sheet.dark.polygon(shape, shade)
        sheet.spot.polygon(shape, 0.9 if copper else 0.0)
    sheet.dark.line(upper + lower + upper[:1], 0.92, 0.004)
    sheet.dark.line([at(0.62, 0.016), at(0.56, 0), at(0.62, -0.014)], 0.9, 0.004)
    sheet.dark.disc(at(0.80, 0.004), 0.0058, 0.0)
    sheet.spot.disc(at(0.80, 0.004), 0.0058, 0.0)
    sheet.dark.disc(at(0.80, 0.004), 0.0032, 0.98)
    sheet.dark.polygon([at(0.30, 0.002), at(0.05, -0.010), at(0.22, -0.008)], 0.8)


SCENES = (mics, servers, papers, columns, hemicycle, hospital, ballot_boxes, fish_market)
