"""The edited cells of an import: each beside what the file says, and put into its lines."""

from collections.abc import Mapping, Sequence
from typing import Any

from payouts.importing.reading import Line
from payouts.models import PayoutImport, PayoutImportLine


def edited_rows(imported: PayoutImport) -> list[PayoutImportLine]:
    """The lines that somebody edited."""
    return list(imported.found.exclude(file_cells={}))


def edits_json(imported: PayoutImport) -> list[dict[str, Any]]:
    """Every edited cell: what the file says, what it says now, and who changed that."""
    return [
        {
            "line": row.number,
            "column": column,
            "file": was,
            "edited": row.cells.get(column, ""),
            "edited_by": row.edited_by,
            "edited_by_name": row.edited_by_name,
        }
        for row in edited_rows(imported)
        for column, was in sorted(row.file_cells.items())
    ]


def with_edits(imported: PayoutImport, lines: Sequence[Line]) -> list[Line]:
    """The lines of the file, edited cells as they are now, and no longer of a wrong form."""
    edits = {
        row.number: {column: row.cells.get(column, "") for column in row.file_cells}
        for row in edited_rows(imported)
    }
    return [_edited(line, edits[line.number]) if line.number in edits else line for line in lines]


def _edited(line: Line, cells: Mapping[str, str]) -> Line:
    values = {**line.values, **cells}
    findings = [f for f in line.findings if f.column not in cells or (not f.column and cells[""])]
    return Line(
        line.number,
        {column: text for column, text in values.items() if text and column},
        tuple(findings),
    )
