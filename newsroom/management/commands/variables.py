"""Print every environment variable that the site reads, as a table for docs/operating.md, "Settings"."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from newsroom import settings as read

KINDS = {
    "text": "",
    "segment": "part of an address",
    "flag": "true or false",
    "number": "number",
    "words": "list, with commas",
    "networks": "networks, with commas",
    "url": "address",
    "urls": "addresses, with commas",
    "choice": "",
    "in_languages": "also …_FR, …_NL, …_DE",
    "colour": "colours by day and night",
}


@dataclass(frozen=True)
class Variable:
    """One of them: how it is written, and what is said above the line that reads it."""

    name: str
    kind: str
    default: str
    is_required: bool
    words: str
    line: int = 0


class Command(BaseCommand):
    """Read from settings.py itself, so that none is missing."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("| variable | is | default | |\n|---|---|---|---|")
        for one in variables(Path(read.__file__).read_text(encoding="utf-8")):
            default = "**must be set**" if one.is_required else one.default and f"`{one.default}`"
            self.stdout.write(f"| `{one.name}` | {one.kind} | {default} | {one.words} |")


def variables(source: str) -> list[Variable]:
    """Every variable that these settings read, each once, in their order."""
    lines = source.splitlines()
    found = {one.name: one for node in _calls(ast.parse(source)) if (one := _variable(node, lines))}
    first = Variable("ENVIRONMENT", "`development`, `production`", "development", False, "")
    return [first, *sorted(found.values(), key=lambda one: one.line)]


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    # Where a variable is read twice, the reading that says more stands for it.
    yield from sorted(calls, key=lambda call: (len(call.keywords), -call.lineno))


def _variable(call: ast.Call, lines: list[str]) -> Variable | None:
    method = call.func
    if not (isinstance(method, ast.Attribute) and isinstance(method.value, ast.Name) and method.value.id == "env"):
        return None
    if method.attr not in KINDS or not call.args:
        return None
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    kind = KINDS[method.attr]
    if method.attr == "choice":
        kind = ", ".join(f"`{word}`" for word in ast.literal_eval(call.args[1]))
    if "least" in given:
        kind += f", at least {ast.unparse(given['least'])}"
    return Variable(
        _name(call.args[0]),
        kind,
        _default(given.get("default")),
        "required" in given,
        _above(lines, call.lineno - 1),
        call.lineno,
    )


def _name(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else "SITE_COLOUR_…"


def _default(node: ast.expr | None) -> str:
    if node is None:
        return ""
    said = str(node.value) if isinstance(node, ast.Constant) else ast.unparse(node)
    return said.replace("|", "\\|")


def _above(lines: list[str], index: int) -> str:
    """The comment that ends right above, as one sentence; nothing where code stands there."""
    words: list[str] = []
    while index > 0 and re.match(r"#(?! ---) ?", lines[index - 1]):
        index -= 1
        words.insert(0, lines[index].lstrip("# "))
    return " ".join(words).replace("|", "\\|")
