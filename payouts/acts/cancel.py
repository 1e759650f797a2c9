"""Cancel: a payout that shall not be paid, while nobody can have paid it."""

import logging

from django.db import transaction
from django.utils import timezone

from approvals import services as approvals
from billing.callers import Caller
from events.types import EventType
from payouts.acts.hand_over import void_batch
from payouts.acts.locking import locked, reason_of, require_execute, told
from payouts.errors import IllegalTransition
from payouts.models import PayoutIntent, Status

logger = logging.getLogger(__name__)
_IN_ADMIN = frozenset({Status.DRAFT, Status.APPROVED, Status.PENDING_EXECUTION})


@transaction.atomic
def cancel(
    caller: Caller, payout_id: str, *, reason: str = "", from_admin: bool = False
) -> PayoutIntent:
    """Cancel a draft; with `from_admin`, and then a reason, also one approved or handed over.

    The wider right is a person's: whoever approved or holds the pack must be told by hand.
    Raises `payout_not_draft`, ReasonMissing.
    """
    payout = locked(caller, payout_id)
    if not from_admin:
        return cancel_locked(caller, payout, reason=reason)
    if payout.status not in _IN_ADMIN or payout.hashes.exists():
        raise IllegalTransition(payout, "cancel_in_admin")
    reason = reason_of(reason)
    if payout.status != Status.DRAFT:
        require_execute(caller)
    return _cancel(caller, payout, reason)


def cancel_locked(caller: Caller, payout: PayoutIntent, *, reason: str = "") -> PayoutIntent:
    """Cancel a draft whose row the caller's transaction has locked."""
    if payout.status != Status.DRAFT:
        raise IllegalTransition(payout, "cancel")
    return _cancel(caller, payout, reason.strip())


def _cancel(caller: Caller, payout: PayoutIntent, reason: str) -> PayoutIntent:
    caller.require("payouts:write")
    at = timezone.now()
    void_batch(payout.batch_id, at)  # It may be handed over: its pack would pay it.
    payout.cancel(at=at)
    payout.save()
    approvals.void(payout.id, f"Canceled. {reason}".strip(), at)
    logger.info("payout canceled payout=%s by=%s", payout.id, caller.actor_id)
    return told(caller, EventType.PAYOUT_CANCELED, payout, reason=reason)
