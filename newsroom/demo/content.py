"""The words of the demo newsroom as values: read from the files beside this one, nothing stored yet."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_FIGURE = re.compile(r'<figure data-picture="([\w-]+)"(?: data-caption="([^"]*)")?></figure>')


@dataclass(frozen=True)
class Story:
    """An article as its author left it. `hours_ago` below zero lies in the future."""

    slug: str
    headline: str
    kicker: str
    section: str
    standfirst: str
    authors: tuple[str, ...]
    picture: str
    caption: str
    hours_ago: float
    is_published: bool
    is_free: bool
    related: tuple[str, ...]
    topics: tuple[str, ...]
    html: str

    def with_pictures(self, keys: dict[str, int]) -> str:
        """The text with pictures named by their key in the database, as the editor writes it."""

        def figure(found: re.Match[str]) -> str:
            slug, caption = found.groups()
            return f'<figure data-picture="{keys[slug]}"><figcaption>{caption or ""}</figcaption></figure>'

        return _FIGURE.sub(figure, self.html)


def stories() -> list[Story]:
    """Every story, in the order of the files."""
    return [_story(path) for path in sorted((HERE / "articles").glob("*.html"))]


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of `<name>.json`."""
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def picture_file(row: dict[str, Any]) -> Path:
    """Where the file of a row of pictures.json lies."""
    return HERE / "pictures" / row["file"]


def _story(path: Path) -> Story:
    head, _, html = path.read_text(encoding="utf-8").partition("\n\n")
    value = {key.strip(): text.strip() for key, _, text in (line.partition(":") for line in head.splitlines())}
    return Story(
        slug=path.stem.partition("-")[2],
        headline=value["headline"],
        kicker=value["kicker"],
        section=value["section"],
        standfirst=value["standfirst"],
        authors=_listed(value["authors"]),
        picture=value["picture"],
        caption=value["caption"],
        hours_ago=float(value["published"]),
        is_published=value["status"] == "published",
        is_free=value["free"] == "yes",
        related=_listed(value.get("related", "")),
        topics=_listed(value.get("topics", "")),
        html=html.strip(),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
