"""The plain text of a letter, set: lines that a mail program shows whole, and facts in two columns.

Translated sentences have other lengths than ours, so no template breaks a line or aligns a column by hand.
"""

import re
import textwrap

LONGEST_LINE = 78
# A fact stands two blanks to the right: its name, at least two blanks, what it is.
FACT = re.compile(r"^  (\S.*?) {2,}(\S.*)$")


def set_in_lines(text: str) -> str:
    """Break what is longer than a line, and align the facts that stand together. Addresses stay whole."""
    lines: list[str] = []
    facts: list[tuple[str, str]] = []
    for line in text.split("\n"):
        if fact := FACT.match(line):
            facts.append((fact[1], fact[2]))
            continue
        lines += _in_columns(facts)
        facts = []
        lines += _broken(line)
    return "\n".join(lines + _in_columns(facts))


def _in_columns(facts: list[tuple[str, str]]) -> list[str]:
    width = max((len(name) for name, _ in facts), default=0)
    return [f"  {name:{width}}   {value}" for name, value in facts]


def _broken(line: str) -> list[str]:
    if len(line) <= LONGEST_LINE:
        return [line.rstrip()]
    return textwrap.wrap(line, LONGEST_LINE, break_long_words=False, break_on_hyphens=False)
