"""`python -m tests.browser.shots FOLDER [WORDS]`: pictures of every page and state, to be looked at by a person.

Each at 1280 and 390 px, at 1280 in the dark, and the articles and receipts on paper. With words, only the pages that
have them in their names. Not collected by a run of the tests.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.test_every_page import Room, room
from tests.showroom import Shown

__all__ = ["room"]
pytestmark = pytest.mark.browser
SIZES = {"1280": (1280, "light"), "390": (390, "light"), "dark": (1280, "dark")}
ON_PAPER = ("article", "stranger /climate/story", "withdraw", "contract")
TALLEST = 9000


def file_name(one: Shown, manner: str) -> str:
    """A name for a file, in which only letters, digits and dots are left."""
    return re.sub(r"[^\w.]+", "-", one.name).strip("-") + f"--{manner}.png"


def test_take_them(room: Room) -> None:
    folder, words = Path(os.environ["SHOTS_FOLDER"]), os.environ.get("SHOTS_WORDS", "")
    folder.mkdir(parents=True, exist_ok=True)
    for one in room.pages.values():
        if words in one.name:
            take(room, one, folder)


def take(room: Room, one: Shown, folder: Path) -> None:
    """Every picture of a page."""
    for manner, (width, scheme) in SIZES.items():
        page = room.open(one, width, color_scheme=scheme)
        page.evaluate("document.fonts.ready")
        page.evaluate("for (const one of document.images) one.loading = 'eager'")
        tall = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
        page.screenshot(
            path=folder / file_name(one, manner), clip={"x": 0, "y": 0, "width": width, "height": tall}, full_page=True
        )
    if one.name.startswith(ON_PAPER) or "receipt" in one.name:
        page = room.open(one, 700)
        page.emulate_media(media="print")
        page.screenshot(path=folder / file_name(one, "print"), full_page=True)
        page.emulate_media(media="screen")


def main(arguments: list[str]) -> int:
    """Take them in a run of pytest, which has the database and the browser."""
    if not arguments:
        raise SystemExit(__doc__)
    names = {"SHOTS_FOLDER": str(Path(arguments[0]).resolve()), "SHOTS_WORDS": " ".join(arguments[1:])}
    command = [sys.executable, "-m", "pytest", "-q", __file__]
    return subprocess.call(command, env=os.environ | names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
