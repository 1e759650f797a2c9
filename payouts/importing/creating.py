"""All drafts of an import, and their events, or none of them."""

import logging
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction

from billing.callers import Caller
from billing.errors import InvalidRequest
from billing.times import iso
from events import services as events
from events.types import EventType
from payouts.importing.cells import edits_json
from payouts.importing.errors import ImportRefused, ImportUnconfirmed
from payouts.importing.inserting import insert_drafts
from payouts.importing.keeping import keep
from payouts.importing.looking import check_kept
from payouts.importing.opening import SCOPE, closed_by, opened
from payouts.models import ImportState, PayoutImport

logger = logging.getLogger(__name__)
_MOST_TRIES = 3
_DEADLOCK = "40P01"


def create(caller: Caller, import_id: str) -> PayoutImport:
    """Make all drafts of the file, by this caller, and publish their events; or none of them.

    Everything is checked again in the same transaction. Raises ImportClosed; and ImportRefused or
    ImportUnconfirmed where a line is wrong now, or has a warning that nobody confirmed: the import
    then waits again to be confirmed, and says of which lines.

    Two imports of one organization and environment wait for one another (advisory lock), so the
    second sees what the first made. Against a create that takes an external id between the check
    and the insert stands the unique index: everything is undone, and checked anew.
    """
    caller.require(SCOPE)
    for number in range(1, _MOST_TRIES + 1):
        try:
            return _attempted(caller, import_id)
        except (IntegrityError, OperationalError) as error:
            if number == _MOST_TRIES or not _is_race(error):
                raise
    raise AssertionError("the last try returns or raises")


def _attempted(caller: Caller, import_id: str) -> PayoutImport:
    with transaction.atomic():
        _alone(caller)
        imported = opened(caller, import_id, ImportState.CHECKED, ImportState.IMPORTING)
        checked = check_kept(caller, imported)
        keep(imported, checked)
        refusal = refusal_of(imported)
        if refusal is None:
            imported.refusal = ""
            for payout in checked.payouts:
                payout.payout_import_id = imported.id
            insert_drafts(caller, checked.payouts)
            closed_by(imported, caller, ImportState.DONE)
            type_ = EventType.PAYOUT_IMPORT_COMPLETED
            events.publish(caller, type_, imported.id, import_json(imported))
            logger.info("import done import=%s payouts=%s", imported.id, len(checked.payouts))
            return imported
        imported.state, imported.refusal = ImportState.CHECKED.value, refusal.message
        imported.save()  # What was found now is kept, so that the page can tell it.
    raise refusal


def refusal_of(imported: PayoutImport) -> InvalidRequest | None:
    """Why nothing can be created of what the last check found; None where all can."""
    if imported.lines_wrong:
        return ImportRefused(imported.lines_wrong)
    if imported.lines_unconfirmed:
        return ImportUnconfirmed(imported.lines_unconfirmed)
    return None


def import_json(imported: PayoutImport) -> dict[str, Any]:
    """The import as events tell it; what was found line by line is not repeated.

    `sha256` is of the file as it came; `edits` says what was changed of it in the page.
    """
    return {
        "id": imported.id,
        "file_name": imported.file_name,
        "sha256": imported.sha256,
        "state": imported.state,
        "payouts": imported.report["payouts"],
        "totals": imported.report["totals"],
        "new_recipients": imported.report["new_recipients"],
        "lines_confirmed": imported.lines_doubtful,
        "edits": edits_json(imported),
        "completed_at": iso(imported.closed_at) if imported.closed_at else None,
    }


def _alone(caller: Caller) -> None:
    with connection.cursor() as cursor:
        name = f"payouts.import {caller.organization_id} {caller.environment.value}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _is_race(error: Exception) -> bool:
    """An external id that another call took just now, or a deadlock with such a call."""
    cause = error.__cause__
    constraint = getattr(getattr(cause, "diag", None), "constraint_name", None)
    return constraint == "one_payout_per_external_id" or (
        getattr(cause, "sqlstate", None) == _DEADLOCK
    )
