"""The row of an import, locked, where it is at the point that an act needs."""

from django.utils import timezone

from billing.callers import Caller
from billing.errors import NotFound
from payouts.importing.errors import ImportClosed
from payouts.models import ImportState, PayoutImport

SCOPE = "payouts:write"


def opened(caller: Caller, import_id: str, *states: ImportState) -> PayoutImport:
    """Lock the caller's import. Raises NotFound, and ImportClosed unless it is in these states."""
    rows = PayoutImport.objects.visible_to(caller).select_for_update()
    imported: PayoutImport | None = rows.filter(id=import_id).first()
    if imported is None:
        raise NotFound("import", import_id)
    if imported.state not in states:
        raise ImportClosed(imported.id, imported.state)
    return imported


def closed_by(imported: PayoutImport, caller: Caller, state: ImportState) -> PayoutImport:
    """Close and save it, and delete its file; its name and what was said of it stay."""
    imported.state, imported.closed_at = state.value, timezone.now()
    imported.closed_by, imported.closed_by_name = caller.actor_id, caller.actor_name
    imported.save()
    imported.file.delete()
    return imported
