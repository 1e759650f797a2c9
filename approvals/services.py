"""The acts on approvals: facts are judged, evidence is kept. What follows is not their affair."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from approvals import locks
from approvals.errors import NothingToWithdraw
from approvals.facts import Facts, digest
from approvals.judging import Verdict
from approvals.limits import Asked, check
from approvals.models import Approval, Policy
from approvals.reading import in_force, members_of
from approvals.rules import people_who_count, person_behind, require_counts, self_approval
from billing.callers import Caller
from billing.errors import Forbidden, InvalidRequest

__all__ = [
    "Decision",
    "Facts",
    "Standing",
    "approvals_of",
    "decide",
    "digest",
    "history_of",
    "standing",
    "void",
    "withdraw",
]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Decision:
    """What one more approval came to. `approvals` are all that stand now, oldest first.

    Of those, `have` people count for the verdict, which asks `needed`.
    """

    approved: bool
    approvals: tuple[Approval, ...]
    have: int
    verdict: Verdict
    digest: str

    @property
    def needed(self) -> int:
        return self.verdict.needed


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a subject has come: what it needs, and how many people's approvals count."""

    verdict: Verdict
    have: int


@transaction.atomic
def decide(caller: Caller, facts: Facts, *, at: datetime | None = None) -> Decision:
    """Record the caller's approval of exactly these facts and say whether they are now enough.

    The caller of this holds the lock on the subject, and does not commit where it then refuses.
    The published policy cannot change before the transaction ends, and where it has limits, one
    approval at a time is counted and written (approvals.locks).
    Raises InsufficientScope, Forbidden `self_approval`, InvalidRequest `already_approved`,
    BlockedByPolicy, WouldNotCount, LimitExceeded.
    """
    caller.require("payouts:approve")
    assert facts.environment == caller.environment  # The subject was read as visible to the caller.
    if reason := self_approval(caller, facts):
        raise Forbidden(reason, code="self_approval")
    locks.hold_policy(caller.organization_id, facts.environment)
    policy = in_force(caller.organization_id, facts.environment)
    verdict = policy.judge(facts)
    members = members_of(verdict.group)
    require_counts(caller, verdict, members)
    at, agreed = at or timezone.now(), digest(facts)
    given = list(_valid([facts.subject_id]))
    if any(approval.actor_id == caller.actor_id for approval in given):
        raise _already_approved()
    given = [approval for approval in given if approval.digest == agreed]
    person_id = person_behind(caller.actor_id, caller.issued_by)
    have = len({person_id} | people_who_count(given, verdict, members))
    approved = have >= verdict.needed
    if policy.policy is not None:
        _keep_within_limits(
            policy.policy, Asked(caller.organization_id, facts, person_id, at), approved
        )
    given.append(_insert(caller, facts, verdict, at=at, decides=approved))
    logger.info(
        "approval recorded subject=%s actor=%s have=%d need=%d",
        facts.subject_id,
        caller.actor_id,
        have,
        verdict.needed,
    )
    return Decision(approved, tuple(given), have, verdict, agreed)


def withdraw(caller: Caller, subject_id: str, reason: str, at: datetime) -> tuple[Approval, ...]:
    """Make the caller's own approval void; returns those that stand, oldest first.

    Where it was approved, it is so no longer: none of the others decides it any more, and they
    count for what it needs next. The caller of this holds the lock on the subject.
    Raises InsufficientScope, NothingToWithdraw.
    """
    caller.require("payouts:approve")
    standing = _valid([subject_id])
    own = standing.filter(actor_id=caller.actor_id)
    if not own.update(voided_at=at, void_reason=f"Withdrawn. {reason}", updated_at=at):
        raise NothingToWithdraw(subject_id)
    standing.filter(decides=True).update(decides=False, updated_at=at)
    logger.info("approval withdrawn subject=%s actor=%s", subject_id, caller.actor_id)
    return tuple(standing)


def standing(facts: Facts, organization_id: str) -> Standing:
    """What a subject needs as things are now, and how far it has come."""
    verdict = in_force(organization_id, facts.environment).judge(facts)
    given = _valid([facts.subject_id]).filter(digest=digest(facts))
    people = people_who_count(given, verdict, members_of(verdict.group))
    return Standing(verdict, len(people))


def void(subject_id: str, reason: str, at: datetime) -> int:
    """Make every approval of the subject void, and return how many there were."""
    count = Approval.objects.filter(subject_id=subject_id, voided_at=None).update(
        voided_at=at, void_reason=reason, updated_at=at
    )
    if count:
        logger.info("approvals voided subject=%s count=%d", subject_id, count)
    return count


def approvals_of(subject_ids: Iterable[str]) -> dict[str, list[Approval]]:
    """The approvals that count, oldest first, by subject; every subject asked for has a list."""
    subject_ids = list(subject_ids)
    return _by_subject(subject_ids, _valid(subject_ids))


def history_of(subject_ids: Iterable[str]) -> dict[str, list[Approval]]:
    """All approvals ever given, void ones too, oldest first, by subject."""
    subject_ids = list(subject_ids)
    return _by_subject(subject_ids, _all(subject_ids))


def _by_subject(
    subject_ids: Iterable[str], approvals: Iterable[Approval]
) -> dict[str, list[Approval]]:
    found: dict[str, list[Approval]] = {subject_id: [] for subject_id in subject_ids}
    for approval in approvals:
        found[approval.subject_id].append(approval)
    return found


def _keep_within_limits(policy: Policy, asked: Asked, decides: bool) -> None:
    """Refuse what would exceed a limit. Without a limit nobody waits for anybody."""
    limits = list(policy.limits.all())
    if limits:
        locks.count_limits(asked.organization_id, asked.facts.environment)
        check(limits, asked, decides=decides)


def _insert(
    caller: Caller, facts: Facts, verdict: Verdict, *, at: datetime, decides: bool
) -> Approval:
    approval = Approval(
        organization_id=caller.organization_id,
        environment=facts.environment,
        subject_id=facts.subject_id,
        digest=digest(facts),
        actor_id=caller.actor_id,
        actor_name=caller.actor_name,
        person_id=person_behind(caller.actor_id, caller.issued_by),
        approved_at=at,
        chain=facts.chain,
        token=facts.token,
        amount_atomic=facts.amount_atomic,
        recipient=facts.recipient,
        decides=decides,
        policy_version=verdict.version,
        rule="" if verdict.rule is None else str(verdict.rule),
    )
    try:
        with transaction.atomic():
            approval.save(force_insert=True)
    except IntegrityError as error:
        if "one_approval_per_actor" not in str(error):
            raise
        raise _already_approved() from None
    return approval


def _already_approved() -> InvalidRequest:
    return InvalidRequest(
        "You have approved this already. Another person must approve it too.",
        code="already_approved",
    )


def _valid(subject_ids: Iterable[str]) -> QuerySet[Approval]:
    return _all(subject_ids).filter(voided_at=None)


def _all(subject_ids: Iterable[str]) -> QuerySet[Approval]:
    return Approval.objects.filter(subject_id__in=list(subject_ids)).order_by("approved_at", "id")
