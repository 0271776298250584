"""A table as people send it, CSV of any spreadsheet or lines that were pasted; and cells as we send them."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

DELIMITERS = ";,\t|"
# What a spreadsheet takes for a formula where a cell begins with it, also in the wide forms of East Asia.
_FORMULA = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
# Half of Europe's spreadsheets end a cell at a semicolon whatever we ended it with, and see no quotation mark there.
_INSIDE = re.compile("([;|\t\r\n]\\s*)(?=[=+\\-@\uff1d\uff0b\uff0d\uff20])")


class NotATable(Exception):
    """What was sent is no text: a spreadsheet's own file, a picture."""


@dataclass(frozen=True)
class Row:
    """One line: its number as an editor counts, and its cells without the blanks around them."""

    number: int
    cells: tuple[str, ...]


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, nor a part of it behind another one's delimiter (ASVS 1.2.10)."""
    return ("'" if _FORMULA.match(text) else "") + _INSIDE.sub(r"\1'", text)


def text_of(data: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 with its mark, else as Windows writes. Raises NotATable."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise NotATable("This is a spreadsheet’s own file. Save it as CSV first.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "\0" in text:
        raise NotATable("This is no text file. Save the list as CSV first.")
    return text


def rows_of(text: str) -> Iterator[Row]:
    """The lines that say something. The delimiter is the one that stands most often in the first of them."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue
        if any(cell.strip() for cell in cells):
            yield Row(reader.line_num, tuple(" ".join(cell.replace("\u200b", "").split()) for cell in cells))
