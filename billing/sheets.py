"""Sheets that people open: CSV and XLSX in which no text is taken for a formula, and no digit lost.

    sheet = Sheet("payouts", [Column("When", is_time=True), Column("Amount")], rows, zone)
    return download(sheet, "xlsx", at=timezone.now())

Cells are texts, integers, Decimals, aware times, or None for an empty cell. Rows are read once, as
they are written: a generator may read the database piece by piece.
"""

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

if TYPE_CHECKING:
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

Cell = str | int | Decimal | datetime | None

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
BOM = "\ufeff"
ROWS_PER_SHEET = 1_048_575  # what a spreadsheet program holds, less the titles
LONGEST_CELL = 32_767  # characters that a spreadsheet program holds
EXACT_DIGITS = 15  # a spreadsheet program computes in binary floating point: more would be rounded
_CSV_CHUNK = 64 * 1024

# What a program may read as the beginning of a formula, also behind spaces and in full width.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
# The same behind what some programs split at, whatever the quotes say: a comma-separated file that
# is opened where lists are separated by semicolons is cut at those.
_AFTER_A_CUT = re.compile(r"([;\t\r\n|]\s*)(?=[=+\-@＝＋－＠])")
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_XML_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True, slots=True)
class Column:
    """The title of a column. Times are written in the sheet's zone, which their title names."""

    title: str
    is_time: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table to be written. `name` begins the file's name; `zone` is the reader's."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]
    zone: ZoneInfo

    @property
    def titles(self) -> list[str]:
        return [f"{c.title} ({self.zone.key})" if c.is_time else c.title for c in self.columns]


def neutral(text: str) -> str:
    """`text` with an apostrophe before it, where a spreadsheet program would take it for a formula.

    Rule: it begins, perhaps behind spaces, with = + - @, or with a tab or the end of a line.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def csv_bytes(sheet: Sheet, *, has_bom: bool = True) -> Iterator[bytes]:
    """The sheet as RFC 4180 has it, UTF-8, piece by piece.

    With the mark at its beginning (`has_bom`) spreadsheet programs read it as UTF-8 and not in the
    encoding of the machine. Numbers are written with all their digits and never with an exponent.
    """
    buffer = io.StringIO(newline="")
    if has_bom:
        buffer.write(BOM)
    writer = csv.writer(buffer)
    writer.writerow([_csv_text(title) for title in sheet.titles])
    for row in sheet.rows:
        writer.writerow([_csv_cell(cell, sheet.zone) for cell in row])
        if buffer.tell() >= _CSV_CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def write_xlsx(sheet: Sheet, file: IO[bytes]) -> None:
    """Write the sheet into `file`, row by row; past a sheet's most rows it goes on in another.

    A number of more than 15 digits is written as text, since a spreadsheet program would round it.
    What XML cannot hold is written as `�`; a text that is too long for a cell ends in `…`.
    """
    from openpyxl import (
        Workbook,
    )  # here, so that a web worker that exports nothing holds none of it

    book = Workbook(write_only=True)
    page, left, number = None, 0, 0
    for row in sheet.rows:
        if left == 0:
            number += 1
            page, left = _begin(book, sheet, number), ROWS_PER_SHEET
        assert page is not None, "begun above"
        page.append([_xlsx_cell(page, cell, sheet.zone) for cell in row])
        left -= 1
    if page is None:
        _begin(book, sheet, 1)
    book.save(file)


def file_name(sheet: Sheet, format: str, at: datetime) -> str:
    """`payouts 2025-11-21 0942 Europe-Berlin.csv`: when it was made, and in which zone."""
    local = at.astimezone(sheet.zone)
    return f"{sheet.name} {local:%Y-%m-%d %H%M} {sheet.zone.key.replace('/', '-')}.{format}"


def download(sheet: Sheet, format: str, *, at: datetime) -> HttpResponseBase:
    """The answer that a browser saves. CSV is sent while it is written, XLSX once it is whole."""
    name = file_name(sheet, format, at)
    answer: HttpResponseBase
    if format == "csv":
        answer = StreamingHttpResponse(csv_bytes(sheet), content_type=FORMATS[format])
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115  # the answer closes it, once it is sent
        write_xlsx(sheet, file)
        file.seek(0)
        answer = FileResponse(file, as_attachment=True, filename=name, content_type=FORMATS[format])
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _csv_cell(cell: Cell, zone: ZoneInfo) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, datetime):
        return f"{cell.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    return _csv_text(cell) if isinstance(cell, str) else str(cell)


def _csv_text(text: str) -> str:
    return neutral(_AFTER_A_CUT.sub(r"\1'", text))


def _begin(book: Any, sheet: Sheet, number: int) -> "WriteOnlyWorksheet":
    title = sheet.name[:24] if number == 1 else f"{sheet.name[:24]} {number}"
    page: WriteOnlyWorksheet = book.create_sheet(title)
    page.freeze_panes = "A2"  # the titles stay in sight
    page.append([_xlsx_cell(page, title, sheet.zone) for title in sheet.titles])
    return page


def _xlsx_cell(page: "WriteOnlyWorksheet", cell: Cell, zone: ZoneInfo) -> Any:
    from openpyxl.cell import WriteOnlyCell

    if cell is None:
        return None
    if isinstance(cell, datetime):
        written = WriteOnlyCell(page, cell.astimezone(zone).replace(tzinfo=None, microsecond=0))
        written.number_format = "yyyy-mm-dd hh:mm:ss"
        return written
    if isinstance(cell, int | Decimal):
        text = f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
        if len(text.strip("-").replace(".", "").strip("0")) <= EXACT_DIGITS:
            return cell
        return _xlsx_text(page, text)
    return _xlsx_text(page, neutral(cell))


def _xlsx_text(page: "WriteOnlyWorksheet", text: str) -> Any:
    """A text whatever it says: openpyxl would make a formula of what begins with `=`."""
    from openpyxl.cell import WriteOnlyCell

    if len(text) > LONGEST_CELL:
        text = f"{text[: LONGEST_CELL - 1]}…"
    text = _NOT_IN_XML.sub("�", text)
    # In this format `_x0041_` stands for a character: a text that says so is told as it is.
    written = WriteOnlyCell(page, _XML_ESCAPE.sub("_x005F_", text))
    written.data_type = "s"
    return written
