"""XLSX as texts: nothing is computed, and what the program has altered is said.

The file is a zip of XML by somebody unknown: what it says of its size is bounded before it is
opened, and what opens it reads row by row.
"""

import io
import logging
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from payouts.importing.columns import MOST_COLUMNS
from payouts.importing.errors import UnreadableFile

logger = logging.getLogger(__name__)

MOST_UNPACKED = 48 * 1024 * 1024  # the sheets and their texts; a bomb says more, or ends early
MOST_OF_ANOTHER = 1024 * 1024  # styles and the like, which are read whole
MOST_PARTS = 500
MOST_ROWS = 1_048_576  # what a spreadsheet program holds
EXACT_DIGITS = 15  # more than that it rounds
_LARGE = ("xl/worksheets/", "xl/sharedStrings")
_UNREAD = ("xl/media/", "xl/drawings/", "docProps/")
_NO_SHEET = "This is no XLSX file that can be read. Save it as XLSX anew, or as CSV in UTF-8."


@dataclass(frozen=True, slots=True)
class Unfit:
    """A cell that is not a text: why, and what it says where a date is asked."""

    why: str
    date: str = ""


def xlsx_rows(content: bytes) -> Iterator[tuple[int, list[str | Unfit]]]:
    """Each row of the first sheet with its number. Raises UnreadableFile."""
    _refuse_bombs(content)
    for number, row in enumerate(_rows(content), 1):
        yield number, [_cell(cell) for cell in row]


def unpacked(content: bytes) -> int:
    """How many bytes its parts have, as the file says; no more of them is ever unpacked."""
    return sum(part.file_size for part in _parts(content))


def _parts(content: bytes) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise UnreadableFile(_NO_SHEET) from error


def _refuse_bombs(content: bytes) -> None:
    """By what the file says of its parts; the reader of a zip never unpacks more than that."""
    parts = _parts(content)
    large = sum(part.file_size for part in parts if part.filename.startswith(_LARGE))
    others = [part.file_size for part in parts if not part.filename.startswith((*_LARGE, *_UNREAD))]
    if len(parts) > MOST_PARTS or large > MOST_UNPACKED or max(others, default=0) > MOST_OF_ANOTHER:
        raise UnreadableFile(
            "The file unpacks to more than 15,000 payouts can need. Copy the lines alone into a "
            "new file, without formats, or save it as CSV."
        )


def _rows(content: bytes) -> Iterator[tuple[Any, ...]]:
    """The cells of each row of the first sheet that is shown, as the library has them."""
    from openpyxl import load_workbook  # here: a web worker that imports nothing holds none of it

    with _parsing():
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
    try:
        sheet = next((page for page in book.worksheets if page.sheet_state == "visible"), None)
        if sheet is None:
            raise UnreadableFile("The file has no sheet that can be seen.")
        rows = sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS + 1)
        while True:
            with _parsing():
                row = next(rows, None)
            if row is None:
                return
            yield row
    finally:
        book.close()


@contextmanager
def _parsing() -> Iterator[None]:
    """Around calls of the library alone: whatever it raises is the file's fault.

    A broken part leads it to errors of any class, of its own, of XML and of Python. A mistake of
    ours outside of it still shows itself; one in how it is called stands in the log.
    """
    try:
        yield
    except Exception as error:
        logger.warning("xlsx not read error=%s", type(error).__name__, exc_info=True)
        raise UnreadableFile(_NO_SHEET) from error


def _cell(cell: Any) -> str | Unfit:
    value = cell.value
    if value is None or value == "":
        return ""
    if cell.data_type == "f" or not isinstance(value, str | int | float | datetime | date | time):
        return Unfit("This cell is a formula. Put its value there, as a text or a number.")
    if cell.data_type == "e":
        return Unfit(f"This cell is an error of the spreadsheet ({str(value)[:20]}).")
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return Unfit("This cell is true or false. Write a text or a number.")
    if isinstance(value, int | float):
        return _number(value)
    why = "The spreadsheet made a date of this cell. Give it the format of a text, type it anew."
    if isinstance(value, datetime):
        is_day = value.time() == time()
        return Unfit(why, f"{value:%Y-%m-%d}" if is_day else f"{value:%Y-%m-%d %H:%M:%S}")
    return Unfit(why)


def _number(value: int | float) -> str | Unfit:
    """A number with the fifteen digits that the program shows and keeps.

    The file holds binary floating point: 49.99 is written there as 49.990000000000002.
    """
    if not abs(value) < 10**EXACT_DIGITS:  # so that no NaN gets through
        return Unfit(
            f"A spreadsheet keeps only {EXACT_DIGITS} digits of a number, so this one is rounded. "
            "Give the cell the format of a text, type it anew."
        )
    if isinstance(value, float):
        return f"{Decimal(f'{value:.{EXACT_DIGITS}g}'):f}"
    return str(value)
