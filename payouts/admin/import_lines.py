"""What is said of an import's lines: cells to correct, warnings to confirm, page by page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.http import urlencode

from payouts.models import PayoutImport, PayoutImportLine

LINES_PER_PAGE = 20
BEYOND = "x"  # in the name of an input: the cells that have no column
_INPUT = re.compile(r"c-(\d{1,7})-(\d{1,3}|x)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as an input: its text, what is said of it, and what the file says if it differs."""

    name: str
    column: str
    text: str
    errors: list[str]
    warnings: list[str]
    was: str | None

    @property
    def has_lines(self) -> bool:
        return "\n" in self.text


@dataclass(frozen=True, slots=True)
class Edited:
    """A line to be corrected: cells of which something is said, the others, and words for all."""

    number: int
    said: list[Cell]
    others: list[Cell]
    words: list[str]

    @property
    def is_open(self) -> bool:
        """Whether the others are shown too: where a cell too many may have come out of them."""
        return not self.said or any(not cell.column for cell in self.said)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of many lines, and where the ones before and after them are."""

    lines: list[Any]
    count: int
    first: int
    last: int
    before: str
    after: str


def wrong_page(request: HttpRequest, imported: PayoutImport) -> Page:
    """Lines that are wrong, each as a form; the line that `?edit=` names comes first."""
    rows = imported.found.filter(is_wrong=True)
    page = _page(request, "wrong", rows, imported.lines_wrong)
    asked = request.GET.get("edit", "")
    if asked.isascii() and asked.isdigit() and len(asked) <= 7:
        named = imported.found.filter(number=int(asked), is_wrong=False).exclude(number=0)
        page.lines[:0] = list(named)
    page.lines[:] = [_edited(imported, row) for row in page.lines]
    return page


def doubtful_page(request: HttpRequest, imported: PayoutImport) -> Page:
    """Lines with warnings, as rows."""
    rows = imported.found.filter(is_doubtful=True)
    page = _page(request, "doubtful", rows, imported.lines_doubtful)
    for row in page.lines:
        row.warnings = [each for each in row.findings if not each["is_error"]]
    return page


def edits_of(imported: PayoutImport) -> Iterator[dict[str, str]]:
    """Every edited cell, as the page tells it."""
    for row in imported.found.exclude(file_cells={}):
        for column, was in sorted(row.file_cells.items()):
            yield {
                "where": f"Line {row.number}, {column or 'beyond the columns'}",
                "was": was or "(empty)",
                "now": row.cells.get(column, "") or "(empty)",
                "by": row.edited_by_name,
            }


def cells_of(request: HttpRequest, imported: PayoutImport) -> dict[int, dict[str, str]]:
    """The texts that were sent, by line and column."""
    cells: dict[int, dict[str, str]] = {}
    for name, text in request.POST.items():
        match = _INPUT.fullmatch(name)
        if match is None or not isinstance(text, str):
            continue
        place = match[2]
        if place == BEYOND or int(place) < len(imported.columns):
            column = "" if place == BEYOND else imported.columns[int(place)]
            cells.setdefault(int(match[1]), {})[column] = text
    return cells


def _page(request: HttpRequest, name: str, rows: Any, count: int) -> Page:
    asked = request.GET.get(name, "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
    last_number = max(1, -(-count // LINES_PER_PAGE))
    number = min(max(number, 1), last_number)
    first = (number - 1) * LINES_PER_PAGE
    lines = list(rows.order_by("number")[first : first + LINES_PER_PAGE])

    def link(to: int) -> str:
        pages = {k: request.GET[k] for k in ("wrong", "doubtful") if k in request.GET}
        pages[name] = str(to)
        return f"?{urlencode(pages)}#{name}"

    return Page(
        lines=lines,
        count=count,
        first=first + 1,
        last=first + len(lines),
        before=link(number - 1) if number > 1 else "",
        after=link(number + 1) if number < last_number else "",
    )


def _edited(imported: PayoutImport, row: PayoutImportLine) -> Edited:
    columns = [*enumerate(imported.columns)]
    places = [(str(place), column) for place, column in columns if column]
    if "" in row.cells:
        places.append((BEYOND, ""))
    cells = [_cell(row, place, column) for place, column in places]
    known = {column for _, column in places}
    return Edited(
        number=row.number,
        said=[cell for cell in cells if cell.errors or cell.warnings],
        others=[cell for cell in cells if not cell.errors and not cell.warnings],
        words=[each["message"] for each in row.findings if each["column"] not in known],
    )


def _cell(row: PayoutImportLine, place: str, column: str) -> Cell:
    text, was = row.cells.get(column, ""), row.file_cells.get(column)
    said = [each for each in row.findings if each["column"] == column]
    unread = next((each["value"] for each in said if each["value"] and not text), None)
    return Cell(
        name=f"c-{row.number}-{place}",
        column=column,
        text=text,
        errors=list(dict.fromkeys(each["message"] for each in said if each["is_error"])),
        warnings=[each["message"] for each in said if not each["is_error"]],
        was=was if was is not None else unread,
    )
