"""The empty file that people fill: every column, and in XLSX a second sheet that explains them."""

import tempfile
from typing import IO

from django.http import FileResponse
from django.http.response import HttpResponse, HttpResponseBase

from billing.sheets import FORMATS
from payouts.importing.columns import COLUMNS, NEEDED

_NAME = "payouts to import"
_ROWS_AS_TEXT = 1_000
_WIDTHS = {"recipient_address": 46, "description": 40}


def template_answer(format: str) -> HttpResponseBase:
    """The template as a download; `format` is one of FORMATS."""
    answer: HttpResponseBase
    if format == "csv":
        answer = HttpResponse(f"{','.join(COLUMNS)}\r\n", content_type=FORMATS[format])
        answer.headers["Content-Disposition"] = f'attachment; filename="{_NAME}.csv"'
        return answer
    file = tempfile.TemporaryFile()  # noqa: SIM115  # the answer closes it, once it is sent
    _write_xlsx(file)
    file.seek(0)
    name = f"{_NAME}.xlsx"
    return FileResponse(file, as_attachment=True, filename=name, content_type=FORMATS[format])


def _write_xlsx(file: IO[bytes]) -> None:
    """The sheet that is read comes first. Its cells are texts: what is typed there stays so."""
    from openpyxl import Workbook  # here: a web worker that gives no template holds none of it
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.worksheet import Worksheet

    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet), "a new book has one sheet"
    sheet.title = _NAME
    sheet.append(list(COLUMNS))
    sheet.freeze_panes = "A2"
    for place, name in enumerate(COLUMNS, 1):
        for row in range(1, _ROWS_AS_TEXT + 1):
            sheet.cell(row, place).number_format = "@"
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS.get(name, 20)
    told = book.create_sheet("what the columns mean")
    told.append(["column", "needed", "what it holds"])
    for name, what in COLUMNS.items():
        told.append([name, NEEDED.get(name, "no"), what])
    for letter, width in zip("ABC", (24, 32, 100), strict=True):
        told.column_dimensions[letter].width = width
        for page in (sheet, told):
            page[f"{letter}1"].font = Font(bold=True)
    book.save(file)
