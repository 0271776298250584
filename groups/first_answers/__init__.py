"""The answers that the desk begins with; from then on they are changed at the desk and not here.

A file for each topic and language: its title for colleagues, the subject, an empty line, the text.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Words(NamedTuple):
    """One template."""

    topic: str
    language: str
    title: str
    subject: str
    text: str


def first_answers() -> Iterator[Words]:
    """All of them, by topic and language."""
    for path in sorted(HERE.glob("*.txt")):
        topic, language = path.stem.split(".")
        title, subject, _, *text = path.read_text().strip().split("\n")
        yield Words(topic, language, title, subject, "\n".join(text))
