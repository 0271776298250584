"""People to invite, as somebody pasted them or as a spreadsheet wrote them: which line holds whom.

Pure: bytes or text in, entries out. What is wrong with a line is said at the line and stops no other.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_LINES = 20_000
MOST_BYTES = 4_000_000
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DELIMITERS = (";", "\t", ",", "|")
_MAIL_WORDS = ("mail", "adres", "adress", "address", "adresse", "courriel")
_NAME_WORDS = ("name", "nom", "naam")
_NOT_NAMES = ("user", "company", "organi", "login", "file")
# "Anna Szabó <anna@example.org>"
_WITH_NAME = re.compile(r"^(?P<name>[^<>@]*)<(?P<address>[^<>]+)>$")


class NotAList(Exception):
    """The file is no text: a spreadsheet that has to be saved as CSV first, or something else altogether."""


class TooLong(Exception):
    """More than MOST_LINES lines, or MOST_BYTES bytes."""


@dataclass(frozen=True)
class Entry:
    """One person of a list: the number of the line, what it said, and what of that is meant."""

    number: int
    said: str
    address: str
    name: str = ""


def from_file(data: bytes) -> list[Entry]:
    """The entries of a CSV or text file in any of the usual encodings. Raises NotAList or TooLong."""
    if len(data) > MOST_BYTES:
        raise TooLong
    return from_text(_decoded(data))


def from_text(text: str) -> list[Entry]:
    """The entries of a pasted list or of a file's text. Raises TooLong."""
    entries = list(_entries(text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")))
    if len(entries) > MOST_LINES:
        raise TooLong
    return entries


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\x00" in data or data.startswith(b"PK"):
        raise NotAList
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _entries(text: str) -> Iterator[Entry]:
    delimiter, text = _delimiter_of(text)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    header: _Header | None = None
    is_first = True
    for cells in _safely(rows):
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if is_first:
            is_first = False
            if (header := _Header.of(cells)) is not None:
                continue
        yield from _of_row(rows.line_num, cells, header, delimiter)


def _safely(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """A field beyond all measure ends the list where it stands, rather than the request."""
    try:
        yield from rows
    except csv.Error as error:
        raise NotAList from error


def _delimiter_of(text: str) -> tuple[str, str]:
    """What separates the columns, and the text without the line that says so (`sep=;`)."""
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        return first.strip()[-1], "\n" + rest
    beginning = text[:4000]
    return max(_DELIMITERS, key=beginning.count), text


@dataclass(frozen=True)
class _Header:
    address: int
    names: tuple[int, ...]

    @classmethod
    def of(cls, cells: list[str]) -> "_Header | None":
        """Which column is which; None where the row is no header."""
        if any("@" in cell for cell in cells):
            return None
        words = [cell.lower() for cell in cells]
        mails = [place for place, word in enumerate(words) if any(one in word for one in _MAIL_WORDS)]
        # "E-mail" before "Address": a street is no mailbox.
        mails.sort(key=lambda place: "mail" not in words[place] and "courriel" not in words[place])
        if not mails:
            return None
        names = tuple(
            place
            for place, word in enumerate(words)
            if place != mails[0] and any(one in word for one in _NAME_WORDS) and not word.startswith(_NOT_NAMES)
        )
        return cls(mails[0], names)


def _of_row(number: int, cells: list[str], header: _Header | None, delimiter: str) -> Iterator[Entry]:
    said = (delimiter + " ").join(filter(None, cells)) if delimiter != "\t" else " ".join(filter(None, cells))
    said = said[:300]
    if header is not None:
        address = cells[header.address] if header.address < len(cells) else ""
        name = " ".join(cells[place] for place in header.names if place < len(cells) and cells[place])
        yield _entry(number, said, address, name)
        return
    found = [one for cell in cells for one in _apart(cell) if "@" in one or "＠" in one]
    if len(found) == 1:
        others = [cell for cell in cells if "@" not in cell and "＠" not in cell and not any(map(str.isdigit, cell))]
        yield _entry(number, said, found[0], " ".join(filter(None, others[:2])))
        return
    for one in found:
        yield _entry(number, one[:300], one, "")
    if not found:
        yield Entry(number, said, "")


def _apart(cell: str) -> list[str]:
    """Several addresses in one cell, with nothing but spaces between them."""
    return cell.split() if cell.count("@") > 1 and "<" not in cell else [cell]


def _entry(number: int, said: str, address: str, name: str) -> Entry:
    if found := _WITH_NAME.match(address.strip()):
        name, address = found["name"].strip(" \"'") or name, found["address"]
    return Entry(number, said, address.strip(), name.strip()[:150])
