"""Importing a file of drafts: check, confirm, abandon. All of its lines become drafts, or none."""

import hashlib
import logging
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from billing.callers import Caller
from billing.errors import InvalidRequest, NotFound
from billing.times import iso
from events import services as events
from events.types import EventType
from payouts.importing.checking import Checked, as_report, check
from payouts.importing.errors import ImportClosed, ImportRefused, ImportUnconfirmed
from payouts.importing.findings import Finding
from payouts.importing.inserting import insert_drafts
from payouts.importing.reading import read
from payouts.models import ImportState, PayoutImport, PayoutImportFile

logger = logging.getLogger(__name__)
SCOPE = "payouts:write"
_LONGEST_NAME = 255
_MOST_TRIES = 3
_DEADLOCK = "40P01"


def check_file(caller: Caller, content: bytes, zone: ZoneInfo) -> Checked:
    """Say what importing the file would do. Writes nothing. Raises UnreadableFile."""
    caller.require(SCOPE)
    checked = check(caller, read(content), zone)
    if earlier := _same_file(caller, _sha256(content)):
        by = f"{earlier.closed_by_name} as {earlier.id}"
        message = f"The same file was imported already, on {earlier.closed_at:%Y-%m-%d} by {by}."
        checked.findings.insert(0, Finding(0, "same_file", message, is_error=False))
    return checked


@transaction.atomic
def start(caller: Caller, file_name: str, content: bytes, zone: ZoneInfo) -> PayoutImport:
    """Check a file and keep it with what was found. No draft is made. Raises UnreadableFile."""
    checked = check_file(caller, content, zone)
    imported = PayoutImport.objects.create(
        organization_id=caller.organization_id,
        environment=caller.environment.value,
        file_name=file_name.replace("\x00", "")[:_LONGEST_NAME],
        sha256=_sha256(content),
        zone=zone.key,
        lines=checked.lines,
        report=as_report(checked),
        checked_at=timezone.now(),
        created_by=caller.actor_id,
        created_by_name=caller.actor_name,
    )
    PayoutImportFile.objects.create(payout_import=imported, content=content)
    return imported


def confirm(caller: Caller, import_id: str, *, confirm_warnings: bool = False) -> PayoutImport:
    """Make all drafts of the file, by this caller, and publish their events; or none of them.

    Everything is checked again in the same transaction. `confirm_warnings` confirms what the kept
    report says and nothing else: a doubt that is new is told, and asks once more. Raises
    ImportClosed, ImportRefused, ImportUnconfirmed; the report then says what of which line.

    Two imports of one organization and environment wait for one another (advisory lock), so the
    second sees what the first made. Against a create that takes an external id between the check
    and the insert stands the unique index: everything is undone, and checked anew.
    """
    caller.require(SCOPE)
    for number in range(1, _MOST_TRIES + 1):
        try:
            return _attempted(caller, import_id, confirm_warnings)
        except (IntegrityError, OperationalError) as error:
            if number == _MOST_TRIES or not _is_race(error):
                raise
    raise AssertionError("the last try returns or raises")


@transaction.atomic
def abandon(caller: Caller, import_id: str) -> PayoutImport:
    """Let go of a file that was checked: it is deleted, its name and report stay."""
    caller.require(SCOPE)
    imported = _open(caller, import_id)
    return _closed(caller, imported, ImportState.ABANDONED)


def _attempted(caller: Caller, import_id: str, confirm_warnings: bool) -> PayoutImport:
    with transaction.atomic():
        _alone(caller)
        imported = _open(caller, import_id)
        content = bytes(imported.file.content)
        checked = check_file(caller, content, ZoneInfo(imported.zone))
        refusal = _refusal(imported, checked, confirm_warnings)
        imported.report, imported.checked_at = as_report(checked), timezone.now()
        if refusal is None:
            for payout in checked.payouts:
                payout.payout_import_id = imported.id
            insert_drafts(caller, checked.payouts)
            _closed(caller, imported, ImportState.DONE)
            type_ = EventType.PAYOUT_IMPORT_COMPLETED
            events.publish(caller, type_, imported.id, import_json(imported))
            logger.info("import done import=%s payouts=%s", imported.id, len(checked.payouts))
            return imported
        imported.save()  # What was found now is kept, so that the page can tell it.
    raise refusal


def _alone(caller: Caller) -> None:
    with connection.cursor() as cursor:
        name = f"payouts.import {caller.organization_id} {caller.environment.value}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _open(caller: Caller, import_id: str) -> PayoutImport:
    rows = PayoutImport.objects.visible_to(caller).select_for_update()
    imported: PayoutImport | None = rows.filter(id=import_id).first()
    if imported is None:
        raise NotFound("import", import_id)
    if imported.state != ImportState.CHECKED:
        raise ImportClosed(imported.id, imported.state)
    return imported


def _refusal(
    imported: PayoutImport, checked: Checked, confirm_warnings: bool
) -> InvalidRequest | None:
    if checked.errors:
        lines = len({finding.line for finding in checked.errors})
        what = "1 line is wrong" if lines == 1 else f"{lines:,} lines are wrong"
        return ImportRefused(f"{what}, so nothing was created. Correct the file, then try again.")
    known = {_said(**each) for each in imported.report["warnings"]} if confirm_warnings else set()
    doubts = [f for f in checked.warnings if _said(f.line, f.code, f.message) not in known]
    if doubts:
        more = "since the check " if confirm_warnings else ""
        return ImportUnconfirmed(
            f"There are {len(doubts):,} warnings {more}that nobody has confirmed, so nothing was "
            "created. Look at them, then confirm them, or correct the file."
        )
    return None


def _said(line: int, code: str, message: str, **_: Any) -> tuple[int, str, str]:
    return line, code, message


def _closed(caller: Caller, imported: PayoutImport, state: ImportState) -> PayoutImport:
    imported.state, imported.closed_at = state.value, timezone.now()
    imported.closed_by, imported.closed_by_name = caller.actor_id, caller.actor_name
    imported.save()
    PayoutImportFile.objects.filter(payout_import=imported).delete()
    return imported


def import_json(imported: PayoutImport) -> dict[str, Any]:
    """The import as events tell it; what was found line by line is not repeated."""
    return {
        "id": imported.id,
        "file_name": imported.file_name,
        "sha256": imported.sha256,
        "state": imported.state,
        "payouts": imported.report["payouts"],
        "totals": imported.report["totals"],
        "new_recipients": imported.report["new_recipients"],
        "warnings_confirmed": len(imported.report["warnings"]),
        "completed_at": iso(imported.closed_at) if imported.closed_at else None,
    }


def _same_file(caller: Caller, sha256: str) -> PayoutImport | None:
    rows = PayoutImport.objects.visible_to(caller).filter(sha256=sha256, state=ImportState.DONE)
    earlier: PayoutImport | None = rows.order_by("-closed_at").first()
    return earlier


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _is_race(error: Exception) -> bool:
    """An external id that another call took just now, or a deadlock with such a call."""
    cause = error.__cause__
    constraint = getattr(getattr(cause, "diag", None), "constraint_name", None)
    return constraint == "one_payout_per_external_id" or (
        getattr(cause, "sqlstate", None) == _DEADLOCK
    )
