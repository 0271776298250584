"""Form bodies with nested keys (`items[0][price]=…`) read into hashes and lists."""

import re
import urllib.parse
from typing import Any

from .errors import invalid

KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
DEEPEST = 20


def decode(text: str) -> dict[str, Any]:
    """The nested parameters of a form or query text. Raises `ApiError` (400) when keys contradict each other."""
    root: dict[str, Any] = {}
    try:
        pairs = urllib.parse.parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=2000)
    except ValueError as problem:
        raise invalid(f"Invalid form body: {problem}") from problem
    for key, value in pairs:
        _put(root, _parts(key), value, key)
    return {key: _with_lists(value) for key, value in root.items()}


def decode_flat(text: str) -> dict[str, str]:
    """The fields of a form on one of our own pages; of a repeated field the last counts."""
    return dict(urllib.parse.parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=200))


def _parts(key: str) -> list[str]:
    match = KEY.fullmatch(key)
    if not match:
        raise invalid(f"Invalid parameter name: {key[:100]!r}")
    parts = [match.group(1), *re.findall(r"\[([^\[\]]*)\]", match.group(2))]
    if len(parts) > DEEPEST:
        raise invalid("Parameters are nested too deeply")
    return parts


def _put(root: dict[str, Any], parts: list[str], value: str, key: str) -> None:
    node = root
    for part in parts[:-1]:
        node = node.setdefault(part or str(len(node)), {})
        if not isinstance(node, dict):
            raise invalid(f"Invalid parameter: {key[:100]} is both a value and a hash")
    last = parts[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        raise invalid(f"Invalid parameter: {key[:100]} is both a value and a hash")
    node[last] = value


def _with_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    node = {key: _with_lists(value) for key, value in node.items()}
    if node and all(key.isdecimal() for key in node):
        return [node[key] for key in sorted(node, key=int)]
    return node
