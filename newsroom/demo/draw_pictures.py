"""Draw the demo newsroom's illustrations into a folder.

    python -m newsroom.demo.draw_pictures FOLDER [SLUG ...]

Needs numpy and Pillow. Every picture is the same at every run. The site itself never runs this:
the finished pictures lie beside it, in ``pictures/``.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from newsroom.demo.drawing import coast, country, halls, town
from newsroom.demo.drawing.press import Sheet, printed

WIDTH, HEIGHT = 1280, 720
MAX_BYTES = 125_000
QUALITIES = range(42, 20, -2)

SCENES: dict[str, Callable[[Sheet], None]] = {
    scene.__name__.replace("_", "-"): scene for scene in (*coast.SCENES, *country.SCENES, *halls.SCENES, *town.SCENES)
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and draw what it names, or everything."""
    parser = argparse.ArgumentParser(description="Draw the demo newsroom's illustrations.")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("slugs", nargs="*", metavar="slug", help="which to draw; all without one")
    options = parser.parse_args(arguments)
    unknown = [slug for slug in options.slugs if slug not in SCENES]
    if unknown:
        parser.error(f"no such scene: {', '.join(unknown)}; there are {', '.join(sorted(SCENES))}")
    options.folder.mkdir(parents=True, exist_ok=True)
    for slug in options.slugs or SCENES:
        size = draw(slug, options.folder / f"{slug}.avif")
        sys.stdout.write(f"{slug:<16}{size / 1000:6.1f} kB\n")


def draw(slug: str, path: Path) -> int:
    """Draw one scene into ``path`` and return the size of the file in bytes."""
    sheet = Sheet(WIDTH, HEIGHT)
    SCENES[slug](sheet)
    data = compressed(printed(sheet))
    path.write_bytes(data)
    return len(data)


def compressed(picture: Image.Image) -> bytes:
    """The picture as AVIF, in the best quality that stays within MAX_BYTES.

    Raises ValueError if even the lowest quality is too large.
    """
    for quality in QUALITIES:
        file = io.BytesIO()
        picture.save(file, "AVIF", quality=quality, speed=3)
        if file.tell() <= MAX_BYTES:
            return file.getvalue()
    raise ValueError(f"no quality from {QUALITIES[0]} to {QUALITIES[-1]} keeps it within {MAX_BYTES} bytes")


if __name__ == "__main__":
    main()
