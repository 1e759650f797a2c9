"""A file into lines: what each cell says as text, and what is wrong with the form of a line.

CSV (comma, semicolon or tab; UTF-8) and XLSX are told apart by their first bytes, not by a name.
Nothing of a file is ever computed: a formula is an error, and a text that begins like one a text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from payouts.importing.columns import Header, header_of
from payouts.importing.csv_files import csv_rows
from payouts.importing.errors import UnreadableFile
from payouts.importing.findings import Finding
from payouts.importing.xlsx_files import Unfit, unpacked, xlsx_rows

MOST_LINES = 15_000
MOST_BYTES = 10 * 1024 * 1024
LONGEST_CELL = 4_000  # more than any field takes
_SHOWN = 80
_ZIP = b"PK\x03\x04"
_SHORT = 1024 * 1024  # of XML, which says in eight bytes what CSV says in one
_EMPTY = "The file holds no payouts: name the columns, then a line for each."


@dataclass(frozen=True, slots=True)
class Line:
    """One line that says something: its cells by column, empty ones left out."""

    number: int
    values: dict[str, str]
    findings: tuple[Finding, ...] = ()


def read(content: bytes) -> list[Line]:
    """Return every line that is not empty. Raises UnreadableFile where the file is none of ours."""
    lines: list[Line] = []
    for number, cells, header in _rows(content):
        if len(lines) == MOST_LINES:
            raise UnreadableFile(f"The file has more than {MOST_LINES:,} lines. Split it.")
        lines.append(_line(number, cells, header))
    if not lines:
        raise UnreadableFile(_EMPTY)
    return lines


def columns_of(content: bytes) -> list[str]:
    """The columns that the first line names, "" for one without a title; no more is read than that.

    Raises UnreadableFile where the file does not begin as one of ours.
    """
    for _, _, header in _rows(content):
        return list(header.names)
    raise UnreadableFile(_EMPTY)


def is_short(content: bytes) -> bool:
    """Whether reading and checking it takes less than a second, so that nobody need wait apart."""
    size = unpacked(content) if content.startswith(_ZIP) else 8 * len(content)
    return size <= _SHORT


def shown(text: str) -> str:
    """What a cell says, short enough to be shown beside what is wrong with it."""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _rows(content: bytes) -> Iterator[tuple[int, Sequence[str | Unfit], Header]]:
    """The rows after the titles that say anything, each with its number and the titles."""
    if len(content) > MOST_BYTES:
        raise UnreadableFile(f"The file is larger than {MOST_BYTES // 1024**2} MB. Split it.")
    rows = xlsx_rows(content) if content.startswith(_ZIP) else csv_rows(content)
    header: Header | None = None
    for number, cells in rows:
        if not any(cells):
            continue
        if header is None:
            header = header_of([cell if isinstance(cell, str) else "" for cell in cells])
        else:
            yield number, cells, header


def _line(number: int, cells: Sequence[str | Unfit], header: Header) -> Line:
    values: dict[str, str] = {}
    findings: list[Finding] = []
    for column, cell in _cells(cells, header):
        if isinstance(cell, Unfit):
            if not (column == "due_date" and cell.date):
                findings.append(Finding(number, "invalid_field_value", cell.why, column))
                continue
            cell = cell.date
        if not column:
            why = "There is a cell beyond the columns that the first line names. Is a text with a "
            why += "separator in it without quotes?"
            findings.append(Finding(number, "invalid_field_value", why, "", shown(cell)))
        elif len(cell) > LONGEST_CELL:
            why = f"This has more than {LONGEST_CELL:,} characters."
            findings.append(Finding(number, "invalid_field_value", why, column, shown(cell)))
        else:
            values[column] = cell
    return Line(number, values, tuple(findings))


def _cells(cells: Sequence[str | Unfit], header: Header) -> Iterator[tuple[str, str | Unfit]]:
    """The cells that say something, each with its column; "" where it has none."""
    for place, cell in enumerate(cells):
        given = cell.strip() if isinstance(cell, str) else cell
        if given:
            yield header.names[place] if place < len(header.names) else "", given
