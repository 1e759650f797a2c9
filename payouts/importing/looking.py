"""The check of a file that is kept, or of one that is not, as a whole."""

import hashlib
from collections.abc import Callable
from zoneinfo import ZoneInfo

from billing.callers import Caller
from payouts.importing.cells import with_edits
from payouts.importing.checking import Checked, check
from payouts.importing.findings import Finding
from payouts.importing.opening import SCOPE
from payouts.importing.reading import read
from payouts.models import ImportState, PayoutImport


def check_file(caller: Caller, content: bytes, zone: ZoneInfo) -> Checked:
    """Say what importing the file would do. Writes nothing. Raises UnreadableFile."""
    caller.require(SCOPE)
    return _with_same_file(caller, sha256_of(content), check(caller, read(content), zone))


def check_kept(
    caller: Caller,
    imported: PayoutImport,
    progress: Callable[[int, int], object] = lambda checked, lines: None,
) -> Checked:
    """The same of a file that is kept, its edited cells as they are now. Raises UnreadableFile.

    `progress` is told how many of its lines were looked at.
    """
    lines = with_edits(imported, read(bytes(imported.file.content)))
    progress(0, len(lines))
    zone = ZoneInfo(imported.zone)
    checked = check(caller, lines, zone, progress=lambda done: progress(done, len(lines)))
    return _with_same_file(caller, imported.sha256, checked)


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _with_same_file(caller: Caller, sha256: str, checked: Checked) -> Checked:
    if earlier := _same_file(caller, sha256):
        by = f"{earlier.closed_by_name} as {earlier.id}"
        message = f"The same file was imported already, on {earlier.closed_at:%Y-%m-%d} by {by}."
        checked.findings.insert(0, Finding(0, "same_file", message, is_error=False))
    return checked


def _same_file(caller: Caller, sha256: str) -> PayoutImport | None:
    rows = PayoutImport.objects.visible_to(caller).filter(sha256=sha256, state=ImportState.DONE)
    earlier: PayoutImport | None = rows.order_by("-closed_at").first()
    return earlier
