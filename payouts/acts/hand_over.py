"""Hand over and take back: approved payouts given to whoever signs, as one batch."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from billing.callers import Caller
from billing.errors import InvalidRequest, NotFound
from events.types import EventType
from organizations.services import require_running
from payouts.acts.locking import locked, locked_many, reason_of, require_execute, told
from payouts.errors import IllegalTransition, PossiblyAlreadyPaid
from payouts.handover.digest import digest_of
from payouts.models import BatchItem, PayoutBatch, PayoutIntent, Status
from payouts.paid_already import paid_already

logger = logging.getLogger(__name__)
MOST_IN_BATCH = 1_000


@transaction.atomic
def hand_over(
    caller: Caller,
    payout_ids: Sequence[str],
    *,
    override_reason: str = "",
    confirm_not_signed: bool = False,
) -> PayoutBatch:
    """Put approved payouts into one batch; all of them or none.

    Raises `payout_not_approved`, `organization_paused`, `possibly_already_paid` unless
    `override_reason` is given, and `handed_over_before` for one taken back from an earlier batch,
    unless `confirm_not_signed` says that the earlier pack was not and will not be signed.
    """
    require_execute(caller)
    if not payout_ids or len(set(payout_ids)) > MOST_IN_BATCH:
        raise InvalidRequest(f"A batch has 1 to {MOST_IN_BATCH} payouts.", param="payout_ids")
    payouts = locked_many(caller, payout_ids)
    require_running(caller)
    for payout in payouts:
        _check(payout, override_reason=override_reason, confirm_not_signed=confirm_not_signed)
    batch = PayoutBatch(
        organization_id=caller.organization_id,
        environment=caller.environment.value,
        handed_over_by=caller.actor_id,
        handed_over_by_name=caller.actor_name,
    )
    batch.digest = digest_of(batch.id, (payout.approval_digest for payout in payouts))
    batch.save(force_insert=True)
    BatchItem.objects.bulk_create(BatchItem(batch=batch, payout=payout) for payout in payouts)
    for payout in payouts:
        payout.hand_over(batch_id=batch.id)
        payout.save()
        more = {"batch_id": batch.id, "override_reason": override_reason.strip()}
        told(caller, EventType.PAYOUT_PENDING_EXECUTION, payout, **more)
    logger.info("payouts handed over batch=%s payouts=%d", batch.id, len(payouts))
    return batch


@transaction.atomic
def take_back(caller: Caller, payout_id: str, reason: str) -> PayoutIntent:
    """Take a payout out of its batch, whose files are void from now on. Raises ReasonMissing."""
    require_execute(caller)
    payout = locked(caller, payout_id)
    if payout.status != Status.PENDING_EXECUTION:
        raise IllegalTransition(payout, "take_back")
    return _taken_back(caller, payout, reason_of(reason))


@transaction.atomic
def take_back_batch(caller: Caller, batch_id: str, reason: str) -> list[PayoutIntent]:
    """Take every payout of a batch back that has no hash yet, and return those.

    Raises NotFound, ReasonMissing, `batch_not_pending_execution` where none is left.
    """
    require_execute(caller)
    batch = PayoutBatch.objects.visible_to(caller).filter(id=batch_id).first()
    if batch is None:
        raise NotFound("batch", batch_id)
    reason = reason_of(reason)
    # Payouts first and the batch after them, as in every act: two of them never wait in a circle.
    payouts = locked_many(caller, batch.items.values_list("payout_id", flat=True))
    waiting = [
        payout
        for payout in payouts
        if payout.status == Status.PENDING_EXECUTION and payout.batch_id == batch_id
    ]
    if not waiting:
        raise InvalidRequest(
            f"Nothing of batch {batch_id} waits to be signed any more. Look at its payouts.",
            code="batch_not_pending_execution",
        )
    return [_taken_back(caller, payout, reason) for payout in waiting]


def void_batch(batch_id: str | None, at: datetime) -> None:
    """Make a batch's files void, for good. Does nothing to one that is void, or to none."""
    PayoutBatch.objects.filter(id=batch_id, voided_at=None).update(voided_at=at, updated_at=at)


def _taken_back(caller: Caller, payout: PayoutIntent, reason: str) -> PayoutIntent:
    at, batch_id = timezone.now(), payout.batch_id
    BatchItem.objects.filter(batch_id=batch_id, payout=payout).update(
        taken_back_at=at, take_back_reason=reason
    )
    void_batch(batch_id, at)
    payout.take_back()
    payout.save()
    logger.info("payout taken back payout=%s batch=%s", payout.id, batch_id)
    return told(caller, EventType.PAYOUT_TAKEN_BACK, payout, reason=reason, batch_id=batch_id)


def _check(payout: PayoutIntent, *, override_reason: str, confirm_not_signed: bool) -> None:
    if payout.status != Status.APPROVED:
        raise IllegalTransition(payout, "hand_over")
    if not override_reason.strip() and (what := paid_already(payout)):
        raise PossiblyAlreadyPaid(payout.id, what)
    earlier = payout.batch_items.order_by("-id").values_list("batch_id", flat=True).first()
    if earlier and not confirm_not_signed:
        raise InvalidRequest(
            f"Payout {payout.id} was in batch {earlier} and was taken back. Make sure that that "
            "pack was not and will not be signed, then send confirm_not_signed: true.",
            code="handed_over_before",
            param="confirm_not_signed",
        )
