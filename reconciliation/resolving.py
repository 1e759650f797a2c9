"""Resolve: a person says what became of a difference, and the books count it as settled."""

import logging

from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from billing.errors import InvalidRequest, NotFound
from events import services as events
from events.types import EventType
from payouts.acts.locking import reason_of, require_execute
from payouts.answers import settlement_json
from payouts.models import Settlement
from payouts.resolutions import Resolution

logger = logging.getLogger(__name__)

# What explains a difference from a payout explains nothing where there is no payout.
_NEEDS_PAYOUT = frozenset({Resolution.ACCEPTED_FEE, Resolution.TOP_UP, Resolution.MATCHED_BY_HAND})


@transaction.atomic
def resolve(caller: Caller, settlement_id: str, resolution: str, note: str) -> Settlement:
    """Close a discrepancy or an unexpected settlement, with a note that says why.

    No later run opens it again; only its block leaving the chain does. Raises NotFound,
    InvalidRequest (`settlement_not_open`, `invalid_field_value`), ReasonMissing without a note.
    """
    require_execute(caller)
    settlement = locked(caller, settlement_id)
    if not is_open(settlement):
        message = f"Settlement {settlement.id} has nothing open. Only an open one can be resolved."
        raise InvalidRequest(message, code="settlement_not_open", param="settlement_id")
    _check(settlement, resolution)
    settlement.resolution, settlement.resolution_note = resolution, reason_of(note)
    settlement.resolved_at, settlement.resolved_by = timezone.now(), caller.actor_id
    settlement.save(
        update_fields=["resolution", "resolution_note", "resolved_at", "resolved_by", "updated_at"]
    )
    data = {**settlement_json(settlement), "note": settlement.resolution_note}
    events.publish(caller, EventType.SETTLEMENT_RESOLVED, settlement.id, data)
    logger.info("settlement resolved settlement=%s resolution=%s", settlement.id, resolution)
    return settlement


def is_open(settlement: Settlement) -> bool:
    """Whether it waits for a person: unexpected, different or reversed, and not resolved since."""
    resolved_at, reversed_at = settlement.resolved_at, settlement.reversed_at
    if resolved_at is not None:
        return reversed_at is not None and reversed_at > resolved_at
    is_different = bool(settlement.discrepancies) or settlement.reversed_at is not None
    return is_different or settlement.payout_id is None


def locked(caller: Caller, settlement_id: str) -> Settlement:
    """Return the settlement, its row locked until the transaction ends. Raises NotFound."""
    rows = Settlement.objects.visible_to(caller).select_for_update()
    settlement: Settlement | None = rows.filter(id=settlement_id).first()
    if settlement is None:
        raise NotFound("settlement", settlement_id)
    return settlement


def _check(settlement: Settlement, resolution: str) -> None:
    if resolution not in Resolution.values:
        allowed = ", ".join(Resolution.values)
        raise InvalidRequest(f"The resolution must be one of: {allowed}.", param="resolution")
    if not settlement.payout_id and resolution in _NEEDS_PAYOUT:
        message = f"No payout belongs to {settlement.id}: choose refund, written_off or internal."
        raise InvalidRequest(message, param="resolution")
