"""What a check found, kept: totals beside the import, and a row for each line it speaks of."""

from collections import defaultdict
from typing import Any

from django.utils import timezone

from payouts.importing.checking import Checked, as_report
from payouts.importing.findings import Finding
from payouts.models import PayoutImport, PayoutImportLine

_ROWS_AT_ONCE = 1_000


def keep(imported: PayoutImport, checked: Checked) -> None:
    """Replace what the last check said, inside the caller's transaction; the import is not saved.

    What a person edited stays, and what a person confirmed as long as the same is said: a line with
    a warning that is new asks once more.
    """
    before = {row.number: row for row in imported.found.all()}
    said: dict[int, list[Finding]] = defaultdict(list)
    for finding in checked.findings:
        said[finding.line].append(finding)
    cells = {line.number: line.values for line in checked.lines}
    edited = {number for number, row in before.items() if row.file_cells}
    rows = [
        _row(before.get(number) or _blank(imported, number), cells.get(number, {}), said[number])
        for number in sorted(edited | said.keys())
    ]
    imported.found.all().delete()
    PayoutImportLine.objects.bulk_create(rows, batch_size=_ROWS_AT_ONCE)
    imported.lines = imported.lines_checked = len(checked.lines)
    imported.report, imported.checked_at = as_report(checked), timezone.now()
    imported.revision, imported.tries = imported.revision + 1, 0
    count(imported, rows)


def count(imported: PayoutImport, rows: list[PayoutImportLine]) -> None:
    """Set how many lines are wrong, doubtful, and not yet confirmed."""
    doubtful = [row for row in rows if row.is_doubtful]
    imported.lines_wrong = sum(row.is_wrong for row in rows)
    imported.lines_doubtful = len(doubtful)
    imported.lines_unconfirmed = sum(not row.is_confirmed for row in doubtful)


def doubts_of(row: PayoutImportLine) -> list[list[str]]:
    """What a person confirms of a line: each warning by its code and its words."""
    return [[each["code"], each["message"]] for each in row.findings if not each["is_error"]]


def _blank(imported: PayoutImport, number: int) -> PayoutImportLine:
    return PayoutImportLine(payout_import=imported, number=number)


def _row(
    row: PayoutImportLine, values: dict[str, str], findings: list[Finding]
) -> PayoutImportLine:
    row.pk = None  # It is written anew, in the place of the row that said this before.
    row._state.adding = True
    row.cells = {_told(column): _told(text) for column, text in values.items()}
    row.findings = [_told_all(finding.as_json()) for finding in findings]
    if beyond := [each["value"] for each in row.findings if not each["column"] and each["value"]]:
        row.cells[""] = " ".join(beyond)
    row.is_wrong = any(finding.is_error for finding in findings)
    doubts = doubts_of(row)
    row.is_doubtful = bool(doubts)
    row.is_confirmed = row.is_doubtful and all(doubt in row.confirmed for doubt in doubts)
    return row


def _told_all(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _told(v) if isinstance(v, str) else v for name, v in values.items()}


def _told(text: str) -> str:
    """The text as the database can hold it: it takes no NUL and no half of a character."""
    return text.replace("\x00", "\N{SYMBOL FOR NULL}").encode(errors="replace").decode()
