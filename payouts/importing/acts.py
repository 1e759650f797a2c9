"""Importing a file of drafts: start, confirm, abandon. All of its lines become drafts, or none.

What is short is checked and created at once, what is long by the worker (importing.working).
"""

from collections.abc import Collection
from zoneinfo import ZoneInfo

from django.db import transaction

from billing.callers import Caller
from payouts.importing.creating import create, refusal_of
from payouts.importing.editing import edit
from payouts.importing.errors import ImportChanged
from payouts.importing.keeping import doubts_of
from payouts.importing.looking import check_file, sha256_of
from payouts.importing.opening import SCOPE, closed_by, opened
from payouts.importing.reading import columns_of, is_short, read
from payouts.importing.working import SHORT_LINES, check_now
from payouts.models import ImportState, PayoutImport, PayoutImportFile, PayoutImportLine

__all__ = ["SCOPE", "abandon", "check_file", "confirm", "confirm_lines", "edit", "start"]

_LONGEST_NAME = 255


def start(caller: Caller, file_name: str, content: bytes, zone: ZoneInfo) -> PayoutImport:
    """Keep a file, to be checked. No draft is made. Raises UnreadableFile, and then keeps nothing.

    A short file is checked when this returns. Of a long one only the beginning is looked at here,
    and a worker may find that the rest cannot be read: then the import fails and says so.
    """
    caller.require(SCOPE)
    short = is_short(content)
    if short:
        read(content)
    with transaction.atomic():
        imported = PayoutImport.objects.create(
            organization_id=caller.organization_id,
            environment=caller.environment.value,
            file_name=file_name.replace("\x00", "")[:_LONGEST_NAME],
            sha256=sha256_of(content),
            zone=zone.key,
            columns=columns_of(content),
            created_by=caller.actor_id,
            created_by_name=caller.actor_name,
        )
        PayoutImportFile.objects.create(payout_import=imported, content=content)
    if short:
        check_now(imported)
        imported.refresh_from_db()
    return imported


@transaction.atomic
def confirm_lines(
    caller: Caller, import_id: str, lines: Collection[int] | None, *, revision: int
) -> PayoutImport:
    """Confirm the warnings of these lines, or of all (None), as the person has seen them.

    A warning that a later check finds beside them asks again. `revision` is that of what the
    person looked at. Raises ImportClosed, ImportChanged.
    """
    caller.require(SCOPE)
    imported = opened(caller, import_id, ImportState.CHECKED)
    if imported.revision != revision:
        raise ImportChanged(imported.id)
    rows = list(imported.found.filter(is_doubtful=True))
    chosen = [
        row for row in rows if not row.is_confirmed and (lines is None or row.number in lines)
    ]
    for row in chosen:
        row.is_confirmed, row.confirmed = True, doubts_of(row)
        row.confirmed_by, row.confirmed_by_name = caller.actor_id, caller.actor_name
    fields = ["is_confirmed", "confirmed", "confirmed_by", "confirmed_by_name"]
    PayoutImportLine.objects.bulk_update(chosen, fields, batch_size=1_000)
    imported.lines_unconfirmed -= len(chosen)
    imported.save()
    return imported


def confirm(caller: Caller, import_id: str) -> PayoutImport:
    """Make all drafts of the file, by this caller; or none of them.

    Of a long file the worker makes them, once everything is checked again; the import is
    `importing` until then. Raises ImportClosed, and ImportRefused or ImportUnconfirmed where a
    line is wrong, or has a warning that nobody confirmed.
    """
    caller.require(SCOPE)
    with transaction.atomic():
        imported = opened(caller, import_id, ImportState.CHECKED)
        is_long = imported.lines > SHORT_LINES
        if is_long:
            if refusal := refusal_of(imported):
                raise refusal
            imported.state, imported.refusal = ImportState.IMPORTING.value, ""
            imported.confirmed_by, imported.confirmed_by_name = caller.actor_id, caller.actor_name
            imported.confirmed_from = caller.address
            imported.save()
    return imported if is_long else create(caller, import_id)


@transaction.atomic
def abandon(caller: Caller, import_id: str) -> PayoutImport:
    """Let go of a file: it is deleted, its name and what was said of it stay."""
    caller.require(SCOPE)
    imported = opened(caller, import_id, ImportState.READ, ImportState.CHECKED)
    return closed_by(imported, caller, ImportState.ABANDONED)
