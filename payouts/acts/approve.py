"""Approve, reject, lapse: whether enough people agreed to exactly this payment."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from approvals import services as approvals
from approvals.models import Approval
from billing.callers import Caller, system
from billing.chains import Environment
from billing.times import iso
from events.types import EventType
from payouts.acts.locking import locked, reason_of, told
from payouts.errors import IllegalTransition, PossiblyAlreadyPaid
from payouts.models import PayoutIntent, Status
from payouts.paid_already import paid_already

logger = logging.getLogger(__name__)

LAPSE_AFTER = timedelta(days=7)


@transaction.atomic
def approve(caller: Caller, payout_id: str, *, override_reason: str = "") -> PayoutIntent:
    """Agree to a draft; it is approved once its policy is satisfied.

    Raises `payout_not_draft`, `self_approval`, `already_approved`, and `possibly_already_paid`
    unless `override_reason` says why that is known and all right.
    """
    return approve_locked(caller, locked(caller, payout_id), override_reason=override_reason)


def approve_locked(
    caller: Caller, payout: PayoutIntent, *, override_reason: str = ""
) -> PayoutIntent:
    """Agree to a draft whose row the caller's transaction has locked."""
    caller.require("payouts:approve")
    if payout.status != Status.DRAFT:
        raise IllegalTransition(payout, "approve")
    override = override_reason.strip()
    if not override and (what := paid_already(payout)):
        raise PossiblyAlreadyPaid(payout.id, what)
    at = timezone.now()
    decision = approvals.decide(caller, facts_of(payout), at=at)
    payout.approvals = approvals_json(decision.approvals)
    if decision.approved:
        payout.approve(at=at, by=caller.actor_id, digest=decision.digest)
    payout.save()
    # One approval of several is an event too, or the timeline would not know it.
    type_ = EventType.PAYOUT_APPROVED if decision.approved else EventType.PAYOUT_UPDATED
    told(caller, type_, payout, digest=decision.digest, override_reason=override)
    logger.info("payout approved payout=%s by=%s", payout.id, caller.actor_id)
    return payout


@transaction.atomic
def reject(caller: Caller, payout_id: str, reason: str) -> PayoutIntent:
    """Send a draft back with a reason; the approvals it has are void. It stays a draft."""
    caller.require("payouts:approve")
    payout = locked(caller, payout_id)
    if payout.status != Status.DRAFT:
        raise IllegalTransition(payout, "reject")
    reason = reason_of(reason)
    approvals.void(payout.id, f"Rejected. {reason}", timezone.now())
    payout.reject()
    payout.save()
    logger.info("payout rejected payout=%s by=%s", payout.id, caller.actor_id)
    return told(caller, EventType.PAYOUT_REJECTED, payout, reason=reason)


def lapse(*, at: datetime | None = None, after: timedelta = LAPSE_AFTER) -> int:
    """Send payouts whose approval is older than `after` back to draft; returns how many.

    One that may be paid already keeps its approval: a person has to look at it first.
    """
    at = at or timezone.now()
    stale = PayoutIntent.objects.filter(status=Status.APPROVED, approved_at__lt=at - after)
    due = stale.order_by("approved_at").values_list("id", "organization_id", "environment")
    return sum(_lapsed(*row, at=at, after=after) for row in due)


@transaction.atomic
def _lapsed(
    payout_id: str, organization_id: str, environment: str, *, at: datetime, after: timedelta
) -> bool:
    caller = system(organization_id, Environment(environment))
    payout = locked(caller, payout_id)
    # Between the look and the lock somebody may have executed it, or approved it anew.
    if payout.status != Status.APPROVED or payout.approved_at is None:
        return False
    if payout.approved_at >= at - after or paid_already(payout):
        return False
    payout.lapse()
    payout.save()
    approvals.void(payout.id, "The approval lapsed.", at)
    told(caller, EventType.PAYOUT_APPROVAL_LAPSED, payout)
    logger.info("payout approval lapsed payout=%s", payout.id)
    return True


def facts_of(payout: PayoutIntent) -> approvals.Facts:
    """What an approval of this payout is bound to."""
    return approvals.Facts(
        subject_id=payout.id,
        environment=payout.environment,
        chain=payout.chain,
        contract=payout.contract,
        recipient=payout.recipient_address,
        amount_atomic=payout.amount_atomic,
        due_date=payout.due_date,
        created_by=payout.created_by,
        created_by_issuer=payout.created_by_issuer or None,
    )


def approvals_json(given: Sequence[Approval]) -> list[dict[str, str]]:
    """The approvals as answers tell them: who, when, on which digest."""
    return [
        {
            "approved_by": approval.actor_id,
            "name": approval.actor_name,
            "approved_at": iso(approval.approved_at),
            "digest": approval.digest,
        }
        for approval in given
    ]
