"""Cells that a person corrects in the page, so that nobody needs to send a file again for two.

The file stays what it is, and so does its digest; what it says is kept beside each edited cell.
"""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from billing.errors import InvalidRequest
from payouts.importing.cells import edited_rows
from payouts.importing.errors import ImportChanged
from payouts.importing.opening import SCOPE, opened
from payouts.importing.working import check_if_short
from payouts.models import ImportState, PayoutImport, PayoutImportLine

MOST_EDITS = 500
LONGEST_EDIT = 1_000  # more than any field takes

Cells = Mapping[int, Mapping[str, str]]


def edit(caller: Caller, import_id: str, cells: Cells, *, revision: int) -> PayoutImport:
    """Keep what these cells should say, by line and column, and check the import again.

    Only lines of which something was said can be edited; "" empties a cell. `revision` is that of
    what the person looked at: of two who edit at once the second is told (ImportChanged). A long
    file is checked by a worker. Raises ImportClosed, InvalidRequest.
    """
    caller.require(SCOPE)
    with transaction.atomic():
        imported = opened(caller, import_id, ImportState.CHECKED)
        if imported.revision != revision:
            raise ImportChanged(imported.id)
        changed = [row for row in _rows(imported, cells) if _change(caller, imported, row, cells)]
        if not changed:
            return imported
        for row in changed:
            row.save()
        edits = sum(len(row.file_cells) for row in edited_rows(imported))
        if edits > MOST_EDITS:
            raise InvalidRequest(
                f"More than {MOST_EDITS} cells would be edited here. Correct the file and choose "
                "it anew."
            )
        imported.state, imported.refusal = ImportState.READ.value, ""
        imported.revision, imported.lines_checked = imported.revision + 1, 0
        imported.save()
    return check_if_short(imported)


def _rows(imported: PayoutImport, cells: Cells) -> list[PayoutImportLine]:
    rows = list(imported.found.filter(number__in=cells).exclude(number=0))
    if missing := set(cells) - {row.number for row in rows}:
        raise InvalidRequest(
            f"Nothing was said of line {min(missing)}, so it cannot be edited here. Correct the "
            "file and choose it anew."
        )
    return rows


def _change(caller: Caller, imported: PayoutImport, row: PayoutImportLine, cells: Cells) -> bool:
    """Put the new texts into the row; whether there are any."""
    is_changed = False
    for column, given in cells[row.number].items():
        text = given.replace("\r\n", "\n").replace("\x00", "").strip()
        if text == row.cells.get(column, ""):
            continue
        if column not in imported.columns and column not in row.cells:
            raise InvalidRequest(f'The file has no column "{column[:60]}". Add it to the file.')
        if len(text) > LONGEST_EDIT:
            raise InvalidRequest(f"Line {row.number} has a cell of more than {LONGEST_EDIT:,} "
                                 "characters. Shorten it.")  # fmt: skip
        row.file_cells.setdefault(column, row.cells.get(column) or _shown_of(row, column))
        row.cells[column] = text
        is_changed = True
    row.edited_by, row.edited_by_name = caller.actor_id, caller.actor_name
    row.edited_at = timezone.now()
    return is_changed


def _shown_of(row: PayoutImportLine, column: str) -> str:
    """What a cell says that could not be taken as a text, as it was shown."""
    return next((each["value"] for each in row.findings if each["column"] == column), "")
