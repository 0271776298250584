"""What stands on top of a file of Markdown: the small part of YAML that people write there.

Names with words, numbers, yes and no, lists in brackets or with dashes, and texts over several lines. Whatever else
YAML has (anchors, tags, objects in objects) is skipped, so that no file can make anything happen by being read.
"""

import re
from typing import Any

_KEY = re.compile(r"([A-Za-z_][\w .-]*?)\s*:(?:\s+(.*)|\s*)\Z")
_YES_NO = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NOTHING = ("", "~", "null", "[]", "{}")
_ESCAPED = {"n": "\n", "t": "\t"}


class Unreadable(ValueError):
    """It is not written in this way; the message names the line."""


def read(text: str) -> dict[str, Any]:
    """The names and their values. Raises Unreadable."""
    lines = [line.rstrip() for line in text.split("\n")]
    found: dict[str, Any] = {}
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        named = _KEY.fullmatch(line)
        if not named:
            raise Unreadable(f"line {at}: {line.strip()[:60]}")
        below = _below(lines, at)
        at += len(below)
        found[named[1]] = _value((named[2] or "").strip(), below)
    return found


def _below(lines: list[str], at: int) -> list[str]:
    """The lines that belong to the one before: those that are set in, and entries of a list."""
    found = []
    for line in lines[at:]:
        if line and not line.startswith((" ", "\t", "- ")) and line != "-":
            break
        found.append(line)
    return found


def _value(said: str, below: list[str]) -> Any:
    words = [line.strip() for line in below if line.strip() and not line.strip().startswith("#")]
    if said[:1] in ("|", ">"):
        return ("\n" if said[0] == "|" else " ").join(line.strip() for line in below).strip()
    if said.startswith("[") and not said.endswith("]"):
        said = " ".join([said, *words])
    if said and not words:
        return _scalar(said)
    if not said and words and all(line.startswith("-") for line in words):
        return [_scalar(line[1:].strip()) for line in words]
    if not said and words:
        pairs = (_KEY.fullmatch(line) for line in words)
        return {pair[1]: _scalar((pair[2] or "").strip()) for pair in pairs if pair}
    return _scalar(" ".join([said, *words])) if not said.startswith("[") else _scalar(said)


def _scalar(said: str) -> Any:
    if said.startswith("[") and said.endswith("]"):
        return [_scalar(one.strip()) for one in _entries(said[1:-1]) if one.strip()]
    if said[:1] in ('"', "'"):
        return _quoted(said)
    said = re.split(r"\s#", said, maxsplit=1)[0].strip()
    if said.lower() in _NOTHING:
        return None
    return _YES_NO.get(said.lower(), said)


def _entries(said: str) -> list[str]:
    """Parted at commas that stand in no quotes."""
    return re.findall(r"""\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,])+""", said)


def _quoted(said: str) -> str:
    if said[0] == "'":
        found = re.match(r"'((?:[^']|'')*)'", said)
        return found[1].replace("''", "'") if found else said
    found = re.match(r'"((?:[^"\\]|\\.)*)"', said)
    return re.sub(r"\\(.)", lambda one: _ESCAPED.get(one[1], one[1]), found[1]) if found else said
