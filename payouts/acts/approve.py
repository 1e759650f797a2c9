"""Approve, withdraw, reject, lapse: whether enough people agreed to exactly this payment."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from approvals import services as approvals
from approvals.judging import Verdict
from approvals.models import Approval
from approvals.models.policies import LAPSE_AFTER
from approvals.reading import lapse_spans
from billing.callers import Caller, system
from billing.chains import Environment
from billing.times import iso
from events.types import EventType
from organizations.services import require_running
from payouts.acts.locking import locked, reason_of, told
from payouts.errors import IllegalTransition, PossiblyAlreadyPaid
from payouts.models import PayoutIntent, Status
from payouts.paid_already import paid_already
from payouts.recipients.rating import ratings

logger = logging.getLogger(__name__)
_MADE_BY = {"usr_": "person", "key_": "key"}  # what an actor's id begins with


@transaction.atomic
def approve(caller: Caller, payout_id: str, *, override_reason: str = "") -> PayoutIntent:
    """Agree to a draft; it is approved once its policy is satisfied.

    Raises `payout_not_draft`, `organization_paused`, `self_approval`, `already_approved`, what the
    published policy refuses (`blocked_by_policy`, `approval_would_not_count`, `limit_exceeded`),
    and `possibly_already_paid` unless `override_reason` says why that is known and all right.
    """
    return approve_locked(caller, locked(caller, payout_id), override_reason=override_reason)


def approve_locked(
    caller: Caller, payout: PayoutIntent, *, override_reason: str = ""
) -> PayoutIntent:
    """Agree to a draft whose row the caller's transaction has locked."""
    caller.require("payouts:approve")
    if payout.status != Status.DRAFT:
        raise IllegalTransition(payout, "approve")
    require_running(caller)
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
    told(
        caller,
        type_,
        payout,
        digest=decision.digest,
        override_reason=override,
        policy=policy_json(decision.verdict, decision.have),
    )
    logger.info("payout approved payout=%s by=%s", payout.id, caller.actor_id)
    return payout


@transaction.atomic
def withdraw_approval(caller: Caller, payout_id: str, reason: str) -> PayoutIntent:
    """Take back the caller's own approval, until the payout is handed over or paid.

    What was approved is a draft again; the approvals of others stand and count for what it needs.
    Also while payments are paused. Raises `payout_not_approved`, `nothing_to_withdraw`,
    ReasonMissing.
    """
    payout = locked(caller, payout_id)
    if payout.status not in (Status.DRAFT, Status.APPROVED):
        raise IllegalTransition(payout, "withdraw_approval")
    reason = reason_of(reason)
    standing = approvals.withdraw(caller, payout.id, reason, timezone.now())
    if payout.status == Status.APPROVED:
        payout.lapse()
    payout.approvals = approvals_json(standing)
    payout.save()
    logger.info("payout approval withdrawn payout=%s by=%s", payout.id, caller.actor_id)
    return told(caller, EventType.PAYOUT_APPROVAL_WITHDRAWN, payout, reason=reason)


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
    """Send payouts whose approval is too old back to draft; returns how many.

    A published policy says after how long; where none does it is `after`. One that may be paid
    already keeps its approval: a person has to look at it first.
    """
    at, spans = at or timezone.now(), lapse_spans()
    soonest = min([after, *spans.values()])
    stale = PayoutIntent.objects.filter(status=Status.APPROVED, approved_at__lt=at - soonest)
    due = stale.order_by("approved_at").values_list("id", "organization_id", "environment")
    return sum(_lapsed(*row, at=at, after=spans.get(row[1:], after)) for row in due)


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
    """What an approval of this payout is bound to, and what the rules of a policy ask about."""
    return facts_of_many([payout])[payout.id]


def facts_of_many(
    payouts: Sequence[PayoutIntent], rated: Mapping[str, str] | None = None
) -> dict[str, approvals.Facts]:
    """The facts of many payouts of one organization and environment, by id.

    `rated` says what their recipients are, as `ratings` does; None asks it, in one query.
    """
    rated = ratings(payouts) if rated is None else rated
    return {
        payout.id: approvals.Facts(
            subject_id=payout.id,
            environment=payout.environment,
            chain=payout.chain,
            contract=payout.contract,
            recipient=payout.recipient_address,
            amount_atomic=payout.amount_atomic,
            due_date=payout.due_date,
            created_by=payout.created_by,
            created_by_issuer=payout.created_by_issuer or None,
            token=payout.token,
            reference_type=payout.reference_type,
            recipient_is=rated[payout.id],
            created_via=_made_by(payout),
        )
        for payout in payouts
    }


def _made_by(payout: PayoutIntent) -> str:
    if payout.payout_import_id:  # null where somebody made it singly
        return "import"
    return _MADE_BY.get(payout.created_by[:4], "system")


def policy_json(verdict: Verdict, have: int) -> dict[str, Any]:
    """Which rule asked how many approvals, as events tell it; no rule is the default one."""
    rule = verdict.rule
    return {
        "version": verdict.version,
        "rule": None if rule is None else {"position": rule.position, "name": rule.name},
        "needed": verdict.needed,
        "have": have,
    }


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
