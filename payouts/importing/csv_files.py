"""CSV as programs write it: a comma, a semicolon or a tab between cells, in UTF-8."""

import csv
import io
from collections.abc import Iterator

from payouts.importing.columns import knows
from payouts.importing.errors import UnreadableFile

_SEPARATORS = (",", ";", "\t")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def csv_rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of the line it begins on. Raises UnreadableFile."""
    text = _decoded(content)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    while True:
        number = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            message = f"The file breaks off in line {number}: is a quote there not closed?"
            raise UnreadableFile(f"{message} Save it as CSV anew.") from error
        yield number, row


def _decoded(content: bytes) -> str:
    if content.startswith(_UTF_16):
        raise UnreadableFile("The file is in UTF-16. Save it as CSV in UTF-8, or as XLSX.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        message = f"Line {number} is not in UTF-8. Save the file as CSV in UTF-8, or as XLSX."
        raise UnreadableFile(message) from error


def _separator(text: str) -> str:
    """The one that makes most columns of the first line that says anything."""
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    cut = {separator: _split(first, separator) for separator in _SEPARATORS}
    return max(_SEPARATORS, key=lambda separator: (knows(cut[separator]), len(cut[separator])))


def _split(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:  # A cell longer than the reader takes: no line of titles.
        return []
