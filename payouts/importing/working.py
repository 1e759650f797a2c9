"""The worker's part of imports: check what was uploaded, create what was confirmed.

Nothing is handed over but the row: a worker that is killed leaves it as it was, and the next one
begins it again. A check writes all it found at its end, where nobody else did meanwhile; the
drafts and the state `done` come in one transaction. So nothing is lost, and nothing is there twice.
"""

import logging

from django.db import transaction
from django.db.models import F

from billing.callers import Caller, system
from billing.chains import Environment
from billing.locks import advisory_lock
from payouts.importing.creating import create
from payouts.importing.errors import (
    ImportClosed,
    ImportRefused,
    ImportUnconfirmed,
    UnreadableFile,
)
from payouts.importing.keeping import keep
from payouts.importing.looking import check_kept
from payouts.importing.opening import SCOPE, closed_by
from payouts.importing.reading import columns_of
from payouts.models import ImportState, PayoutImport

logger = logging.getLogger(__name__)
SHORT_LINES = 1_000  # checked and created while one waits: a second at most
MOST_TRIES = 5
_DUE = (ImportState.READ, ImportState.IMPORTING)
_BROKEN = (
    f"This broke off {MOST_TRIES} times. Whoever runs this system finds in the worker's log why."
)


def work_due() -> int:
    """Bring every import that waits for a worker on; returns how many.

    Each is one worker's (advisory lock on its id, which dies with the session). One that breaks
    off is tried again after those that were tried less, and given up after MOST_TRIES.
    """
    due = PayoutImport.objects.filter(state__in=_DUE).order_by("tries", "created_at")
    done = 0
    for import_id in due.values_list("id", flat=True):
        with advisory_lock(f"payouts import {import_id}") as is_ours:
            if is_ours and _is_tried(import_id):
                work_on(import_id)
                done += 1
    return done


def work_on(import_id: str) -> None:
    """Do what the import waits for, if it does."""
    imported = PayoutImport.objects.get(id=import_id)
    if imported.state == ImportState.READ:
        check_now(imported)
    elif imported.state == ImportState.IMPORTING:
        try:
            create(_confirmer(imported), imported.id)
        except (ImportRefused, ImportUnconfirmed, ImportClosed) as refusal:
            # Kept in the row, for its page; or somebody else was first.
            logger.info("import refused import=%s code=%s", imported.id, refusal.code)


def check_now(imported: PayoutImport) -> None:
    """Check a file that waits for it, and keep what is found where it still waits."""
    caller = _checker(imported)
    mine = PayoutImport.objects.filter(
        id=imported.id, state=ImportState.READ, revision=imported.revision
    )

    def progress(checked: int, lines: int) -> None:
        mine.update(lines_checked=checked, lines=lines)

    try:
        checked = check_kept(caller, imported, progress)
    except UnreadableFile as unreadable:
        _give_up(imported.id, ImportState.FAILED, unreadable.message)
        return
    with transaction.atomic():
        # Two may check the same: the first to come here writes, and what was edited meanwhile
        # has another revision.
        if (current := mine.select_for_update().first()) is not None:
            keep(current, checked)
            # An import from before they were kept has none.
            current.columns = current.columns or columns_of(bytes(imported.file.content))
            current.state = ImportState.CHECKED.value
            current.save()
            logger.info("import checked import=%s lines=%s", current.id, current.lines)


def check_if_short(imported: PayoutImport) -> PayoutImport:
    """Check a file of few lines at once; a long one is left to the worker."""
    if imported.lines <= SHORT_LINES:
        check_now(imported)
        imported.refresh_from_db()
    return imported


def _is_tried(import_id: str) -> bool:
    """Count a try, before it can break off; False where there were too many, or nothing is due."""
    rows = PayoutImport.objects.filter(id=import_id, state__in=_DUE)
    if not rows.update(tries=F("tries") + 1):
        return False
    imported = PayoutImport.objects.get(id=import_id)
    if imported.tries <= MOST_TRIES:
        return True
    is_new = imported.state == ImportState.READ
    _give_up(import_id, ImportState.FAILED if is_new else ImportState.CHECKED, _BROKEN)
    return False


def _give_up(import_id: str, state: ImportState, why: str) -> None:
    with transaction.atomic():
        rows = PayoutImport.objects.select_for_update().filter(id=import_id, state__in=_DUE)
        if (imported := rows.first()) is None:
            return
        imported.refusal, imported.tries = why, 0
        if state == ImportState.FAILED:
            closed_by(imported, _checker(imported), state)
        else:
            imported.state = state.value
            imported.save()
    logger.warning("import given up import=%s why=%s", import_id, why)


def _checker(imported: PayoutImport) -> Caller:
    environment = Environment(imported.environment)
    return system(imported.organization_id, environment, "The check of imports")


def _confirmer(imported: PayoutImport) -> Caller:
    """Who confirmed it, as they were when they did: the drafts are theirs."""
    return Caller(
        organization_id=imported.organization_id,
        environment=Environment(imported.environment),
        actor_id=imported.confirmed_by,
        actor_name=imported.confirmed_by_name,
        scopes=frozenset({SCOPE}),
        address=imported.confirmed_from,
    )
